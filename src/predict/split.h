/**
 * @file split.h
 * The best place to cut one node, from its histograms.
 */
#ifndef TSR_PREDICT_SPLIT_H
#define TSR_PREDICT_SPLIT_H

#include "tessera/forest.h"

/* How a node is judged. A cell of a histogram is [width] sums: rows of each class, or rows and sum of targets. */
typedef struct tsr_judge {
    int32_t classes, width;
    int32_t criterion;
    int64_t min_leaf;
    const double *class_weight; /* NULL: all 1 */
} tsr_judge;

typedef struct tsr_split {
    double gain;    /* 0: no cut */
    int32_t column; /* -1: no cut */
    uint8_t code;
    bool missing_left;
} tsr_split;

/** Local. Rows in a cell. */
int64_t tsr_cell_rows(const tsr_judge *judge, const int64_t *cell);

/** Local. Is there anything to tell apart? */
bool tsr_cell_pure(const tsr_judge *judge, const int64_t *cell);

/**
 * Local. Try all cuts of one column and keep the best in *best: the larger gain, then the earlier column, the smaller
 * code, missing to the right. Without missing rows the missing go with the larger side.
 * @param histogram  [TSR_CODES][width]
 * @param total      [width] of the node
 * @param work       [2][width]
 */
void tsr_split_search(const tsr_judge *judge, int32_t column, const int64_t *histogram, int32_t bins,
                      const int64_t *total, int64_t *work, tsr_split *best);

/** Local. Sums of the rows that a cut sends left: [width]. */
void tsr_split_left(const tsr_judge *judge, const tsr_split *cut, const int64_t *histogram, int64_t *left);

#endif
