/**
 * @file value_interval.h
 * How far the sums of a group of customers are uncertain because the parameters of the models are.
 */
#ifndef TSR_VALUE_INTERVAL_H
#define TSR_VALUE_INTERVAL_H

#include "tessera/value.h"

#define TSR_INTERVAL_DRAWS 100

/* 95 % intervals of sums over a group. */
typedef struct tsr_value_interval {
    double purchases[2], clv[2]; /* from, to; NaN: no standard errors, or nothing to sum */
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
 * @param purchases, clv  [k] sums of the groups over all customers
 * @param size       [k] customers of the groups
 * @param[out] interval  [k + 1], the last one: all
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_value_intervals(const tsr_comm *comm, const tsr_value_params *params, const tsr_value_model *model,
                               uint64_t seed, const char *features, const char *customers, const tsr_span *span,
                               const uint64_t *key, int32_t k, const double *purchases, const double *clv,
                               const int64_t *size, tsr_value_interval *interval) TSR_NODISCARD;

#endif
