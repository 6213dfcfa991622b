/**
 * @file value/histories/purchase.h
 * What a model of repeat purchases is to the rest of the room: a name and a few functions. Fitting, scoring and storing
 * are written against this alone.
 *
 * The history of a customer: x repeat purchase days, tx time from the first to the last, t time from the first to the
 * end of the observation (0 <= tx <= t), in time units.
 */
#ifndef TSR_VALUE_PURCHASE_H
#define TSR_VALUE_PURCHASE_H

#include "tessera/exact.h"
#include "value/histories/histories.h"

#define TSR_PARAMETERS_MAX 4
#define TSR_RUN            256 /* histories of one x that are worked on together */

/* What lies ahead of one customer. */
typedef struct tsr_prediction {
    double p_alive;
    double p_buy; /* at least one purchase up to the last of the moments asked for */
} tsr_prediction;

/* What covariates do to a parameter: it is multiplied by exp(sign x coefficient x covariate). */
typedef struct tsr_effect {
    int32_t parameter;
    int32_t sign; /* -1: of a scale of time, so that a coefficient above 0 makes things come sooner */
} tsr_effect;

typedef struct tsr_purchase_model {
    const char *name;
    int32_t parameters;
    const char *parameter_name[TSR_PARAMETERS_MAX];
    bool is_time[TSR_PARAMETERS_MAX]; /* has the dimension of time: a search starts at the longest observation */
    int32_t effects;
    const char *effect_name[TSR_EFFECTS_MAX];
    tsr_effect effect[TSR_EFFECTS_MAX];

    /**
     * Local. Add over all histories of @p h, each times its count, to sums [1 + parameters]: the log-likelihood and its
     * derivatives with respect to the logarithms of the parameters. A value is a pure function of (parameters,
     * history).
     */
    void (*add_likelihood)(const double *parameter, const tsr_histories *h, tsr_fixed *sums);

    /** Local. Does the fit say that nobody ever drops out? Then the model has become the NBD. NULL: P(alive) tells. */
    bool (*no_dropout)(const double *parameter);

    /** Local. p[i] = P(alive at t[i]) of n histories. Each has the same bits alone and in company. */
    void (*p_alive)(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n, double *p);

    /**
     * Local. What a customer will do who is alive at t: it depends on x and t alone, so many customers share it.
     * @param ahead [n] rising, > 0: moments after t
     * @param[out] expected [n] purchases from t up to each of them
     * @return P(at least one purchase up to the last of them)
     */
    double (*predict)(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected);

    /** Local. predict() for m <= TSR_RUN moments t of one x at once. NULL: there is no quicker way than one by one.
     *  @param[out] expected  [m][n] @param[out] buys  [m] what predict() returns */
    void (*predict_many)(const double *parameter, int32_t x, const double *t, int32_t m, const double *ahead, int32_t n,
                         double *expected, double *buys);

    /** Local. Purchases of who is alive at t, for ever, each discounted by e^(-interest x time); interest > 0. */
    double (*residual)(const double *parameter, int32_t x, double t, double interest);

    /** Local. p[k] = P(k repeat purchases by t) of a new customer, k = 0..n-1. */
    void (*count)(const double *parameter, double t, int32_t n, double *p);
} tsr_purchase_model;

/** Local. P(k purchases in t) at a rate ~ Gamma(r, alpha) without dropout, k = 0..n-1. */
void tsr_nbd_count(double r, double alpha, double t, int32_t n, double *p);

/** Local. The model of a value of `value.model`; NULL: none, or not one alone. */
const tsr_purchase_model *tsr_purchase_model_of(int32_t model);

/** Local. predict() times P(alive): of a customer of whom nothing but the history is known. */
tsr_prediction tsr_purchase_predict(const tsr_purchase_model *model, const double *parameter, int32_t x, double tx,
                                    double t, const double *ahead, int32_t n, double *expected);

/** Local. How many histories from @p first on have its x, TSR_RUN at the most. */
int32_t tsr_histories_run(const tsr_histories *h, int64_t first);

extern const tsr_purchase_model tsr_bg_nbd, tsr_mbg_nbd, tsr_pareto_nbd, tsr_nbd, tsr_bg_bb;

#endif
