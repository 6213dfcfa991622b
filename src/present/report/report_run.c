#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

/* Days between the last transaction and as_of, up to which data are called fresh, or ageing. */
#define FRESH_DAYS  7
#define AGEING_DAYS 30

/* ---- the head of the page ---- */

static void put_fact(tsr_view *view, const char *key, const char *figure)
{
    tsr_page_print(&view->page, "<div><dt>");
    tsr_say(view, key, NULL);
    tsr_page_print(&view->page, "</dt><dd>");
    tsr_page_escape(&view->page, figure);
    tsr_page_print(&view->page, "</dd></div>\n");
}

/* Sums over the sources whose rows were counted. @return how many there are: a drawn population has none */
static size_t sum_sources(const tsr_view *view, double *read, double *used)
{
    size_t i, counted = 0;
    json_t *source;

    *read = *used = 0;
    json_array_foreach(tsr_at(view->run, "inputs.sources"), i, source)
    {
        if (!json_is_number(tsr_at(source, "rows_read"))) continue;
        counted++;
        *read += json_number_value(tsr_at(source, "rows_read"));
        *used += json_number_value(tsr_at(source, "rows_used"));
    }
    return counted;
}

static void put_rows(tsr_view *view)
{
    char text[TSR_FIGURE_BYTES];
    double read, used;

    if (sum_sources(view, &read, &used) == 0) return;
    put_fact(view, "fact.rows_read", tsr_figure_real(&view->language, read, 0, text));
    put_fact(view, "fact.rows_used", tsr_figure_real(&view->language, used, 0, text));
    put_fact(view, "fact.rows_rejected", tsr_figure_real(&view->language, read - used, 0, text));
}

/* How old the newest data was at as_of: a lamp whose shape says it too. */
static void put_freshness(tsr_view *view)
{
    const double days = tsr_number_at(view->segments, "freshness.days");
    const int state = days <= FRESH_DAYS ? 0 : days <= AGEING_DAYS ? 1 : 2;
    static const char *const lamp[] = {"●", "◐", "○"}, *const key[] = {"freshness.fresh", "freshness.ageing",
                                                                       "freshness.stale"};
    char text[TSR_FIGURE_BYTES];

    if (isnan(days)) return;
    tsr_page_print(&view->page, "<div><dt>");
    tsr_say(view, "fact.freshness", NULL);
    tsr_page_print(&view->page, "</dt><dd>");
    tsr_page_escape(&view->page, tsr_text_at(view->segments, "freshness.until"));
    tsr_page_print(&view->page, "<span class=\"lamp lamp%d\"><span aria-hidden=\"true\">%s</span> ", state,
                   lamp[state]);
    tsr_say(view, key[state], tsr_figure_real(&view->language, days, 0, text), NULL);
    tsr_page_print(&view->page, "</span></dd></div>\n");
}

static void put_facts(tsr_view *view)
{
    char text[TSR_FIGURE_BYTES], money[TSR_MONEY_BYTES];

    put_fact(view, "fact.customers", tsr_figure(&view->language, tsr_at(view->segments, "customers"), 0, text));
    put_fact(view, "fact.segments",
             tsr_figure_real(&view->language, (double)json_array_size(tsr_at(view->segments, "segments")), 0, text));
    if (tsr_at(view->segments, "revenue") != NULL)
        put_fact(view, "fact.revenue", tsr_figure_money(view, tsr_at(view->segments, "revenue"), 9, money));
    if (json_is_object(tsr_at(view->segments, "value")))
        put_fact(view, "fact.clv", tsr_figure_money(view, tsr_at(view->segments, "value.clv_total"), 0, money));
    put_rows(view);
    if (tsr_text_at(view->segments, "as_of")[0] != '\0')
        put_fact(view, "fact.as_of", tsr_text_at(view->segments, "as_of"));
    put_freshness(view);
    if (json_integer_value(tsr_at(view->segments, "prospects")) > 0)
        put_fact(view, "fact.prospects", tsr_figure(&view->language, tsr_at(view->segments, "prospects"), 0, text));
}

void tsr_report_header(tsr_view *view)
{
    tsr_page_print(&view->page, "<header>\n<h1>");
    tsr_page_escape(&view->page, json_string_value(json_object_get(tsr_at(view->run, "job"), "report.title")));
    tsr_page_print(&view->page, "</h1>\n");
    tsr_say_paragraph(view, "soft", "page.subtitle", tsr_text_at(view->run, "version"), NULL);
    tsr_page_print(&view->page, "<dl>\n");
    put_facts(view);
    tsr_page_print(&view->page, "</dl>\n</header>\n");
}

