/**
 * @file repel.h
 * How each point of a plane pushes each other one: the kernel of t-SNE, once for each kind of processor, with the same
 * bits: 16 lanes of float32, each operation rounded once, added up in double every TSR_REPEL_RUN points.
 */
#ifndef TSR_REPEL_H
#define TSR_REPEL_H

#include "tessera/assign.h"

#define TSR_REPEL_LANES 16
#define TSR_REPEL_RUN   512
#define TSR_REPEL_FAR   1e30f /* where points that are none stand: they push nobody */

/* Of one point: the sums over all others of w^2 dx and w^2 dy, and of w = 1 / (1 + dx^2 + dy^2). */
typedef struct tsr_repulsion {
    double x, y, weight;
} tsr_repulsion;

/**
 * Points first .. first + rows - 1 against all.
 * @param x, y  [n] coordinates, aligned to 64 bytes; n is a multiple of TSR_REPEL_LANES, the last ones may be
 * TSR_REPEL_FAR
 * @param[out] out  [rows]
 */
typedef void tsr_repel(const float *x, const float *y, int64_t n, int64_t first, int64_t rows, tsr_repulsion *out);

tsr_repel tsr_repel_baseline;
#ifdef TSR_X86
tsr_repel tsr_repel_avx2, tsr_repel_avx512;
#endif

/** Local. The kernel of that kind. */
tsr_repel *tsr_repel_of(tsr_isa isa);

#endif
