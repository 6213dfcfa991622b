/**
 * @file reduce.h
 * Exact reductions: plain MPI_SUM on integers, so the bits are the same for any number of ranks and any algorithm.
 * All work in place and give the same result to every rank. Same on all ranks: n.
 */
#ifndef TSR_REDUCE_H
#define TSR_REDUCE_H

#include <stdint.h>

#include "tessera/comm.h"
#include "tessera/exact.h"

/** Collective. Sums over ranks; the caller sees to it that they fit 64 bits. */
void tsr_sum_int64(const tsr_comm *comm, int64_t *values, int64_t n);

/** Collective. Smallest and largest over ranks. */
void tsr_min_int64(const tsr_comm *comm, int64_t *values, int64_t n);
void tsr_max_int64(const tsr_comm *comm, int64_t *values, int64_t n);
void tsr_max_double(const tsr_comm *comm, double *values, int64_t n);

/**
 * Collective. Sums of 128-bit integers as two limbs (v >> 32, v & 0xffffffff) of int64. The total must be below 2^94.
 * @return TSR_OK; TSR_ENOMEM (agreed)
 */
tsr_status tsr_sum_int128(const tsr_comm *comm, tsr_int128 *values, int64_t n) TSR_NODISCARD;

/**
 * Collective. Sums of fixed-point numbers: the counts of bad values ride in the same reduction.
 * Same on all ranks: n, scales. @return TSR_OK; TSR_ENOMEM (agreed)
 */
tsr_status tsr_sum_fixed(const tsr_comm *comm, tsr_fixed *sums, int64_t n) TSR_NODISCARD;

#endif
