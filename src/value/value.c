#include "tessera/value.h"

#include <math.h>
#include <stddef.h>

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/models/dropout.h"
#include "value/models/gamma_gamma.h"

#define AT(field) offsetof(tsr_value_params, field)

_Static_assert(TSR_AHEAD_MAX == 520, "the range of value.steps says 520");

const tsr_key tsr_value_keys[] = {
    {.path = "value.model",
     .type = TSR_KEY_CHOICE,
     .offset = AT(model),
     .fallback = "bg_nbd",
     .choices = "bg_nbd|mbg_nbd|pareto_nbd|nbd|bg_bb|auto|none",
     .meaning = "model of repeat purchases; bg_bb: value.opportunity is one time_unit; auto: fit all, take "
                "the best of the holdout"},
    {.path = "value.time_unit",
     .type = TSR_KEY_CHOICE,
     .offset = AT(time_unit),
     .fallback = "week",
     .choices = "day|week|month|year",
     .meaning = "unit of rates and of the horizon; a month is 365.25 / 12 days"},
    {.path = "value.horizon",
     .type = TSR_KEY_REAL,
     .offset = AT(horizon),
     .fallback = "52",
     .low = 0.01,
     .high = 100000,
     .meaning = "how far purchases are predicted, in time units"},
    {.path = "value.discount_rate",
     .type = TSR_KEY_REAL,
     .offset = AT(discount_rate),
     .fallback = "0.10",
     .low = 0,
     .high = 10,
     .meaning = "interest per year by which later money counts less"},
    {.path = "value.calibration_end",
     .type = TSR_KEY_DATE,
     .offset = AT(calibration_end),
     .fallback = "null",
     .meaning = "inclusive date: also fit up to it and validate on what came after"},
    {.path = "value.steps",
     .type = TSR_KEY_INT,
     .offset = AT(steps),
     .fallback = "12",
     .low = 1,
     .high = 520,
     .meaning = "steps of discounting over the horizon, each paid at its end"},
    {.path = "value.margin",
     .type = TSR_KEY_REAL,
     .offset = AT(margin),
     .fallback = "1.0",
     .low = 0,
     .high = 1000,
     .meaning = "share of revenue that counts as value"},
    {.path = "value.returns",
     .type = TSR_KEY_CHOICE,
     .offset = AT(returns),
     .fallback = "net_per_day",
     .choices = "net_per_day|ignore",
     .meaning = "returns: net them per day and drop days at or below zero, or leave them out"},
    {.path = "value.opportunity",
     .type = TSR_KEY_CHOICE,
     .offset = AT(opportunity),
     .fallback = "day",
     .choices = "day|week|month|year",
     .meaning = "calendar period whose purchases count as one; a last one that the data cuts off is not looked at, and "
                "one that calibration_end cuts belongs to the holdout"},
    {.path = "value.covariates",
     .type = TSR_KEY_TEXTS,
     .offset = AT(covariates),
     .fallback = "null",
     .meaning = "up to 8 columns of features.h5, or attributes by categories, that move purchases and dropout of "
                "bg_nbd, mbg_nbd, pareto_nbd (nbd: purchases): what was known from the start, since figures made of "
                "the purchases themselves would explain them by themselves; missing counts as the mean"},
    {.path = NULL}};

/* ---- time units ---- */

static const struct {
    const char *name;
    double days, per_year;
} units[] = {[TSR_UNIT_DAY] = {"day", 1, 365.25},
             [TSR_UNIT_WEEK] = {"week", 7, 52},
             [TSR_UNIT_MONTH] = {"month", 365.25 / 12, 12},
             [TSR_UNIT_YEAR] = {"year", 365.25, 1}};

double tsr_time_unit_days(int32_t time_unit)
{
    return units[time_unit].days;
}

const char *tsr_time_unit_name(int32_t time_unit)
{
    return units[time_unit].name;
}

double tsr_time_units_per_year(int32_t time_unit)
{
    return units[time_unit].per_year;
}

const tsr_purchase_model *tsr_purchase_model_of(int32_t model)
{
    static const tsr_purchase_model *const models[TSR_VALUE_MODELS] = {[TSR_VALUE_BG_NBD] = &tsr_bg_nbd,
                                                                       [TSR_VALUE_MBG_NBD] = &tsr_mbg_nbd,
                                                                       [TSR_VALUE_PARETO_NBD] = &tsr_pareto_nbd,
                                                                       [TSR_VALUE_NBD] = &tsr_nbd,
                                                                       [TSR_VALUE_BG_BB] = &tsr_bg_bb};

    return model >= 0 && model < TSR_VALUE_MODELS ? models[model] : NULL;
}

const char *tsr_value_model_name(int32_t model)
{
    return tsr_purchase_model_of(model)->name;
}

int32_t tsr_value_parameters(int32_t model, const char *const **names)
{
    *names = tsr_purchase_model_of(model)->parameter_name;
    return tsr_purchase_model_of(model)->parameters;
}

/* ---- standard errors ---- */

double tsr_value_error(const tsr_value_model *model, int32_t i)
{
    if (!model->has_errors || model->at_limit[i]) return NAN;
    return model->parameter[i] * sqrt(model->covariance[i][i]);
}

double tsr_value_spend_error(const tsr_value_model *model, int32_t i)
{
    double factor = i == TSR_SPEND_Q ? model->spend[i] - 1 : model->spend[i];

    if (!model->has_spend || !model->has_spend_errors || model->spend_at_limit[i]) return NAN;
    return factor * sqrt(model->spend_covariance[i][i]);
}

tsr_prediction tsr_purchase_predict(const tsr_purchase_model *model, const double *parameter, int32_t x, double tx,
                                    double t, const double *ahead, int32_t n, double *expected)
{
    tsr_prediction out;

    model->p_alive(parameter, &x, &tx, &t, 1, &out.p_alive);
    out.p_buy = out.p_alive * model->predict(parameter, x, t, ahead, n, expected);
    for (int32_t i = 0; i < n; i++) expected[i] *= out.p_alive;
    return out;
}
