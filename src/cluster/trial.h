/**
 * @file trial.h
 * Fits on a sample, by one rank alone.
 */
#ifndef TSR_TRIAL_H
#define TSR_TRIAL_H

#include "tessera/kmeans.h"

/* A task runs on one rank by itself. The stages it calls are collective: over this group of one. */
extern const tsr_comm tsr_alone;

typedef struct tsr_trial {
    tsr_isa isa;
    uint64_t seed;
    int64_t max_iter;
    double tol;
} tsr_trial;

/** Local. How fits on samples are made: the last small steps wait for the fit on all rows. */
tsr_trial tsr_trial_make(const tsr_cluster_params *params, uint64_t seed, tsr_isa isa);

/**
 * Local. Greedy k-means++ number @p start, then Lloyd's iterations.
 * @param squares        tsr_tiles_square_sum() of the sample
 * @param[out] centroid  [k][cols] means in steps
 * @param[out] inertia   in steps^2
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_trial_fit(const tsr_trial *trial, const tsr_tiles *sample, tsr_int128 squares, int64_t start, int32_t k,
                         float *centroid, double *inertia) TSR_NODISCARD;

/** Local. The best of starts 0 .. starts - 1, the first of equals. */
tsr_status tsr_trial_best(const tsr_trial *trial, const tsr_tiles *sample, int64_t starts, int32_t k, float *centroid,
                          double *inertia) TSR_NODISCARD;

#endif
