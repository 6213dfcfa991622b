#include "cluster/lloyd.h"

#include <string.h>

#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/trace.h"

int64_t tsr_lloyd_numbers(const tsr_lloyd *fit)
{
    return fit->k * ((int64_t)fit->tiles->cols + (fit->tiles->weight != NULL ? 2 : 1));
}

int64_t *tsr_lloyd_counts(const tsr_lloyd *fit, int64_t *numbers)
{
    return numbers + (int64_t)fit->k * fit->tiles->cols;
}

int64_t *tsr_lloyd_weights(const tsr_lloyd *fit, int64_t *numbers)
{
    return tsr_lloyd_counts(fit, numbers) + (fit->tiles->weight != NULL ? fit->k : 0);
}

void tsr_lloyd_mean(const tsr_lloyd *fit, int32_t c, double *mean)
{
    int32_t cols = fit->tiles->cols;
    int64_t n = tsr_lloyd_weights(fit, fit->total)[c];

    for (int32_t j = 0; j < cols; j++) {
        int64_t at = (int64_t)c * cols + j;
        mean[j] = n > 0 ? (double)fit->total[at] / (double)n : fit->centroid[at];
    }
}

static tsr_status make(const tsr_tiles *tiles, const float *start, int32_t k, tsr_lloyd *fit)
{
    tsr_status st;
    int64_t values = (int64_t)k * tiles->cols;

    *fit = (tsr_lloyd){.tiles = tiles, .ordered = *tiles, .k = k, .moved_before = -1, .saved = tsr_seconds()};
    TSR_TRY(tsr_alloc(&fit->centroid, values, sizeof *fit->centroid));
    TSR_TRY(tsr_alloc(&fit->next, values, sizeof *fit->next));
    TSR_TRY(tsr_alloc(&fit->local, tsr_lloyd_numbers(fit), sizeof *fit->local));
    TSR_TRY(tsr_alloc(&fit->total, tsr_lloyd_numbers(fit) + TSR_LLOYD_RIDERS, sizeof *fit->total));
    TSR_TRY(tsr_alloc(&fit->repaired, k, sizeof *fit->repaired));
    TSR_TRY(tsr_alloc(&fit->mark, tsr_lloyd_numbers(fit), sizeof *fit->mark));
    TSR_TRY(tsr_alloc_aligned(&fit->label, tiles->span.rows, sizeof *fit->label));
    TSR_TRY(tsr_prune_make(tiles, k, &fit->prune));
    memcpy(fit->centroid, start, (size_t)values * sizeof *start);
    for (int64_t i = 0; i < tiles->span.rows; i++) fit->label[i] = TSR_NO_LABEL;
done:
    return st;
}

void tsr_lloyd_clear(tsr_lloyd *fit)
{
    tsr_prune_clear(&fit->prune);
    tsr_free(&fit->label);
    tsr_free(&fit->mark);
    tsr_free(&fit->repaired);
    tsr_free(&fit->total);
    tsr_free(&fit->local);
    tsr_free(&fit->next);
    tsr_free(&fit->centroid);
}

static bool is_time_to_save(const tsr_comm *comm, const tsr_checkpoint *checkpoint, const tsr_lloyd *fit)
{
    return comm->rank == 0 && checkpoint != NULL && tsr_seconds() - fit->saved >= checkpoint->seconds;
}

/* Failures on purpose, in any fit and in the one on all rows. */
static tsr_status pass_fault_points(const tsr_lloyd_params *params)
{
    if (tsr_fault("kmeans") || (params->stage != NULL && tsr_fault("kmeans_iteration")))
        return TSR_FAIL(TSR_EBUG, "K-means failed on purpose (TSR_FAULT)");
    return TSR_OK;
}

