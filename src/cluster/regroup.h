/**
 * @file regroup.h
 * Rows that hardly ever change sides stand in tiles of their own, so that pruning can leave these alone. Rows change
 * places within blocks of TSR_SHUFFLE_ROWS only, in place, and go back to theirs when the fit ends: nobody else ever
 * sees them in another order. While they are in it, the map of the tiles says which row is where.
 */
#ifndef TSR_REGROUP_H
#define TSR_REGROUP_H

#include "tessera/assign.h"

typedef struct tsr_regroup {
    uint32_t *map; /* [rows] of the tiles, while rows are elsewhere */
    int16_t *work; /* one block, row by row */
    float square[TSR_SHUFFLE_ROWS];
    uint16_t from[TSR_SHUFFLE_ROWS], old[TSR_SHUFFLE_ROWS]; /* of the block at hand: an order, labels */
} tsr_regroup;

/** Local. 4 bytes a row, which nothing touches before the first pass. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_regroup_make(const tsr_tiles *tiles, tsr_regroup **regroup) TSR_NODISCARD;
void tsr_regroup_free(tsr_regroup **regroup);

/**
 * Local. As tsr_assign_gaps(), over all tiles; then the rows of each block stand in the order of their gaps.
 * Cost: tsr_assign_gaps(), and each row is moved twice in the nearest caches.
 */
int64_t tsr_regroup_assign(tsr_regroup *regroup, tsr_isa isa, tsr_tiles *tiles, const float *centroids, int32_t k,
                           uint16_t *label, int64_t *sums, int64_t *count, tsr_gaps *gaps);

/** Local. Rows and labels as they were; the tiles have no map again. Where rows have not moved there is nothing to do.
 */
void tsr_regroup_undo(tsr_regroup *regroup, tsr_tiles *tiles, uint16_t *label);

#endif
