#include <math.h>
#include <string.h>

#include "cluster/criteria.h"
#include "cluster/trial.h"
#include "tessera/memory.h"
#include "tessera/quality.h"
#include "tessera/rng.h"
#include "tessera/sample.h"
#include "tessera/serve.h"

/* Starts per fit on a half: what is asked is whether halves agree, not which start was lucky. */
#define STARTS 2

#define ROWS_EACH                                                                                                      \
    16 /* of a segment, at least, on average: fewer tell nothing, and what they cost grows with segments */

typedef struct context {
    const tsr_criteria_input *in;
    const tsr_tiles *part; /* of the sample */
} context;

/* What a pair of halves leaves: this head, then [high] Jaccard indices. */
typedef struct pair_result {
    double rand; /* adjusted */
    double jaccard[];
} pair_result;

/* One half of a pair. */
typedef struct half {
    uint64_t seed, pair, side;
} half;

static bool in_half(const void *which, int64_t row)
{
    const half *h = which;

    return tsr_draw(h->seed, TSR_STREAM_HALF, (uint64_t)row, h->pair) >> 63 == h->side;
}

/* All rows, labelled by a fit on one half of them. Leaves rows 0 of the half where it is empty. */
static tsr_status label_by_half(const context *x, half h, int32_t k, uint16_t *label, bool *empty)
{
    tsr_status st;
    tsr_trial trial = tsr_trial_make(x->in->params, x->in->seed, x->in->isa);
    tsr_tiles *rows = NULL;
    float *centroid = NULL;
    double inertia;

    TSR_TRY(tsr_sample_part(x->part, x->part->span.rows, in_half, &h, &rows));
    *empty |= rows->span.rows == 0;
    if (rows->span.rows == 0) goto done;
    TSR_TRY(tsr_alloc(&centroid, (int64_t)k * x->part->cols, sizeof *centroid));
    TSR_TRY(tsr_trial_best(&trial, rows, STARTS, k, centroid, &inertia));
    (void)tsr_assign(x->in->isa, x->part, centroid, k, label, NULL, NULL);
done:
    tsr_free(&centroid);
    tsr_tiles_destroy(&rows);
    return st;
}

static void tabulate(const uint16_t *a, const uint16_t *b, int64_t rows, int32_t k, int64_t *table)
{
    memset(table, 0, (size_t)k * (size_t)k * sizeof *table);
    for (int64_t i = 0; i < rows; i++) table[(int64_t)a[i] * k + b[i]]++;
}

/* Add half of each segment's largest Jaccard index: there are two halves. */
static void add_jaccard(const int64_t *table, int32_t k, int64_t *column, double *jaccard)
{
    memset(column, 0, (size_t)k * sizeof *column);
    for (int64_t i = 0; i < (int64_t)k * k; i++) column[i % k] += table[i];
    for (int32_t a = 0; a < k; a++) {
        int64_t rows = 0;
        double best = NAN;

        for (int32_t b = 0; b < k; b++) rows += table[(int64_t)a * k + b];
        for (int32_t b = 0; b < k && rows > 0; b++) {
            int64_t both = table[(int64_t)a * k + b];
            best = fmax(best, (double)both / (double)(rows + column[b] - both));
        }
        jaccard[a] += best / 2;
    }
}

