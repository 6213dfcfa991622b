#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

#define CELL_WIDTH  56.0
#define CELL_HEIGHT 44.0

/* ---- the grid ---- */

static double mean_revenue(const json_t *cell)
{
    double people = tsr_number_at(cell, "customers");

    return people > 0 ? tsr_number_at(cell, "revenue") / people : (double)NAN;
}

static void draw_grid_cell(tsr_view *view, const json_t *cell, int bins, double largest)
{
    double x = 36 + CELL_WIDTH * (tsr_number_at(cell, "f") - 1),
           y = 20 + CELL_HEIGHT * (bins - tsr_number_at(cell, "r"));
    double people = tsr_number_at(cell, "customers"), mean = mean_revenue(cell);
    char text[TSR_FIGURE_BYTES];

    if (isnan(people)) {
        tsr_svg_rect(view, x + 1, y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2, "hidden");
        tsr_svg_text(view, x + CELL_WIDTH / 2, y + 26, TSR_MIDDLE, "halo", "–");
        return;
    }
    double strength = isnan(mean) || !(largest > 0) ? 0 : sqrt(fmax(mean, 0) / largest);
    tsr_page_print(
        &view->page,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"cell\" fill-opacity=\"%.2f\"/>\n", x + 1,
        y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2, .04 + .46 * strength);
    if (people == 0) return;
    tsr_svg_text(view, x + CELL_WIDTH / 2, y + 19, TSR_MIDDLE, "name",
                 tsr_figure_compact(&view->language, people, text));
    tsr_svg_text(view, x + CELL_WIDTH / 2, y + 34, TSR_MIDDLE, "small",
                 tsr_figure_compact(&view->language, mean, text));
}

static void draw_grid(tsr_view *view, const json_t *grid, int bins)
{
    double width = fmax(TSR_SVG_WIDTH, 40 + CELL_WIDTH * bins), bottom = 20 + CELL_HEIGHT * bins;
    double largest = 0;
    json_t *cell;
    size_t i;
    char text[16];

    json_array_foreach(grid, i, cell) largest = fmax(largest, mean_revenue(cell));
    tsr_svg_open(view, "grid", width, bottom + 38);
    tsr_svg_label(view, 0, 12, TSR_SVG_WIDTH, TSR_START, "soft", tsr_text(&view->language, "grid.rows"));
    json_array_foreach(grid, i, cell) draw_grid_cell(view, cell, bins, largest);
    for (int score = 1; score <= bins; score++) {
        snprintf(text, sizeof text, "R %d", score);
        tsr_svg_text(view, 0, 20 + CELL_HEIGHT * (bins + .6 - score), TSR_START, "", text);
        snprintf(text, sizeof text, "F %d", score);
        tsr_svg_text(view, 36 + CELL_WIDTH * (score - .5), bottom + 14, TSR_MIDDLE, "", text);
    }
    tsr_svg_label(view, TSR_SVG_WIDTH, bottom + 32, TSR_SVG_WIDTH, TSR_END, "soft",
                  tsr_text(&view->language, "grid.columns"));
    tsr_svg_close(view);
}

/* Customers with both scores among the best two: those to keep. */
static void sum_best(const json_t *grid, int bins, double *people, double *money, double *all_people, double *all_money)
{
    json_t *cell;
    size_t i;

    *people = *money = *all_people = *all_money = 0;
    json_array_foreach(grid, i, cell)
    {
        double n = tsr_number_at(cell, "customers"), sum = tsr_number_at(cell, "revenue");
        bool best = tsr_number_at(cell, "r") >= bins - 1 && tsr_number_at(cell, "f") >= bins - 1;
        if (isnan(n)) continue;
        *all_people += n;
        *all_money += sum;
        *people += best ? n : 0;
        *money += best ? sum : 0;
    }
}

