#include "tessera/kmeans.h"

#include <math.h>
#include <string.h>

#include "cluster/choose.h"
#include "cluster/criteria.h"
#include "cluster/lloyd.h"
#include "cluster/seed.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/sample.h"

#define FIELD(name) offsetof(tsr_cluster_params, name)

const tsr_key tsr_cluster_keys[] = {
    {"cluster.method", TSR_KEY_CHOICE, FIELD(method), "kmeans", 0, 0, "kmeans|clv_tiers",
     "How customers are grouped: by likeness, or by customer lifetime value alone (cluster.tiers), which needs a "
     "dataset and a value model.",
     NULL, 0},
    {"cluster.tiers.by", TSR_KEY_CHOICE, FIELD(tiers.by), "customers", 0, 0, "customers|value|thresholds",
     "What cluster.tiers.cuts are: shares of the customers, shares of the customer lifetime value of all, or "
     "lifetime values in currency units.",
     NULL, 0},
    {"cluster.tiers.cuts", TSR_KEY_TEXTS, FIELD(tiers.cuts), "[0.05, 0.2, 0.5]", 0, 0, NULL,
     "Where tiers end, from the top: rising shares of all that the tiers so far hold together, or falling lifetime "
     "values, the least of each tier. Equal customers stay in one tier, the higher one.",
     NULL, 0},
    {"cluster.tiers.names", TSR_KEY_TEXTS, FIELD(tiers.names), "[Platinum, Gold, Silver, Bronze]", 0, 0, NULL,
     "Names of the tiers from the top, one more than there are cuts.", NULL, 0},
    {"cluster.tiers.rest", TSR_KEY_TEXT, FIELD(tiers.rest), "No purchase yet", 0, 0, NULL,
     "Name of the segment of customers without a lifetime value.", NULL, 0},
    {"cluster.k", TSR_KEY_RANGE, FIELD(k), "5..8", 2, TSR_K_MAX, NULL,
     "Number of segments: one number, or a range from which one is chosen.", NULL, 0},
    {"cluster.choose", TSR_KEY_CHOICE, FIELD(choose), "silhouette", 0, 0,
     "silhouette|calinski_harabasz|davies_bouldin|gap|stability",
     "Which criterion decides on k, measured on the sample; all are computed and shown. silhouette: simplified "
     "(distances to centroids).",
     NULL, 0},
    {"cluster.restarts", TSR_KEY_INT, FIELD(restarts), "8", 1, 10000, NULL,
     "Starts per k on the sample; the one with the smallest inertia goes on.", NULL, 0},
    {"cluster.sample", TSR_KEY_INT, FIELD(sample), "262144", 16, 16777216, NULL,
     "Customers used to choose k and starting centroids.", NULL, 0},
    {"cluster.sample_criteria", TSR_KEY_INT, FIELD(sample_criteria), "16384", 16, 16777216, NULL,
     "Customers of the sample used for the gap statistic and for stability.", NULL, 0},
    {"cluster.gap_references", TSR_KEY_INT, FIELD(gap_references), "10", 0, 1000, NULL,
     "Uniform reference sets of the gap statistic; 0: it is not computed.", NULL, 0},
    {"cluster.stability_pairs", TSR_KEY_INT, FIELD(stability_pairs), "5", 0, 1000, NULL,
     "Pairs of half-samples that stability compares; 0: it is not computed.", NULL, 0},
    {"cluster.start.file", TSR_KEY_PATH, FIELD(start_file), "null", 0, 0, NULL,
     "HDF5 file with starting centroids, in original units, one row per segment; null: from the sample.", NULL, 0},
    {"cluster.start.path", TSR_KEY_TEXT, FIELD(start_path), "null", 0, 0, NULL,
     "Dataset of starting centroids within cluster.start.file.", NULL, 0},
    {"cluster.max_iter", TSR_KEY_INT, FIELD(max_iter), "300", 1, 1000000, NULL,
     "Iterations over all customers at the most.", NULL, 0},
    {"cluster.tol", TSR_KEY_REAL, FIELD(tol), "0", 0, 1, NULL,
     "Stop when the squared shift of the centroids is at most this times the mean variance; 0: when no customer moves.",
     NULL, 0},
    {"cluster.seeding", TSR_KEY_CHOICE, FIELD(seeding), "sample", 0, 0, "sample|parallel",
     "Where the fit on all customers starts: the best fit on the sample, or kmeans|| on all customers.", NULL, 0},
    {"cluster.empty", TSR_KEY_CHOICE, FIELD(empty), "farthest", 0, 0, "farthest|split",
     "What fills a segment that lost all its customers: the customer farthest from the own centroid, or half of the "
     "largest segment.",
     NULL, 0},
    {"cluster.min_share", TSR_KEY_REAL, FIELD(min_share), "0.01", 0, 1, NULL,
     "Segments with a smaller share of the customers are flagged.", NULL, 0},
    {"cluster.weights", TSR_KEY_TEXT, FIELD(weights), "null", 0, 0, NULL,
     "Column that says how much each customer counts in forming segments: an attribute, a column of the matrix or a "
     "feature; numbers from 0 on (0 counts as the smallest quantum); null: all alike.",
     NULL, 0},
    {.path = NULL},
};

