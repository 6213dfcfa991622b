#include "cluster/choose.h"

#include <math.h>
#include <string.h>

#include "cluster/criteria.h"
#include "cluster/trial.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/quality.h"
#include "tessera/serve.h"
#include "tessera/trace.h"

#define TIE_SHARE 0.01

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
    const context *x = data;
    fit_result *r = result;
    tsr_trial trial = tsr_trial_make(x->params, x->seed, x->isa);
    int32_t k = x->low + (int32_t)(task / x->params->restarts);
    const double began = tsr_seconds();
    tsr_status st =
        tsr_trial_fit(&trial, x->sample, x->squares, task % x->params->restarts, k, r->centroid, &r->inertia);

    tsr_trace_add(TSR_SPAN_STEP, "fit on sample", began);
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

static double smallest_share(const tsr_quality *q)
{
    int64_t least = INT64_MAX, all = 0;

    for (int32_t c = 0; c < q->k; c++) {
        all += q->segment_rows[c];
        if (q->segment_rows[c] < least) least = q->segment_rows[c];
    }
    return (double)least / (double)all;
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
    const double began = tsr_seconds();

    TSR_TRY(tsr_alloc(&label, x->sample->span.rows, sizeof *label));
    (void)tsr_assign(x->isa, x->sample, fit_of(x, best_fit(x, k))->centroid, k, label, NULL, NULL);
    TSR_TRY(tsr_quality_compute(&tsr_alone, x->sample, label, k, &q));
    *candidate = (tsr_candidate){.k = k,
                                 .inertia = q.inertia,
                                 .explained_variance = q.explained_variance,
                                 .silhouette_simplified = q.silhouette_simplified,
                                 .silhouette_squared = q.silhouette_squared,
                                 .davies_bouldin = q.davies_bouldin,
                                 .calinski_harabasz = q.calinski_harabasz,
                                 .smallest_share = smallest_share(&q)};
    tsr_trace_add(TSR_SPAN_STEP, "criteria of a k", began);
done:
    tsr_quality_clear(&q);
    tsr_free(&label);
    return st;
}

static double measure_of(const tsr_candidate *c, tsr_criterion criterion)
{
    const double larger_is_better[TSR_CRITERIA] = {c->silhouette_simplified, c->calinski_harabasz, -c->davies_bouldin,
                                                   c->gap, c->stability};

    return larger_is_better[criterion];
}

/* The smallest k that more segments do not beat by more than the error; the last one where each is beaten. */
static int32_t vote_of_gap(const tsr_candidate *candidate, int32_t n)
{
    int32_t last = 0;

    for (int32_t i = 0; i < n; i++) {
        if (isnan(candidate[i].gap)) continue;
        last = candidate[i].k;
        if (i + 1 < n && candidate[i].gap >= candidate[i + 1].gap - candidate[i + 1].gap_error) break;
    }
    return last;
}

int32_t tsr_candidates_vote(const tsr_candidate *candidate, int32_t n, tsr_criterion criterion)
{
    double best = NAN;
    int32_t k = 0;

    if (criterion == TSR_GAP) return vote_of_gap(candidate, n);
    for (int32_t i = 0; i < n; i++) {
        double value = measure_of(&candidate[i], criterion);
        if (isnan(value) || value <= best) continue;
        best = value;
        k = candidate[i].k;
    }
    return k;
}

static double error_of(const tsr_candidate *c, tsr_criterion criterion)
{
    if (criterion == TSR_GAP) return c->gap_error;
    if (criterion == TSR_STABILITY) return c->stability_sd;
    return TIE_SHARE * fabs(measure_of(c, criterion));
}

int32_t tsr_candidates_tie(const tsr_candidate *candidate, int32_t n, tsr_criterion criterion)
{
    const tsr_candidate *named = NULL;
    double nearest = INFINITY;
    int32_t vote = tsr_candidates_vote(candidate, n, criterion), k = 0;

    for (int32_t i = 0; i < n; i++)
        if (candidate[i].k == vote) named = &candidate[i];
    if (named == NULL) return 0;
    for (int32_t i = 0; i < n; i++) {
        double away = fabs(measure_of(&candidate[i], criterion) - measure_of(named, criterion));
        if (&candidate[i] == named || !(away <= error_of(named, criterion)) || away >= nearest) continue;
        nearest = away;
        k = candidate[i].k;
    }
    return k;
}

static tsr_status compare_k(const tsr_comm *comm, context *x, tsr_choice *choice)
{
    tsr_status st;
    int32_t n = x->high - x->low + 1;
    const float **centroid = NULL;
    double *jaccard = NULL; /* [n][high] */

    choice->candidates_n = n;
    TSR_AGREE(comm, tsr_alloc(&choice->candidate, n, sizeof *choice->candidate));
    TSR_AGREE(comm, tsr_alloc(&jaccard, (int64_t)n * x->high, sizeof *jaccard));
    TSR_AGREE(comm, tsr_alloc(&centroid, n, sizeof *centroid));
    for (int32_t i = 0; i < n; i++) centroid[i] = fit_of(x, best_fit(x, x->low + i))->centroid;
    const tsr_criteria_input in = {x->params, x->seed, x->isa, x->sample, x->low, x->high, centroid};
    TSR_TRY(tsr_tasks_run(comm, n, measure, x, choice->candidate, sizeof *choice->candidate));
    TSR_TRY(tsr_gap(comm, &in, choice->candidate));
    TSR_TRY(tsr_stability(comm, &in, choice->candidate, jaccard));
    for (int c = 0; c < TSR_CRITERIA; c++)
        choice->vote[c] = tsr_candidates_vote(choice->candidate, n, (tsr_criterion)c);
    if (choice->vote[x->params->choose] > 0) choice->k = choice->vote[x->params->choose];
done:
    tsr_free(&jaccard);
    tsr_free(&centroid);
    return st;
}

/* The chosen fit, out of all of them. */
static tsr_status take_best(const context *x, tsr_choice *choice)
{
    tsr_status st;
    int64_t values = (int64_t)choice->k * x->sample->cols;

    TSR_TRY(tsr_alloc(&choice->centroid, values, sizeof *choice->centroid));
    memcpy(choice->centroid, fit_of(x, best_fit(x, choice->k))->centroid, (size_t)values * sizeof *choice->centroid);
done:
    return st;
}

tsr_status tsr_choose(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                      const tsr_tiles *sample, int32_t low, int32_t high, tsr_choice *choice)
{
    tsr_status st;
    context x = {.params = params, .sample = sample, .seed = seed, .isa = isa, .low = low, .high = high};
    int64_t fits = (high - low + 1) * params->restarts;
    char *results = NULL;

    *choice = (tsr_choice){.k = low, .sample_rows = sample->span.rows};
    x.squares = tsr_tiles_square_sum(sample);
    x.fit_bytes = (sizeof(fit_result) + (size_t)high * (size_t)sample->cols * sizeof(float) + 7) & ~(size_t)7;
    TSR_AGREE(comm, tsr_alloc(&results, fits, x.fit_bytes));
    TSR_TRY(tsr_tasks_run(comm, fits, fit_once, &x, results, x.fit_bytes));
    x.fits = results;
    if (high > low) TSR_TRY(compare_k(comm, &x, choice));
    TSR_AGREE(comm, take_best(&x, choice));
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
