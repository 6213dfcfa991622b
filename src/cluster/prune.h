/**
 * @file prune.h
 * Passes that leave tiles alone, none of whose rows can change sides. Labels, sums and counts are those of passes over
 * all rows, bit for bit.
 */
#ifndef TSR_PRUNE_H
#define TSR_PRUNE_H

#include "cluster/regroup.h"

typedef enum tsr_pruning { TSR_PRUNE_AUTO, TSR_PRUNE_OFF, TSR_PRUNE_ON } tsr_pruning;

typedef struct tsr_prune {
    tsr_pruning mode; /* TESSERA_PRUNE=off|on|auto; auto: where it pays */
    tsr_gaps gaps;    /* gap NULL: never */
    int32_t k;
    double longest;       /* length of the longest row of this rank; < 0: not known yet */
    bool tracking;        /* gaps are kept */
    bool all;             /* gaps say nothing: the next pass is over all tiles */
    int64_t rest;         /* passes until pruning is tried again */
    int64_t pause;        /* how long the next rest is */
    int64_t looked;       /* tiles looked at so far, in all passes */
    int64_t moved;        /* rows that moved in the last pass: about as many will in the next one */
    tsr_regroup *regroup; /* NULL: never */
} tsr_prune;

/** Local. @return TSR_OK; TSR_ENOMEM; TSR_ECONF (TESSERA_PRUNE is something else) */
tsr_status tsr_prune_make(const tsr_tiles *tiles, int32_t k, tsr_prune *prune) TSR_NODISCARD;
/** Local. */
void tsr_prune_clear(tsr_prune *prune);

/** Local. As tsr_assign(); rows and their labels may change places. @return rows whose label changed */
int64_t tsr_prune_assign(tsr_prune *prune, tsr_isa isa, tsr_tiles *tiles, const float *centroids, uint16_t *label,
                         int64_t *sums, int64_t *count);

/** Local. The centroids of the next pass are others: to be told before it, each time. */
void tsr_prune_shift(tsr_prune *prune, const float *old, const float *next, int32_t cols);

/** Local. No more passes: rows and labels stand where they stood before the first. */
void tsr_prune_end(tsr_prune *prune, tsr_tiles *tiles, uint16_t *label);

/** Local. Labels were changed by something else than a pass (a repair): the next pass is over all tiles. */
void tsr_prune_forget(tsr_prune *prune);

#endif
