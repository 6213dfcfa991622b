/**
 * @file lloyd.h
 * Lloyd's iterations with exact sums: assign, one allreduce, new centroids.
 */
#ifndef TSR_LLOYD_H
#define TSR_LLOYD_H

#include "cluster/prune.h"
#include "tessera/kmeans.h"

typedef struct tsr_lloyd_params {
    tsr_isa isa;
    int64_t max_iter;
    double tol;                       /* as in tsr_cluster_params */
    int32_t empty;                    /* a tsr_empty */
    const char *stage;                /* name in the progress line; NULL: no progress */
    const tsr_checkpoint *checkpoint; /* NULL: none */
} tsr_lloyd_params;

/*
 * The state of a fit. Sums and counts belong to the labels, on all ranks together in `total`; `centroid` is what the
 * labels were assigned with. Nothing else is needed to go on: labels follow from centroids. Where rows have weights,
 * sums are of rows times weights, and sums of weights stand beside the counts.
 */
typedef struct tsr_lloyd {
    const tsr_tiles *tiles; /* meanwhile `ordered`: the same values, whose rows pruning moves */
    tsr_tiles ordered;
    int32_t k;
    float *centroid, *next; /* [k][cols] in steps; `next` is for the iteration to come */
    int64_t *local;         /* this rank's sums [k][cols], then counts [k], then, with weights, their sums [k] */
    int64_t *total;         /* the same of all ranks, then TSR_LLOYD_RIDERS more numbers in the same reduction */
    int64_t *mark;          /* an earlier `total`, to find cycles */
    int32_t *repaired;      /* [k] how often each segment was filled again */
    uint16_t *label;        /* [rows] by slot */
    tsr_prune prune;        /* what passes need not look at; made anew by a pass over all rows */
    int64_t iterations, moved, repairs;
    int64_t moved_before; /* resumed, on the way to the labels that were left: rows that had moved; else -1 */
    double saved;         /* clock at the last checkpoint */
    tsr_stop stop;
} tsr_lloyd;

enum { TSR_LLOYD_MOVED, TSR_LLOYD_INTERRUPTED, TSR_LLOYD_FAILED, TSR_LLOYD_SAVE, TSR_LLOYD_RIDERS };

#define TSR_LLOYD_REPAIRS 8 /* of one segment: an outlier that comes and goes must not keep a fit from its end */

/** Local. Numbers in local and in the state part of total: k (cols + 1); with weights k (cols + 2). */
int64_t tsr_lloyd_numbers(const tsr_lloyd *fit);
/** Local. Counts [k] behind sums [k][cols]. */
int64_t *tsr_lloyd_counts(const tsr_lloyd *fit, int64_t *numbers);
/** Local. Sums of weights [k] behind them; without weights the counts themselves. */
int64_t *tsr_lloyd_weights(const tsr_lloyd *fit, int64_t *numbers);
/** Local. Mean of segment @p c in steps, from exact sums: [cols]. Its own centroid where it is empty. */
void tsr_lloyd_mean(const tsr_lloyd *fit, int32_t c, double *mean);

/**
 * Collective. Iterate from @p start. Same on all ranks: params, start, k.
 * @param tiles     borrowed; rows change places meanwhile (regroup.h), and stand where they were on return
 * @param start     [k][cols] in steps
 * @param[out] fit  filled; tsr_lloyd_clear(). Segments may be empty: fewer distinct rows than k
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_lloyd_run(const tsr_comm *comm, const tsr_lloyd_params *params, const tsr_tiles *tiles,
                         const float *start, int32_t k, tsr_lloyd *fit) TSR_NODISCARD;
void tsr_lloyd_clear(tsr_lloyd *fit);

/**
 * Local. Sum of squared distances of all rows to the mean of their segment, each times its weight, in steps^2.
 * @param squares  tsr_tiles_square_sum() of all rows
 */
double tsr_lloyd_inertia(const tsr_lloyd *fit, tsr_int128 squares);

/**
 * Collective. Give empty segments the rows that lie farthest from the mean of their own (repair.c).
 * @param[out] repaired  how many were given one; the others stay empty
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_lloyd_repair(const tsr_comm *comm, tsr_lloyd *fit, int64_t *repaired) TSR_NODISCARD;

/**
 * Local. Let empty segments share the rows of the largest ones: their next centroids lie a little to both sides of the
 * mean (as FAISS does). Rows follow with the next labels. @return how many were given a centroid
 */
int64_t tsr_lloyd_split(tsr_lloyd *fit);

/**
 * Collective. Hand the state of the present iteration to the checkpoint: the centroids that the labels were found with,
 * and what the course of the fit depends on beside them. Sums and labels follow from one pass over the rows.
 * @return TSR_OK; TSR_ENOMEM; what the checkpoint's save returned
 */
tsr_status tsr_lloyd_save(const tsr_comm *comm, const tsr_checkpoint *checkpoint, tsr_lloyd *fit) TSR_NODISCARD;

/** Local. Go on from a saved state. @return TSR_OK; TSR_EDATA (it is not one of this k and these columns) */
tsr_status tsr_lloyd_restore(const tsr_bundle *from, tsr_lloyd *fit) TSR_NODISCARD;

#endif
