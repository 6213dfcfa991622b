#include <math.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

const char *tsr_segment_name(const tsr_view *view, size_t segment)
{
    return tsr_name_of(view, json_array_get(tsr_at(view->segments, "segments"), segment));
}

int tsr_segment_with_most(const tsr_view *view, const char *path)
{
    int best = -1;
    double most = 0;
    json_t *segment;
    size_t i;

    json_array_foreach(tsr_at(view->segments, "segments"), i, segment)
    {
        double value = tsr_number_at(segment, path);
        if (isnan(value) || (best >= 0 && value <= most)) continue;
        best = (int)i;
        most = value;
    }
    return best;
}

static bool has_money(const tsr_view *view)
{
    return tsr_at(view->segments, "revenue") != NULL;
}

static bool has_value(const tsr_view *view)
{
    return json_is_object(tsr_at(view->segments, "value"));
}

static bool has_tiers(const tsr_view *view)
{
    return json_is_object(tsr_at(view->segments, "tiers"));
}

/* ---- sizes beside revenue ---- */

static void draw_bar(tsr_view *view, double y, double share, double largest, const char *kind)
{
    const double room = TSR_SVG_WIDTH - 62;
    char text[TSR_FIGURE_BYTES];
    double width = isnan(share) ? 0 : fmax(share, 0) / largest * room;

    tsr_svg_rect(view, 0, y, width, 12, kind);
    tsr_svg_text(view, width + 5, y + 10, TSR_START, "figure", tsr_figure_percent(&view->language, share, 1, text));
}

static void draw_sizes(tsr_view *view, const json_t *list, bool money)
{
    const double line = money ? 52 : 34;
    double largest = .01, top = money ? 26 : 4;
    json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        largest = fmax(largest, tsr_number_at(segment, "share"));
        if (money) largest = fmax(largest, tsr_number_at(segment, "revenue_share"));
    }
    tsr_svg_open(view, "sizes", TSR_SVG_WIDTH, top + line * (double)json_array_size(list));
    if (money) {
        tsr_svg_rect(view, 0, 4, 12, 12, "bar1");
        tsr_svg_label(view, 17, 14, 138, TSR_START, "", tsr_text(&view->language, "sizes.customers"));
        tsr_svg_rect(view, 160, 4, 12, 12, "bar2");
        tsr_svg_label(view, 177, 14, 138, TSR_START, "", tsr_text(&view->language, "sizes.revenue"));
    }
    json_array_foreach(list, i, segment)
    {
        double y = top + (double)i * line;
        tsr_svg_label(view, 0, y + 12, TSR_SVG_WIDTH, TSR_START, "name", tsr_name_of(view, segment));
        draw_bar(view, y + 18, tsr_number_at(segment, "share"), largest, "bar1");
        if (money) draw_bar(view, y + 33, tsr_number_at(segment, "revenue_share"), largest, "bar2");
    }
    tsr_svg_close(view);
}

static const char *sizes_finding(const tsr_view *view, bool money, char phrase[TSR_PHRASE_BYTES])
{
    int best = tsr_segment_with_most(view, money ? "revenue_share" : "share");
    char customers[TSR_FIGURE_BYTES], revenue[TSR_FIGURE_BYTES];

    if (best < 0) return tsr_phrase(view, phrase, "page.too_few", NULL);
    const json_t *segment = json_array_get(tsr_at(view->segments, "segments"), (size_t)best);
    tsr_figure_share(&view->language, tsr_at(segment, "share"), customers);
    if (!money)
        return tsr_phrase(view, phrase, "sizes.finding_size", tsr_segment_name(view, (size_t)best), customers, NULL);
    return tsr_phrase(view, phrase, "sizes.finding", tsr_segment_name(view, (size_t)best), customers,
                      tsr_figure_share(&view->language, tsr_at(segment, "revenue_share"), revenue), NULL);
}

