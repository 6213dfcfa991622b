#include "tessera/report.h"

#include "present/report_parts.h"
#include "tessera/memory.h"

extern const char tsr_report_css[];

static void put_page(tsr_page *page, const json_t *segments, const json_t *run)
{
    tsr_page_print(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    tsr_page_escape(page, json_string_value(json_object_get(tsr_at(run, "job"), "report.title")));
    tsr_page_print(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", tsr_report_css);
    tsr_report_header(page, segments, run);
    tsr_page_print(page, "<main>\n");
    tsr_report_warnings(page, run);
    tsr_report_segments(page, segments);
    tsr_report_profile(page, segments);
    tsr_report_rfm(page, segments);
    tsr_report_value(page, segments);
    tsr_report_quality(page, segments);
    tsr_report_choice(page, segments);
    tsr_report_sources(page, run);
    tsr_report_stages(page, run);
    tsr_page_print(page, "</main>\n<footer>Digest of the result: <code>");
    tsr_page_escape(page, tsr_text_at(run, "digest"));
    tsr_page_print(page, "</code></footer>\n</body>\n</html>\n");
}

tsr_status tsr_report_html(const char *segments, const char *run, char **html)
{
    json_t *s = json_loads(segments, 0, NULL), *r = json_loads(run, 0, NULL);
    tsr_page page = {0};
    tsr_status st;

    *html = NULL;
    if (!json_is_object(s) || !json_is_object(r))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "segments.json or run.json is damaged: remove it and run again"));
    put_page(&page, s, r);
    TSR_TRY(tsr_page_take(&page, html));
done:
    json_decref(r);
    json_decref(s);
    return st;
}
