#include "present/report_parts.h"

#include <string.h>

#include "present/cells.h"

static void put_fact(tsr_page *page, const char *name, const char *figure)
{
    tsr_page_print(page, "<div><dt>%s</dt><dd>", name);
    tsr_page_escape(page, figure);
    tsr_page_print(page, "</dd></div>\n");
}

void tsr_report_header(tsr_page *page, const json_t *s, const json_t *run)
{
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(page, "<header>\n<h1>");
    tsr_page_escape(page, json_string_value(json_object_get(tsr_at(run, "job"), "report.title")));
    tsr_page_print(page, "</h1>\n<p class=\"soft\">Customer segments by tessera ");
    tsr_page_escape(page, tsr_text_at(run, "version"));
    tsr_page_print(page, "</p>\n<dl>\n");
    put_fact(page, "Customers", tsr_figure(tsr_at(s, "customers"), 0, text));
    if (tsr_at(s, "revenue") != NULL) {
        char revenue[2 * TSR_FIGURE_BYTES];
        snprintf(revenue, sizeof revenue, "%s %.8s", tsr_figure(tsr_at(s, "revenue"), 9, text),
                 tsr_text_at(s, "currency"));
        put_fact(page, "Revenue", revenue);
        put_fact(page, "Records before", tsr_text_at(s, "as_of"));
        put_fact(page, "Not bought yet", tsr_figure(tsr_at(s, "prospects"), 0, text));
    }
    if (json_is_object(tsr_at(s, "value")))
        put_fact(page, "Customer lifetime value", tsr_figure(tsr_at(s, "value.clv_total"), 2, text));
    tsr_page_print(page, "</dl>\n</header>\n");
}

void tsr_report_warnings(tsr_page *page, const json_t *run)
{
    const json_t *warnings = tsr_at(run, "warnings");
    size_t i;
    json_t *warning;

    if (json_array_size(warnings) == 0) return;
    tsr_page_print(page, "<section>\n<h2>Read with care</h2>\n<ul class=\"warnings\">\n");
    json_array_foreach(warnings, i, warning)
    {
        tsr_page_print(page, "<li>");
        tsr_page_escape(page, json_string_value(warning));
        tsr_page_print(page, "</li>\n");
    }
    tsr_page_print(page, "</ul>\n</section>\n");
}

void tsr_report_stages(tsr_page *page, const json_t *run)
{
    static const char *const title[] = {"Stage", "rows", "seconds", "peak MiB of a rank"};
    char text[TSR_FIGURE_BYTES];
    size_t i;
    json_t *stage;

    tsr_page_print(page, "<section>\n<h2>The run</h2>\n");
    tsr_cells_list(page, "Stages of the run, in the order of the work");
    tsr_cells_head(page, title, 4);
    tsr_page_print(page, "<tbody>\n");
    json_array_foreach(tsr_at(run, "stages"), i, stage)
    {
        if (strcmp(tsr_text_at(stage, "name"), "report") == 0) continue; /* this page: it cannot time itself */
        tsr_cells_row(page, tsr_text_at(stage, "name"));
        tsr_cell(page, tsr_figure(tsr_at(stage, "rows"), 0, text));
        tsr_cell(page, tsr_figure(tsr_at(stage, "seconds"), 3, text));
        tsr_cell(page, tsr_figure(tsr_at(stage, "peak_rss_mb.max"), 0, text));
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "<p>%d ranks. The digest of the result does not depend on that.</p>\n</section>\n",
                   (int)json_integer_value(tsr_at(run, "ranks")));
}

/* Where the rows of one source went. */
static void put_source(tsr_page *page, const json_t *source, int number)
{
    char name[64], text[TSR_FIGURE_BYTES];
    const char *reason;
    json_t *rows, *file;
    size_t i;

    snprintf(name, sizeof name, "Source %d: %.32s", number, tsr_text_at(source, "kind"));
    tsr_cells_row(page, name);
    tsr_page_print(page, "<td class=\"text\">");
    json_array_foreach(tsr_at(source, "files"), i, file)
    {
        const char *path = tsr_text_at(file, "name"), *base = strrchr(path, '/');
        tsr_page_print(page, "%s", i > 0 ? ", " : "");
        tsr_page_escape(page, base != NULL ? base + 1 : path);
    }
    tsr_page_print(page, "</td>");
    tsr_cell(page, tsr_figure(tsr_at(source, "rows_read"), 0, text));
    tsr_cell(page, tsr_figure(tsr_at(source, "rows_used"), 0, text));
    tsr_cell(page, tsr_figure(tsr_at(source, "money_used"), 9, text));
    tsr_page_print(page, "<td class=\"text\">");
    i = 0;
    json_object_foreach(tsr_at(source, "rows_rejected"), reason, rows)
    {
        tsr_page_print(page, "%s%s: ", i++ > 0 ? "; " : "", tsr_figure(rows, 0, text));
        tsr_page_escape(page, reason);
    }
    tsr_page_print(page, "%s</td></tr>\n", i == 0 ? "none" : "");
}

void tsr_report_sources(tsr_page *page, const json_t *run)
{
    static const char *const title[] = {"Source", "files", "rows read", "rows used", "money used", "rows rejected"};
    const json_t *sources = tsr_at(run, "inputs.sources");
    size_t i;
    json_t *source;

    if (json_array_size(sources) == 0) return;
    tsr_page_print(page, "<section>\n<h2>From the sources</h2>\n");
    tsr_cells_table(page, "Rows and money of each source: what was read is what was used and what was rejected");
    tsr_cells_head(page, title, 6);
    tsr_page_print(page, "<tbody>\n");
    json_array_foreach(sources, i, source) put_source(page, source, (int)i + 1);
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "</section>\n");
}
