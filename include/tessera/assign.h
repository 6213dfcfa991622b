/**
 * @file assign.h
 * The kernel of K-means: nearest centroid of every row, fused with exact sums; and the exact covariance of tiles.
 *
 * Canonical arithmetic: float32 over the integers of the tile, columns in order, explicit FMA, ties to the lowest
 * centroid. A row gives the same bits wherever it stands and whichever variant runs.
 */
#ifndef TSR_ASSIGN_H
#define TSR_ASSIGN_H

#include "tessera/tiles.h"

#define TSR_K_MAX    4096
#define TSR_NO_LABEL 0xffff /* of a row that has not been assigned yet */

/* Kernel variants, all with the same bits. TESSERA_ISA=baseline|avx2|avx512 forces one. */
typedef enum tsr_isa { TSR_ISA_BASELINE, TSR_ISA_AVX2, TSR_ISA_AVX512 } tsr_isa;

/** Collective. The best variant that every rank can run (or the forced one; TSR_ECONF where it cannot). */
tsr_status tsr_isa_agree(const tsr_comm *comm, tsr_isa *isa) TSR_NODISCARD;

/** Local. Its name, as TESSERA_ISA takes it. */
const char *tsr_isa_name(tsr_isa isa);

/**
 * Local. Label every row with its nearest centroid and keep sums up to date: only rows whose label changed touch them.
 *
 * @param centroids     [k][cols], in steps
 * @param[in,out] label [rows] by slot; TSR_NO_LABEL at first
 * @param[in,out] sums  [k][cols], exact sums of steps, each row times its weight; NULL: only labels are wanted
 * @param[in,out] count [k] rows and, where the tiles have weights, behind them the sums of these [k]; NULL with sums
 * @return rows whose label changed
 */
int64_t tsr_assign(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                   int64_t *sums, int64_t *count);

/**
 * Local. As tsr_assign(), with sums and counts made anew from all rows, whatever they hold: less work where many rows
 * move. Not for tiles with weights.
 */
int64_t tsr_assign_afresh(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                          int64_t *sums, int64_t *count);

/** Local. Where @p moved of the rows are going to move, is that less work than tsr_assign()? */
bool tsr_afresh_pays(const tsr_tiles *tiles, int32_t k, int64_t moved);

/*
 * What lets a pass leave tiles alone, none of whose rows can change sides (the proof: src/cluster/prune.c). The gap of
 * a row is by how much its second nearest centroid is farther away than the nearest.
 */
typedef struct tsr_gaps {
    float *gap;          /* [tiles] a lower bound on the gaps of the tile's rows, + drift when it was found */
    double drift;        /* by how much gaps may have shrunk so far, in steps */
    double limit;        /* tiles with gap > limit are not looked at */
    float slack, spread; /* rounding: of a difference of two scores; of a sum of two squared distances */
    float *square;  /* [tiles][16] out, with an infinite limit: bounds on the squared gaps of rows; NULL: not wanted */
    int64_t looked; /* out: tiles that were looked at; their gaps are new */
} tsr_gaps;

/**
 * Local. By how much centroids must come closer, on the scale of gaps->drift, before a row with this bound on its
 * squared gap can change sides: rounded down.
 */
float tsr_gap_from_square(const tsr_gaps *gaps, float square);

/** Local. As tsr_assign(), for k > 1, but for tiles that need no look. Labels, sums and counts are the same to the bit.
 */
int64_t tsr_assign_gaps(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                        int64_t *sums, int64_t *count, tsr_gaps *gaps);

/** Local. The length of the longest row, in steps: rounded, by up to cols + 1 units in 2^24. */
double tsr_tiles_longest(tsr_isa isa, const tsr_tiles *tiles);

/** Local. Squared distances [16], in steps^2, of the rows of one tile to one centroid [cols], by the rule below. */
void tsr_tile_distance(const tsr_tiles *tiles, int64_t tile, const double *centroid, double *distance);

/**
 * Local. Products of 16 rows, given as doubles column by column, with n vectors: score [n][16] = sum over columns in
 * order of row [cols][16] x vector [n][cols], each operation rounded once.
 */
void tsr_tile_project(const double *row, int32_t cols, const double *vector, int32_t n, double *score);

/**
 * Local. For each row of the span (by slot): squared distance, in steps^2, to its own centroid and to the nearest other
 * one, in double: differences to centroids [k][cols] given in double, squared and summed over columns in order, each
 * operation rounded once. k = 1: other is infinite.
 */
void tsr_distances(const tsr_tiles *tiles, int64_t first, int64_t rows, const double *centroids, int32_t k,
                   const uint16_t *label, double *own, double *other);

/**
 * Local. Add the exact products of this rank's rows: product[i][j] += sum over rows of x_i x_j (upper triangle and
 * diagonal, i <= j), sum[i] += x_i. Products of 16 bits by 8 bits summed as integers; or, on processors without AVX2,
 * cblas_dsyrk on blocks of at most 2^22 rows converted to double: exact, both.
 * @param product  [cols][cols]; @param sum [cols]
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_products(const tsr_tiles *tiles, tsr_int128 *product, int64_t *sum) TSR_NODISCARD;

#endif