static void put_sizes(tsr_view *view, const json_t *list)
{
    static const char *const with_money[] = {"page.segment", "fact.customers", "sizes.customers",
                                             "fact.revenue", "sizes.revenue",  NULL};
    static const char *const without[] = {"page.segment", "fact.customers", "sizes.customers", NULL};
    bool money = has_money(view);
    char phrase[TSR_PHRASE_BYTES];
    json_t *segment;
    size_t i;

    tsr_picture_open(view, "sizes", sizes_finding(view, money, phrase));
    draw_sizes(view, list, money);
    tsr_picture_table(view, "sizes");
    tsr_cells_head(view, money ? with_money : without);
    json_array_foreach(list, i, segment)
    {
        tsr_cells_row(view, tsr_name_of(view, segment));
        tsr_cell_number(view, tsr_at(segment, "customers"), 0);
        tsr_cell_share(view, tsr_at(segment, "share"));
        if (money) tsr_cell_number(view, tsr_at(segment, "revenue"), 9);
        if (money) tsr_cell_share(view, tsr_at(segment, "revenue_share"));
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- value with its interval ---- */

static double bound_of(const json_t *segment, size_t end)
{
    const json_t *bound = json_array_get(tsr_at(segment, "clv_interval"), end);

    return json_is_number(bound) ? json_number_value(bound) : (double)NAN;
}

static void draw_value(tsr_view *view, const json_t *list)
{
    const double line = 38;
    double bottom = line * (double)json_array_size(list) + 4, low = 0, high = 0;
    char text[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        high = fmax(high, fmax(tsr_number_at(segment, "clv_total"), bound_of(segment, 1)));
        low = fmin(low, fmin(tsr_number_at(segment, "clv_total"), bound_of(segment, 0)));
    }
    tsr_axis axis = tsr_axis_make(low, high, 12, TSR_SVG_WIDTH - 24, 4);
    tsr_svg_open(view, "worth", TSR_SVG_WIDTH, bottom + TSR_SVG_TICKS);
    tsr_axis_bottom(view, &axis, TSR_UNIT_NUMBER, 18, bottom);
    json_array_foreach(list, i, segment)
    {
        double y = (double)i * line, value = tsr_number_at(segment, "clv_total");
        tsr_svg_label(view, 0, y + 12, TSR_SVG_WIDTH - 80, TSR_START, "name halo", tsr_name_of(view, segment));
        tsr_svg_text(view, TSR_SVG_WIDTH, y + 12, TSR_END, "figure halo",
                     tsr_figure_compact(&view->language, value, text));
        if (isnan(value)) continue;
        if (!isnan(bound_of(segment, 0)) && !isnan(bound_of(segment, 1)))
            tsr_svg_line(view, tsr_axis_at(&axis, bound_of(segment, 0)), y + 26,
                         tsr_axis_at(&axis, bound_of(segment, 1)), y + 26, "whisker");
        tsr_svg_mark(view, tsr_axis_at(&axis, value), y + 26, (int32_t)i);
    }
    tsr_svg_close(view);
}

static void put_value(tsr_view *view, const json_t *list)
{
    static const char *const head[] = {"page.segment", "fact.clv", "page.low", "page.high", "fact.clv_each", NULL};
    int best = tsr_segment_with_most(view, "clv_total");
    double all = tsr_number_at(view->segments, "total.clv_total");
    char phrase[TSR_PHRASE_BYTES], share[TSR_FIGURE_BYTES], value[TSR_MONEY_BYTES];
    json_t *segment;
    size_t i;

    if (!has_value(view) || best < 0) return;
    const json_t *most = json_array_get(list, (size_t)best);
    tsr_figure_percent(&view->language, tsr_number_at(most, "clv_total") / all, 1, share);
    tsr_figure_money(view, tsr_at(most, "clv_total"), 0, value);
    tsr_picture_open(view, "worth",
                     tsr_phrase(view, phrase, "worth.finding", tsr_name_of(view, most), value, share, NULL));
    draw_value(view, list);
    tsr_picture_table(view, "worth");
    tsr_cells_head(view, head);
    json_array_foreach(list, i, segment)
    {
        tsr_cells_row(view, tsr_name_of(view, segment));
        tsr_cell_number(view, tsr_at(segment, "clv_total"), 2);
        tsr_cell_number(view, json_array_get(tsr_at(segment, "clv_interval"), 0), 2);
        tsr_cell_number(view, json_array_get(tsr_at(segment, "clv_interval"), 1), 2);
        tsr_cell_number(view, tsr_at(segment, "means.clv"), 2);
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- the table ---- */

typedef struct column {
    const char *key, *path;
    enum { COUNT, BAR, MONEY, DAYS, TIMES, SHARE } kind;
    bool money, value, tiers; /* only where there are some */
} column;

static const column COLUMNS[] = {
    {"fact.clv_from", "clv_from", TIMES, false, false, true},
    {"fact.customers", "customers", COUNT, false, false, false},
    {"sizes.customers", "share", BAR, false, false, false},
    {"fact.revenue", "revenue", MONEY, true, false, false},
    {"sizes.revenue", "revenue_share", BAR, true, false, false},
    {"fact.recency", "means.recency_days", DAYS, true, false, false},
    {"fact.orders", "means.frequency", TIMES, true, false, false},
    {"fact.per_customer", "means.monetary", TIMES, true, false, false},
    {"fact.per_order", "means.order_value", TIMES, true, false, false},
    {"fact.clv", "clv_total", TIMES, false, true, false},
    {"fact.clv_each", "means.clv", TIMES, false, true, false},
    {"fact.churn", "means.churn_risk", SHARE, false, true, false},
};

enum { COLUMNS_N = sizeof COLUMNS / sizeof COLUMNS[0] };

static bool is_shown(const tsr_view *view, const column *its)
{
    return (!its->money || has_money(view)) && (!its->value || has_value(view)) && (!its->tiers || has_tiers(view));
}

static void put_figures(tsr_view *view, const json_t *part)
{
    for (int i = 0; i < COLUMNS_N; i++) {
        const json_t *value = tsr_at(part, COLUMNS[i].path);
        if (!is_shown(view, &COLUMNS[i])) continue;
        switch (COLUMNS[i].kind) {
        case BAR: tsr_cell_bar(view, value); break;
        case SHARE: tsr_cell_share(view, value); break;
        case MONEY: tsr_cell_number(view, value, 9); break;
        case TIMES: tsr_cell_number(view, value, 2); break;
        case COUNT:
        case DAYS: tsr_cell_number(view, value, 0); break;
        }
    }
}

/* What is wrong with a segment, in words: shape and text, not colour alone. */
void tsr_report_flags(tsr_view *view, const json_t *segment)
{
    size_t i;
    json_t *flag;

    json_array_foreach(tsr_at(segment, "flags"), i, flag)
    {
        tsr_page_print(&view->page, " <span class=\"flag\">⚠ ");
        tsr_page_escape(&view->page, tsr_text_of(&view->language, "flag", json_string_value(flag)));
        tsr_page_print(&view->page, "</span>");
    }
}

static void put_table(tsr_view *view, const json_t *list)
{
    const char *head[COLUMNS_N + 2] = {"page.segment"};
    int n = 1;
    json_t *segment;
    size_t i;

    for (int c = 0; c < COLUMNS_N; c++)
        if (is_shown(view, &COLUMNS[c])) head[n++] = COLUMNS[c].key;
    tsr_cells_table(view, "segments.table");
    tsr_cells_head(view, head);
    json_array_foreach(list, i, segment)
    {
        tsr_page_print(&view->page, "<tr><th scope=\"row\">");
        tsr_page_escape(&view->page, tsr_name_of(view, segment));
        tsr_report_flags(view, segment);
        tsr_page_print(&view->page, "</th>");
        put_figures(view, segment);
        tsr_cells_end(view);
    }
    tsr_page_print(&view->page, "</tbody><tbody class=\"total\">\n");
    tsr_cells_row(view, tsr_text(&view->language, "page.all"));
    put_figures(view, tsr_at(view->segments, "total"));
    tsr_cells_end(view);
    tsr_cells_close(view);
}

void tsr_report_segments(tsr_view *view)
{
    const json_t *list = tsr_at(view->segments, "segments");
    char min_cell[TSR_FIGURE_BYTES];

    if (!json_is_array(list)) return;
    tsr_section_open(view, "segments");
    const char *order = has_money(view) ? "segments.by_revenue" : "segments.by_size";
    tsr_say_paragraph(view, "", has_tiers(view) ? "segments.by_tier" : order, NULL);
    tsr_pictures_open(view);
    put_sizes(view, list);
    put_value(view, list);
    tsr_pictures_close(view);
    put_table(view, list);
    tsr_figure(&view->language, tsr_at(view->segments, "min_cell"), 0, min_cell);
    tsr_say_paragraph(view, "soft", "segments.masked", min_cell, NULL);
    tsr_section_close(view);
}
