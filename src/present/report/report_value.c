#include <stdio.h>
#include <string.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

/* ---- fitted models ---- */

static void put_fit_row(tsr_view *view, const char *name, const json_t *value, const char *path)
{
    const json_t *before = tsr_at(value, "validation");
    bool exact = strstr(path, "log_likelihood") != NULL;

    if (tsr_at(value, path) == NULL) return; /* of another model */
    tsr_cells_row(view, name);
    for (int i = 0; i < (json_is_object(before) ? 2 : 1); i++) {
        const json_t *figure = tsr_at(i == 0 ? value : before, path);
        if (exact)
            tsr_cell_number(view, figure, 2);
        else
            tsr_cell_short(view, figure);
    }
    tsr_cells_end(view);
}

static void put_fits(tsr_view *view, const json_t *value)
{
    static const char *const head[] = {"value.model", "value.all_data", "value.calibration", NULL};
    static const char *const head_one[] = {"value.model", "value.all_data", NULL};
    /* In the order of the papers; a model has some of these. */
    static const char *const purchases[] = {"r", "alpha", "a", "b", "s", "beta", "gamma", "delta"};
    static const char *const spend[] = {"p", "q", "gamma"};
    char path[64], name[TSR_PHRASE_BYTES];

    tsr_page_print(&view->page, "<details><summary>");
    tsr_say(view, "value.fits", NULL);
    tsr_page_print(&view->page, "</summary>\n");
    tsr_cells_list(view, "value.fits_caption");
    tsr_cells_head(view, json_is_object(tsr_at(value, "validation")) ? head : head_one);
    for (size_t i = 0; i < sizeof purchases / sizeof purchases[0]; i++) {
        snprintf(path, sizeof path, "parameters.%s", purchases[i]);
        put_fit_row(view, tsr_phrase(view, name, "value.purchases_of", purchases[i], NULL), value, path);
    }
    put_fit_row(view, tsr_phrase(view, name, "value.purchases_of", "log L", NULL), value, "log_likelihood");
    put_fit_row(view, tsr_phrase(view, name, "value.purchases_of", "n", NULL), value, "customers");
    for (size_t i = 0; i < sizeof spend / sizeof spend[0]; i++) {
        snprintf(path, sizeof path, "spend.parameters.%s", spend[i]);
        put_fit_row(view, tsr_phrase(view, name, "value.spend_of", spend[i], NULL), value, path);
    }
    put_fit_row(view, tsr_phrase(view, name, "value.spend_of", "log L", NULL), value, "spend.log_likelihood");
    put_fit_row(view, tsr_phrase(view, name, "value.spend_of", "n", NULL), value, "spend.customers");
    tsr_cells_close(view);
    tsr_page_print(&view->page, "</details>\n");
}

/* ---- how concentrated value is ---- */

static void draw_lorenz(tsr_view *view, const json_t *lorenz)
{
    const double left = 44, right = TSR_SVG_WIDTH - 20, top = 8, bottom = 228;
    tsr_axis x = tsr_axis_make(0, 1, left, right, 5), y = tsr_axis_make(0, 1, bottom, top, 5);
    size_t n = json_array_size(lorenz), i;
    json_t *share;

    tsr_svg_open(view, "lorenz", TSR_SVG_WIDTH, bottom + 2 * TSR_SVG_TICKS);
    tsr_axis_left(view, &y, TSR_UNIT_SHARE, left, right);
    tsr_axis_bottom(view, &x, TSR_UNIT_SHARE, top, bottom);
    tsr_svg_line(view, x.from, y.from, x.to, y.to, "mean");
    tsr_page_print(&view->page, "<path class=\"curve\" d=\"");
    json_array_foreach(lorenz, i, share)
        tsr_page_print(&view->page, "%c%.1f %.1f", i == 0 ? 'M' : 'L', tsr_axis_at(&x, (double)i / (double)(n - 1)),
                       tsr_axis_at(&y, json_number_value(share)));
    tsr_page_print(&view->page, "\"/>\n");
    tsr_svg_label(view, right, bottom + 2 * TSR_SVG_TICKS - 4, right, TSR_END, "soft",
                  tsr_text(&view->language, "lorenz.axes"));
    tsr_svg_close(view);
}

static void put_lorenz(tsr_view *view)
{
    static const char *const head[] = {"lorenz.customers", "lorenz.value", NULL};
    const json_t *lorenz = tsr_at(view->segments, "total.clv_concentration.lorenz");
    size_t n = json_array_size(lorenz), i;
    char phrase[TSR_PHRASE_BYTES], best[TSR_FIGURE_BYTES], gini[TSR_FIGURE_BYTES];
    json_t *share;

    if (n < 6 || (n - 1) % 5 != 0) return;
    tsr_figure_percent(&view->language, 1 - json_number_value(json_array_get(lorenz, (n - 1) / 5 * 4)), 1, best);
    tsr_figure(&view->language, tsr_at(view->segments, "total.clv_concentration.gini"), 2, gini);
    tsr_picture_open(view, "lorenz", tsr_phrase(view, phrase, "lorenz.finding", best, gini, NULL));
    draw_lorenz(view, lorenz);
    tsr_picture_table(view, "lorenz");
    tsr_cells_head(view, head);
    json_array_foreach(lorenz, i, share)
    {
        tsr_cells_row(view, tsr_figure_percent(&view->language, (double)i / (double)(n - 1), 0, best));
        tsr_cell_share(view, share);
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

void tsr_report_value(tsr_view *view)
{
    const json_t *value = tsr_at(view->segments, "value");
    char horizon[TSR_FIGURE_BYTES], rate[TSR_FIGURE_BYTES], margin[TSR_FIGURE_BYTES], unit[TSR_FIGURE_BYTES];

    if (!json_is_object(value)) return;
    tsr_section_open(view, "value");
    tsr_figure_short(&view->language, tsr_at(value, "horizon"), horizon);
    snprintf(unit, sizeof unit, "%s", tsr_text_of(&view->language, "unit", tsr_text_at(value, "time_unit")));
    tsr_say_paragraph(view, "", "value.about", tsr_text_of(&view->language, "model", tsr_text_at(value, "model")),
                      horizon, unit, tsr_figure_share(&view->language, tsr_at(value, "discount_rate"), rate),
                      tsr_figure_share(&view->language, tsr_at(value, "margin"), margin), NULL);
    tsr_pictures_open(view);
    put_lorenz(view);
    tsr_report_validation(view);
    tsr_pictures_close(view);
    tsr_report_baselines(view);
    put_fits(view, value);
    tsr_section_close(view);
}