/* One pass over this rank's rows, one allreduce. The wish to stop and failures ride in it: no rank is left waiting. */
static tsr_status assign(const tsr_comm *comm, const tsr_lloyd_params *params, tsr_lloyd *fit)
{
    int64_t n = tsr_lloyd_numbers(fit), *riders = fit->total + n;
    tsr_status st = pass_fault_points(params);

    riders[TSR_LLOYD_MOVED] = tsr_prune_assign(&fit->prune, params->isa, &fit->ordered, fit->centroid, fit->label,
                                               fit->local, tsr_lloyd_counts(fit, fit->local));
    riders[TSR_LLOYD_INTERRUPTED] = tsr_interrupt_wanted();
    riders[TSR_LLOYD_FAILED] = st != TSR_OK;
    riders[TSR_LLOYD_SAVE] = is_time_to_save(comm, params->checkpoint, fit);
    memcpy(fit->total, fit->local, (size_t)n * sizeof *fit->local);
    tsr_sum_int64(comm, fit->total, n + TSR_LLOYD_RIDERS);
    fit->moved = fit->moved_before >= 0 ? fit->moved_before : riders[TSR_LLOYD_MOVED];
    fit->moved_before = -1;
    fit->iterations++;
    if (riders[TSR_LLOYD_FAILED] > 0) return tsr_agree(comm, st);
    if (params->checkpoint != NULL && riders[TSR_LLOYD_SAVE] + riders[TSR_LLOYD_INTERRUPTED] > 0)
        TSR_TRY(tsr_lloyd_save(comm, params->checkpoint, fit));
    if (riders[TSR_LLOYD_INTERRUPTED] > 0)
        return TSR_FAIL(TSR_EINTR, "stopped as asked, in iteration %lld of K-means", (long long)fit->iterations);
    st = TSR_OK;
done:
    return st;
}

/* Is there an empty segment that may be filled again? */
static bool any_empty(const tsr_lloyd *fit)
{
    const int64_t *count = tsr_lloyd_counts(fit, fit->total);

    for (int32_t c = 0; c < fit->k; c++)
        if (count[c] == 0 && fit->repaired[c] < TSR_LLOYD_REPAIRS) return true;
    return false;
}

/* The means, as floats, into `next`. Returns the sum of squared shifts, in steps^2. */
static double find_next(tsr_lloyd *fit)
{
    int32_t cols = fit->tiles->cols;
    const int64_t *weight = tsr_lloyd_weights(fit, fit->total);
    double shift = 0;

    for (int32_t c = 0; c < fit->k; c++) {
        for (int32_t j = 0; j < cols; j++) {
            int64_t at = (int64_t)c * cols + j;
            fit->next[at] = weight[c] > 0 ? (float)((double)fit->total[at] / (double)weight[c]) : fit->centroid[at];
            double d = (double)fit->next[at] - fit->centroid[at];
            shift += d * d;
        }
    }
    return shift;
}

/*
 * Sums decide the next centroids and these the next labels: a state that comes back while rows still move comes back
 * for ever (scores are floats, so rows may swing between centroids that are about equally near). Brent's method: keep
 * one state, and take a newer one whenever the number of iterations doubles.
 */
static bool in_cycle(tsr_lloyd *fit)
{
    size_t bytes = (size_t)tsr_lloyd_numbers(fit) * sizeof *fit->total;

    if (fit->iterations > 1 && memcmp(fit->mark, fit->total, bytes) == 0) return true;
    if ((fit->iterations & (fit->iterations - 1)) == 0) memcpy(fit->mark, fit->total, bytes);
    return false;
}

/* Largest sum of squared shifts that counts as none: tol x mean variance of the columns, in steps^2. */
static tsr_status smallest_shift(const tsr_comm *comm, const tsr_tiles *tiles, double tol, double *limit)
{
    tsr_status st;
    int64_t *sum = NULL, n = tsr_tiles_weight_sum(tiles);
    tsr_int128 squares = tsr_tiles_square_sum(tiles);

    TSR_AGREE(comm, tsr_alloc(&sum, tiles->cols, sizeof *sum));
    tsr_tiles_sums(tiles, sum);
    tsr_sum_int64(comm, sum, tiles->cols);
    tsr_sum_int64(comm, &n, 1);
    TSR_TRY(tsr_sum_int128(comm, &squares, 1));
    squares *= n;
    for (int32_t j = 0; j < tiles->cols; j++) squares -= (tsr_int128)sum[j] * sum[j];
    *limit = tol * (tsr_int128_scaled(squares, 0) / ((double)n * (double)n) / tiles->cols);
done:
    tsr_free(&sum);
    return st;
}