void tsr_report_warnings(tsr_view *view)
{
    const json_t *warnings = tsr_at(view->run, "warnings");
    char text[1024];
    size_t i;
    json_t *warning;

    if (json_array_size(warnings) == 0) return;
    tsr_section_open(view, "warnings");
    tsr_page_print(&view->page, "<ul class=\"warnings\">\n");
    json_array_foreach(warnings, i, warning)
    {
        bool translated = tsr_translate(&view->language, json_string_value(warning), text, sizeof text);
        tsr_page_print(&view->page, "<li%s>", translated ? "" : " lang=\"en\"");
        tsr_page_escape(&view->page, text);
        tsr_page_print(&view->page, "</li>\n");
    }
    tsr_page_print(&view->page, "</ul>\n");
    tsr_section_close(view);
}

/* ---- where figures come from ---- */

#define BOX_HEIGHT 44.0
#define BOX_STEP   62.0

static void draw_box(tsr_view *view, int place, const char *name, const char *what)
{
    double y = BOX_STEP * place + 1;

    if (place > 0) tsr_svg_arrow(view, TSR_SVG_WIDTH / 2, y - 17, TSR_SVG_WIDTH / 2, y - 1);
    tsr_svg_rect(view, 1, y, TSR_SVG_WIDTH - 2, BOX_HEIGHT, "box");
    tsr_svg_label(view, TSR_SVG_WIDTH / 2, y + 18, TSR_SVG_WIDTH - 20, TSR_MIDDLE, "name", name);
    tsr_svg_label(view, TSR_SVG_WIDTH / 2, y + 34, TSR_SVG_WIDTH - 20, TSR_MIDDLE, "soft", what);
}

static void draw_lineage(tsr_view *view)
{
    bool dataset = json_is_object(tsr_at(view->run, "inputs.dataset"));
    size_t features = json_object_size(tsr_at(view->segments, "total.features"));
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], phrase[TSR_PHRASE_BYTES];
    double read, used;
    int place = 0;

    const bool pca = json_is_object(tsr_at(view->segments, "pca"));
    const bool tiers = json_is_object(tsr_at(view->segments, "tiers"));
    tsr_svg_open(view, "lineage", TSR_SVG_WIDTH, BOX_STEP * (3 + pca + (sum_sources(view, &read, &used) > 0)) - 16);
    if (sum_sources(view, &read, &used) > 0) {
        tsr_figure_real(&view->language, read, 0, a);
        tsr_figure_real(&view->language, read - used, 0, b);
        draw_box(view, place++, tsr_text(&view->language, "lineage.sources"),
                 tsr_phrase(view, phrase, "lineage.rows", a, b, NULL));
    }
    tsr_figure(&view->language, tsr_at(view->segments, "customers"), 0, a);
    draw_box(view, place++, tsr_text(&view->language, dataset ? "lineage.dataset" : "lineage.matrix"),
             tsr_phrase(view, phrase, "lineage.customers", a, NULL));
    tsr_figure_real(&view->language, (double)features, 0, a);
    draw_box(view, place++, tsr_text(&view->language, "lineage.features"),
             tsr_phrase(view, phrase, "lineage.features_of", a, NULL));
    tsr_figure(&view->language, tsr_at(view->segments, "pca.components"), 0, a);
    if (pca)
        draw_box(view, place++, tsr_text(&view->language, "lineage.space"),
                 tsr_phrase(view, phrase, "lineage.components", a, NULL));
    tsr_figure_real(&view->language, (double)json_array_size(tsr_at(view->segments, "segments")), 0, a);
    draw_box(view, place, tsr_text(&view->language, "lineage.segments"),
             tsr_phrase(view, phrase, tiers ? "lineage.tiers" : "lineage.k", a, NULL));
    tsr_svg_close(view);
}

static void put_stages(tsr_view *view)
{
    static const char *const head[] = {"run.stage", "run.rows", "run.seconds", "run.memory", NULL};
    size_t i;
    json_t *stage;

    tsr_cells_head(view, head);
    json_array_foreach(tsr_at(view->run, "stages"), i, stage)
    {
        if (strcmp(tsr_text_at(stage, "name"), "report") == 0) continue; /* this page: it cannot time itself */
        tsr_cells_row(view, tsr_text_of(&view->language, "stage", tsr_text_at(stage, "name")));
        tsr_cell_number(view, tsr_at(stage, "rows"), 0);
        tsr_cell_number(view, tsr_at(stage, "seconds"), 3);
        tsr_cell_number(view, tsr_at(stage, "peak_rss_mb.max"), 0);
        tsr_cells_end(view);
    }
}

