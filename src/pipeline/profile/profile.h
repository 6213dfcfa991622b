/**
 * @file profile.h
 * What the segments are like: exact totals, means and quantiles per segment and for all, from features.h5 and
 * customers.h5.
 */
#ifndef TSR_PROFILE_H
#define TSR_PROFILE_H

#include "tessera/concentration.h"
#include "tessera/exact.h"
#include "tessera/scale.h"
#include "tessera/table.h"
#include "tessera/value_interval.h"

#define TSR_DECILES 9

/* One feature among some customers, raw units. NaN where nobody has a value. */
typedef struct tsr_feature_profile {
    double mean, p10, p25, p50, p75, p90;
    double
        effect; /* mean less that of all customers over their standard deviation, both as clustered (log where it is) */
} tsr_feature_profile;

/* Some customers. Figures about money and value are NaN where there is none. */
typedef struct tsr_part {
    int64_t customers;
    int64_t buyers; /* with a purchase; means of recency and value are about them */
    int64_t orders;
    tsr_int128 revenue;                          /* money units */
    double recency_days, frequency, order_value; /* means: days, orders per customer, currency units per order */
    double monetary;                             /* revenue per customer, currency units */
    double clv_total, expected_purchases;        /* sums over the horizon */
    double expected_buyers;                      /* the sum of p_buy: who will buy in the horizon */
    double clv_infinite_total;                   /* sum for ever */
    double p_alive, p_buy, churn_risk, clv, clv_infinite; /* means */
    tsr_value_interval interval;                          /* of the sums; NaN: none */
    tsr_concentration concentration;                      /* of the value of those who bought; NaN: none */
    tsr_feature_profile *feature;                         /* [features] */
} tsr_part;

typedef struct tsr_profile {
    int32_t k, features;
    bool money, value;            /* there are purchases or returns, and values */
    char (*name)[TSR_NAME_BYTES]; /* [features], in the order of the run */
    tsr_part *segment;            /* [k] */
    tsr_part total;
    double *edge;    /* [features][9] deciles of all customers */
    int64_t *counts; /* [features][11] customers at most at each edge and above the one before; the last two: above all
                        edges, missing */
} tsr_profile;

/**
 * Collective. Every rank reads its rows of both files, several times over.
 * @param span         rows of this rank
 * @param scaler       how features were made comparable
 * @param[out] profile same on all ranks; tsr_profile_clear()
 * @return TSR_OK; TSR_EIO; TSR_EDATA (also sums beyond all bounds); TSR_ENOMEM
 */
tsr_status tsr_profile_run(const tsr_comm *comm, const char *features, const char *customers, const tsr_span *span,
                           const tsr_scaler *scaler, int32_t k, int32_t money_scale,
                           tsr_profile *profile) TSR_NODISCARD;
void tsr_profile_clear(tsr_profile *profile);

/** Local. Money units -> currency units. */
double tsr_money(tsr_int128 units, int32_t money_scale);

#endif
