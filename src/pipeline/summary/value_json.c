#include "pipeline/summary/value_json.h"

#include <math.h>

#include "pipeline/summary/value_warnings.h"

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value + 0.0) : json_null();
}

/* "at_limit": names of parameters that the data does not bound. */
static json_t *limits_of(const bool *at_limit, const char *const *name, int32_t n)
{
    json_t *json = json_array();

    for (int32_t i = 0; i < n; i++)
        if (at_limit[i]) json_array_append_new(json, json_string(name[i]));
    return json;
}

static json_t *spend_of(const tsr_value_model *m)
{
    static const char *const names[] = {"p", "q", "gamma"};

    if (!m->has_spend) return json_null();
    return json_pack("{s:{s:o, s:o, s:o}, s:{s:o, s:o, s:o}, s:o, s:o, s:I, s:o, s:b}", "standard_errors", "p",
                     real(tsr_value_spend_error(m, 0)), "q", real(tsr_value_spend_error(m, 1)), "gamma",
                     real(tsr_value_spend_error(m, 2)), "parameters", "p", real(m->spend[0]), "q", real(m->spend[1]),
                     "gamma", real(m->spend[2]), "at_limit", limits_of(m->spend_at_limit, names, 3), "log_likelihood",
                     real(m->spend_log_likelihood), "customers", (json_int_t)m->spend_customers, "correlation",
                     real(m->spend_correlation), "converged", m->spend_converged);
}

static json_t *parameters_of(const tsr_value_model *m)
{
    json_t *json = json_object();
    const char *const *name;
    int32_t n = tsr_value_parameters(m->model, &name);

    for (int32_t i = 0; i < n; i++) json_object_set_new(json, name[i], real(m->parameter[i]));
    return json;
}

static json_t *errors_of(const tsr_value_model *m)
{
    json_t *json = json_object();
    const char *const *name;
    int32_t n = tsr_value_parameters(m->model, &name);

    for (int32_t i = 0; i < n; i++) json_object_set_new(json, name[i], real(tsr_value_error(m, i)));
    return json;
}

static json_t *covariates_of(const tsr_value_model *m)
{
    const tsr_covariates *c = &m->covariates;
    const char *const *effect;
    int32_t effects = tsr_value_effects(m->model, &effect);
    json_t *rows = json_array();

    for (int32_t k = 0; k < c->n; k++) {
        json_t *one = json_pack("{s:s, s:o, s:o, s:I}", "name", c->name[k], "mean", real(c->mean[k]), "sd",
                                real(c->sd[k]), "missing", (json_int_t)c->missing[k]);
        for (int32_t e = 0; e < effects; e++)
            json_object_set_new(one, effect[e],
                                json_pack("{s:o, s:o, s:b}", "coefficient", real(c->coefficient[e][k]),
                                          "standard_error", real(tsr_value_coefficient_error(m, e, k)), "at_limit",
                                          c->at_limit[e][k]));
        json_array_append_new(rows, one);
    }
    return rows;
}

static json_t *fit_of(const tsr_value_model *m)
{
    const char *const *name;
    int32_t n = tsr_value_parameters(m->model, &name);
    json_t *fit =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:o}", "model", tsr_value_model_name(m->model),
                  "time_unit", tsr_time_unit_name(m->time_unit), "parameters", parameters_of(m), "standard_errors",
                  errors_of(m), "at_limit", limits_of(m->at_limit, name, n), "log_likelihood", real(m->log_likelihood),
                  "bic", real(tsr_value_bic(m)), "customers", (json_int_t)m->customers, "converged", m->converged,
                  "no_dropout", m->no_dropout, "spend", spend_of(m));

    if (m->covariates.n > 0) json_object_set_new(fit, "covariates", covariates_of(m));
    return fit;
}

static json_t *holdout_of(const tsr_validation *v)
{
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "length", real(v->weeks), "customers",
                     (json_int_t)v->customers, "actual_purchases", real(v->actual_purchases), "predicted_purchases",
                     real(v->predicted_purchases), "mae", real(v->mae), "rmse", real(v->rmse), "correlation",
                     real(v->correlation), "actual_spend", real(v->actual_spend), "predicted_spend",
                     real(v->predicted_spend));
}

/* ---- the check-up ---- */

/* Rows of {name, customers, actual, predicted}; rows of a handful of customers stay empty. */
static json_t *table_of(const double *customers, const double *actual, const double *predicted, int n, double min_cell)
{
    json_t *rows = json_array();

    for (int i = 0; i < n; i++) {
        bool shown = customers[i] >= min_cell;
        json_array_append_new(rows, json_pack("{s:i, s:o, s:o, s:o}", "class", i, "customers",
                                              shown ? real(customers[i]) : json_null(), "actual",
                                              shown ? real(actual[i]) : json_null(), "predicted",
                                              shown ? real(predicted[i]) : json_null()));
    }
    return rows;
}

