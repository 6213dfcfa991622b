/**
 * @file pca.h
 * Principal components from the exact covariance of tiles.
 */
#ifndef TSR_PCA_H
#define TSR_PCA_H

#include "tessera/bundle.h"
#include "tessera/job.h"
#include "tessera/tiles.h"

typedef struct tsr_reduce_params {
    int32_t method;     /* pca | none */
    double variance;    /* keep so many components that this share is explained */
    int64_t components; /* > 0: keep exactly these (at most cols) */
} tsr_reduce_params;

extern const tsr_key tsr_reduce_keys[];

typedef struct tsr_pca {
    int32_t cols, components;
    double *mean;     /* [cols] real units of the tiles */
    double *vector;   /* [components][cols], rounded to 2^-24, sign fixed */
    double *variance; /* [cols] all eigenvalues of the covariance (n - 1), largest first */
    double step;      /* of the score tiles */
} tsr_pca;

/**
 * Collective. int64 sums of exact products, LAPACKE_dsyevd on the root, broadcast.
 * @return TSR_OK; TSR_EDATA (fewer than 2 rows); TSR_ENOMEM; TSR_EBUG (LAPACK)
 */
tsr_status tsr_pca_fit(const tsr_comm *comm, const tsr_reduce_params *params, const tsr_tiles *tiles,
                       tsr_pca **pca) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_pca_destroy(tsr_pca **pca);

/** Collective. Scores as tiles of the same rows; sets pca->step (from the largest score over ranks) where it is 0. */
tsr_status tsr_pca_apply(const tsr_comm *comm, tsr_pca *pca, const tsr_tiles *tiles, tsr_tiles **scores) TSR_NODISCARD;

/** Local. One row: values [cols] in real units of the tiles -> score [components], and back (the projection). */
void tsr_pca_forward(const tsr_pca *pca, const double *values, double *score);
void tsr_pca_backward(const tsr_pca *pca, const double *score, double *values);

/** Local. To and from /pca/... of a bundle. */
tsr_status tsr_pca_save(const tsr_pca *pca, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_pca_load(const tsr_bundle *bundle, tsr_pca **pca) TSR_NODISCARD;

#endif
