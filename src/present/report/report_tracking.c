#include <math.h>
#include <stdio.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

#define TOP    24.0
#define BOTTOM 200.0
#define LEFT   52.0
#define RIGHT  (TSR_SVG_WIDTH - 8)

static double item(const json_t *list, size_t i)
{
    const json_t *number = json_array_get(list, i);

    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

/* ---- purchases period by period ---- */

/* A masked period is a gap. */
static void draw_line(tsr_view *view, const json_t *list, const tsr_axis *x, const tsr_axis *y, const char *kind)
{
    char command = 'M';

    tsr_page_print(&view->page, "<path class=\"%s\" d=\"", kind);
    for (size_t i = 0; i < json_array_size(list); i++) {
        double value = item(list, i);
        if (!isnan(value))
            tsr_page_print(&view->page, "%c%.1f %.1f", command, tsr_axis_at(x, (double)i + 1), tsr_axis_at(y, value));
        command = isnan(value) ? 'M' : 'L';
    }
    tsr_page_print(&view->page, "\"/>\n");
}

static void draw_tracking(tsr_view *view, const json_t *tracking)
{
    const json_t *actual = tsr_at(tracking, "actual"), *expected = tsr_at(tracking, "expected");
    const size_t n = json_array_size(actual);
    double high = 1;

    for (size_t i = 0; i < n; i++) high = fmax(high, fmax(item(actual, i), item(expected, i)));
    const tsr_axis x = tsr_axis_make(0, (double)n, LEFT, RIGHT - 8, 6);
    const tsr_axis y = tsr_axis_make(0, high, BOTTOM, TOP + 8, 4);
    const double end = tsr_axis_at(&x, tsr_number_at(tracking, "calibration_periods"));
    tsr_svg_open(view, "tracking", TSR_SVG_WIDTH, BOTTOM + 2 * TSR_SVG_TICKS);
    tsr_svg_line(view, 0, 8, 22, 8, "curve");
    tsr_svg_label(view, 27, 12, 128, TSR_START, "", tsr_text(&view->language, "check.actual"));
    tsr_svg_line(view, 160, 8, 182, 8, "curve expected");
    tsr_svg_label(view, 187, 12, 128, TSR_START, "", tsr_text(&view->language, "check.predicted"));
    tsr_axis_left(view, &y, TSR_UNIT_NUMBER, LEFT, RIGHT);
    tsr_axis_bottom(view, &x, TSR_UNIT_NUMBER, TOP + 8, BOTTOM);
    tsr_svg_line(view, end, TOP, end, BOTTOM, "zero");
    draw_line(view, actual, &x, &y, "curve");
    draw_line(view, expected, &x, &y, "curve expected");
    tsr_svg_label(view, RIGHT, BOTTOM + 2 * TSR_SVG_TICKS - 4, RIGHT, TSR_END, "soft",
                  tsr_text(&view->language, "tracking.axes"));
    tsr_svg_close(view);
}

static void put_periods(tsr_view *view, const json_t *tracking)
{
    static const char *const head[] = {"tracking.period", "check.actual", "check.predicted", NULL};
    const json_t *actual = tsr_at(tracking, "actual"), *expected = tsr_at(tracking, "expected");
    char name[16];

    tsr_cells_head(view, head);
    for (size_t i = 0; i < json_array_size(actual); i++) {
        snprintf(name, sizeof name, "%d", (int)i + 1);
        tsr_cells_row(view, name);
        tsr_cell_number(view, json_array_get(actual, i), 0);
        tsr_cell_number(view, json_array_get(expected, i), 1);
        tsr_cells_end(view);
    }
}

static void put_tracking(tsr_view *view, const json_t *tracking)
{
    char phrase[TSR_PHRASE_BYTES], a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], c[TSR_FIGURE_BYTES];

    if (json_array_size(tsr_at(tracking, "actual")) < 2) return;
    tsr_figure(&view->language, tsr_at(tracking, "holdout_actual"), 0, a);
    tsr_figure(&view->language, tsr_at(tracking, "holdout_expected"), 0, b);
    tsr_figure_share(&view->language, tsr_at(tracking, "cumulative_error"), c);
    tsr_picture_open(view, "tracking", tsr_phrase(view, phrase, "tracking.finding", a, b, c, NULL));
    draw_tracking(view, tracking);
    tsr_picture_table(view, "tracking");
    put_periods(view, tracking);
    tsr_picture_close(view);
}

