/**
 * @file cohorts.h
 * Do the data begin with customers who were there before? Their first purchase is not in them, and the models take the
 * first one that is for the beginning.
 */
#ifndef TSR_COHORTS_H
#define TSR_COHORTS_H

#include "tessera/comm.h"
#include "tessera/rows.h"

/**
 * Collective. Customers whose first purchase lies in the first 28 days, over the mean of 28 days later on, up to the
 * last first purchase: near 1 where customers come evenly, far above where old ones show up once more. Same on all
 * ranks: all but span.
 * @param longest_days  from the first purchase of all to the end of the observation
 * @param[out] ratio    NaN: less than twelve weeks of first purchases
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Cost: one pass over the customers.
 */
tsr_status tsr_cohorts_compare(const tsr_comm *comm, const char *features, const tsr_span *span, double longest_days,
                               double *ratio) TSR_NODISCARD;

#endif