const char *tsr_stop_name(tsr_stop stop)
{
    static const char *const names[] = {"settled", "tolerance", "maximum", "cycle"};

    return names[stop];
}

const char *tsr_criterion_name(tsr_criterion criterion)
{
    static const char *const names[] = {"silhouette", "calinski_harabasz", "davies_bouldin", "gap", "stability"};

    return names[criterion];
}

void tsr_kmeans_destroy(tsr_kmeans **model)
{
    if (*model == NULL) return;
    tsr_free(&(*model)->jaccard);
    tsr_free(&(*model)->candidate);
    tsr_free(&(*model)->priority);
    tsr_free(&(*model)->centroid);
    tsr_free(&(*model)->weight);
    tsr_free(&(*model)->count);
    tsr_free(&(*model)->sums);
    tsr_free(model);
}

/* ---- before the fit ---- */

static tsr_status check_choice(const tsr_cluster_params *params)
{
    if ((params->choose == TSR_GAP && params->gap_references == 0) ||
        (params->choose == TSR_STABILITY && params->stability_pairs == 0))
        return TSR_FAIL(TSR_ECONF, "cluster.choose: %s is not computed; let cluster.%s be at least 1",
                        tsr_criterion_name((tsr_criterion)params->choose),
                        params->choose == TSR_GAP ? "gap_references" : "stability_pairs");
    return TSR_OK;
}

static tsr_status check(const tsr_cluster_params *params, const tsr_tiles *tiles, const double *start, int32_t start_k)
{
    tsr_status st = TSR_OK;
    int64_t low = start != NULL ? start_k : params->k.low, high = start != NULL ? start_k : params->k.high;
    int64_t rows = tiles->span.rows_global;

    if (low < 1 || high < low || high > TSR_K_MAX)
        return TSR_FAIL(TSR_ECONF, "cluster.k: %lld..%lld segments asked for; use 1 to %d", (long long)low,
                        (long long)high, TSR_K_MAX);
    if (params->restarts < 1 || params->sample < 1 || params->max_iter < 1 || !(params->tol >= 0))
        return TSR_FAIL(TSR_ECONF, "cluster: restarts, sample and max_iter must be at least 1, tol at least 0");
    if (params->gap_references < 0 || params->stability_pairs < 0 ||
        (params->sample_criteria < 1 && params->gap_references + params->stability_pairs > 0))
        return TSR_FAIL(TSR_ECONF, "cluster: gap_references and stability_pairs must not be negative, and "
                                   "sample_criteria must be at least 1");
    if (start == NULL && high > low) TSR_TRY(check_choice(params));
    if (tiles->cols < 1) return TSR_FAIL(TSR_EDATA, "there is no feature to form segments from");
    if (rows < low)
        return TSR_FAIL(TSR_EDATA, "%lld segments asked for, but there are only %lld customers; lower cluster.k",
                        (long long)low, (long long)rows);
    for (int64_t i = 0; start != NULL && i < (int64_t)start_k * tiles->cols; i++)
        if (!isfinite(start[i]))
            return TSR_FAIL(TSR_EDATA, "cluster.start: centroid %lld, column %lld is not a finite number",
                            (long long)(i / tiles->cols + 1), (long long)(i % tiles->cols + 1));
done:
    return st;
}

