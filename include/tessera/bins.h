/**
 * @file bins.h
 * A matrix as one byte per value: the number of the bin that a value falls into. Trees are grown on nothing else.
 *
 * Bins end at exact quantiles of the column, so about equally many rows fall into each; ties make fewer bins.
 */
#ifndef TSR_BINS_H
#define TSR_BINS_H

#include <stdbool.h>

#include "tessera/quantile.h"

#define TSR_BINS_MAX     255 /* bins of values */
#define TSR_CODES        256
#define TSR_CODE_MISSING 255 /* the code of NaN */

typedef struct tsr_bins_params {
    int32_t bins;  /* of a column at most; 2..TSR_BINS_MAX */
    bool readable; /* edges with few digits, whole numbers where all values are: for thresholds that people read */
} tsr_bins_params;

typedef struct tsr_binned {
    int64_t rows; /* of this rank */
    int32_t cols;
    int32_t *bins; /* [cols] bins of values, 1 (a constant column) to params.bins; the same on all ranks */
    double *edge;  /* [cols][TSR_BINS_MAX] rising; bin b: edge[b - 1] < value <= edge[b]; the last has no edge */
    bool *varies;  /* [cols] are there two different codes? */
    uint8_t *code; /* [cols][rows] 0 .. bins - 1, or TSR_CODE_MISSING */
} tsr_binned;

/**
 * Collective. Bins of a matrix that is read by block. Same on all ranks: cols, params.
 * @param rows         of this rank: what all blocks of @p source come to
 * @param[out] binned  new; tsr_binned_destroy(); NULL on failure
 * @return TSR_OK; TSR_ECONF (bins out of range); TSR_ENOMEM; TSR_EDATA (a source that gives other rows); what the
 *         source returns
 * Cost: the passes of tsr_quantiles() and two more; one byte per value stays in memory.
 */
tsr_status tsr_bins_fit(const tsr_comm *comm, const tsr_quantile_source *source, int64_t rows, int32_t cols,
                        const tsr_bins_params *params, tsr_binned **binned) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_binned_destroy(tsr_binned **binned);

/** Local. The code of one value of column @p col. */
uint8_t tsr_bin_of(const tsr_binned *binned, int32_t col, double value);

/** Local. @p value with @p digits significant decimal digits, as its text reads. */
double tsr_round_digits(double value, int digits);

#endif
