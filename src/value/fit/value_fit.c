#include <math.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/reduce.h"
#include "tessera/value.h"
#include "value/fit/covariates.h"
#include "value/fit/fit.h"
#include "value/fit/maximize.h"
#include "value/fit/pair_sums.h"
#include "value/histories/purchase.h"
#include "value/models/gamma_gamma.h"

/* Starting points as logarithms, in units of the longest observation and of the mean spend. The first one serves; the
 * others are for surfaces on which it does not. */
static const double purchase_starts[][TSR_MAXIMIZE_PARAMETERS] = {{0, 0, 0, 0},
                                                                  {-1, -2, 0, 1},
                                                                  {-2, -1, -2, 2},
                                                                  {1, 0, -3, 0}};
static const double spend_starts[][TSR_MAXIMIZE_PARAMETERS] = {{0, 0, 0}, {1, 1, 0}, {2, 3, 1}};

#define COUNT_OF(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

/* Where P(dead) of everybody is below this nobody seems to drop out. */
#define DEAD_AT_LEAST 0.01

/* Below this q - 1 the fit presses against the limit where a population mean exists no more. */
#define Q_AT_LIMIT 1e-3

/* ---- purchases ---- */

typedef struct purchase_fit {
    const tsr_purchase_model *model;
    const tsr_histories *histories;
    tsr_histories pilot; /* owned */
} purchase_fit;

static void purchase_likelihood(void *context, bool pilot, const double *theta, tsr_fixed *sums)
{
    const purchase_fit *fit = context;
    const tsr_histories *h = pilot ? &fit->pilot : fit->histories;
    double parameter[TSR_PARAMETERS_MAX];

    if (h->covariates > 0) {
        tsr_covariates_add(fit->model, theta, h, sums);
        return;
    }
    for (int32_t i = 0; i < fit->model->parameters; i++) parameter[i] = tsr_exp(theta[i]);
    fit->model->add_likelihood(parameter, h, sums);
}

/* Does anybody of histories of one set of parameters seem to have dropped out? The first one found is enough. */
static bool some_dead_of(const tsr_purchase_model *model, const double *parameter, const tsr_histories *h)
{
    double alive[TSR_RUN];

    for (int64_t at = 0; at < h->n; at += TSR_RUN) {
        int32_t n = h->n - at < TSR_RUN ? (int32_t)(h->n - at) : TSR_RUN;
        model->p_alive(parameter, h->x + at, h->tx + at, h->t + at, n, alive);
        for (int32_t i = 0; i < n; i++)
            if (1 - alive[i] >= DEAD_AT_LEAST) return true;
    }
    return false;
}

static bool some_dead(const tsr_comm *comm, const tsr_value_model *model, const tsr_histories *h)
{
    double parameter[TSR_PARAMETERS_MAX];
    int64_t found = 0;

    for (int64_t first = 0, alike; first < h->n && found == 0; first += alike) {
        alike = tsr_histories_alike(h, first);
        tsr_histories group = tsr_histories_part(h, first, alike);
        tsr_personal_parameters(model, h->covariates > 0 ? h->z + first * h->covariates : NULL, parameter);
        found = some_dead_of(tsr_purchase_model_of(model->model), parameter, &group);
    }
    tsr_sum_int64(comm, &found, 1);
    return found > 0;
}

static tsr_status check_histories(const tsr_histories *h, tsr_value_period period)
{
    const char *when = period == TSR_PERIOD_CALIBRATION ? " by value.calibration_end" : "";
    const char *advice = period == TSR_PERIOD_CALIBRATION ? "set it later, or" : "set";

    if (h->customers == 0)
        return TSR_FAIL(TSR_EDATA, "value: nobody bought anything%s: there is nothing to fit; %s value.model: none",
                        when, advice);
    if (h->repeat == 0)
        return TSR_FAIL(
            TSR_EDATA,
            "value: no customer bought on two days%s: there are no repeat purchases to fit; %s value.model: "
            "none",
            when, advice);
    return TSR_OK;
}

/* A column without spread is not in the likelihood: its coefficients stay 0. */
static double divisor(const tsr_covariates *c, int32_t k)
{
    return c->sd[k] > 0 ? c->sd[k] : 1;
}

