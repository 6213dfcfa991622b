#include <stdio.h>
#include <string.h>

#include "present/report_parts.h"
#include "present/svg.h"

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
    tsr_report_validation(view);
    tsr_pictures_close(view);
    put_fits(view, value);
    tsr_section_close(view);
}
