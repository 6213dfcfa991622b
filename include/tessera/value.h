/**
 * @file value.h
 * Customer value: models of purchases (BG/NBD, MBG/NBD, Pareto/NBD; NBD as their benchmark; BG/BB for opportunities
 * that come one by one), Gamma-Gamma for spend, CLV from both. Formulas: Fader, Hardie & Lee (2005); Batislam, Denizel
 * & Filiztekin (2007); Schmittlein, Morrison & Colombo (1987); Fader & Hardie (2013). Times are whole days divided by
 * the time unit.
 */
#ifndef TSR_VALUE_H
#define TSR_VALUE_H

#include "tessera/bundle.h"
#include "tessera/job.h"

/* Values of value.model and value.time_unit. The first TSR_VALUE_MODELS are models. */
enum {
    TSR_VALUE_BG_NBD,
    TSR_VALUE_MBG_NBD,
    TSR_VALUE_PARETO_NBD,
    TSR_VALUE_NBD,
    TSR_VALUE_BG_BB,
    TSR_VALUE_MODELS,
    TSR_VALUE_AUTO = TSR_VALUE_MODELS,
    TSR_VALUE_NONE
};
enum { TSR_UNIT_DAY, TSR_UNIT_WEEK, TSR_UNIT_MONTH, TSR_UNIT_YEAR };

typedef struct tsr_value_params {
    int32_t model;        /* bg_nbd | mbg_nbd | pareto_nbd | nbd | bg_bb | auto | none */
    int32_t time_unit;    /* day | week | month (365.25 / 12 days) | year */
    double horizon;       /* in time units */
    double discount_rate; /* per year */
    tsr_date calibration_end;
    int64_t steps;        /* of discounting over the horizon, each paid at its end */
    double margin;        /* share of revenue that is value */
    int32_t returns;      /* net_per_day | ignore */
    int32_t opportunity;  /* day | week | month | year: purchases of one are one */
    tsr_texts covariates; /* columns of features.h5, or attributes whose categories are columns there */
} tsr_value_params;

extern const tsr_key tsr_value_keys[];

/** Local. Days in a time unit: 1, 7, 365.25 / 12, 365.25. */
double tsr_time_unit_days(int32_t time_unit);
/** Local. "day", "week", "month", "year". */
const char *tsr_time_unit_name(int32_t time_unit);
/** Local. Time units in a year, for rates per year: 365.25, 52 (as the literature has it, not 52.18), 12, 1. */
double tsr_time_units_per_year(int32_t time_unit);

/** Local. "bg_nbd", ... of a model. */
const char *tsr_value_model_name(int32_t model);
/** Local. How many parameters a model has, and their names (borrowed). */
int32_t tsr_value_parameters(int32_t model, const char *const **names);

/*
 * Static covariates: what is known of a customer from the start moves the customer's parameters. With y the distance of
 * the covariates from their means, and a coefficient g of each in each effect (Fader & Hardie 2007, note 019):
 *
 *     BG/NBD, MBG/NBD   alpha exp(-g y) purchase_rate,  a exp(g y) dropout_a,  b exp(g y) dropout_b
 *     Pareto/NBD        alpha exp(-g y) purchase_rate,  beta exp(-g y) dropout_rate
 *     NBD               alpha exp(-g y) purchase_rate
 *
 * So the parameters are those of a customer who is average in all of them; above 0 in purchase_rate: buys more; in
 * dropout_rate: leaves sooner. BG/BB has none. A missing value counts as the mean, and is counted; of an attribute of
 * categories all columns are missing then. A column that says nothing (the same for all, or following from those before
 * it) has no part: deviation and coefficients 0.
 */
#define TSR_COVARIATES_MAX 8
#define TSR_EFFECTS_MAX    3
#define TSR_NUMBERS_MAX    (4 + TSR_EFFECTS_MAX * TSR_COVARIATES_MAX)

typedef struct tsr_covariates {
    int32_t n; /* 0: none */
    char name[TSR_COVARIATES_MAX][TSR_NAME_BYTES];
    double mean[TSR_COVARIATES_MAX], sd[TSR_COVARIATES_MAX]; /* of the customers of the fit whose value is known */
    int64_t missing[TSR_COVARIATES_MAX];                     /* customers of the fit without it */
    double coefficient[TSR_EFFECTS_MAX][TSR_COVARIATES_MAX]; /* per unit of the covariate */
    bool at_limit[TSR_EFFECTS_MAX][TSR_COVARIATES_MAX];
    /* Of the logarithms of the parameters and then, effect by effect, of the coefficients: [parameters + effects n]. */
    double covariance[TSR_NUMBERS_MAX][TSR_NUMBERS_MAX];
} tsr_covariates;

