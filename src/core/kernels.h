/**
 * @file kernels.h
 * The kernels of one kind of processor: flat arrays, no MPI. Every kind gives the same bits.
 */
#ifndef TSR_KERNELS_H
#define TSR_KERNELS_H

#include "tessera/assign.h"

#define TSR_PRODUCT_ROWS       256                                /* 2^31 / 2^23: see products_kernel.h */
#define TSR_PRODUCT_WIDE(cols) (((int64_t)(cols) + 15) / 16 * 16) /* whole registers of columns */

/**
 * Add the products of the columns of at most TSR_PRODUCT_ROWS rows, exact: product [wide][wide], where i <= j < cols,
 * wide = TSR_PRODUCT_WIDE(cols); sum [cols].
 * @param work  [3][TSR_PRODUCT_ROWS / 2][wide]
 */
typedef void tsr_products_kernel(const int16_t *value, int64_t tiles, int32_t cols, int32_t *work, int64_t *product,
                                 int64_t *sum);

#define TSR_RUN_TILES 32 /* looked at together, then their rows move: they are still in the cache */

/* Sums of all rows by label at once: of so many centroids, and of so many tiles until 32 bits might not hold them. */
#define TSR_GATHER_K    32
#define TSR_GATHER_ROWS (TSR_RUN_TILES * TSR_TILE_ROWS)
#define TSR_PARTIALS    8     /* sums of a column, of every eighth pair of rows */
#define TSR_GATHER_MOST 16384 /* 2^30 / 2^16 */

/* What rows are compared with. */
typedef struct tsr_targets {
    const float *centroid; /* [k][cols] */
    const float *half;     /* [k] half of each centroid's squared length */
    int32_t k, cols;
    float slack, spread; /* for gaps: see tsr_gaps */
} tsr_targets;

typedef struct tsr_kernels {
    /**
     * The nearest centroid of each row of @p n tiles (padding rows too): the smallest score half[c] - x.c, the lowest c
     * where scores are equal.
     * @param tile   [known] where each tile [cols][16] begins; those behind the first n are wanted soon
     * @param label  [n][16]
     *
     * Cost: k x cols multiply-adds a row on registers; 2 x cols bytes a row are read, once. With AVX-512 and k = 8
     * that is one multiply-add for every four bytes: memory bounds small k, the multiply-adds bound large k.
     */
    void (*nearest)(const tsr_targets *to, const int16_t *const *tile, int64_t n, int64_t known, uint16_t *label);

    /** The same, and the squares of gaps: lower bounds, by tsr_gaps. gap [n]: the smallest one of each tile; each
     *  [n][16]: of its rows; NULL: not wanted. k > 1. */
    void (*nearest_gap)(const tsr_targets *to, const int16_t *const *tile, int64_t n, int64_t known, uint16_t *label,
                        float *gap, float *each);

    /**
     * Move rows of n <= TSR_RUN_TILES tiles from the sums of their old label to those of their new one, and store it.
     * Exact.
     * @param fresh    [n][16] new labels; @param[in,out] label [n] where the labels of each tile are, 16 of them;
     *                 TSR_NO_LABEL: in no sum yet
     * @return rows whose label changed
     */
    int64_t (*update)(const int16_t *const *tile, int64_t n, int32_t cols, const uint16_t *fresh,
                      uint16_t *const *label, int64_t *sums, int64_t *count);

    /**
     * Add the rows of n <= TSR_RUN_TILES tiles to partial [k][cols][TSR_PARTIALS], with the sign turned, and to
     * count [k], each to those of its label [n][16]; labels from k on count nowhere. k <= TSR_GATHER_K.
     */
    void (*gather)(const int16_t *const *tile, int64_t n, int32_t cols, const uint16_t *label, int32_t k,
                   int32_t *partial, int64_t *count);

    /** The largest squared length of a row, cols + 1 roundings off. */
    float (*longest)(const int16_t *value, int64_t tiles, int32_t cols);

    /** Squared distances [16] of the rows of one tile to one centroid [cols], in double, columns in order. */
    void (*distance)(const int16_t *value, int32_t cols, const double *centroid, double *distance);

    /** Products of 16 rows with @p n vectors: score [n][16] = sum over columns in order of row [cols][16] x vector
     *  [n][cols]; products are rounded before they are added. */
    void (*project)(const double *row, int32_t cols, const double *vector, int32_t n, double *score);

    /** Smallest and largest value and sum of each column of float rows [rows][cols]: low, high, sum [cols], which go on
     *  from what they hold. Rows are added in their order, in double. */
    void (*measure)(const float *row, int64_t rows, int32_t cols, float *low, float *high, double *sum);

    /** At most 16 float rows [rows][cols] as a tile [cols][16]: value x per_unit - centre, rounded half to even, both
     *  in double; rows past the end become 0. The results are within +-32767; the tile is aligned to 32 bytes. */
    void (*quantise)(const float *row, int rows, int32_t cols, const double *centre, double per_unit, int16_t *tile);

    /** n <= 16 doubles as steps: value / step, rounded half to even, kept within +-32767. @return how many were not (a
     *  NaN is not) */
    int64_t (*put)(const double *value, int n, double step, int16_t *to);

    /** The rows of some tiles in another order: slot i gets the row of slot from[i], which is below @p rows; what pads
     *  the last tile becomes 0. @param work  [rows, whole tiles][cols, a multiple of 16] */
    void (*shuffle)(int16_t *value, int64_t rows, int32_t cols, const uint16_t *from, int16_t *work);
} tsr_kernels;

extern const tsr_kernels tsr_kernels_baseline;
#ifdef TSR_X86
extern const tsr_kernels tsr_kernels_avx2, tsr_kernels_avx512;
tsr_products_kernel tsr_products_avx2, tsr_products_avx512, tsr_products_vnni;
#endif

/** Local. */
const tsr_kernels *tsr_kernels_of(tsr_isa isa);

/** Local. The best kind that this processor runs (or TESSERA_ISA): for results that need no agreement. */
tsr_isa tsr_isa_here(void);

/** Local. The kernel of that kind for products, the fastest this processor runs. NULL: none, BLAS is to do it. */
tsr_products_kernel *tsr_products_of(tsr_isa isa);

/** Local. Can this processor run them? */
bool tsr_isa_runs(tsr_isa isa);

#endif
