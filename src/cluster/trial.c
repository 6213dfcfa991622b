#include "cluster/trial.h"

#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"
#include "cluster/seed.h"
#include "tessera/memory.h"

/* Fits on the sample are compared and then go on over all rows: the last small steps can wait until then. */
#define SAMPLE_TOLERANCE 1e-4

const tsr_comm tsr_alone = {MPI_COMM_SELF, 0, 1};

tsr_trial tsr_trial_make(const tsr_cluster_params *params, uint64_t seed, tsr_isa isa)
{
    return (tsr_trial){isa, seed, params->max_iter, fmax(params->tol, SAMPLE_TOLERANCE)};
}

tsr_status tsr_trial_fit(const tsr_trial *trial, const tsr_tiles *sample, tsr_int128 squares, int64_t start, int32_t k,
                         float *centroid, double *inertia)
{
    tsr_status st;
    int32_t cols = sample->cols;
    tsr_lloyd_params params = {.isa = trial->isa, .max_iter = trial->max_iter, .tol = trial->tol};
    tsr_lloyd fit = {0};
    double *mean = NULL;

    TSR_TRY(tsr_alloc(&mean, cols, sizeof *mean));
    TSR_TRY(tsr_seed_plus_plus(sample, trial->seed, start, k, centroid));
    TSR_TRY(tsr_lloyd_run(&tsr_alone, &params, sample, centroid, k, &fit));
    *inertia = tsr_lloyd_inertia(&fit, squares);
    for (int32_t c = 0; c < k; c++) {
        tsr_lloyd_mean(&fit, c, mean);
        for (int32_t j = 0; j < cols; j++) centroid[(int64_t)c * cols + j] = (float)mean[j];
    }
done:
    tsr_lloyd_clear(&fit);
    tsr_free(&mean);
    return st;
}

tsr_status tsr_trial_best(const tsr_trial *trial, const tsr_tiles *sample, int64_t starts, int32_t k, float *centroid,
                          double *inertia)
{
    tsr_status st;
    tsr_int128 squares = tsr_tiles_square_sum(sample);
    int64_t values = (int64_t)k * sample->cols;
    float *other = NULL;

    TSR_TRY(tsr_trial_fit(trial, sample, squares, 0, k, centroid, inertia));
    if (starts > 1) TSR_TRY(tsr_alloc(&other, values, sizeof *other));
    for (int64_t start = 1; start < starts; start++) {
        double found = 0;

        TSR_TRY(tsr_trial_fit(trial, sample, squares, start, k, other, &found));
        if (found >= *inertia) continue;
        *inertia = found;
        memcpy(centroid, other, (size_t)values * sizeof *centroid);
    }
done:
    tsr_free(&other);
    return st;
}