/** Local. How many effects covariates have in a model, and their names (borrowed). */
int32_t tsr_value_effects(int32_t model, const char *const **names);

/** Local. The columns of an open features.h5 that a fit's covariates are. @param[out] y  [rows][covariates->n], the
 *  caller's; NaN: missing. @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM */
tsr_status tsr_covariates_columns(const tsr_covariates *covariates, const tsr_table *features, int64_t first,
                                  int64_t rows, double *y) TSR_NODISCARD;

/* A fit, and all that scoring needs. Same on all ranks. */
typedef struct tsr_value_model {
    int32_t model; /* of purchases, as in the params */
    int32_t time_unit;
    int32_t money_scale;
    double parameter[4]; /* in the order of tsr_value_parameters(); rates per time unit */
    double log_likelihood;
    double gradient;   /* largest |derivative of the log-likelihood in a log parameter| per customer, at the end */
    int64_t customers; /* that entered the fit: bought at least once */
    int64_t distinct;  /* distinct (x, tx, T) */
    int64_t t_zero;    /* customers of the last day, whom nothing is known of yet */
    double t_max;      /* longest observation, time units */
    int64_t evaluations;
    bool converged;          /* gradient below 1e-7 */
    bool no_dropout;         /* nobody seems to drop out: the limit of the model, or P(alive) > .99 for all */
    bool has_errors;         /* false: the likelihood is no peak, so no standard errors */
    bool at_limit[4];        /* the data does not bound the parameter: held where it is, without an error */
    double covariance[4][4]; /* of the logarithms of the parameters; 0 for those at a limit */
    tsr_covariates covariates;
    bool has_spend;  /* false: nobody with a repeat purchase of positive value */
    double spend[3]; /* Gamma-Gamma p, q > 1, gamma; money in whole currency units */
    double spend_log_likelihood;
    int64_t spend_customers;
    bool spend_converged; /* also false where q runs to 1: tails so heavy that no population mean exists */
    bool has_spend_errors;
    bool spend_at_limit[3];
    double spend_covariance[3][3]; /* of ln p, ln(q - 1), ln gamma */
    double spend_correlation;      /* of x and mean spend among them: the model assumes none; NaN: one is constant */
} tsr_value_model;

/** Local. Standard error of parameter i (spend: p, q, gamma) by the delta method; NaN: none (at_limit, has_errors). */
double tsr_value_error(const tsr_value_model *model, int32_t i);
double tsr_value_spend_error(const tsr_value_model *model, int32_t i);
/** Local. The same of the coefficient of covariate k in an effect. */
double tsr_value_coefficient_error(const tsr_value_model *model, int32_t effect, int32_t k);

/** Local. The parameters of customers with these covariates [model->covariates.n]; NaN: missing. */
void tsr_value_personal(const tsr_value_model *model, const double *covariates, double parameter[4]);

/* Which observation of features.h5. */
typedef enum tsr_value_period { TSR_PERIOD_ALL, TSR_PERIOD_CALIBRATION } tsr_value_period;

/**
 * Collective. Fit both models by maximum likelihood: identical (x, tx, T) grouped over all ranks, exact sums, analytic
 * gradients, L-BFGS on the root. Customers who never bought (x < 0) take no part; spend is fitted to those with x > 0
 * and positive money. Not converging and running to a limit are results (converged, no_dropout), not errors.
 * Same on all ranks: all but span. May differ: span (0 rows are allowed).
 *
 * With covariates histories are grouped on each rank alone, and the likelihood runs over groups of equal covariates:
 * few categories cost what none cost, covariates that all differ one call of the model per customer.
 *
 * @param params  model (not none), time_unit, covariates are used
 * @return TSR_OK; TSR_ECONF (covariates: too many, unknown, named twice, the same for all, not for this model);
 *         TSR_EDATA (nobody bought; nobody bought on two days; a history that cannot be; columns missing); TSR_EIO;
 *         TSR_ENOMEM
 * Cost per evaluation: four logarithms or exponentials per distinct history, one reduction of 5 sums (and one more for
 * each coefficient).
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
    double clv_infinite;       /* for ever, discounted continuously, times margin; NaN without interest (below
                                  1e-9 per time unit) */
} tsr_value_scores;

/**
 * Local. Pure arithmetic, no memory: about 2 microseconds for 12 steps. clv_infinite takes ten times as long and is
 * left NaN: a scorer gives it. x < 0 (never bought): all NaN. Nobody's spend known (has_spend false): expected_spend
 * and clv are NaN. x = 0: expected_spend is the population mean. A spend below 0 counts as 0.
 *
 *     clv = margin x expected_spend x sum_k (E(k h) - E((k-1) h)) / (1 + R)^(k h in years),  h = horizon / steps
 *     clv_infinite = margin x expected_spend x int_0^inf E'(t) / (1 + R)^(t in years) dt
 *
 * @param params  horizon, discount_rate, steps, margin are used
 * @param tx_days, t_days  0 <= tx_days <= t_days
 * @param spend  money of the repeat purchase days, money units
 * @param covariates  [model->covariates.n], NaN: missing; NULL: the average customer
 */
