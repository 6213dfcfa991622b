/**
 * @file value.h
 * Customer value: BG/NBD for purchases, Gamma-Gamma for spend, CLV from both.
 * Formulas: Fader, Hardie & Lee (2005); Fader & Hardie (2013). Times are whole days divided by the time unit.
 */
#ifndef TSR_VALUE_H
#define TSR_VALUE_H

#include "tessera/bundle.h"
#include "tessera/job.h"

typedef struct tsr_value_params {
    int32_t model;        /* bg_nbd | none */
    int32_t time_unit;    /* day | week | month (365.25 / 12 days) | year */
    double horizon;       /* in time units */
    double discount_rate; /* per year */
    tsr_date calibration_end;
    int64_t steps;   /* of discounting over the horizon, each paid at its end */
    double margin;   /* share of revenue that is value */
    int32_t returns; /* net_per_day | ignore */
} tsr_value_params;

extern const tsr_key tsr_value_keys[];

/** Local. Days in a time unit. */
double tsr_time_unit_days(int32_t time_unit);
const char *tsr_time_unit_name(int32_t time_unit);

/* A fit, and all that scoring needs. Same on all ranks. */
typedef struct tsr_value_model {
    int32_t time_unit;
    int32_t money_scale;
    double parameter[4]; /* BG/NBD r, alpha, a, b; rates per time unit */
    double log_likelihood;
    int64_t customers; /* that entered the fit */
    int64_t distinct;  /* distinct (x, tx, T) */
    int64_t evaluations;
    bool converged;
    bool no_dropout; /* the fit ran to the limit where nobody drops out */
    bool has_spend;  /* false: nobody with a repeat purchase of positive value */
    double spend[3]; /* Gamma-Gamma p, q, gamma; money in whole currency units */
    double spend_log_likelihood;
    int64_t spend_customers;
    bool spend_converged;
    double spend_correlation; /* of x and mean spend among them: the model assumes none */
} tsr_value_model;

/* Which observation of features.h5. */
typedef enum tsr_value_period { TSR_PERIOD_ALL, TSR_PERIOD_CALIBRATION } tsr_value_period;

/**
 * Collective. Fit both models by maximum likelihood: identical (x, tx, T) grouped, exact sums, analytic gradients,
 * L-BFGS on the root.
 * @return TSR_OK; TSR_EDATA (nobody bought; nobody bought twice: says so); TSR_ENOMEM
 */
tsr_status tsr_value_fit(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                         const tsr_span *span, int32_t money_scale, tsr_value_period period,
                         tsr_value_model *model) TSR_NODISCARD;

typedef struct tsr_value_scores {
    double p_alive;
    double p_buy;              /* at least one purchase in the horizon */
    double churn_risk;         /* 1 - p_buy */
    double expected_purchases; /* in the horizon */
    double expected_spend;     /* per purchase, currency units */
    double clv;                /* over the horizon, discounted, times margin */
} tsr_value_scores;

/** Local. x < 0 (never bought): all NaN. @param spend  money of the repeat purchase days, money units */
tsr_value_scores tsr_value_score(const tsr_value_model *model, const tsr_value_params *params, int32_t x,
                                 int32_t tx_days, int32_t t_days, int64_t spend);

/* The calibration fit against what came after, up to as_of. */
typedef struct tsr_validation {
    tsr_value_model model;
    int64_t customers;                            /* born by calibration_end */
    double weeks;                                 /* length of the holdout in time units */
    double actual_purchases, predicted_purchases; /* totals in the holdout */
    double mae, rmse, correlation;                /* of purchases per customer */
    double actual_spend, predicted_spend;         /* totals, currency units */
} tsr_validation;

/** Collective. Fit on the calibration period and compare with the holdout. */
tsr_status tsr_value_validate(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                              const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                              tsr_validation *validation) TSR_NODISCARD;

/** Local. To and from PREFIX/... of a bundle ("/value", "/validation"). */
tsr_status tsr_value_save(const tsr_value_model *model, const char *prefix, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_value_load(const tsr_bundle *bundle, const char *prefix, tsr_value_model *model) TSR_NODISCARD;
tsr_status tsr_validation_save(const tsr_validation *validation, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_validation_load(const tsr_bundle *bundle, tsr_validation *validation) TSR_NODISCARD;

#endif