static void put_lineage(tsr_view *view)
{
    char phrase[TSR_PHRASE_BYTES], seconds[TSR_FIGURE_BYTES], ranks[TSR_FIGURE_BYTES];
    double sum = 0;
    json_t *stage;
    size_t i;

    json_array_foreach(tsr_at(view->run, "stages"), i, stage) sum += json_number_value(tsr_at(stage, "seconds"));
    tsr_figure_real(&view->language, sum, 1, seconds);
    tsr_figure(&view->language, tsr_at(view->run, "ranks"), 0, ranks);
    tsr_picture_open(view, "lineage", tsr_phrase(view, phrase, "lineage.finding", seconds, ranks, NULL));
    draw_lineage(view);
    tsr_picture_table(view, "lineage");
    put_stages(view);
    tsr_picture_close(view);
}

/* ---- sources ---- */

static void put_source(tsr_view *view, const json_t *source, int number)
{
    char name[TSR_FIGURE_BYTES], text[TSR_FIGURE_BYTES];
    const char *reason;
    json_t *rows, *file;
    size_t i;

    snprintf(name, sizeof name, "%d %.32s", number,
             tsr_text_of(&view->language, "source", tsr_text_at(source, "kind")));
    tsr_cells_row(view, name);
    tsr_page_print(&view->page, "<td class=\"text\">");
    json_array_foreach(tsr_at(source, "files"), i, file)
    {
        const char *path = tsr_text_at(file, "name"), *base = strrchr(path, '/');
        tsr_page_print(&view->page, "%s", i > 0 ? ", " : "");
        tsr_page_escape(&view->page, base != NULL ? base + 1 : path);
    }
    tsr_page_print(&view->page, "</td>");
    tsr_cell_number(view, tsr_at(source, "rows_read"), 0);
    tsr_cell_number(view, tsr_at(source, "rows_used"), 0);
    tsr_cell_number(view, tsr_at(source, "money_used"), 9);
    tsr_page_print(&view->page, "<td class=\"text\" lang=\"en\">");
    i = 0;
    json_object_foreach(tsr_at(source, "rows_rejected"), reason, rows)
    {
        tsr_page_print(&view->page, "%s%s: ", i++ > 0 ? "; " : "",
                       tsr_figure(&view->language, tsr_at(rows, "rows"), 0, text));
        tsr_page_escape(&view->page, reason);
    }
    tsr_page_print(&view->page, "%s</td></tr>\n", i == 0 ? "–" : "");
}

static void put_sources(tsr_view *view)
{
    static const char *const head[] = {"sources.source",
                                       "sources.files",
                                       "fact.rows_read",
                                       "fact.rows_used",
                                       "sources.money",
                                       "fact.rows_rejected",
                                       NULL};
    double read, used;
    size_t i;
    json_t *source;

    if (sum_sources(view, &read, &used) == 0) return;
    tsr_cells_words(view, "sources.caption");
    tsr_cells_head(view, head);
    json_array_foreach(tsr_at(view->run, "inputs.sources"), i, source) put_source(view, source, (int)i + 1);
    tsr_cells_close(view);
}

/* ---- settings ---- */

static void put_settings(tsr_view *view)
{
    const char *key;
    char text[512];
    json_t *value;

    tsr_page_print(&view->page, "<details><summary>");
    tsr_say(view, "run.settings", NULL);
    tsr_page_print(&view->page, "</summary>\n");
    tsr_cells_list(view, "run.settings_caption");
    tsr_page_print(&view->page, "<tbody lang=\"en\">\n");
    json_object_foreach(tsr_at(view->run, "job"), key, value)
    {
        if (json_is_null(value) || strncmp(key, "ingest.", 7) == 0) continue;
        size_t n = json_dumpb(value, text, sizeof text - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
        text[n < sizeof text ? n : 0] = '\0';
        tsr_cells_row(view, key);
        tsr_cell_words(view, json_is_string(value) ? json_string_value(value) : text);
        tsr_cells_end(view);
    }
    tsr_cells_close(view);
    tsr_page_print(&view->page, "</details>\n");
}

void tsr_report_run(tsr_view *view)
{
    tsr_section_open(view, "run");
    tsr_pictures_open(view);
    put_lineage(view);
    tsr_pictures_close(view);
    put_sources(view);
    put_settings(view);
    tsr_page_print(&view->page, "<p>");
    tsr_say(view, "run.digest", NULL);
    tsr_page_print(&view->page, " <code>");
    tsr_page_escape(&view->page, tsr_text_at(view->run, "digest"));
    tsr_page_print(&view->page, "</code></p>\n");
    tsr_section_close(view);
}
