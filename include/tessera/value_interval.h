/**
 * @file value_interval.h
 * How far the sums of a group of customers are uncertain because the parameters of the models are.
 */
#ifndef TSR_VALUE_INTERVAL_H
#define TSR_VALUE_INTERVAL_H

#include "tessera/value.h"

#define TSR_INTERVAL_DRAWS 100

/* What is summed over a group: expected purchases, P(at least one) and so buyers, CLV, CLV for ever. Who does not buy
 * is the rest of the group, so churn is uncertain as buyers are. */
enum { TSR_SUM_PURCHASES, TSR_SUM_BUYERS, TSR_SUM_CLV, TSR_SUM_CLV_INFINITE, TSR_VALUE_SUMS };

/* 95 % intervals of sums over a group. */
typedef struct tsr_value_interval {
    double of[TSR_VALUE_SUMS][2]; /* from, to; NaN: no standard errors, or nothing to sum */
} tsr_value_interval;

/**
 * Collective. Sets of parameters are drawn from the normal distribution around the fit (in logarithms, with its
 * covariance) and the customers are scored again with each; a sum is multiplied by how it changes. What changes is
 * found on a sample of about 1,000 customers of each group, chosen by key: a ratio, whose own error is far below the
 * width of the interval; smaller groups are taken whole. This is the uncertainty of the expectation: what single
 * customers do by chance comes on top.
 * Same on all ranks: all but span and key.
 *
 * @param customers  path of a table with segment, rows as in features
 * @param key        [span->rows] what the sample is chosen by; borrowed
 * @param k          groups
 * @param sum        [k][TSR_VALUE_SUMS] of the groups over all customers
 * @param size       [k] customers of the groups
 * @param[out] interval  [k + 1], the last one: all
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Value for ever, which takes long, is scored for about 100 customers of each group at two points along each axis of
 * the covariance; its logarithm is a quadratic between them. Cost: 101 scores of each sampled customer; those of equal
 * (x, T) share most of the work.
 */
tsr_status tsr_value_intervals(const tsr_comm *comm, const tsr_value_params *params, const tsr_value_model *model,
                               uint64_t seed, const char *features, const char *customers, const tsr_span *span,
                               const uint64_t *key, int32_t k, const double *sum, const int64_t *size,
                               tsr_value_interval *interval) TSR_NODISCARD;

#endif
