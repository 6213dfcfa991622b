#include <math.h>
#include <stdio.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

#define TOP    24.0
#define BOTTOM 188.0
#define LEFT   44.0
#define RIGHT  (TSR_SVG_WIDTH - 8)

void tsr_report_key(tsr_view *view)
{
    tsr_svg_rect(view, 0, 2, 12, 12, "bar1");
    tsr_svg_label(view, 17, 12, 138, TSR_START, "", tsr_text(&view->language, "check.actual"));
    tsr_svg_rect(view, 160, 2, 12, 12, "bar2");
    tsr_svg_label(view, 177, 12, 138, TSR_START, "", tsr_text(&view->language, "check.predicted"));
}

/* @param tenths  of a chance: rows are from 0 to 10% and so on; otherwise of the customers */
static void put_rows(tsr_view *view, const json_t *rows, const char *first, bool tenths)
{
    const char *const head[] = {first, "fact.customers", "check.actual", "check.predicted", NULL};
    char name[32];
    json_t *row;
    size_t i;

    tsr_cells_head(view, head);
    json_array_foreach(rows, i, row)
    {
        if (tenths)
            snprintf(name, sizeof name, "%d–%d%%", 10 * (int)i, 10 * (int)i + 10);
        else
            snprintf(name, sizeof name, "%d", (int)i + 1);
        tsr_cells_row(view, name);
        tsr_cell_number(view, tsr_at(row, "customers"), 0);
        tsr_cell_short(view, tsr_at(row, "actual"));
        tsr_cell_short(view, tsr_at(row, "predicted"));
        tsr_cells_end(view);
    }
}

/* ---- tenths of customers by what was expected of them ---- */

static void draw_tenths(tsr_view *view, const json_t *rows)
{
    double high = 0, slot = (RIGHT - LEFT) / (double)json_array_size(rows);
    char name[16];
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) high =
        fmax(high, fmax(tsr_number_at(row, "actual"), tsr_number_at(row, "predicted")));
    tsr_axis axis = tsr_axis_make(0, high, BOTTOM, TOP, 4);
    tsr_svg_open(view, "deciles", TSR_SVG_WIDTH, BOTTOM + 20);
    tsr_report_key(view);
    tsr_axis_left(view, &axis, TSR_UNIT_NUMBER, LEFT, RIGHT);
    json_array_foreach(rows, i, row)
    {
        double x = LEFT + slot * (double)i, actual = tsr_number_at(row, "actual");
        double predicted = tsr_number_at(row, "predicted");
        snprintf(name, sizeof name, "%d", (int)i + 1);
        tsr_svg_text(view, x + slot / 2, BOTTOM + 14, TSR_MIDDLE, "tick", name);
        if (isnan(actual) || isnan(predicted)) continue;
        tsr_svg_rect(view, x + 3, tsr_axis_at(&axis, actual), slot / 2 - 4, BOTTOM - tsr_axis_at(&axis, actual),
                     "bar1");
        tsr_svg_rect(view, x + slot / 2 + 1, tsr_axis_at(&axis, predicted), slot / 2 - 4,
                     BOTTOM - tsr_axis_at(&axis, predicted), "bar2");
    }
    tsr_svg_close(view);
}

static void put_tenths(tsr_view *view, const json_t *rows, const json_t *holdout)
{
    double actual = tsr_number_at(holdout, "actual_purchases"),
           predicted = tsr_number_at(holdout, "predicted_purchases");
    char phrase[TSR_PHRASE_BYTES], a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], c[TSR_FIGURE_BYTES];

    if (json_array_size(rows) == 0) return;
    tsr_figure_real(&view->language, predicted, 0, a);
    tsr_figure_real(&view->language, actual, 0, b);
    tsr_figure_percent(&view->language, predicted / actual - 1, 1, c);
    tsr_picture_open(view, "deciles", tsr_phrase(view, phrase, "deciles.finding", a, b, c, NULL));
    draw_tenths(view, rows);
    tsr_picture_table(view, "deciles");
    put_rows(view, rows, "deciles.row", false);
    tsr_picture_close(view);
}

