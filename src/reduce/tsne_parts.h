/**
 * @file tsne_parts.h
 * The parts of t-SNE (tsne.h), for its own files and its tests.
 */
#ifndef TSR_TSNE_PARTS_H
#define TSR_TSNE_PARTS_H

#include "reduce/affinity.h"
#include "reduce/repel.h"
#include "tessera/tsne.h"

/* What acts on one row, on its way to all ranks. */
typedef struct tsr_force {
    double pull[2];
    tsr_repulsion push;
} tsr_force;

/* A descent: places, speeds and gains are the same on every rank, and all that a checkpoint holds. */
typedef struct tsr_plane {
    int64_t n, lanes;             /* rows; a multiple of TSR_REPEL_LANES */
    tsr_span span;                /* rows whose forces this rank computes */
    int64_t done;                 /* iterations */
    double *place, *speed, *gain; /* [n][2] */
    float *x, *y;                 /* [lanes] */
    tsr_repulsion *push;          /* [span.rows] */
    tsr_force *force;             /* [span.rows] */
    double saved;                 /* clock at the last checkpoint */
} tsr_plane;

/** Local. All points at 0. @param span  the rows of this rank. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_plane_make(const tsr_span *span, tsr_plane *plane) TSR_NODISCARD;
void tsr_plane_clear(tsr_plane *plane);

/**
 * Collective. The gradient of the divergence, similarities times @p exaggeration. @param[out] gradient  [n][2];
 * @param[out] weight  the sum of 1 / (1 + squared distance) over all ordered pairs. @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_plane_gradient(const tsr_comm *comm, const tsr_affinity *affinity, tsr_repel *repel, double exaggeration,
                              tsr_plane *plane, double *gradient, double *weight) TSR_NODISCARD;

/** Collective. The divergence itself; @p weight as the gradient found it. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_plane_divergence(const tsr_comm *comm, const tsr_affinity *affinity, const tsr_plane *plane,
                                double weight, double *divergence) TSR_NODISCARD;

/** Collective. From start to end on a sample that stands whole on every rank; tsne->place [rows][2] is there. */
tsr_status tsr_plane_run(const tsr_comm *comm, const tsr_tsne_params *params, uint64_t seed, const tsr_tiles *sample,
                         tsr_tsne *tsne) TSR_NODISCARD;

/** Collective. Hand the state to the checkpoint. @return TSR_OK; TSR_ENOMEM; what the checkpoint's save returns */
tsr_status tsr_plane_save(const tsr_comm *comm, const tsr_checkpoint *checkpoint, const tsr_plane *plane) TSR_NODISCARD;

/** Local. Take it back. @return TSR_OK; TSR_EDATA (of another sample) */
tsr_status tsr_plane_restore(const tsr_bundle *from, tsr_plane *plane) TSR_NODISCARD;

#endif