/* Task t: pair t mod pairs of the k that t / pairs names. */
static tsr_status compare_halves(void *data, int64_t task, void *result)
{
    tsr_status st;
    const context *x = data;
    int64_t pairs = x->in->params->stability_pairs, rows = x->part->span.rows;
    int32_t at = (int32_t)(task / pairs), k = x->in->low + at;
    pair_result *r = result;
    uint16_t *whole = NULL, *label[2] = {NULL, NULL};
    int64_t *table = NULL, *column = NULL;
    bool empty = false;

    TSR_TRY(tsr_alloc(&whole, rows, sizeof *whole));
    TSR_TRY(tsr_alloc(&table, (int64_t)k * k, sizeof *table));
    TSR_TRY(tsr_alloc(&column, k, sizeof *column));
    (void)tsr_assign(x->in->isa, x->part, x->in->centroid[at], k, whole, NULL, NULL);
    for (uint64_t side = 0; side < 2; side++) {
        TSR_TRY(tsr_alloc(&label[side], rows, sizeof *label[side]));
        TSR_TRY(label_by_half(x, (half){x->in->seed, (uint64_t)(task % pairs), side}, k, label[side], &empty));
        tabulate(whole, label[side], rows, k, table);
        add_jaccard(table, k, column, r->jaccard);
    }
    tabulate(label[0], label[1], rows, k, table);
    r->rand = empty ? NAN : tsr_adjusted_rand(table, k, k);
done:
    tsr_free(&label[1]);
    tsr_free(&label[0]);
    tsr_free(&column);
    tsr_free(&table);
    tsr_free(&whole);
    return st;
}

/* Of one k, from the results of its pairs. */
static void measure(const char *results, size_t bytes, int64_t pairs, tsr_candidate *candidate, double *jaccard)
{
    double mean = 0, squares = 0;

    for (int64_t p = 0; p < pairs; p++) {
        const pair_result *r = (const pair_result *)(results + (size_t)p * bytes);
        mean += r->rand / (double)pairs;
        for (int32_t c = 0; c < candidate->k; c++) jaccard[c] += r->jaccard[c] / (double)pairs;
    }
    for (int64_t p = 0; p < pairs; p++) {
        double d = ((const pair_result *)(results + (size_t)p * bytes))->rand - mean;
        squares += d * d / (double)pairs;
    }
    candidate->stability = mean;
    candidate->stability_sd = sqrt(squares);
    if (isnan(mean)) return;
    for (int32_t c = 0; c < candidate->k; c++) candidate->jaccard = fmin(candidate->jaccard, jaccard[c]);
}

tsr_status tsr_stability(const tsr_comm *comm, const tsr_criteria_input *in, tsr_candidate *candidate, double *jaccard)
{
    tsr_status st = TSR_OK;
    int64_t pairs = in->params->stability_pairs, n = in->high - in->low + 1;
    size_t bytes = sizeof(pair_result) + (size_t)in->high * sizeof(double);
    tsr_tiles *part = NULL;
    char *results = NULL;

    for (int64_t i = 0; i < n; i++) candidate[i].stability = candidate[i].stability_sd = candidate[i].jaccard = NAN;
    memset(jaccard, 0, (size_t)(n * in->high) * sizeof *jaccard);
    if (pairs == 0) return TSR_OK;
    TSR_AGREE(comm, tsr_sample_part(in->sample, in->params->sample_criteria, NULL, NULL, &part));
    TSR_AGREE(comm, tsr_alloc(&results, n * pairs, bytes));
    TSR_TRY(tsr_tasks_run(comm, n * pairs, compare_halves, &(context){in, part}, results, bytes));
    for (int64_t i = 0; i < n; i++)
        measure(results + (size_t)(i * pairs) * bytes, bytes, pairs, &candidate[i], jaccard + i * in->high);
done:
    tsr_free(&results);
    tsr_tiles_destroy(&part);
    return st;
}

tsr_status tsr_segment_stability(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                                 const tsr_tiles *tiles, const float *centroid, int32_t k, double **jaccard)
{
    tsr_status st = TSR_OK;
    tsr_tiles *sample = NULL;
    tsr_candidate candidate = {.k = k};

    *jaccard = NULL;
    if (params->stability_pairs == 0 || k > params->sample_criteria / ROWS_EACH) return TSR_OK;
    TSR_TRY(tsr_sample_draw(comm, tiles, seed, params->sample_criteria, NULL, &sample));
    TSR_AGREE(comm, tsr_alloc(jaccard, k, sizeof **jaccard));
    const tsr_criteria_input in = {params, seed, isa, sample, k, k, &centroid};
    TSR_TRY(tsr_stability(comm, &in, &candidate, *jaccard));
done:
    tsr_tiles_destroy(&sample);
    if (st != TSR_OK) tsr_free(jaccard);
    return st;
}