tsr_value_scores tsr_value_score(const tsr_value_model *model, const tsr_value_params *params, int32_t x,
                                 int32_t tx_days, int32_t t_days, int64_t spend, const double *covariates);

/*
 * The same for many customers. Given that a customer is alive, what lies ahead depends on x and T alone, which many
 * share: the scorer remembers some, and takes others from series in T, one for each x. Memory: 1.5 MiB.
 */
typedef struct tsr_scorer tsr_scorer;

enum {
    TSR_SCORE_FOR_EVER = 1, /* clv_infinite too, or it is NaN */
    TSR_SCORE_FEW = 2       /* thousands, not millions: directly, since series would cost more than they save */
};

/** Local. @param model, params  borrowed. @param how  any of the above.
 *  @param[out] scorer  new; tsr_scorer_destroy(). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_scorer_create(const tsr_value_model *model, const tsr_value_params *params, uint32_t how,
                             tsr_scorer **scorer) TSR_NODISCARD;
void tsr_scorer_destroy(tsr_scorer **scorer);

/**
 * Local. scores[i] = what tsr_value_score() says of customer i (within 1e-12 relatively; to the bit for few) and
 * clv_infinite; allocates nothing. A score has the same bits whoever else is scored.
 * @param covariates  [n][model->covariates.n]; NULL: all are average
 */
void tsr_scorer_score(tsr_scorer *scorer, int64_t n, const int32_t *x, const int32_t *tx_days, const int32_t *t_days,
                      const int64_t *spend, const double *covariates, tsr_value_scores *scores);

/* The calibration fit against what came after, up to as_of. */
typedef struct tsr_validation {
    tsr_value_model model;
    int64_t customers;                            /* born by calibration_end */
    double weeks;                                 /* length of the holdout in time units */
    double actual_purchases, predicted_purchases; /* totals in the holdout */
    double mae, rmse, correlation;                /* of purchases per customer; correlation NaN: one side is constant */
    double actual_spend, predicted_spend; /* totals, currency units; predicted NaN where nobody's spend is known */
} tsr_validation;

/**
 * Collective. Fit on the calibration period and compare with the holdout. Same on all ranks: all but span.
 * @param holdout_days  tsr_observation_holdout(): from the day after calibration_end to the day before as_of; > 0
 * @return TSR_OK; TSR_ECONF (holdout_days); what tsr_value_fit() returns
 */
tsr_status tsr_value_validate(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                              const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                              tsr_validation *validation) TSR_NODISCARD;

/* One fit of several. */
typedef struct tsr_value_candidate {
    tsr_value_model model;
    bool validated;
    tsr_validation validation;
} tsr_value_candidate;

/**
 * Collective. Fit params->model, with `auto` all models, and the NBD as their benchmark; with a holdout validate them
 * as well. Chosen by `auto`: the smallest root mean square error of purchases in the holdout; without one the smallest
 * BIC (all have four parameters, so it is the largest likelihood; BG/BB's is of another kind and takes no part). Same
 * on all ranks: all but span.
 * @param holdout_days    as in tsr_value_validate(); 0: no holdout
 * @param[out] candidate  [*n]; chosen: the one to take
 * @return as tsr_value_fit() and tsr_value_validate()
 */
tsr_status tsr_value_choose(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                            const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                            tsr_value_candidate candidate[TSR_VALUE_MODELS], int32_t *n, int32_t *chosen) TSR_NODISCARD;

/** Local. Bayesian information criterion of the fit of purchases. */
double tsr_value_bic(const tsr_value_model *model);

/** Local. To and from /candidates/... of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_candidates_save(const tsr_value_candidate *candidate, int32_t n, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_candidates_load(const tsr_bundle *bundle, tsr_value_candidate candidate[TSR_VALUE_MODELS],
                               int32_t *n) TSR_NODISCARD;

/** Local. To and from PREFIX/... of a bundle ("/value"). @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_value_save(const tsr_value_model *model, const char *prefix, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_value_load(const tsr_bundle *bundle, const char *prefix, tsr_value_model *model) TSR_NODISCARD;
/** Local. The same ("/validation"). */
tsr_status tsr_validation_save(const tsr_validation *validation, const char *prefix, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_validation_load(const tsr_bundle *bundle, const char *prefix, tsr_validation *validation) TSR_NODISCARD;

#endif
