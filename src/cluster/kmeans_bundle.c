#include <string.h>

#include "cluster/choose.h"
#include "tessera/memory.h"

enum { CANDIDATE_NUMBERS = 13 };

static void candidate_numbers(const tsr_candidate *c, double *to)
{
    const double numbers[CANDIDATE_NUMBERS] = {c->k,
                                               c->inertia,
                                               c->explained_variance,
                                               c->silhouette_simplified,
                                               c->silhouette_squared,
                                               c->davies_bouldin,
                                               c->calinski_harabasz,
                                               c->gap,
                                               c->gap_error,
                                               c->stability,
                                               c->stability_sd,
                                               c->jaccard,
                                               c->smallest_share};

    memcpy(to, numbers, sizeof numbers);
}

static tsr_status save_candidates(const tsr_kmeans *model, tsr_bundle *bundle)
{
    tsr_status st = TSR_OK;
    double *numbers = NULL;

    if (model->candidates_n == 0) return TSR_OK;
    TSR_TRY(tsr_alloc(&numbers, model->candidates_n, CANDIDATE_NUMBERS * sizeof *numbers));
    for (int32_t i = 0; i < model->candidates_n; i++)
        candidate_numbers(&model->candidate[i], numbers + (size_t)i * CANDIDATE_NUMBERS);
    TSR_TRY(
        tsr_bundle_put(bundle, "/kmeans/candidates", TSR_F64, model->candidates_n, CANDIDATE_NUMBERS, numbers, NULL,
                       "k, inertia, explained variance, simplified silhouette, squared silhouette, "
                       "Davies-Bouldin, Calinski-Harabasz, gap, its error, stability, its sd, smallest Jaccard index, "
                       "smallest share, on the sample"));
    TSR_TRY(tsr_bundle_put(bundle, "/kmeans/vote", TSR_I32, TSR_CRITERIA, 0, model->vote, NULL,
                           "the k that each criterion names: silhouette, Calinski-Harabasz, Davies-Bouldin, gap, "
                           "stability; 0: undefined"));
done:
    tsr_free(&numbers);
    return st;
}

tsr_status tsr_kmeans_save(const tsr_kmeans *model, tsr_bundle *bundle)
{
    tsr_status st;
    int32_t k = model->k, cols = model->cols;

    TSR_TRY(tsr_bundle_put(bundle, "/kmeans/centroids", TSR_F32, k, cols, model->centroid, "steps",
                           "centroids, one per segment, in steps of the clustered matrix"));
    TSR_TRY(tsr_bundle_put(bundle, "/kmeans/sums", TSR_I64, k, cols, model->sums, "steps",
                           "exact sums over the customers of each segment, times their weights where they have some"));
    TSR_TRY(
        tsr_bundle_put(bundle, "/kmeans/count", TSR_I64, k, 0, model->count, "customers", "customers of each segment"));
    if (model->weight != NULL)
        TSR_TRY(tsr_bundle_put(bundle, "/kmeans/weight", TSR_I64, k, 0, model->weight, "quanta",
                               "sums of the weights of the customers of each segment"));
    if (model->quantum != 1) TSR_TRY(tsr_bundle_put_real(bundle, "/kmeans/quantum", model->quantum));
    TSR_TRY(tsr_bundle_put(bundle, "/kmeans/priority", TSR_I32, k, 0, model->priority, NULL,
                           "a customer equally near to two segments is in the one with the smaller number here"));
    TSR_TRY(tsr_bundle_put_real(bundle, "/kmeans/step", model->step));
    TSR_TRY(tsr_bundle_put_int(bundle, "/kmeans/asked_k", model->asked_k));
    TSR_TRY(tsr_bundle_put_int(bundle, "/kmeans/iterations", model->iterations));
    TSR_TRY(tsr_bundle_put_int(bundle, "/kmeans/moved", model->moved));
    TSR_TRY(tsr_bundle_put_int(bundle, "/kmeans/repairs", model->repairs));
    TSR_TRY(tsr_bundle_put_int(bundle, "/kmeans/sample_rows", model->sample_rows));
    TSR_TRY(tsr_bundle_put_text(bundle, "/kmeans/stop", tsr_stop_name(model->stop)));
    TSR_TRY(save_candidates(model, bundle));
    if (model->jaccard != NULL)
        TSR_TRY(tsr_bundle_put(bundle, "/kmeans/jaccard", TSR_F64, k, 0, model->jaccard, NULL,
                               "how well half-samples find each segment again"));
done:
    return st;
}

