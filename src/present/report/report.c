#include "tessera/report.h"

#include "present/report/report_parts.h"
#include "tessera/memory.h"

extern const char tsr_report_css[];

/* The sections in the order of reading, and how the list of contents finds them. */
static const struct section {
    const char *id, *title;
    void (*put)(tsr_view *view);
} SECTIONS[] = {
    {"warnings", "warnings.title", tsr_report_warnings}, {"segments", "segments.title", tsr_report_segments},
    {"profile", "profile.title", tsr_report_profile},    {"rules", "rules.title", tsr_report_rules},
    {"actions", "actions.title", tsr_report_actions},    {"rfm", "rfm.title", tsr_report_rfm},
    {"value", "value.title", tsr_report_value},          {"maps", "maps.title", tsr_report_map},
    {"quality", "quality.title", tsr_report_quality},    {"run", "run.title", tsr_report_run},
};

enum { SECTIONS_N = sizeof SECTIONS / sizeof SECTIONS[0] };

/* Sections know themselves whether they have something to say: they are written first, and listed where they did. */
static tsr_status put_sections(tsr_view *view, char *text[SECTIONS_N])
{
    tsr_page page = view->page;
    tsr_status st = TSR_OK;

    for (int i = 0; st == TSR_OK && i < SECTIONS_N; i++) {
        view->page = (tsr_page){0};
        SECTIONS[i].put(view);
        st = tsr_page_take(&view->page, &text[i]);
    }
    view->page = page;
    return st;
}

static void put_contents(tsr_view *view, char *const text[SECTIONS_N])
{
    tsr_page_print(&view->page, "<nav aria-label=\"");
    tsr_say(view, "page.contents", NULL);
    tsr_page_print(&view->page, "\"><ul>\n");
    for (int i = 0; i < SECTIONS_N; i++) {
        if (text[i] == NULL) continue;
        tsr_page_print(&view->page, "<li><a href=\"#%s\">", SECTIONS[i].id);
        tsr_say(view, SECTIONS[i].title, NULL);
        tsr_page_print(&view->page, "</a></li>\n");
    }
    tsr_page_print(&view->page, "</ul></nav>\n");
}

static tsr_status put_page(tsr_view *view)
{
    const char *title = json_string_value(json_object_get(tsr_at(view->run, "job"), "report.title"));
    char *text[SECTIONS_N] = {NULL};
    tsr_status st;

    TSR_TRY(put_sections(view, text));
    tsr_page_print(&view->page,
                   "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
                   tsr_text(&view->language, "language.tag"));
    tsr_page_escape(&view->page, title);
    tsr_page_print(&view->page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">",
                   tsr_report_css);
    tsr_say(view, "page.skip", NULL);
    tsr_page_print(&view->page, "</a>\n");
    tsr_report_header(view);
    put_contents(view, text);
    tsr_page_print(&view->page, "<main id=\"main\">\n");
    for (int i = 0; i < SECTIONS_N; i++)
        if (text[i] != NULL) tsr_page_print(&view->page, "%s", text[i]);
    tsr_page_print(&view->page, "</main>\n<footer>");
    tsr_say(view, "page.footer", tsr_text_at(view->run, "version"), NULL);
    tsr_page_print(&view->page, "</footer>\n</body>\n</html>\n");
done:
    for (int i = 0; i < SECTIONS_N; i++) tsr_free(&text[i]);
    return st;
}

tsr_status tsr_report_html(const char *segments, const char *run, char **html)
{
    json_t *s = json_loads(segments, 0, NULL), *r = json_loads(run, 0, NULL);
    const char *language = json_string_value(json_object_get(tsr_at(r, "job"), "report.language"));
    tsr_view view = {.segments = s, .run = r};
    tsr_status st;

    *html = NULL;
    if (!json_is_object(s) || !json_is_object(r))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "segments.json or run.json is damaged: remove it and run again"));
    TSR_TRY(tsr_language_open(language != NULL ? language : "en", &view.language));
    TSR_TRY(put_page(&view));
    TSR_TRY(tsr_page_take(&view.page, html));
done:
    tsr_language_close(&view.language);
    json_decref(r);
    json_decref(s);
    return st;
}
