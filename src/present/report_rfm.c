#include "present/report_parts.h"

#include "present/cells.h"

static void put_groups(tsr_page *page, const json_t *s)
{
    static const char *const title[] = {"Group", "Customers", "of customers"};
    double all = json_number_value(tsr_at(s, "customers"));
    char text[TSR_FIGURE_BYTES];
    const char *name;
    json_t *count;

    tsr_cells_list(page, "RFM groups by name");
    tsr_cells_head(page, title, 3);
    tsr_page_print(page, "<tbody>\n");
    json_object_foreach(tsr_at(s, "rfm.groups"), name, count)
    {
        json_t *share = json_is_integer(count) && all > 0 ? json_real(json_number_value(count) / all) : json_null();
        tsr_cells_row(page, name);
        tsr_cell(page, tsr_figure(count, 0, text));
        tsr_cell_share(page, share);
        tsr_page_print(page, "</tr>\n");
        json_decref(share);
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

static void put_thresholds(tsr_page *page, const json_t *s)
{
    static const char *const title[] = {"Score", "20 %", "40 %", "60 %", "80 %"};
    static const char *const row[][2] = {{"Days since last purchase (fewer is better)", "recency"},
                                         {"Orders", "frequency"},
                                         {"Revenue", "monetary"}};
    char text[TSR_FIGURE_BYTES];
    size_t e;
    json_t *edge;

    tsr_cells_list(page, "Edges of the scores: quantiles over customers who bought");
    tsr_cells_head(page, title, 5);
    tsr_page_print(page, "<tbody>\n");
    for (int i = 0; i < 3; i++) {
        tsr_cells_row(page, row[i][0]);
        json_array_foreach(tsr_at(tsr_at(s, "rfm.thresholds"), row[i][1]), e, edge)
            tsr_cell(page, tsr_figure_short(edge, text));
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

void tsr_report_rfm(tsr_page *page, const json_t *s)
{
    if (!json_is_object(tsr_at(s, "rfm"))) return;
    tsr_page_print(page, "<section>\n<h2>Recency, frequency, money</h2>\n");
    put_groups(page, s);
    put_thresholds(page, s);
    tsr_page_print(page, "</section>\n");
}