static void put_grid(tsr_view *view, const json_t *grid)
{
    static const char *const head[] = {"grid.scores", "fact.customers", "fact.revenue", "fact.per_customer", NULL};
    char phrase[TSR_PHRASE_BYTES], a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], name[32];
    double people, money, all_people, all_money;
    json_t *cell;
    size_t i;

    int bins = (int)llrint(sqrt((double)json_array_size(grid)));
    if (bins < 2) return;
    sum_best(grid, bins, &people, &money, &all_people, &all_money);
    tsr_picture_open(view, "grid",
                     tsr_phrase(view, phrase, "grid.finding",
                                tsr_figure_percent(&view->language, people / all_people, 1, a),
                                tsr_figure_percent(&view->language, money / all_money, 1, b), NULL));
    draw_grid(view, grid, bins);
    tsr_picture_table(view, "grid");
    tsr_cells_head(view, head);
    json_array_foreach(grid, i, cell)
    {
        snprintf(name, sizeof name, "R %d, F %d", (int)tsr_number_at(cell, "r"), (int)tsr_number_at(cell, "f"));
        tsr_cells_row(view, name);
        tsr_cell_number(view, tsr_at(cell, "customers"), 0);
        tsr_cell_number(view, tsr_at(cell, "revenue"), 9);
        tsr_cell(view, tsr_figure_real(&view->language, mean_revenue(cell), 2, a));
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- groups ---- */

/* As the report calls a group; with the other name that its scheme gives, in any language. */
static const char *group_name(const tsr_view *view, const char *name, char text[TSR_PHRASE_BYTES])
{
    const char *known = tsr_text_of(&view->language, "group", name);
    const json_t *other = json_object_get(tsr_at(view->segments, "rfm.other_names"), name);

    snprintf(text, TSR_PHRASE_BYTES, json_is_string(other) ? "%s · %s" : "%s", known, json_string_value(other));
    return text;
}

static void draw_groups(tsr_view *view, const json_t *order, const json_t *groups, double all)
{
    double largest = 1, left = 0;
    char text[TSR_FIGURE_BYTES], label[TSR_PHRASE_BYTES];
    json_t *name;
    size_t i;

    json_array_foreach(order, i, name)
    {
        group_name(view, json_string_value(name), label);
        largest = fmax(largest, tsr_number_at(groups, json_string_value(name)));
        left = fmax(left, tsr_svg_text_width(label, TSR_SVG_TEXT) + 6);
    }
    left = fmin(left, TSR_SVG_WIDTH / 2);
    const double room = TSR_SVG_WIDTH - left - 48;
    tsr_svg_open(view, "groups", TSR_SVG_WIDTH, 22 * (double)json_array_size(order) + 2);
    json_array_foreach(order, i, name)
    {
        double y = 22 * (double)i, people = json_number_value(json_object_get(groups, json_string_value(name)));
        bool known = json_is_number(json_object_get(groups, json_string_value(name)));
        tsr_svg_label(view, 0, y + 14, left - 6, TSR_START, "", group_name(view, json_string_value(name), label));
        tsr_svg_rect(view, left, y + 4, people / largest * room, 13, "bar1");
        tsr_svg_text(view, left + people / largest * room + 5, y + 14, TSR_START, "figure",
                     known ? tsr_figure_percent(&view->language, people / all, 1, text) : "–");
    }
    tsr_svg_close(view);
}

static void put_groups(tsr_view *view, const json_t *rfm)
{
    static const char *const head[] = {"grid.group", "fact.customers", "sizes.customers", NULL};
    const json_t *groups = tsr_at(rfm, "groups"), *order = tsr_at(rfm, "order");
    double all = tsr_number_at(view->segments, "customers"), most = 0;
    const char *largest = NULL;
    char phrase[TSR_PHRASE_BYTES], label[TSR_PHRASE_BYTES], text[TSR_FIGURE_BYTES];
    json_t *name;
    size_t i;

    json_array_foreach(order, i, name)
    {
        const json_t *count = json_object_get(groups, json_string_value(name));
        if (json_number_value(count) <= most) continue;
        most = json_number_value(count);
        largest = json_string_value(name);
    }
    if (largest == NULL) return;
    tsr_picture_open(view, "groups",
                     tsr_phrase(view, phrase, "groups.finding", group_name(view, largest, label),
                                tsr_figure_percent(&view->language, most / all, 1, text), NULL));
    draw_groups(view, order, groups, all);
    tsr_picture_table(view, "groups");
    tsr_cells_head(view, head);
    json_array_foreach(order, i, name)
    {
        const json_t *count = json_object_get(groups, json_string_value(name));
        tsr_cells_row(view, group_name(view, json_string_value(name), label));
        tsr_cell_number(view, count, 0);
        tsr_cell(view, json_is_number(count)
                           ? tsr_figure_percent(&view->language, json_number_value(count) / all, 1, text)
                           : "–");
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- groups of each segment, and the edges of scores ---- */

static void put_mix(tsr_view *view, const json_t *order)
{
    const json_t *list = tsr_at(view->segments, "segments");
    char label[TSR_PHRASE_BYTES];
    json_t *name, *segment;
    size_t i, s;

    if (!json_is_object(tsr_at(json_array_get(list, 0), "rfm_groups"))) return;
    tsr_cells_table(view, "mix.caption");
    tsr_page_print(&view->page, "<thead><tr><th scope=\"col\">");
    tsr_say(view, "grid.group", NULL);
    tsr_page_print(&view->page, "</th>");
    json_array_foreach(list, s, segment)
    {
        tsr_page_print(&view->page, "<th scope=\"col\">");
        tsr_page_escape(&view->page, tsr_name_of(view, segment));
        tsr_page_print(&view->page, "</th>");
    }
    tsr_page_print(&view->page, "</tr></thead>\n<tbody>\n");
    json_array_foreach(order, i, name)
    {
        tsr_cells_row(view, group_name(view, json_string_value(name), label));
        json_array_foreach(list, s, segment)
            tsr_cell_number(view, json_object_get(tsr_at(segment, "rfm_groups"), json_string_value(name)), 0);
        tsr_cells_end(view);
    }
    tsr_cells_close(view);
}

/* "Orders", or "Orders, R 2" and "Revenue per customer, R 2, F 5" where an axis is cut within scores before. */
static void put_edge_row(tsr_view *view, const char *axis, const char *within, const json_t *edges)
{
    char name[TSR_PHRASE_BYTES];
    json_t *edge;
    size_t i;

    snprintf(name, sizeof name, "%s%s", axis, within);
    tsr_cells_row(view, name);
    json_array_foreach(edges, i, edge) tsr_cell_short(view, edge);
    tsr_cells_end(view);
}

static void put_axis_edges(tsr_view *view, const char *axis, const json_t *edges, int bins)
{
    const size_t parts = json_array_size(edges);
    char within[32];

    if (!json_is_array(json_array_get(edges, 0))) {
        put_edge_row(view, axis, "", edges);
        return;
    }
    for (size_t part = 0; part < parts; part++) {
        const int r = (int)part / (parts > (size_t)bins ? bins : 1) + 1, f = (int)part % bins + 1;
        snprintf(within, sizeof within, parts > (size_t)bins ? ", R %d, F %d" : ", R %d", r, f);
        put_edge_row(view, axis, within, json_array_get(edges, part));
    }
}

static void put_edges(tsr_view *view, const json_t *rfm)
{
    static const char *const row[][2] = {{"fact.recency", "thresholds.recency"},
                                         {"fact.orders", "thresholds.frequency"},
                                         {"fact.per_customer", "thresholds.monetary"}};
    const int bins = (int)tsr_number_at(rfm, "bins");
    const bool nested = json_is_true(tsr_at(rfm, "nested"));
    char number[TSR_FIGURE_BYTES];

    if (bins < 2 || !json_is_object(tsr_at(rfm, "thresholds"))) return;
    if (nested) { /* many rows */
        tsr_page_print(&view->page, "<details><summary>");
        tsr_say(view, "edges.nested", NULL);
        tsr_page_print(&view->page, "</summary>\n");
    }
    tsr_cells_list(view, "edges.caption");
    tsr_page_print(&view->page, "<thead><tr><th scope=\"col\">");
    tsr_say(view, "edges.score", NULL);
    for (int i = 1; i < bins; i++) {
        tsr_page_print(&view->page, "</th><th scope=\"col\">");
        tsr_say(view, "edges.edge", tsr_figure_real(&view->language, i, 0, number), NULL);
    }
    tsr_page_print(&view->page, "</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < 3; i++)
        put_axis_edges(view, tsr_text(&view->language, row[i][0]), tsr_at(rfm, row[i][1]), bins);
    tsr_cells_close(view);
    if (nested) tsr_page_print(&view->page, "</details>\n");
}

/* ---- weights of the three scores, each way beside the others ---- */

static void put_weights_row(tsr_view *view, const json_t *weights, const char *way, const char *of)
{
    static const char *const axis[] = {"recency", "frequency", "monetary"};
    const bool given = of == NULL; /* equal weights and comparisons look at no data */
    const json_t *row = tsr_at(tsr_at(weights, given ? "of_scores" : of), way);
    const bool used = strcmp(tsr_text_at(weights, "used"), way) == 0 &&
                      (given || strcmp(of + 3, tsr_text_at(weights, "used_of")) == 0);
    char key[64], name[TSR_PHRASE_BYTES], whole[TSR_PHRASE_BYTES], ratio[TSR_FIGURE_BYTES];

    if (!json_is_object(row)) return;
    snprintf(key, sizeof key, "weights.%s", way);
    tsr_phrase(view, name, key, tsr_figure(&view->language, tsr_at(weights, "consistency_ratio"), 3, ratio), NULL);
    if (!given) {
        snprintf(key, sizeof key, "weights.%s", of);
        tsr_phrase(view, whole, key, name, NULL);
        memcpy(name, whole, sizeof name);
    }
    tsr_cells_row(view, used ? tsr_phrase(view, whole, "weights.used", name, NULL) : name);
    for (int a = 0; a < 3; a++) tsr_cell_number(view, tsr_at(row, axis[a]), 3);
    tsr_cells_end(view);
}

static void put_weights(tsr_view *view, const json_t *weights)
{
    static const char *const head[] = {"weights.way", "fact.recency", "fact.orders", "fact.per_customer", NULL};
    static const char *const row[][2] = {{"equal", NULL},          {"entropy", "of_scores"}, {"critic", "of_scores"},
                                         {"entropy", "of_values"}, {"critic", "of_values"},  {"ahp", NULL}};

    if (!json_is_object(weights)) return;
    tsr_cells_list(view, "weights.caption");
    tsr_cells_head(view, head);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) put_weights_row(view, weights, row[i][0], row[i][1]);
    tsr_cells_close(view);
}

void tsr_report_rfm(tsr_view *view)
{
    const json_t *rfm = tsr_at(view->segments, "rfm");

    if (!json_is_object(rfm)) return;
    tsr_section_open(view, "rfm");
    tsr_pictures_open(view);
    put_grid(view, tsr_at(rfm, "grid"));
    put_groups(view, rfm);
    tsr_pictures_close(view);
    put_mix(view, tsr_at(rfm, "order"));
    put_edges(view, rfm);
    put_weights(view, tsr_at(rfm, "weights"));
    tsr_section_close(view);
}
