#include <math.h>
#include <string.h>

#include "cluster/criteria.h"
#include "cluster/trial.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/rng.h"
#include "tessera/sample.h"
#include "tessera/serve.h"

/* Starts per fit: the data and their references get the same. */
#define STARTS 2

typedef struct context {
    const tsr_criteria_input *in;
    const tsr_tiles *part; /* of the sample */
    int16_t *least, *most; /* [cols] its box */
} context;

static void find_box(context *x)
{
    int32_t cols = x->part->cols;

    for (int32_t j = 0; j < cols; j++) x->least[j] = x->most[j] = x->part->value[(int64_t)j * TSR_TILE_ROWS];
    for (int64_t t = 0; t < x->part->tiles; t++) {
        for (int32_t j = 0; j < cols; j++) {
            const int16_t *column = x->part->value + (t * cols + j) * TSR_TILE_ROWS;
            for (int i = 0; i < tsr_tile_rows(x->part, t); i++) {
                if (column[i] < x->least[j]) x->least[j] = column[i];
                if (column[i] > x->most[j]) x->most[j] = column[i];
            }
        }
    }
}

/* As many rows as the data have, with their weights, each value drawn by (seed, reference, row, column). */
static tsr_status make_reference(const context *x, int64_t reference, tsr_tiles **tiles)
{
    tsr_status st;
    int32_t cols = x->part->cols;

    TSR_TRY(tsr_tiles_create(&x->part->span, cols, x->part->step, NULL, tiles));
    if (x->part->weight != NULL) {
        TSR_TRY(tsr_alloc(&(*tiles)->weight, x->part->span.rows, sizeof *x->part->weight));
        memcpy((*tiles)->weight, x->part->weight, (size_t)x->part->span.rows * sizeof *x->part->weight);
    }
    for (int64_t i = 0; i < x->part->span.rows; i++) {
        int16_t *row = (*tiles)->value + i / TSR_TILE_ROWS * cols * TSR_TILE_ROWS + i % TSR_TILE_ROWS;
        for (int32_t j = 0; j < cols; j++) {
            double u = tsr_draw_uniform(x->in->seed, TSR_STREAM_GAP, (uint64_t)i, (uint64_t)(reference * cols + j));
            row[(int64_t)j * TSR_TILE_ROWS] = (int16_t)(x->least[j] + floor(u * (x->most[j] - x->least[j] + 1.0)));
        }
    }
done:
    return st;
}

/* Task t: log(inertia) of k = low + t / (references + 1) on a reference; on the data where they are all through. */
static tsr_status fit_log(void *data, int64_t task, void *result)
{
    tsr_status st = TSR_OK;
    const context *x = data;
    int64_t sets = x->in->params->gap_references + 1, set = task % sets;
    int32_t k = x->in->low + (int32_t)(task / sets);
    tsr_trial trial = tsr_trial_make(x->in->params, x->in->seed, x->in->isa);
    double inertia = 0, *log = result;
    tsr_tiles *drawn = NULL;
    float *centroid = NULL;

    TSR_TRY(tsr_alloc(&centroid, (int64_t)k * x->part->cols, sizeof *centroid));
    if (set < sets - 1) TSR_TRY(make_reference(x, set, &drawn));
    TSR_TRY(tsr_trial_best(&trial, drawn != NULL ? drawn : x->part, STARTS, k, centroid, &inertia));
    *log = inertia > 0 ? tsr_log(inertia) : NAN;
done:
    tsr_tiles_destroy(&drawn);
    tsr_free(&centroid);
    return st;
}

/* From the logarithms of the references and, behind them, of the data. */
static void measure(const double *log, int64_t references, tsr_candidate *candidate)
{
    double mean = 0, squares = 0;

    for (int64_t r = 0; r < references; r++) mean += log[r] / (double)references;
    for (int64_t r = 0; r < references; r++) squares += (log[r] - mean) * (log[r] - mean) / (double)references;
    candidate->gap = mean - log[references];
    candidate->gap_error = isnan(candidate->gap) ? NAN : sqrt(squares * (1 + 1 / (double)references));
}

tsr_status tsr_gap(const tsr_comm *comm, const tsr_criteria_input *in, tsr_candidate *candidate)
{
    tsr_status st = TSR_OK;
    int64_t references = in->params->gap_references, n = in->high - in->low + 1;
    context x = {.in = in};
    tsr_tiles *part = NULL;
    double *log = NULL;

    for (int64_t i = 0; i < n; i++) candidate[i].gap = candidate[i].gap_error = NAN;
    if (references == 0) return TSR_OK;
    TSR_AGREE(comm, tsr_sample_part(in->sample, in->params->sample_criteria, NULL, NULL, &part));
    x.part = part;
    TSR_AGREE(comm, tsr_alloc(&x.least, part->cols, sizeof *x.least));
    TSR_AGREE(comm, tsr_alloc(&x.most, part->cols, sizeof *x.most));
    TSR_AGREE(comm, tsr_alloc(&log, n * (references + 1), sizeof *log));
    find_box(&x);
    TSR_TRY(tsr_tasks_run(comm, n * (references + 1), fit_log, &x, log, sizeof *log));
    for (int64_t i = 0; i < n; i++) measure(log + i * (references + 1), references, &candidate[i]);
done:
    tsr_free(&log);
    tsr_free(&x.most);
    tsr_free(&x.least);
    tsr_tiles_destroy(&part);
    return st;
}
