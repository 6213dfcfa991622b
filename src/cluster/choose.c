#include "cluster/choose.h"

#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"
#include "cluster/seed.h"
#include "tessera/memory.h"
#include "tessera/quality.h"
#include "tessera/serve.h"

/* Fits on the sample are compared and then go on over all rows: the last small steps can wait until then. */
#define SAMPLE_TOLERANCE 1e-4

/* A task runs on one rank by itself. The stages it calls are collective: over this group of one. */
static const tsr_comm alone = {MPI_COMM_SELF, 0, 1};

typedef struct context {
    const tsr_cluster_params *params;
    const tsr_tiles *sample;
    uint64_t seed;
    tsr_isa isa;
    int32_t low, high;
    size_t fit_bytes;   /* of one fit's result */
    const char *fits;   /* results of all fits, then */
    tsr_int128 squares; /* of the sample */
} context;

/* What a fit leaves: this head, then centroids [high][cols]. */
typedef struct fit_result {
    double inertia;
    float centroid[];
} fit_result;

static const fit_result *fit_of(const context *x, int64_t task)
{
    return (const fit_result *)(x->fits + (size_t)task * x->fit_bytes);
}

/* Task t: start t mod restarts of the k that t / restarts names. */
static tsr_status fit_once(void *data, int64_t task, void *result)
{
    tsr_status st;
    const context *x = data;
    fit_result *r = result;
    int32_t cols = x->sample->cols, k = x->low + (int32_t)(task / x->params->restarts);
    tsr_lloyd_params params = {.isa = x->isa,
                               .max_iter = x->params->max_iter,
                               .tol = fmax(x->params->tol, SAMPLE_TOLERANCE)};
    tsr_lloyd fit = {0};
    double *mean = NULL;

    TSR_TRY(tsr_alloc(&mean, cols, sizeof *mean));
    TSR_TRY(tsr_seed_plus_plus(x->sample, x->seed, task % x->params->restarts, k, r->centroid));
    TSR_TRY(tsr_lloyd_run(&alone, &params, x->sample, r->centroid, k, &fit));
    r->inertia = tsr_lloyd_inertia(&fit, x->squares);
    for (int32_t c = 0; c < k; c++) {
        tsr_lloyd_mean(&fit, c, mean);
        for (int32_t j = 0; j < cols; j++) r->centroid[(int64_t)c * cols + j] = (float)mean[j];
    }
done:
    tsr_lloyd_clear(&fit);
    tsr_free(&mean);
    return st;
}

/* The number of the best fit for this k; the first of equals. */
static int64_t best_fit(const context *x, int32_t k)
{
    int64_t first = (int64_t)(k - x->low) * x->params->restarts, best = first;

    for (int64_t t = first + 1; t < first + x->params->restarts; t++)
        if (fit_of(x, t)->inertia < fit_of(x, best)->inertia) best = t;
    return best;
}

/* Task t: all criteria for k = low + t. */
static tsr_status measure(void *data, int64_t task, void *result)
{
    tsr_status st;
    const context *x = data;
    int32_t k = x->low + (int32_t)task;
    tsr_candidate *candidate = result;
    tsr_quality q = {0};
    uint16_t *label = NULL;

    TSR_TRY(tsr_alloc(&label, x->sample->span.rows, sizeof *label));
    (void)tsr_assign(x->isa, x->sample, fit_of(x, best_fit(x, k))->centroid, k, label, NULL, NULL);
    TSR_TRY(tsr_quality_compute(&alone, x->sample, label, k, &q));
    *candidate = (tsr_candidate){.k = k,
                                 .inertia = q.inertia,
                                 .explained_variance = q.explained_variance,
                                 .silhouette_simplified = q.silhouette_simplified,
                                 .silhouette_squared = q.silhouette_squared,
                                 .davies_bouldin = q.davies_bouldin,
                                 .calinski_harabasz = q.calinski_harabasz};
done:
    tsr_quality_clear(&q);
    tsr_free(&label);
    return st;
}

/* The smallest k among the best; the smallest of all where nothing is defined. */
static int32_t decide(const tsr_choice *choice)
{
    const tsr_candidate *best = &choice->candidate[0];

    for (int32_t i = 1; i < choice->candidates_n; i++) {
        const tsr_candidate *c = &choice->candidate[i];
        if (isnan(c->silhouette_simplified)) continue;
        if (isnan(best->silhouette_simplified) || c->silhouette_simplified > best->silhouette_simplified) best = c;
    }
    return best->k;
}

static tsr_status compare_k(const tsr_comm *comm, context *x, tsr_choice *choice)
{
    tsr_status st;

    choice->candidates_n = x->high - x->low + 1;
    TSR_AGREE(comm, tsr_alloc(&choice->candidate, choice->candidates_n, sizeof *choice->candidate));
    TSR_TRY(tsr_tasks_run(comm, choice->candidates_n, measure, x, choice->candidate, sizeof *choice->candidate));
    choice->k = decide(choice);
done:
    return st;
}

tsr_status tsr_choose(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                      const tsr_tiles *sample, int32_t low, int32_t high, tsr_choice *choice)
{
    tsr_status st;
    size_t centroid_bytes = (size_t)sample->cols * sizeof(float);
    context x = {.params = params, .sample = sample, .seed = seed, .isa = isa, .low = low, .high = high};
    int64_t fits = (high - low + 1) * params->restarts;
    char *results = NULL;

    *choice = (tsr_choice){.k = low};
    x.squares = tsr_tiles_square_sum(sample);
    x.fit_bytes = (sizeof(fit_result) + (size_t)high * centroid_bytes + 7) & ~(size_t)7;
    TSR_AGREE(comm, tsr_alloc(&results, fits, x.fit_bytes));
    TSR_TRY(tsr_tasks_run(comm, fits, fit_once, &x, results, x.fit_bytes));
    x.fits = results;
    if (high > low) TSR_TRY(compare_k(comm, &x, choice));
    TSR_AGREE(comm, tsr_alloc(&choice->centroid, choice->k, centroid_bytes));
    memcpy(choice->centroid, fit_of(&x, best_fit(&x, choice->k))->centroid, (size_t)choice->k * centroid_bytes);
done:
    tsr_free(&results);
    if (st != TSR_OK) tsr_choice_clear(choice);
    return st;
}

void tsr_choice_clear(tsr_choice *choice)
{
    tsr_free(&choice->candidate);
    tsr_free(&choice->centroid);
}
