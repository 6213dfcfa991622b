#include "present/report_parts.h"

#include <string.h>

#include "present/cells.h"

static void put_fit_row(tsr_page *page, const char *name, const json_t *value, const char *path)
{
    const json_t *before = tsr_at(value, "validation");
    bool exact = strstr(path, "log_likelihood") != NULL;
    char text[TSR_FIGURE_BYTES];

    if (tsr_at(value, path) == NULL) return; /* of another model */
    tsr_cells_row(page, name);
    tsr_cell(page, exact ? tsr_figure(tsr_at(value, path), 2, text) : tsr_figure_short(tsr_at(value, path), text));
    if (json_is_object(before))
        tsr_cell(page,
                 exact ? tsr_figure(tsr_at(before, path), 2, text) : tsr_figure_short(tsr_at(before, path), text));
    tsr_page_print(page, "</tr>\n");
}

static void put_fits(tsr_page *page, const json_t *value)
{
    static const char *const title[] = {"Model", "all data", "calibration period"};
    /* In the order of the papers; a model has some of these. */
    static const char *const row[][2] = {
        {"purchases: r", "parameters.r"},
        {"purchases: alpha", "parameters.alpha"},
        {"purchases: a", "parameters.a"},
        {"purchases: b", "parameters.b"},
        {"purchases: s", "parameters.s"},
        {"purchases: beta", "parameters.beta"},
        {"purchases: gamma", "parameters.gamma"},
        {"purchases: delta", "parameters.delta"},
        {"purchases: log-likelihood", "log_likelihood"},
        {"purchases: customers", "customers"},
        {"spend: p", "spend.parameters.p"},
        {"spend: q", "spend.parameters.q"},
        {"spend: gamma", "spend.parameters.gamma"},
        {"spend: log-likelihood", "spend.log_likelihood"},
        {"spend: customers", "spend.customers"},
    };

    tsr_cells_list(page, "Fitted models of purchases and of spend");
    tsr_cells_head(page, title, json_is_object(tsr_at(value, "validation")) ? 3 : 2);
    tsr_page_print(page, "<tbody>\n");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) put_fit_row(page, row[i][0], value, row[i][1]);
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

static void put_holdout(tsr_page *page, const json_t *holdout)
{
    static const char *const title[] = {"After the calibration period", "predicted", "actual"};
    char text[TSR_FIGURE_BYTES];

    if (!json_is_object(holdout)) return;
    tsr_cells_list(page, "The calibration fit against what came after");
    tsr_cells_head(page, title, 3);
    tsr_page_print(page, "<tbody>\n");
    tsr_cells_row(page, "Purchase days");
    tsr_cell(page, tsr_figure(tsr_at(holdout, "predicted_purchases"), 1, text));
    tsr_cell(page, tsr_figure(tsr_at(holdout, "actual_purchases"), 0, text));
    tsr_page_print(page, "</tr>\n");
    tsr_cells_row(page, "Money");
    tsr_cell(page, tsr_figure(tsr_at(holdout, "predicted_spend"), 2, text));
    tsr_cell(page, tsr_figure(tsr_at(holdout, "actual_spend"), 2, text));
    tsr_page_print(page, "</tr>\n</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "<p>Per customer: mean absolute error %s purchases",
                   tsr_figure_short(tsr_at(holdout, "mae"), text));
    tsr_page_print(page, ", root mean square %s", tsr_figure_short(tsr_at(holdout, "rmse"), text));
    tsr_page_print(page, ", correlation %s.</p>\n", tsr_figure_short(tsr_at(holdout, "correlation"), text));
}

void tsr_report_value(tsr_page *page, const json_t *s)
{
    const json_t *value = tsr_at(s, "value");
    char text[TSR_FIGURE_BYTES];

    if (!json_is_object(value)) return;
    tsr_page_print(page, "<section>\n<h2>Customer value</h2>\n<p>Model of purchases: ");
    tsr_page_escape(page, tsr_text_at(value, "model"));
    tsr_page_print(page, "; model of spend: gamma_gamma. Horizon: %s ",
                   tsr_figure_short(tsr_at(value, "horizon"), text));
    tsr_page_escape(page, tsr_text_at(value, "time_unit"));
    tsr_page_print(page, "s; discount rate %s a year; margin ", tsr_figure_share(tsr_at(value, "discount_rate"), text));
    tsr_page_print(page, "%s.</p>\n", tsr_figure_share(tsr_at(value, "margin"), text));
    put_fits(page, value);
    put_holdout(page, tsr_at(value, "validation.holdout"));
    tsr_page_print(page, "</section>\n");
}
