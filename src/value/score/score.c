#include <math.h>

#include "tessera/memory.h"
#include "tessera/value.h"
#include "value/histories/purchase.h"
#include "value/models/gamma_gamma.h"
#include "value/models/lanes.h"
#include "value/score/outlook.h"

struct tsr_scorer {
    const tsr_value_model *model;
    const tsr_value_params *params;
    bool for_ever;
    tsr_outlooks *outlooks;
};

static const tsr_value_scores unknown = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

/* ---- one customer ---- */

/* Units of money in one of the currency: what a stored amount is divided by. */
static double mean_spend(const tsr_value_model *model, double units, int32_t x, int64_t spend)
{
    return model->has_spend ? tsr_gamma_gamma_mean(model->spend, x, (double)spend / units) : (double)NAN;
}

static tsr_value_scores score_of(const tsr_value_params *params, double p_alive, const tsr_outlook *ahead, double spend)
{
    double buys = ahead->of[TSR_OUTLOOK_BUY];

    buys = buys > 1 ? 1 : buys < 0 ? 0 : buys; /* sums of series are off by their rounding */
    double worth = params->margin * spend * p_alive, p_buy = p_alive * buys;

    return (tsr_value_scores){.p_alive = p_alive,
                              .p_buy = p_buy,
                              .churn_risk = 1 - p_buy,
                              .expected_purchases = p_alive * ahead->of[TSR_OUTLOOK_PURCHASES],
                              .expected_spend = spend,
                              .clv = worth * ahead->of[TSR_OUTLOOK_DISCOUNTED],
                              .clv_infinite = worth * ahead->of[TSR_OUTLOOK_RESIDUAL]};
}

static tsr_value_scores score_one(const tsr_value_model *model, const tsr_value_params *params, bool for_ever,
                                  int32_t x, int32_t tx_days, int32_t t_days, int64_t spend, const double *covariates)
{
    double unit = tsr_time_unit_days(model->time_unit), tx = tx_days / unit, t = t_days / unit, p_alive;
    double parameter[TSR_PARAMETERS_MAX];

    if (x < 0) return unknown;
    tsr_value_personal(model, covariates, parameter);
    tsr_outlook ahead = tsr_outlook_at(model, parameter, params, for_ever, x, t);
    tsr_purchase_model_of(model->model)->p_alive(parameter, &x, &tx, &t, 1, &p_alive);
    return score_of(params, p_alive, &ahead, mean_spend(model, tsr_power_of_ten(model->money_scale), x, spend));
}

tsr_value_scores tsr_value_score(const tsr_value_model *model, const tsr_value_params *params, int32_t x,
                                 int32_t tx_days, int32_t t_days, int64_t spend, const double *covariates)
{
    return score_one(model, params, false, x, tx_days, t_days, spend, covariates);
}

/* ---- many ---- */

tsr_status tsr_scorer_create(const tsr_value_model *model, const tsr_value_params *params, uint32_t how,
                             tsr_scorer **scorer)
{
    tsr_status st;

    *scorer = NULL;
    TSR_TRY(tsr_alloc(scorer, 1, sizeof **scorer));
    (*scorer)->model = model;
    (*scorer)->params = params;
    (*scorer)->for_ever = (how & TSR_SCORE_FOR_EVER) != 0;
    TSR_TRY(tsr_outlooks_create(model, params, how, &(*scorer)->outlooks));
done:
    if (st != TSR_OK) tsr_scorer_destroy(scorer);
    return st;
}

void tsr_scorer_destroy(tsr_scorer **scorer)
{
    if (*scorer != NULL) tsr_outlooks_destroy(&(*scorer)->outlooks);
    tsr_free(scorer);
}

/* Columns of some customers. Who never bought is computed as a new customer, and left out in the end. */
typedef struct run {
    int32_t bought[TSR_RUN];
    double tx[TSR_RUN], t[TSR_RUN], spent[TSR_RUN]; /* time units, units of currency */
    double p_alive[TSR_RUN], spend[TSR_RUN];
    tsr_outlook ahead[TSR_RUN];
} run;

/* A conversion of 64 bits in two halves that vectors have: rounded once, in their sum. */
TSR_INLINE double real_of(int64_t value)
{
    return (double)(int32_t)(value >> 32) * 0x1p32 + (double)(uint32_t)value;
}

/* @param unit  days. @param units  of money in one of currency */
TSR_INLINE void convert_at_width(double unit, double units, const int32_t *x, const int32_t *tx_days,
                                 const int32_t *t_days, const int64_t *spend, int32_t n, run *r)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t known = x[i] < 0 ? 0 : -1;
        r->bought[i] = x[i] & known;
        r->tx[i] = (tx_days[i] & known) / unit;
        r->t[i] = (t_days[i] & known) / unit;
    }
    for (int32_t i = 0; i < n; i++) r->spent[i] = real_of(spend[i]) / units;
}

TSR_AT_ALL_WIDTHS(convert,
                  (double unit, double units, const int32_t *x, const int32_t *tx_days, const int32_t *t_days,
                   const int64_t *spend, int32_t n, run *r),
                  (unit, units, x, tx_days, t_days, spend, n, r))

static void score_run(tsr_scorer *s, int32_t n, const int32_t *x, const int32_t *tx_days, const int32_t *t_days,
                      const int64_t *spend, tsr_value_scores *scores)
{
    const tsr_value_model *m = s->model;
    run r;

    convert(tsr_time_unit_days(m->time_unit), tsr_power_of_ten(m->money_scale), x, tx_days, t_days, spend, n, &r);
    tsr_purchase_model_of(m->model)->p_alive(m->parameter, r.bought, r.tx, r.t, n, r.p_alive);
    if (m->has_spend)
        tsr_gamma_gamma_means(m->spend, r.bought, r.spent, n, r.spend);
    else
        for (int32_t i = 0; i < n; i++) r.spend[i] = NAN;
    tsr_outlooks_find(s->outlooks, x, t_days, n, r.ahead);
    for (int32_t i = 0; i < n; i++)
        scores[i] = x[i] < 0 ? unknown : score_of(s->params, r.p_alive[i], &r.ahead[i], r.spend[i]);
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
