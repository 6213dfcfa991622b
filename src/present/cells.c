#include "present/cells.h"

/* A table wider than a phone scrolls in a region of its own. A list of figures is not stretched over the page. */
static void open_table_of(tsr_page *page, const char *kind, const char *caption)
{
    tsr_page_print(page, "<div class=\"wide %s\" tabindex=\"0\" role=\"region\" aria-label=\"", kind);
    tsr_page_escape(page, caption);
    tsr_page_print(page, "\"><table>\n<caption>");
    tsr_page_escape(page, caption);
    tsr_page_print(page, "</caption>\n");
}

void tsr_cells_table(tsr_page *page, const char *caption)
{
    open_table_of(page, "full", caption);
}

void tsr_cells_list(tsr_page *page, const char *caption)
{
    open_table_of(page, "narrow", caption);
}

void tsr_cells_close(tsr_page *page)
{
    tsr_page_print(page, "</table></div>\n");
}

void tsr_cells_head(tsr_page *page, const char *const *titles, int n)
{
    tsr_page_print(page, "<thead><tr>");
    for (int i = 0; i < n; i++) {
        tsr_page_print(page, "<th scope=\"col\">");
        tsr_page_escape(page, titles[i]);
        tsr_page_print(page, "</th>");
    }
    tsr_page_print(page, "</tr></thead>\n");
}

void tsr_cells_row(tsr_page *page, const char *name)
{
    tsr_page_print(page, "<tr><th scope=\"row\">");
    tsr_page_escape(page, name);
    tsr_page_print(page, "</th>");
}

void tsr_cell(tsr_page *page, const char *figure)
{
    tsr_page_print(page, "<td>%s</td>", figure);
}

void tsr_cell_share(tsr_page *page, const json_t *share)
{
    char text[TSR_FIGURE_BYTES];
    double width = json_number_value(share);

    width = width < 0 ? 0 : width > 1 ? 1 : width;
    tsr_page_print(page, "<td class=\"bar\" style=\"--share:%.4f\">%s</td>", width, tsr_figure_share(share, text));
}

/* A row of a list: what it is, and its figure. */
void tsr_cells_pair(tsr_page *page, const char *name, const char *figure)
{
    tsr_cells_row(page, name);
    tsr_cell(page, figure);
    tsr_page_print(page, "</tr>\n");
}
