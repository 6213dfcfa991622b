/**
 * @file quantile.h
 * Exact quantiles of distributed columns, type 7 (linear between order statistics, as in R, NumPy and pandas).
 *
 * Radix selection on order-preserving integer keys: a few passes over the data, each one histogram of integers and one
 * reduction for all columns, groups and probabilities together.
 */
#ifndef TSR_QUANTILE_H
#define TSR_QUANTILE_H

#include <stdint.h>

#include "tessera/comm.h"

/**
 * Rows of this rank, read by block, several times over. NaN counts as absent; -0 counts as +0.
 */
typedef struct tsr_quantile_source {
    void *context;
    int64_t blocks;     /* of this rank; may be 0 */
    int64_t block_rows; /* at most, in any block */
    /**
     * Local. Fill values [cols][block_rows] (column by column, stride block_rows) and, where there is more than one
     * group, group [rows] in 0..groups-1, or -1 for a row that counts nowhere. *rows: how many came.
     */
    tsr_status (*read)(void *context, int64_t block, double *values, int32_t *group, int64_t *rows);
} tsr_quantile_source;

/**
 * Collective. Same on all ranks: cols, groups, p, np.
 *
 * @param p           [np], each in 0..1
 * @param[out] out    [groups][cols][np]; NaN where a group has no value in a column
 * @param[out] count  [groups][cols], values that are not NaN; may be NULL
 * @return TSR_OK; TSR_ECONF (arguments differ between ranks, p outside 0..1); TSR_ENOMEM; TSR_EBUG (the source breaks
 *         its promise); what the source returns
 * Cost: one pass where all ranks together read at most 2^20 values, else two to five, each with one reduction of at
 * most 32 MiB (256 MiB with very many groups, columns and probabilities).
 */
tsr_status tsr_quantiles(const tsr_comm *comm, const tsr_quantile_source *source, int32_t cols, int32_t groups,
                         const double *p, int32_t np, double *out, int64_t *count) TSR_NODISCARD;

/**
 * Collective. The values at given places of the sorted columns. Same on all ranks: all but source.
 *
 * @param rank      [groups][cols][n], from 0
 * @param[out] out  [groups][cols][n]; NaN where the group has no value at that place
 * @return, cost    as tsr_quantiles()
 */
tsr_status tsr_order_statistics(const tsr_comm *comm, const tsr_quantile_source *source, int32_t cols, int32_t groups,
                                const int64_t *rank, int32_t n, double *out) TSR_NODISCARD;

#endif