/* A coefficient per standard deviation as one per unit: what a number of the search is to be divided by. */
static double unit_of(const tsr_value_model *model, int32_t i)
{
    int32_t beyond = i - tsr_purchase_model_of(model->model)->parameters;

    return beyond < 0 ? 1 : divisor(&model->covariates, beyond % model->covariates.n);
}

static void take_maximum(const tsr_maximum *maximum, tsr_value_model *model)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    tsr_covariates *c = &model->covariates;
    int32_t numbers = tsr_model_numbers(model);

    model->log_likelihood = maximum->log_likelihood;
    model->gradient = maximum->gradient;
    model->evaluations = maximum->evaluations;
    model->converged = maximum->converged;
    model->has_errors = maximum->has_covariance;
    for (int32_t i = 0; i < purchases->parameters; i++) {
        model->parameter[i] = tsr_exp(maximum->theta[i]);
        model->at_limit[i] = maximum->at_limit[i];
        memcpy(model->covariance[i], maximum->covariance[i], (size_t)purchases->parameters * sizeof(double));
    }
    for (int32_t e = 0; e < purchases->effects; e++)
        for (int32_t k = 0; k < c->n; k++) {
            int32_t at = tsr_coefficient_at(purchases, c->n, e, k);
            c->coefficient[e][k] = maximum->theta[at] / divisor(c, k);
            c->at_limit[e][k] = maximum->at_limit[at] || c->sd[k] == 0;
        }
    for (int32_t i = 0; i < numbers && c->n > 0; i++)
        for (int32_t j = 0; j < numbers; j++)
            c->covariance[i][j] = maximum->covariance[i][j] / (unit_of(model, i) * unit_of(model, j));
}

tsr_status tsr_purchases_fit(const tsr_comm *comm, const tsr_histories *h, tsr_value_model *model)
{
    purchase_fit fit = {.model = tsr_purchase_model_of(model->model), .histories = h};
    tsr_search search = {.likelihood = purchase_likelihood,
                         .context = &fit,
                         .n = tsr_model_numbers(model),
                         .coefficients = tsr_model_numbers(model) - tsr_purchase_model_of(model->model)->parameters,
                         .customers = h->customers,
                         .start = purchase_starts,
                         .starts = COUNT_OF(purchase_starts)};
    tsr_maximum maximum;
    tsr_status st;

    TSR_TRY(tsr_histories_pilot(comm, h, &fit.pilot));
    search.pilot_customers = fit.pilot.customers;
    for (int32_t i = 0; i < fit.model->parameters; i++)
        search.origin[i] = fit.model->is_time[i] ? tsr_log(h->t_max) : 0;
    TSR_TRY(tsr_maximize(comm, &search, &maximum));
    take_maximum(&maximum, model);
    model->customers = h->customers;
    model->distinct = h->distinct;
    model->t_zero = h->t_zero;
    model->t_max = h->t_max;
    model->no_dropout =
        !some_dead(comm, model, h) || (fit.model->no_dropout != NULL && fit.model->no_dropout(model->parameter));
done:
    tsr_histories_clear(&fit.pilot);
    return st;
}

/* ---- spend ---- */

static void spend_parameters(const double *theta, double *parameter)
{
    parameter[TSR_SPEND_P] = tsr_exp(theta[TSR_SPEND_P]);
    parameter[TSR_SPEND_Q] = 1 + tsr_exp(theta[TSR_SPEND_Q]);
    parameter[TSR_SPEND_GAMMA] = tsr_exp(theta[TSR_SPEND_GAMMA]);
}

typedef struct spend_fit {
    const tsr_spends *spends;
    tsr_spends pilot; /* owned */
} spend_fit;

static void spend_likelihood(void *context, bool pilot, const double *theta, tsr_fixed *sums)
{
    const spend_fit *fit = context;
    double parameter[TSR_SPEND_PARAMETERS];

    spend_parameters(theta, parameter);
    tsr_gamma_gamma_add(parameter, pilot ? &fit->pilot : fit->spends, sums);
}