static json_t *frequency_of(const tsr_checkup *c, double min_cell)
{
    json_t *rows = json_array();

    for (int i = 0; i < TSR_CHECK_COUNTS; i++)
        json_array_append_new(rows, json_pack("{s:i, s:o, s:o}", "purchases", i, "actual",
                                              c->counted[i] >= min_cell ? real(c->counted[i]) : json_null(), "expected",
                                              real(c->expected[i])));
    return json_pack("{s:o, s:o, s:o}", "rows", rows, "chi_square", real(c->chi_square), "degrees_of_freedom",
                     real(c->degrees));
}

static json_t *rankings_of(const tsr_checkup *c)
{
    static const char *const name[TSR_RANKS] = {"model", "past_frequency", "recency", "past_spend"};
    json_t *rows = json_array();

    for (int i = 0; i < TSR_RANKS; i++)
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "by", name[i], "auc", real(c->auc[i]),
                                              "gini", real(c->gini[i]), "mae", i < 2 ? real(c->mae[i]) : json_null(),
                                              "rmse", i < 2 ? real(c->rmse[i]) : json_null(), "correlation",
                                              real(c->correlation[i])));
    return rows;
}

static json_t *checkup_of(const tsr_checkup *c, double min_cell)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "frequency", frequency_of(c, min_cell), "by_purchases",
                     table_of(c->by_count, c->count_actual, c->count_predicted, TSR_CHECK_COUNTS, min_cell), "deciles",
                     table_of(c->by_decile, c->decile_actual, c->decile_predicted, TSR_CHECK_TENTHS, min_cell),
                     "calibration",
                     table_of(c->by_chance, c->chance_actual, c->chance_predicted, TSR_CHECK_TENTHS, min_cell), "brier",
                     real(c->brier), "brier_of_share", real(c->brier_of_share), "rankings", rankings_of(c));
}

/* Purchases of a period of a handful are shown no more than its customers would be. */
static json_t *tracking_of(const tsr_tracking *t, double min_cell)
{
    json_t *actual, *expected;

    if (t->periods == 0) return json_null();
    actual = json_array();
    expected = json_array();
    for (int i = 0; i < (int)t->periods; i++) {
        bool shown = t->actual[i] == 0 || t->actual[i] >= min_cell;
        json_array_append_new(actual, real(shown ? t->actual[i] : (double)NAN));
        json_array_append_new(expected, real(t->expected[i]));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "period", real(t->length), "calibration_periods",
                     real(t->calibration), "actual", actual, "expected", expected, "holdout_actual",
                     real(t->total_actual), "holdout_expected", real(t->total_expected), "cumulative_error",
                     real(t->share_error));
}

static json_t *candidates_of(const tsr_worth *worth)
{
    json_t *json = json_array();

    for (int32_t i = 0; i < worth->candidates; i++) {
        const tsr_value_candidate *c = &worth->candidate[i];
        json_t *one = fit_of(&c->model);
        json_object_set_new(one, "chosen", json_boolean(c->model.model == worth->model.model));
        json_object_set_new(one, "holdout", c->validated ? holdout_of(&c->validation) : json_null());
        json_object_del(one, "spend");
        json_array_append_new(json, one);
    }
    return json;
}

static json_t *validation_of(const tsr_worth *worth, double min_cell)
{
    json_t *json = fit_of(&worth->validation.model);

    json_object_set_new(json, "holdout", holdout_of(&worth->validation));
    json_object_set_new(json, "checks", checkup_of(&worth->checkup, min_cell));
    json_object_set_new(json, "tracking", tracking_of(&worth->tracking, min_cell));
    return json;
}

json_t *tsr_value_json(const tsr_settings *settings, const tsr_worth *worth, const tsr_profile *profile)
{
    const tsr_value_params *params = &settings->value;
    json_t *json = fit_of(&worth->model);

    json_object_set_new(json, "horizon", real(params->horizon));
    json_object_set_new(json, "discount_rate", real(params->discount_rate));
    json_object_set_new(json, "margin", real(params->margin));
    if (profile != NULL) {
        json_object_set_new(json, "clv_total", real(profile->total.clv_total));
        json_object_set_new(json, "clv_infinite_total", real(profile->total.clv_infinite_total));
        json_object_set_new(json, "expected_purchases", real(profile->total.expected_purchases));
    }
    if (worth->without > 0) /* said where it is so */
        json_object_set_new(json, "without_purchase",
                            worth->without >= settings->run.min_cell ? json_integer(worth->without) : json_null());
    json_object_set_new(json, "warnings", tsr_value_warnings(params, worth));
    json_object_set_new(json, "candidates", candidates_of(worth));
    json_object_set_new(json, "validation",
                        worth->validated ? validation_of(worth, (double)settings->run.min_cell) : json_null());
    return json;
}