/* Everything that decides on the course of the fit, but for pointers. */
static tsr_status check_same(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed,
                             const tsr_tiles *tiles, const double *start, int32_t start_k)
{
    tsr_status st;
    int64_t whole[] = {params->k.low,
                       params->k.high,
                       params->choose,
                       params->restarts,
                       params->sample,
                       params->sample_criteria,
                       params->gap_references,
                       params->stability_pairs,
                       params->max_iter,
                       params->empty,
                       params->seeding,
                       params->checkpoint != NULL,
                       params->checkpoint != NULL && params->checkpoint->from != NULL,
                       tiles->span.rows_global,
                       tiles->cols,
                       tiles->weight != NULL,
                       (int64_t)seed,
                       start == NULL,
                       start == NULL ? 0 : start_k};
    double real[] = {params->tol, tiles->step, tiles->quantum};

    TSR_TRY(tsr_same(comm, whole, sizeof whole, "the settings of K-means"));
    TSR_TRY(tsr_same(comm, real, sizeof real, "the tolerance of K-means, or the step or the quantum of its matrix"));
    if (start != NULL)
        TSR_TRY(tsr_same(comm, start, (size_t)start_k * (size_t)tiles->cols * sizeof *start, "starting centroids"));
done:
    return st;
}

static tsr_status start_from_given(const tsr_tiles *tiles, const double *start, int32_t k, tsr_choice *choice)
{
    tsr_status st;

    *choice = (tsr_choice){.k = k};
    TSR_TRY(tsr_alloc(&choice->centroid, (int64_t)k * tiles->cols, sizeof *choice->centroid));
    for (int64_t i = 0; i < (int64_t)k * tiles->cols; i++) choice->centroid[i] = (float)(start[i] / tiles->step);
done:
    return st;
}

static tsr_status start_from_sample(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                                    const tsr_tiles *tiles, tsr_choice *choice)
{
    tsr_status st;
    int64_t rows = tiles->span.rows_global, high = params->k.high < rows ? params->k.high : rows;
    tsr_tiles *sample = NULL;

    TSR_TRY(tsr_sample_draw(comm, tiles, seed, params->sample > high ? params->sample : high, NULL, &sample));
    TSR_TRY(tsr_choose(comm, params, seed, isa, sample, (int32_t)params->k.low, (int32_t)high, choice));
done:
    tsr_tiles_destroy(&sample);
    return st;
}

/* All rows say where to start; the sample only says with how many segments. */
static tsr_status start_from_all(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                                 const tsr_tiles *tiles, tsr_choice *choice)
{
    tsr_status st;

    if (params->k.high > params->k.low) {
        TSR_TRY(start_from_sample(comm, params, seed, isa, tiles, choice));
    } else {
        choice->k = (int32_t)params->k.low;
        TSR_AGREE(comm, tsr_alloc(&choice->centroid, (int64_t)choice->k * tiles->cols, sizeof *choice->centroid));
    }
    TSR_TRY(tsr_seed_parallel(comm, tiles, seed, choice->k, choice->centroid));
done:
    return st;
}

/* ---- checkpoints ---- */

typedef struct keeper {
    const tsr_checkpoint *checkpoint; /* the caller's */
    const tsr_choice *choice;
} keeper;

/* The state of the iterations, and what was chosen before them. */
static tsr_status keep(const tsr_comm *comm, void *context, const tsr_bundle *state)
{
    tsr_status st;
    const keeper *k = context;
    tsr_bundle *all = NULL;

    TSR_AGREE(comm, tsr_bundle_create(&all));
    TSR_AGREE(comm, tsr_bundle_merge(all, state));
    TSR_AGREE(comm, tsr_choice_save(k->choice, all));
    TSR_TRY(k->checkpoint->save(comm, k->checkpoint->context, all));
done:
    tsr_bundle_destroy(&all);
    return st;
}

/* ---- after the fit ---- */