static tsr_status load_stop(const tsr_bundle *bundle, tsr_stop *stop)
{
    tsr_status st;
    const char *name = NULL;

    TSR_TRY(tsr_bundle_get_text(bundle, "/kmeans/stop", &name));
    for (int s = TSR_STOP_SETTLED; s <= TSR_STOP_CYCLE; s++) {
        if (strcmp(name, tsr_stop_name((tsr_stop)s)) != 0) continue;
        *stop = (tsr_stop)s;
        return TSR_OK;
    }
    st = TSR_FAIL(TSR_EDATA, "/kmeans/stop is \"%s\", which means nothing here", name);
done:
    return st;
}

/* A copy of an array whose first dimension must be k. */
static tsr_status load_array(const tsr_bundle *bundle, const char *path, tsr_type type, int64_t k, int64_t cols,
                             void *out)
{
    tsr_status st;
    const void *values = NULL;
    int64_t rows_there = 0, cols_there = 0;
    size_t width = (size_t)(cols > 0 ? cols : 1) * tsr_type_bytes(type);
    void *copy = NULL;

    TSR_TRY(tsr_bundle_get(bundle, path, type, &rows_there, &cols_there, &values));
    if (rows_there != k || (cols > 0 && cols_there != cols))
        return TSR_FAIL(TSR_EDATA, "%s does not fit the other arrays of the model", path);
    TSR_TRY(tsr_alloc(&copy, k, width));
    memcpy(copy, values, (size_t)k * width);
    memcpy(out, &copy, sizeof copy);
done:
    return st;
}

static tsr_status load_candidates(const tsr_bundle *bundle, tsr_kmeans *m)
{
    tsr_status st = TSR_OK;
    int64_t rows = 0, cols = 0;
    const void *values = NULL;

    if (!tsr_bundle_has(bundle, "/kmeans/candidates")) return TSR_OK;
    TSR_TRY(tsr_bundle_get(bundle, "/kmeans/candidates", TSR_F64, &rows, &cols, &values));
    if (cols != CANDIDATE_NUMBERS)
        return TSR_FAIL(TSR_EDATA, "/kmeans/candidates has %lld columns, not %d", (long long)cols, CANDIDATE_NUMBERS);
    TSR_TRY(tsr_alloc(&m->candidate, rows, sizeof *m->candidate));
    m->candidates_n = (int32_t)rows;
    for (int64_t i = 0; i < rows; i++) {
        const double *v = (const double *)values + i * CANDIDATE_NUMBERS;
        m->candidate[i] =
            (tsr_candidate){(int32_t)v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12]};
    }
    TSR_TRY(tsr_bundle_get(bundle, "/kmeans/vote", TSR_I32, &rows, NULL, &values));
    if (rows != TSR_CRITERIA) return TSR_FAIL(TSR_EDATA, "/kmeans/vote has %lld numbers", (long long)rows);
    memcpy(m->vote, values, sizeof m->vote);
done:
    return st;
}

static tsr_status load_numbers(const tsr_bundle *bundle, tsr_kmeans *m)
{
    tsr_status st;
    int64_t asked_k = 0;

    TSR_TRY(tsr_bundle_get_real(bundle, "/kmeans/step", &m->step));
    m->quantum = 1;
    if (tsr_bundle_has(bundle, "/kmeans/quantum")) TSR_TRY(tsr_bundle_get_real(bundle, "/kmeans/quantum", &m->quantum));
    TSR_TRY(tsr_bundle_get_int(bundle, "/kmeans/asked_k", &asked_k));
    TSR_TRY(tsr_bundle_get_int(bundle, "/kmeans/iterations", &m->iterations));
    TSR_TRY(tsr_bundle_get_int(bundle, "/kmeans/moved", &m->moved));
    TSR_TRY(tsr_bundle_get_int(bundle, "/kmeans/repairs", &m->repairs));
    TSR_TRY(tsr_bundle_get_int(bundle, "/kmeans/sample_rows", &m->sample_rows));
    TSR_TRY(load_stop(bundle, &m->stop));
    m->asked_k = (int32_t)asked_k;
done:
    return st;
}