/* Fill empty segments, as the job wants it; the next centroids follow. */
static tsr_status mend(const tsr_comm *comm, const tsr_lloyd_params *params, tsr_lloyd *fit, int64_t *repaired)
{
    tsr_status st = TSR_OK;

    if (params->empty == TSR_EMPTY_SPLIT) {
        *repaired = tsr_lloyd_split(fit);
    } else {
        TSR_TRY(tsr_lloyd_repair(comm, fit, repaired));
        (void)find_next(fit);
    }
done:
    return st;
}

static tsr_status iterate(const tsr_comm *comm, const tsr_lloyd_params *params, double limit, tsr_lloyd *fit)
{
    tsr_status st;

    for (;;) {
        const double began = tsr_seconds();
        int64_t repaired = 0;

        TSR_TRY(assign(comm, params, fit));
        if (params->stage != NULL) tsr_trace_add(TSR_SPAN_STEP, "iteration", began);
        if (params->stage != NULL) tsr_progress(params->stage, fit->iterations, params->max_iter);
        double shift = find_next(fit);
        /* Repaired segments hold rows that their centroids do not have yet: never the last thing to happen. */
        if (fit->iterations < params->max_iter && any_empty(fit)) TSR_TRY(mend(comm, params, fit, &repaired));
        fit->repairs += repaired;
        if (repaired > 0) tsr_prune_forget(&fit->prune);
        if (fit->moved == 0 && repaired == 0) {
            fit->stop = TSR_STOP_SETTLED;
            break;
        }
        if (fit->iterations == params->max_iter) {
            fit->stop = TSR_STOP_MAXIMUM;
            break;
        }
        if (repaired == 0 && in_cycle(fit)) {
            fit->stop = TSR_STOP_CYCLE;
            break;
        }
        if (shift <= limit && repaired == 0 && limit > 0) {
            fit->stop = TSR_STOP_TOLERANCE;
            break;
        }
        tsr_prune_shift(&fit->prune, fit->centroid, fit->next, fit->tiles->cols);
        float *old = fit->centroid;
        fit->centroid = fit->next;
        fit->next = old;
    }
done:
    return st;
}

tsr_status tsr_lloyd_run(const tsr_comm *comm, const tsr_lloyd_params *params, const tsr_tiles *tiles,
                         const float *start, int32_t k, tsr_lloyd *fit)
{
    tsr_status st;
    double limit = 0;

    TSR_AGREE(comm, make(tiles, start, k, fit));
    if (params->checkpoint != NULL && params->checkpoint->from != NULL)
        TSR_AGREE(comm, tsr_lloyd_restore(params->checkpoint->from, fit));
    if (params->tol > 0) TSR_TRY(smallest_shift(comm, tiles, params->tol, &limit));
    fit->tiles = &fit->ordered;
    TSR_TRY(iterate(comm, params, limit, fit));
done:
    tsr_prune_end(&fit->prune, &fit->ordered, fit->label);
    fit->tiles = tiles;
    if (params->stage != NULL) tsr_progress_end();
    if (st != TSR_OK) tsr_lloyd_clear(fit);
    return st;
}

double tsr_lloyd_inertia(const tsr_lloyd *fit, tsr_int128 squares)
{
    int32_t cols = fit->tiles->cols;
    const int64_t *weight = tsr_lloyd_weights(fit, fit->total);
    double inertia = tsr_int128_scaled(squares, 0);

    for (int32_t c = 0; c < fit->k; c++) {
        tsr_int128 square = 0;

        if (weight[c] == 0) continue;
        for (int32_t j = 0; j < cols; j++) {
            int64_t sum = fit->total[(int64_t)c * cols + j];
            square += (tsr_int128)sum * sum;
        }
        inertia -= tsr_int128_scaled(square, 0) / (double)weight[c];
    }
    return inertia > 0 ? inertia : 0;
}