/* The segments that hold rows, in their order; labels are renumbered where some do not. */
static tsr_status keep_filled(const tsr_lloyd *fit, const double *jaccard, tsr_kmeans *m)
{
    tsr_status st;
    int32_t cols = fit->tiles->cols, to[TSR_K_MAX];
    const int64_t *count = tsr_lloyd_counts(fit, fit->total), *weight = tsr_lloyd_weights(fit, fit->total);

    m->cols = cols;
    for (int32_t c = 0; c < fit->k; c++) to[c] = count[c] > 0 ? m->k++ : -1;
    TSR_TRY(tsr_alloc(&m->sums, (int64_t)m->k * cols, sizeof *m->sums));
    TSR_TRY(tsr_alloc(&m->count, m->k, sizeof *m->count));
    TSR_TRY(tsr_alloc(&m->centroid, (int64_t)m->k * cols, sizeof *m->centroid));
    TSR_TRY(tsr_alloc(&m->priority, m->k, sizeof *m->priority));
    if (weight != count) TSR_TRY(tsr_alloc(&m->weight, m->k, sizeof *m->weight));
    if (jaccard != NULL) TSR_TRY(tsr_alloc(&m->jaccard, m->k, sizeof *m->jaccard));
    for (int32_t c = 0; c < fit->k; c++) {
        int64_t from = (int64_t)c * cols, at = (int64_t)to[c] * cols;
        if (to[c] < 0) continue;
        memcpy(m->sums + at, fit->total + from, (size_t)cols * sizeof *m->sums);
        memcpy(m->centroid + at, fit->centroid + from, (size_t)cols * sizeof *m->centroid);
        m->count[to[c]] = count[c];
        m->priority[to[c]] = to[c];
        if (weight != count) m->weight[to[c]] = weight[c];
        if (jaccard != NULL) m->jaccard[to[c]] = jaccard[c];
    }
    if (m->k == fit->k) goto done;
    for (int64_t i = 0; i < fit->tiles->span.rows; i++) fit->label[i] = (uint16_t)to[fit->label[i]];
done:
    return st;
}

static tsr_status model_from(const tsr_lloyd *fit, const double *jaccard, tsr_choice *choice, tsr_kmeans **model)
{
    tsr_status st;
    tsr_kmeans *m = NULL;

    TSR_TRY(tsr_alloc(&m, 1, sizeof *m));
    m->step = fit->tiles->step;
    m->quantum = fit->tiles->quantum;
    m->iterations = fit->iterations;
    m->moved = fit->moved;
    m->repairs = fit->repairs;
    m->stop = fit->stop;
    m->asked_k = fit->k;
    TSR_TRY(keep_filled(fit, jaccard, m));
    memcpy(m->vote, choice->vote, sizeof m->vote);
    m->sample_rows = choice->sample_rows;
    m->candidates_n = choice->candidates_n;
    m->candidate = choice->candidate;
    choice->candidate = NULL;
    *model = m;
    m = NULL;
done:
    tsr_kmeans_destroy(&m);
    return st;
}

static void report(const tsr_kmeans *m)
{
    if (m->k < m->asked_k)
        tsr_warn("K-means left %d of %d segments: the others held no customer%s", (int)m->k, (int)m->asked_k,
                 m->stop == TSR_STOP_SETTLED ? ", since there are fewer distinct customers than segments" : "");
    if (m->stop == TSR_STOP_CYCLE)
        tsr_warn("K-means stopped in iteration %lld: %lld customers swing between segments that are equally near",
                 (long long)m->iterations, (long long)m->moved);
    if (m->stop == TSR_STOP_MAXIMUM)
        tsr_warn("K-means stopped after cluster.max_iter = %lld iterations; %lld customers still moved",
                 (long long)m->iterations, (long long)m->moved);
}

