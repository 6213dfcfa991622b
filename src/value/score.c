#include <math.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/value.h"
#include "value/dropout.h"
#include "value/gamma_gamma.h"
#include "value/purchase.h"

/* Places of the scorer's memory: a power of two. */
#define PLACES 65536

/* What who is alive will do. */
typedef struct prospect {
    int32_t x, t_days; /* x = -1: an empty place */
    double p_buy, purchases, discounted, residual;
} prospect;

struct tsr_scorer {
    const tsr_value_model *model;
    const tsr_value_params *params;
    bool for_ever;
    prospect place[PLACES];
};

/* ---- what lies ahead of who is alive ---- */

/* Purchases of each step, discounted to today. */
static double discount(const tsr_value_params *params, int32_t time_unit, const double *expected, int32_t steps)
{
    double years = params->horizon / (double)steps / tsr_time_units_per_year(time_unit);
    double factor = tsr_exp(-tsr_log1p(params->discount_rate) * years), weight = 1, before = 0, sum = 0;

    for (int32_t k = 0; k < steps; k++) {
        weight *= factor;
        sum += (expected[k] - before) * weight;
        before = expected[k];
    }
    return sum;
}

/* residual is left NaN. */
static prospect look_ahead(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                           int32_t x, int32_t t_days)
{
    double ahead[TSR_AHEAD_MAX], expected[TSR_AHEAD_MAX], t = t_days / tsr_time_unit_days(model->time_unit);
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    int32_t steps = (int32_t)params->steps;
    prospect out = {.x = x, .t_days = t_days, .residual = NAN};

    for (int32_t k = 0; k < steps; k++) ahead[k] = params->horizon * (k + 1) / steps;
    out.p_buy = purchases->predict(parameter, x, t, ahead, steps, expected);
    out.purchases = expected[steps - 1];
    out.discounted = discount(params, model->time_unit, expected, steps);
    return out;
}

static double look_for_ever(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                            int32_t x, int32_t t_days)
{
    double interest = tsr_log1p(params->discount_rate) / tsr_time_units_per_year(model->time_unit);

    if (!(interest > 0)) return NAN;
    return tsr_purchase_model_of(model->model)
        ->residual(parameter, x, t_days / tsr_time_unit_days(model->time_unit), interest);
}

/* ---- one customer ---- */

static double mean_spend(const tsr_value_model *model, int32_t x, int64_t spend)
{
    if (!model->has_spend) return NAN;
    return tsr_gamma_gamma_mean(model->spend, x, (double)spend / tsr_power_of_ten(model->money_scale));
}

static tsr_value_scores score_of(const tsr_value_model *model, const tsr_value_params *params, double p_alive,
                                 const prospect *ahead, int64_t spend)
{
    tsr_value_scores out = {.p_alive = p_alive,
                            .p_buy = p_alive * ahead->p_buy,
                            .expected_purchases = p_alive * ahead->purchases,
                            .expected_spend = mean_spend(model, ahead->x, spend)};
    double worth = params->margin * out.expected_spend * p_alive;

    out.churn_risk = 1 - out.p_buy;
    out.clv = worth * ahead->discounted;
    out.clv_infinite = worth * ahead->residual;
    return out;
}

static const tsr_value_scores unknown = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

static tsr_value_scores score_one(const tsr_value_model *model, const tsr_value_params *params, bool for_ever,
                                  int32_t x, int32_t tx_days, int32_t t_days, int64_t spend, const double *covariates)
{
    double unit = tsr_time_unit_days(model->time_unit), tx = tx_days / unit, t = t_days / unit, p_alive;
    double parameter[TSR_PARAMETERS_MAX];

    if (x < 0) return unknown;
    tsr_value_personal(model, covariates, parameter);
    prospect ahead = look_ahead(model, parameter, params, x, t_days);
    if (for_ever) ahead.residual = look_for_ever(model, parameter, params, x, t_days);
    tsr_purchase_model_of(model->model)->p_alive(parameter, &x, &tx, &t, 1, &p_alive);
    return score_of(model, params, p_alive, &ahead, spend);
}

tsr_value_scores tsr_value_score(const tsr_value_model *model, const tsr_value_params *params, int32_t x,
                                 int32_t tx_days, int32_t t_days, int64_t spend, const double *covariates)
{
    return score_one(model, params, false, x, tx_days, t_days, spend, covariates);
}

/* ---- many ---- */

tsr_status tsr_scorer_create(const tsr_value_model *model, const tsr_value_params *params, bool for_ever,
                             tsr_scorer **scorer)
{
    tsr_status st;

    *scorer = NULL;
    TSR_TRY(tsr_alloc(scorer, 1, sizeof **scorer));
    (*scorer)->model = model;
    (*scorer)->params = params;
    (*scorer)->for_ever = for_ever;
    for (int32_t i = 0; i < PLACES; i++) (*scorer)->place[i].x = -1;
done:
    return st;
}

void tsr_scorer_destroy(tsr_scorer **scorer)
{
    tsr_free(scorer);
}

/* Neighbours in T lie side by side; what was at the place before gives way. */
static const prospect *recall(tsr_scorer *s, int32_t x, int32_t t_days)
{
    prospect *p = &s->place[((uint32_t)t_days + (uint32_t)x * 2053) % PLACES];

    if (p->x == x && p->t_days == t_days) return p;
    *p = look_ahead(s->model, s->model->parameter, s->params, x, t_days);
    if (s->for_ever) p->residual = look_for_ever(s->model, s->model->parameter, s->params, x, t_days);
    return p;
}

static void score_run(tsr_scorer *s, int32_t n, const int32_t *x, const int32_t *tx_days, const int32_t *t_days,
                      const int64_t *spend, tsr_value_scores *scores)
{
    double unit = tsr_time_unit_days(s->model->time_unit), tx[TSR_RUN], t[TSR_RUN], p_alive[TSR_RUN];
    int32_t bought[TSR_RUN];

    for (int32_t i = 0; i < n; i++) { /* who never bought is computed as a new customer, and left out below */
        bought[i] = x[i] < 0 ? 0 : x[i];
        tx[i] = x[i] < 0 ? 0 : tx_days[i] / unit;
        t[i] = x[i] < 0 ? 0 : t_days[i] / unit;
    }
    tsr_purchase_model_of(s->model->model)->p_alive(s->model->parameter, bought, tx, t, n, p_alive);
    for (int32_t i = 0; i < n; i++)
        scores[i] =
            x[i] < 0 ? unknown : score_of(s->model, s->params, p_alive[i], recall(s, x[i], t_days[i]), spend[i]);
}

void tsr_scorer_score(tsr_scorer *scorer, int64_t n, const int32_t *x, const int32_t *tx_days, const int32_t *t_days,
                      const int64_t *spend, const double *covariates, tsr_value_scores *scores)
{
    const int32_t columns = covariates != NULL ? scorer->model->covariates.n : 0;

    for (int64_t i = 0; columns > 0 && i < n; i++) /* parameters of their own: nothing is shared */
        scores[i] = score_one(scorer->model, scorer->params, scorer->for_ever, x[i], tx_days[i], t_days[i], spend[i],
                              covariates + i * columns);
    for (int64_t at = 0; columns == 0 && at < n; at += TSR_RUN)
        score_run(scorer, n - at < TSR_RUN ? (int32_t)(n - at) : TSR_RUN, x + at, tx_days + at, t_days + at, spend + at,
                  scores + at);
}
