/**
 * @file value/fit/pair_sums.h
 * Exact moments of pairs (a, b) over all rows of all ranks: means and correlation.
 */
#ifndef TSR_VALUE_PAIR_SUMS_H
#define TSR_VALUE_PAIR_SUMS_H

#include "tessera/comm.h"
#include "tessera/exact.h"

typedef struct tsr_pair_sums {
    tsr_fixed n, a, b, aa, bb, ab;
} tsr_pair_sums;

/** Local. Empty sums. */
tsr_pair_sums tsr_pair_sums_zero(void);

/** Local. Add @p times pairs; |a| and |b| at most 2 (divide by the largest: means scale, correlation does not care). */
void tsr_pair_sums_add(tsr_pair_sums *sums, double a, double b, int64_t times);

/** Collective. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_pair_sums_reduce(const tsr_comm *comm, tsr_pair_sums *sums) TSR_NODISCARD;

/** Local. */
double tsr_pair_sums_mean_b(const tsr_pair_sums *sums);

/** Local. Standard deviation of b (by n); 0 where it is constant. */
double tsr_pair_sums_deviation_b(const tsr_pair_sums *sums);

/** Local. Pearson's; NaN where a or b is constant. */
double tsr_pair_sums_correlation(const tsr_pair_sums *sums);

#endif