tsr_status tsr_kmeans_run(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, const tsr_tiles *tiles,
                          const double *start, int32_t start_k, tsr_kmeans **model, uint16_t **label)
{
    tsr_status st;
    tsr_isa isa = TSR_ISA_BASELINE;
    tsr_choice choice = {0};
    tsr_lloyd fit = {0};
    double *jaccard = NULL;
    const tsr_checkpoint *checkpoint = params->checkpoint;
    keeper keeping = {checkpoint, &choice};

    *model = NULL;
    *label = NULL;
    TSR_TRY(check_same(comm, params, seed, tiles, start, start_k));
    TSR_AGREE(comm, check(params, tiles, start, start_k));
    TSR_TRY(tsr_isa_agree(comm, &isa));
    if (checkpoint != NULL && checkpoint->from != NULL)
        TSR_AGREE(comm, tsr_choice_load(checkpoint->from, tiles->cols, &choice));
    else if (start != NULL)
        TSR_AGREE(comm, start_from_given(tiles, start, start_k, &choice));
    else if (params->seeding == TSR_SEED_PARALLEL)
        TSR_TRY(start_from_all(comm, params, seed, isa, tiles, &choice));
    else
        TSR_TRY(start_from_sample(comm, params, seed, isa, tiles, &choice));

    double seconds = tsr_seconds();
    tsr_lloyd_params lloyd = {
        .isa = isa, .max_iter = params->max_iter, .tol = params->tol, .empty = params->empty, .stage = "segments"};
    tsr_checkpoint with_choice = {.save = keep, .context = &keeping};
    if (checkpoint != NULL) {
        with_choice.from = checkpoint->from;
        with_choice.seconds = checkpoint->seconds;
        lloyd.checkpoint = &with_choice;
    }
    TSR_TRY(tsr_lloyd_run(comm, &lloyd, tiles, choice.centroid, choice.k, &fit));
    seconds = tsr_seconds() - seconds;
    tsr_max_double(comm, &seconds, 1);

    TSR_TRY(tsr_segment_stability(comm, params, seed, isa, tiles, fit.centroid, fit.k, &jaccard));
    TSR_AGREE(comm, model_from(&fit, jaccard, &choice, model));
    (*model)->seconds = seconds;
    *label = fit.label;
    fit.label = NULL;
    report(*model);
done:
    if (st != TSR_OK) tsr_kmeans_destroy(model);
    tsr_free(&jaccard);
    tsr_lloyd_clear(&fit);
    tsr_choice_clear(&choice);
    return st;
}

/* ---- using a model ---- */

tsr_status tsr_kmeans_label(tsr_isa isa, const tsr_kmeans *model, const tsr_tiles *tiles, uint16_t **label)
{
    tsr_status st;
    float *centroid = NULL; /* in the order in which ties are decided */
    uint16_t segment[TSR_K_MAX];
    size_t bytes = (size_t)model->cols * sizeof *centroid;

    *label = NULL;
    TSR_ASSERT(tiles->cols == model->cols);
    TSR_TRY(tsr_alloc(&centroid, model->k, bytes));
    TSR_TRY(tsr_alloc_aligned(label, tiles->span.rows, sizeof **label));
    for (int32_t c = 0; c < model->k; c++) {
        int32_t at = model->priority[c];
        memcpy(centroid + (int64_t)at * model->cols, model->centroid + (int64_t)c * model->cols, bytes);
        segment[at] = (uint16_t)c;
    }
    (void)tsr_assign(isa, tiles, centroid, model->k, *label, NULL, NULL);
    for (int64_t i = 0; i < tiles->span.rows; i++) (*label)[i] = segment[(*label)[i]];
done:
    tsr_free(&centroid);
    return st;
}

static void swap_segments(tsr_kmeans *m, int32_t a, int32_t b)
{
    for (int32_t j = 0; j < m->cols; j++) {
        int64_t x = (int64_t)a * m->cols + j, y = (int64_t)b * m->cols + j, sum = m->sums[x];
        float centre = m->centroid[x];
        m->sums[x] = m->sums[y];
        m->sums[y] = sum;
        m->centroid[x] = m->centroid[y];
        m->centroid[y] = centre;
    }
    int64_t count = m->count[a];
    m->count[a] = m->count[b];
    m->count[b] = count;
    if (m->weight != NULL) {
        int64_t weight = m->weight[a];
        m->weight[a] = m->weight[b];
        m->weight[b] = weight;
    }
    int32_t priority = m->priority[a];
    m->priority[a] = m->priority[b];
    m->priority[b] = priority;
    if (m->jaccard == NULL) return;
    double jaccard = m->jaccard[a];
    m->jaccard[a] = m->jaccard[b];
    m->jaccard[b] = jaccard;
}

void tsr_kmeans_renumber(tsr_kmeans *model, const int32_t *order, uint16_t *label, int64_t rows)
{
    int32_t to[TSR_K_MAX];

    memcpy(to, order, (size_t)model->k * sizeof *to);
    for (int32_t c = 0; c < model->k; c++) {
        while (to[c] != c) {
            int32_t place = to[c];
            swap_segments(model, c, place);
            to[c] = to[place];
            to[place] = place;
        }
    }
    for (int64_t i = 0; i < rows; i++) label[i] = (uint16_t)order[label[i]];
}