/* ---- what customers did, by what they had done ---- */

static void class_name(const json_t *rows, size_t i, char name[16])
{
    snprintf(name, 16, i + 1 < json_array_size(rows) ? "%d" : "%d+", (int)i);
}

static void draw_conditional(tsr_view *view, const json_t *rows)
{
    const double slot = (RIGHT - LEFT) / (double)json_array_size(rows);
    double high = 0;
    char name[16];
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) high =
        fmax(high, fmax(tsr_number_at(row, "actual"), tsr_number_at(row, "predicted")));
    const tsr_axis axis = tsr_axis_make(0, high, BOTTOM, TOP, 4);
    tsr_svg_open(view, "conditional", TSR_SVG_WIDTH, BOTTOM + 2 * TSR_SVG_TICKS);
    tsr_report_key(view);
    tsr_axis_left(view, &axis, TSR_UNIT_NUMBER, LEFT, RIGHT);
    json_array_foreach(rows, i, row)
    {
        double x = LEFT + slot * (double)i, actual = tsr_axis_at(&axis, tsr_number_at(row, "actual"));
        double predicted = tsr_axis_at(&axis, tsr_number_at(row, "predicted"));
        class_name(rows, i, name);
        tsr_svg_text(view, x + slot / 2, BOTTOM + 14, TSR_MIDDLE, "tick", name);
        if (isnan(actual) || isnan(predicted)) continue;
        tsr_svg_rect(view, x + 3, actual, slot / 2 - 4, BOTTOM - actual, "bar1");
        tsr_svg_rect(view, x + slot / 2 + 1, predicted, slot / 2 - 4, BOTTOM - predicted, "bar2");
    }
    tsr_svg_label(view, RIGHT, BOTTOM + 2 * TSR_SVG_TICKS - 4, RIGHT, TSR_END, "soft",
                  tsr_text(&view->language, "conditional.axes"));
    tsr_svg_close(view);
}

/* The class where purchases and their forecast differ most, per customer. */
static size_t widest_gap(const json_t *rows)
{
    size_t worst = json_array_size(rows), i;
    double widest = -1;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        double gap = fabs(tsr_number_at(row, "actual") - tsr_number_at(row, "predicted"));
        if (!(gap > widest)) continue;
        widest = gap;
        worst = i;
    }
    return worst;
}

static void put_conditional(tsr_view *view, const json_t *rows)
{
    static const char *const head[] = {"conditional.row", "fact.customers", "check.actual", "check.predicted", NULL};
    const size_t worst = widest_gap(rows);
    char phrase[TSR_PHRASE_BYTES], name[16], a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];
    json_t *row;
    size_t i;

    if (worst == json_array_size(rows)) return; /* no class may be shown */
    class_name(rows, worst, name);
    tsr_figure(&view->language, tsr_at(json_array_get(rows, worst), "predicted"), 2, a);
    tsr_figure(&view->language, tsr_at(json_array_get(rows, worst), "actual"), 2, b);
    tsr_picture_open(view, "conditional", tsr_phrase(view, phrase, "conditional.finding", name, a, b, NULL));
    draw_conditional(view, rows);
    tsr_picture_table(view, "conditional");
    tsr_cells_head(view, head);
    json_array_foreach(rows, i, row)
    {
        class_name(rows, i, name);
        tsr_cells_row(view, name);
        tsr_cell_number(view, tsr_at(row, "customers"), 0);
        tsr_cell_number(view, tsr_at(row, "actual"), 2);
        tsr_cell_number(view, tsr_at(row, "predicted"), 2);
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

void tsr_report_tracking(tsr_view *view)
{
    const json_t *validation = tsr_at(view->segments, "value.validation");

    put_tracking(view, tsr_at(validation, "tracking"));
    put_conditional(view, tsr_at(validation, "checks.by_purchases"));
}
