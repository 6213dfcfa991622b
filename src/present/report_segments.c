#include "present/report_parts.h"

#include "present/cells.h"

typedef struct figure {
    const char *title, *path;
    int decimals; /* SHARE: as a bar; PERCENT: a share in words */
    bool money, value;
} figure;

enum { SHARE = -1, PERCENT = -2 };

static const figure FIGURES[] = {
    {"Customers", "customers", 0, false, false},
    {"of customers", "share", SHARE, false, false},
    {"Revenue", "revenue", 9, true, false},
    {"of revenue", "revenue_share", SHARE, true, false},
    {"Days since last purchase", "means.recency_days", 0, true, false},
    {"Orders per customer", "means.frequency", 2, true, false},
    {"Revenue per customer", "means.monetary", 2, true, false},
    {"Revenue per order", "means.order_value", 2, true, false},
    {"Lifetime value, total", "clv_total", 2, false, true},
    {"Lifetime value per buyer", "means.clv", 2, false, true},
    {"Churn risk", "means.churn_risk", PERCENT, false, true},
};

enum { FIGURES_N = sizeof FIGURES / sizeof FIGURES[0] };

static bool is_shown(const json_t *s, const figure *f)
{
    return (!f->money || tsr_at(s, "revenue") != NULL) && (!f->value || json_is_object(tsr_at(s, "value")));
}

static void put_figures(tsr_page *page, const json_t *s, const json_t *part)
{
    char text[TSR_FIGURE_BYTES];

    for (int i = 0; i < FIGURES_N; i++) {
        const json_t *value = tsr_at(part, FIGURES[i].path);
        if (!is_shown(s, &FIGURES[i])) continue;
        if (FIGURES[i].decimals == SHARE)
            tsr_cell_share(page, value);
        else if (FIGURES[i].decimals == PERCENT)
            tsr_cell(page, tsr_figure_share(value, text));
        else
            tsr_cell(page, tsr_figure(value, FIGURES[i].decimals, text));
    }
}

static void put_flags(tsr_page *page, const json_t *segment)
{
    size_t i;
    json_t *flag;

    json_array_foreach(tsr_at(segment, "flags"), i, flag)
    {
        tsr_page_print(page, " <span class=\"flag\">");
        tsr_page_escape(page, json_string_value(flag));
        tsr_page_print(page, "</span>");
    }
}

void tsr_report_segments(tsr_page *page, const json_t *s)
{
    size_t i;
    json_t *segment;

    tsr_page_print(page, "<section>\n<h2>Segments</h2>\n<p>Numbered by %s, largest first.</p>\n",
                   tsr_at(s, "revenue") != NULL ? "revenue per customer" : "size");
    tsr_cells_table(page, "Size, revenue and value of each segment");
    tsr_page_print(page, "<thead><tr><th scope=\"col\">Segment</th>");
    for (int c = 0; c < FIGURES_N; c++)
        if (is_shown(s, &FIGURES[c])) tsr_page_print(page, "<th scope=\"col\">%s</th>", FIGURES[c].title);
    tsr_page_print(page, "</tr></thead>\n<tbody>\n");
    json_array_foreach(tsr_at(s, "segments"), i, segment)
    {
        tsr_page_print(page, "<tr><th scope=\"row\">");
        tsr_page_escape(page, tsr_text_at(segment, "name"));
        put_flags(page, segment);
        tsr_page_print(page, "</th>");
        put_figures(page, s, segment);
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n<tfoot>");
    tsr_cells_row(page, "All customers");
    put_figures(page, s, tsr_at(s, "total"));
    tsr_page_print(page, "</tr></tfoot>\n");
    tsr_cells_close(page);
    tsr_page_print(page,
                   "<p class=\"soft\">A dash stands for what is not known, or concerns fewer than %d customers.</p>\n",
                   (int)json_integer_value(tsr_at(s, "min_cell")));
    tsr_page_print(page, "</section>\n");
}

/* A feature's median and middle half. */
static void put_spread(tsr_page *page, const json_t *feature)
{
    char p25[TSR_FIGURE_BYTES], p50[TSR_FIGURE_BYTES], p75[TSR_FIGURE_BYTES];

    tsr_page_print(page, "<td>%s <span class=\"soft\">(%s to %s)</span></td>",
                   tsr_figure_short(tsr_at(feature, "p50"), p50), tsr_figure_short(tsr_at(feature, "p25"), p25),
                   tsr_figure_short(tsr_at(feature, "p75"), p75));
}

void tsr_report_profile(tsr_page *page, const json_t *s)
{
    const json_t *features = tsr_at(s, "total.features"), *list = tsr_at(s, "segments");
    const char *name;
    json_t *all, *segment;
    size_t i;

    tsr_page_print(page, "<section>\n<h2>What the segments are like</h2>\n");
    tsr_cells_table(page, "Median of each feature, and the range of the middle half of the customers");
    tsr_page_print(page, "<thead><tr><th scope=\"col\">Feature</th>");
    json_array_foreach(list, i, segment)
    {
        tsr_page_print(page, "<th scope=\"col\">");
        tsr_page_escape(page, tsr_text_at(segment, "name"));
        tsr_page_print(page, "</th>");
    }
    tsr_page_print(page, "<th scope=\"col\">All</th></tr></thead>\n<tbody>\n");
    json_object_foreach((json_t *)features, name, all)
    {
        tsr_cells_row(page, name);
        json_array_foreach(list, i, segment) put_spread(page, json_object_get(tsr_at(segment, "features"), name));
        put_spread(page, all);
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "</section>\n");
}