static bool is_permutation(const int32_t *order, int32_t n)
{
    bool seen[TSR_K_MAX] = {false};

    for (int32_t i = 0; i < n; i++) {
        if (order[i] < 0 || order[i] >= n || seen[order[i]]) return false;
        seen[order[i]] = true;
    }
    return true;
}

tsr_status tsr_kmeans_load(const tsr_bundle *bundle, tsr_kmeans **model)
{
    tsr_status st;
    tsr_kmeans *m = NULL;
    int64_t k = 0, cols = 0;
    const void *values = NULL;

    *model = NULL;
    TSR_TRY(tsr_bundle_get(bundle, "/kmeans/centroids", TSR_F32, &k, &cols, &values));
    if (k < 1 || k > TSR_K_MAX || cols < 1)
        return TSR_FAIL(TSR_EDATA, "/kmeans/centroids has %lld rows and %lld columns", (long long)k, (long long)cols);
    TSR_TRY(tsr_alloc(&m, 1, sizeof *m));
    m->k = (int32_t)k;
    m->cols = (int32_t)cols;
    TSR_TRY(load_array(bundle, "/kmeans/centroids", TSR_F32, k, cols, &m->centroid));
    TSR_TRY(load_array(bundle, "/kmeans/sums", TSR_I64, k, cols, &m->sums));
    TSR_TRY(load_array(bundle, "/kmeans/count", TSR_I64, k, 0, &m->count));
    if (tsr_bundle_has(bundle, "/kmeans/weight"))
        TSR_TRY(load_array(bundle, "/kmeans/weight", TSR_I64, k, 0, &m->weight));
    TSR_TRY(load_array(bundle, "/kmeans/priority", TSR_I32, k, 0, &m->priority));
    TSR_TRY(load_numbers(bundle, m));
    TSR_TRY(load_candidates(bundle, m));
    if (tsr_bundle_has(bundle, "/kmeans/jaccard"))
        TSR_TRY(load_array(bundle, "/kmeans/jaccard", TSR_F64, k, 0, &m->jaccard));
    if (!is_permutation(m->priority, m->k)) {
        st = TSR_FAIL(TSR_EDATA, "/kmeans/priority does not number the segments");
        goto done;
    }
    *model = m;
    m = NULL;
done:
    tsr_kmeans_destroy(&m);
    return st;
}

tsr_status tsr_choice_save(const tsr_choice *choice, tsr_bundle *bundle)
{
    tsr_status st;
    tsr_kmeans draft = {.k = choice->k, .candidates_n = choice->candidates_n, .candidate = choice->candidate};

    memcpy(draft.vote, choice->vote, sizeof draft.vote);
    TSR_TRY(tsr_bundle_put_int(bundle, "/choice/k", choice->k));
    TSR_TRY(tsr_bundle_put_int(bundle, "/choice/sample_rows", choice->sample_rows));
    TSR_TRY(save_candidates(&draft, bundle));
done:
    return st;
}

tsr_status tsr_choice_load(const tsr_bundle *bundle, int32_t cols, tsr_choice *choice)
{
    tsr_status st;
    tsr_kmeans draft = {0};
    int64_t k = 0;

    *choice = (tsr_choice){0};
    TSR_TRY(tsr_bundle_get_int(bundle, "/choice/k", &k));
    if (k < 1 || k > TSR_K_MAX) return TSR_FAIL(TSR_EDATA, "/choice/k of the checkpoint is %lld", (long long)k);
    draft.k = (int32_t)k;
    TSR_TRY(tsr_bundle_get_int(bundle, "/choice/sample_rows", &choice->sample_rows));
    TSR_TRY(load_candidates(bundle, &draft));
    TSR_TRY(tsr_alloc(&choice->centroid, k * cols, sizeof *choice->centroid));
done:
    choice->k = draft.k;
    choice->candidates_n = draft.candidates_n;
    choice->candidate = draft.candidate;
    memcpy(choice->vote, draft.vote, sizeof choice->vote);
    if (st != TSR_OK) tsr_choice_clear(choice);
    return st;
}