/* Largest x and largest mean spend: what the moments below are measured in. */
static void spend_ranges(const tsr_comm *comm, const tsr_spends *s, double largest[2])
{
    largest[0] = largest[1] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        largest[0] = fmax(largest[0], s->x[i]);
        largest[1] = fmax(largest[1], s->total[i] / s->x[i]);
    }
    tsr_max_double(comm, largest, 2);
}

/* The mean of mean spends, and their correlation with x, which the model assumes to be none. */
static tsr_status spend_moments(const tsr_comm *comm, const tsr_spends *s, double *mean, double *correlation)
{
    double largest[2];
    tsr_pair_sums sums = tsr_pair_sums_zero();
    tsr_status st;

    spend_ranges(comm, s, largest);
    for (int64_t i = 0; i < s->n; i++)
        tsr_pair_sums_add(&sums, s->x[i] / largest[0], s->total[i] / s->x[i] / largest[1], s->count[i]);
    TSR_TRY(tsr_pair_sums_reduce(comm, &sums));
    *mean = tsr_pair_sums_mean_b(&sums) * largest[1];
    *correlation = tsr_pair_sums_correlation(&sums);
done:
    return st;
}

tsr_status tsr_spend_fit(const tsr_comm *comm, const tsr_spends *s, tsr_value_model *model)
{
    spend_fit fit = {.spends = s};
    tsr_search search = {.likelihood = spend_likelihood,
                         .context = &fit,
                         .n = TSR_SPEND_PARAMETERS,
                         .customers = s->customers,
                         .start = spend_starts,
                         .starts = COUNT_OF(spend_starts)};
    tsr_maximum maximum;
    double mean;
    tsr_status st = TSR_OK;

    model->spend_customers = s->customers;
    model->has_spend = s->customers > 0;
    if (!model->has_spend) goto done;
    TSR_TRY(spend_moments(comm, s, &mean, &model->spend_correlation));
    TSR_TRY(tsr_spends_pilot(comm, s, &fit.pilot));
    search.pilot_customers = fit.pilot.customers;
    search.origin[TSR_SPEND_GAMMA] = tsr_log(mean);
    TSR_TRY(tsr_maximize(comm, &search, &maximum));
    spend_parameters(maximum.theta, model->spend);
    model->spend_log_likelihood = maximum.log_likelihood;
    model->has_spend_errors = maximum.has_covariance;
    for (int32_t i = 0; i < TSR_SPEND_PARAMETERS; i++) {
        model->spend_at_limit[i] = maximum.at_limit[i];
        memcpy(model->spend_covariance[i], maximum.covariance[i], sizeof model->spend_covariance[i]);
    }
    model->spend_converged = maximum.converged && model->spend[TSR_SPEND_Q] - 1 > Q_AT_LIMIT;
done:
    tsr_spends_clear(&fit.pilot);
    return st;
}

/* ---- both ---- */

tsr_status tsr_value_fit(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                         const tsr_span *span, int32_t money_scale, tsr_value_period period, tsr_value_model *model)
{
    int32_t same[] = {params->model, params->time_unit, money_scale, (int32_t)period};
    tsr_histories histories = {0};
    tsr_spends spends = {0};
    tsr_status st;

    *model = (tsr_value_model){.model = params->model, .time_unit = params->time_unit, .money_scale = money_scale};
    TSR_ASSERT(tsr_purchase_model_of(params->model) != NULL);
    TSR_TRY(tsr_same(comm, same, sizeof same, "the settings of the value models"));
    TSR_TRY(tsr_histories_read(comm, features, span, period, tsr_time_unit_days(params->time_unit), money_scale,
                               &histories, &spends));
    TSR_AGREE(comm, check_histories(&histories, period));
    if (params->covariates.n > 0)
        TSR_TRY(tsr_covariates_read(comm, features, span, period, tsr_time_unit_days(params->time_unit),
                                    &params->covariates, params->model, &model->covariates, &histories));
    TSR_TRY(tsr_purchases_fit(comm, &histories, model));
    st = tsr_spend_fit(comm, &spends, model);
done:
    tsr_spends_clear(&spends);
    tsr_histories_clear(&histories);
    return st;
}