/* ---- chances against shares ---- */

static void draw_calibration(tsr_view *view, const json_t *rows)
{
    tsr_axis x = tsr_axis_make(0, 1, LEFT, RIGHT - 12, 5), y = tsr_axis_make(0, 1, BOTTOM + 40, 8, 5);
    json_t *row;
    size_t i;

    tsr_svg_open(view, "calibration", TSR_SVG_WIDTH, BOTTOM + 76);
    tsr_axis_left(view, &y, TSR_UNIT_SHARE, LEFT, RIGHT - 12);
    tsr_axis_bottom(view, &x, TSR_UNIT_SHARE, 8, BOTTOM + 40);
    tsr_svg_line(view, x.from, y.from, x.to, y.to, "mean");
    json_array_foreach(rows, i, row)
    {
        double actual = tsr_number_at(row, "actual"), predicted = tsr_number_at(row, "predicted");
        if (isnan(actual) || isnan(predicted)) continue;
        tsr_page_print(&view->page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"chosen\"/>\n",
                       tsr_axis_at(&x, predicted), tsr_axis_at(&y, actual));
    }
    tsr_svg_label(view, RIGHT, BOTTOM + 72, RIGHT, TSR_END, "soft", tsr_text(&view->language, "calibration.axes"));
    tsr_svg_close(view);
}

/* The mean gap between chance and share, of customers: a group of three that is far off means little. */
static double mean_gap(const json_t *rows)
{
    double sum = 0, customers = 0;
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        double gap = fabs(tsr_number_at(row, "actual") - tsr_number_at(row, "predicted"));
        if (isnan(gap)) continue;
        sum += tsr_number_at(row, "customers") * gap;
        customers += tsr_number_at(row, "customers");
    }
    return sum / customers;
}

static void put_calibration(tsr_view *view, const json_t *rows)
{
    char phrase[TSR_PHRASE_BYTES], text[TSR_FIGURE_BYTES];

    if (json_array_size(rows) == 0) return;
    tsr_figure_real(&view->language, 100 * mean_gap(rows), 1, text);
    tsr_picture_open(view, "calibration", tsr_phrase(view, phrase, "calibration.finding", text, NULL));
    draw_calibration(view, rows);
    tsr_picture_table(view, "calibration");
    put_rows(view, rows, "calibration.row", true);
    tsr_picture_close(view);
}

/* ---- rules that need no model ---- */

void tsr_report_baselines(tsr_view *view)
{
    static const char *const head[] = {
        "baseline.row", "baseline.auc", "baseline.gini", "baseline.mae", "baseline.rmse", "baseline.correlation", NULL};
    static const char *const figures[] = {"auc", "gini", "mae", "rmse", "correlation"};
    const json_t *rows = tsr_at(view->segments, "value.validation.checks.rankings");
    json_t *row;
    size_t i;

    if (json_array_size(rows) == 0) return;
    tsr_cells_list(view, "baseline.caption");
    tsr_cells_head(view, head);
    json_array_foreach(rows, i, row)
    {
        tsr_cells_row(view, tsr_text_of(&view->language, "baseline", tsr_text_at(row, "by")));
        for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++)
            tsr_cell_number(view, tsr_at(row, figures[k]), 3);
        tsr_cells_end(view);
    }
    tsr_cells_close(view);
    tsr_say_paragraph(view, "soft", "baseline.how", NULL);
}

void tsr_report_validation(tsr_view *view)
{
    const json_t *validation = tsr_at(view->segments, "value.validation"), *checks = tsr_at(validation, "checks");

    if (!json_is_object(validation)) return;
    tsr_report_tracking(view);
    put_tenths(view, tsr_at(checks, "deciles"), tsr_at(validation, "holdout"));
    put_calibration(view, tsr_at(checks, "calibration"));
}
