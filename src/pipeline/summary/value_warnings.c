#include "pipeline/summary/value_warnings.h"

#include <math.h>

#include "pipeline/summary/warnings.h"
#include "tessera/log.h"

/* Of frequency and spend: the spend model assumes none (notes of Fader & Hardie, 2013). */
#define SPEND_CORRELATION 0.3
/* First purchases in the first weeks against later ones: customers do not come so much faster just then. */
#define OLD_CUSTOMERS 2.0
/* AUC and Gini that differ by less are the same to a reader. */
#define BETTER 0.005
/* A horizon outside of it is rarely meant. */
#define HORIZON_DAYS_MIN 7.0
#define HORIZON_DAYS_MAX 3652.5

static void warn_of_purchases(const tsr_worth *worth, json_t *warnings)
{
    const tsr_value_model *m = &worth->model;
    char count[32];

    if (!m->converged) tsr_warn_of(warnings, "the purchase model did not converge: read its figures with care");
    if (m->converged && !m->has_errors)
        tsr_warn_of(warnings, "the purchase model's likelihood has no clear peak: there are no standard errors, and no "
                              "intervals of sums");
    for (int32_t k = 0; k < m->covariates.n; k++)
        if (m->covariates.sd[k] == 0)
            tsr_warn_of(warnings,
                        "covariate %s has no part in the fit: it is the same for all customers, or follows "
                        "from those before it",
                        m->covariates.name[k]);
    if (m->no_dropout && m->model != TSR_VALUE_NBD)
        tsr_warn_of(warnings,
                    "the purchase model finds nobody who left: true where nobody leaves, but where customers from "
                    "before the first record look like new ones it expects too much");
    if (worth->cohort_ratio > OLD_CUSTOMERS)
        tsr_warn_of(
            warnings,
            "%.1f times as many customers appear first in the first four weeks of the data as in four weeks "
            "later on: many of them are probably old customers whose earlier purchases are missing; fit those who "
            "came later",
            worth->cohort_ratio);
    if (m->t_zero > 0)
        tsr_warn_of(warnings, "%s customer%s came on the last day: the models know nothing of them yet",
                    tsr_grouped(m->t_zero, count), m->t_zero == 1 ? "" : "s");
}

static void warn_of_times(const tsr_value_params *params, const tsr_value_model *m, json_t *warnings)
{
    const char *unit = tsr_time_unit_name(m->time_unit);
    double days = params->horizon * tsr_time_unit_days(m->time_unit);

    if (days > m->t_max * tsr_time_unit_days(m->time_unit) + 1) /* of months not to the day */
        tsr_warn_of(warnings, "value.horizon is longer than the data (%.4g against %.4g %ss): an extrapolation",
                    params->horizon, m->t_max, unit);
    if (days < HORIZON_DAYS_MIN || days > HORIZON_DAYS_MAX)
        tsr_warn_of(warnings, "value.horizon is %g %ss, which is %.0f days: is value.time_unit what you mean?",
                    params->horizon, unit, days);
}

static void warn_of_spend(const tsr_value_model *m, json_t *warnings)
{
    if (!m->has_spend)
        tsr_warn_of(warnings,
                    "nobody bought twice with positive value: no spend model, so no expected spend and no CLV");
    if (m->has_spend && m->spend_at_limit[1] && !m->spend_converged) /* q runs to 1 */
        tsr_warn_of(warnings,
                    "spend is so uneven that the spend model finds no mean of all customers (its q runs to 1): do not "
                    "use expected spend and CLV");
    else if (m->has_spend && !m->spend_converged)
        tsr_warn_of(warnings, "the spend model did not converge: read expected spend and CLV with care");
    else if (m->has_spend && !m->has_spend_errors)
        tsr_warn_of(warnings, "the spend model's likelihood has no clear peak: there are no intervals of CLV");
    if (m->has_spend && fabs(m->spend_correlation) > SPEND_CORRELATION)
        tsr_warn_of(warnings, "frequency and spend are correlated (%.2f): the spend model assumes that they are not",
                    m->spend_correlation);
}

/* A calibration period of a few days, say, in which next to nobody came again. */
static void warn_of_calibration(const tsr_worth *worth, json_t *warnings)
{
    const tsr_value_model *whole = &worth->model, *part = &worth->validation.model;
    const char *const *name;
    int32_t n = tsr_value_parameters(whole->model, &name);

    if (!worth->validated) return;
    if (!part->converged)
        tsr_warn_of(warnings,
                    "the fit of the calibration period did not converge: the holdout says little about the model");
    for (int32_t i = 0; i < n && part->converged; i++) {
        if (!part->at_limit[i] || whole->at_limit[i]) continue;
        tsr_warn_of(warnings,
                    "the calibration period says too little for the model (its %s is not bounded), so that the "
                    "holdout says little about the fit of all data",
                    name[i]);
        break;
    }
}

/* A rule of thumb that says more than the model is worth knowing. */
static void warn_of_baselines(const tsr_worth *worth, json_t *warnings)
{
    static const char *const name[TSR_RANKS] = {NULL, "past frequency", "days since the last purchase", "past spend"};
    const tsr_checkup *c = &worth->checkup;
    int auc = TSR_RANK_MODEL, gini = TSR_RANK_MODEL;

    if (!worth->validated) return;
    for (int i = 1; i < TSR_RANKS; i++) {
        if (c->auc[i] > c->auc[auc]) auc = i;
        if (c->gini[i] > c->gini[gini]) gini = i;
    }
    if (c->auc[auc] > c->auc[TSR_RANK_MODEL] + BETTER)
        tsr_warn_of(warnings, "%s tells who buys better than the model does (AUC %.3f against %.3f)", name[auc],
                    c->auc[auc], c->auc[TSR_RANK_MODEL]);
    if (c->gini[gini] > c->gini[TSR_RANK_MODEL] + BETTER)
        tsr_warn_of(warnings, "%s ranks the money of the holdout better than the model does (Gini %.3f against %.3f)",
                    name[gini], c->gini[gini], c->gini[TSR_RANK_MODEL]);
    if (c->rmse[1] < c->rmse[0])
        tsr_warn_of(warnings,
                    "carrying on the past frequency predicts purchases better than the model (RMSE %.3f against "
                    "%.3f)",
                    c->rmse[1], c->rmse[0]);
}

json_t *tsr_value_warnings(const tsr_value_params *params, const tsr_worth *worth)
{
    json_t *warnings = json_array();

    if (!worth->fitted) return warnings;
    warn_of_purchases(worth, warnings);
    warn_of_times(params, &worth->model, warnings);
    warn_of_spend(&worth->model, warnings);
    warn_of_calibration(worth, warnings);
    warn_of_baselines(worth, warnings);
    return warnings;
}
