/**
 * @file kernels.h
 * The kernels of one kind of processor: flat arrays, no MPI. Every kind gives the same bits.
 */
#ifndef TSR_KERNELS_H
#define TSR_KERNELS_H

#include "tessera/assign.h"

typedef struct tsr_kernels {
    /**
     * The nearest centroid of each row of @p tiles tiles (padding rows too): the smallest score half[c] - x.c, the
     * lowest c where scores are equal.
     * @param value      [tiles][cols][16]
     * @param centroids  [k][cols]; @param half [k] half of each centroid's squared length
     * @param label      [tiles][16]
     */
    void (*nearest)(const int16_t *value, int64_t tiles, int32_t cols, const float *centroids, const float *half,
                    int32_t k, uint16_t *label);

    /** Squared distances [16] of the rows of one tile to one centroid [cols], in double, columns in order. */
    void (*distance)(const int16_t *value, int32_t cols, const double *centroid, double *distance);

    /** Products of 16 rows with @p n vectors: score [n][16] = sum over columns in order of row [cols][16] x vector
     *  [n][cols]; products are rounded before they are added. */
    void (*project)(const double *row, int32_t cols, const double *vector, int32_t n, double *score);
} tsr_kernels;

extern const tsr_kernels tsr_kernels_baseline;
#ifdef TSR_X86
extern const tsr_kernels tsr_kernels_avx2, tsr_kernels_avx512;
#endif

/** Local. */
const tsr_kernels *tsr_kernels_of(tsr_isa isa);

/** Local. Those of the best kind this processor runs (or TESSERA_ISA): for results that need no agreement. */
const tsr_kernels *tsr_kernels_here(void);

/** Local. Can this processor run them? */
bool tsr_isa_runs(tsr_isa isa);

#endif
