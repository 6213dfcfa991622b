#include "mpi_test.h"

#include <string.h>

#include "tessera/kmeans.h"
#include "tiles_test.h"

enum { COLS = 3 };

static const tsr_cluster_params usual = {.k = {2, 7},
                                         .restarts = 3,
                                         .sample = 700,
                                         .sample_criteria = 600,
                                         .gap_references = 5,
                                         .stability_pairs = 4,
                                         .max_iter = 300};

/* Four round clouds at the corners of a regular tetrahedron: no two of them lie nearer together than others. */
static double apart(int64_t row, int32_t col)
{
    double noise = test_uniform(row, col) + test_uniform(row, col + 1000) + test_uniform(row, col + 2000) - 1.5;

    return (row % 4 == 0 || row % 4 == 3 - col ? 0 : 8) + noise;
}

static double one_cloud(int64_t row, int32_t col)
{
    return test_uniform(row, col);
}

static tsr_kmeans *fit(const tsr_comm *comm, const tsr_cluster_params *params, test_deal deal, test_value value)
{
    tsr_tiles *tiles = test_tiles(comm, 900, COLS, 1e-3, deal, value);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    tsr_free(&label);
    test_tiles_free(&tiles);
    return model;
}

static void clouds_that_lie_apart_are_found_by_every_criterion(void **state)
{
    const tsr_comm *comm = *state;

    for (int c = 0; c < TSR_CRITERIA; c++) {
        tsr_cluster_params params = usual;
        params.choose = c;
        tsr_kmeans *model = fit(comm, &params, DEAL_EVENLY, apart);
        const tsr_candidate *four = &model->candidate[2];

        CHECK_ALL(comm, model->k == 4 && model->candidates_n == 6);
        for (int v = 0; v < TSR_CRITERIA; v++) CHECK_ALL(comm, model->vote[v] == 4);
        CHECK_ALL(comm, four->stability == 1 && four->stability_sd == 0 && four->jaccard == 1);
        CHECK_ALL(comm, four->gap > 1 && four->gap_error > 0 && four->gap_error < 0.1);
        CHECK_ALL(comm, model->candidate[4].stability < 0.95 && model->candidate[4].jaccard < 0.9);
        for (int s = 0; s < 4; s++) CHECK_ALL(comm, model->jaccard[s] == 1);
        tsr_kmeans_destroy(&model);
    }
}

/* Nothing to be found: uniform in a box is what the references are. */
static void one_cloud_has_no_gap(void **state)
{
    const tsr_comm *comm = *state;
    tsr_cluster_params params = usual;

    params.choose = TSR_GAP;
    tsr_kmeans *model = fit(comm, &params, DEAL_EVENLY, one_cloud);
    for (int i = 0; i < 6; i++) CHECK_ALL(comm, fabs(model->candidate[i].gap) < 0.06);
    CHECK_ALL(comm, model->k == model->vote[TSR_GAP] && model->k < 7);
    tsr_kmeans_destroy(&model);
}

static void criteria_are_the_same_however_rows_are_dealt(void **state)
{
    const tsr_comm *comm = *state;
    tsr_kmeans *even = fit(comm, &usual, DEAL_EVENLY, test_clouds), *last = fit(comm, &usual, DEAL_LAST, test_clouds);
    uint64_t hash = test_hash(1, even->jaccard, (size_t)even->k * sizeof *even->jaccard);

    for (int i = 0; i < 6; i++) hash = test_hash(hash, &even->candidate[i].inertia, 11 * sizeof(double));
    hash = test_hash(hash, even->vote, sizeof even->vote);
    CHECK_ALL(comm, memcmp(even->candidate, last->candidate, 6 * sizeof *even->candidate) == 0);
    CHECK_ALL(comm, memcmp(even->vote, last->vote, sizeof even->vote) == 0);
    CHECK_ALL(comm, hash == 0x10943121ce22ff43);
    tsr_kmeans_destroy(&last);
    tsr_kmeans_destroy(&even);
}

static void criteria_that_are_not_computed_are_undefined_and_cannot_decide(void **state)
{
    const tsr_comm *comm = *state;
    tsr_cluster_params params = usual;
    tsr_tiles *tiles = test_tiles(comm, 100, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    params.gap_references = params.stability_pairs = params.sample_criteria = 0;
    model = fit(comm, &params, DEAL_EVENLY, apart);
    CHECK_ALL(comm, model->k == 4 && model->jaccard == NULL);
    CHECK_ALL(comm, model->vote[TSR_GAP] == 0 && model->vote[TSR_STABILITY] == 0 && model->vote[TSR_SILHOUETTE] == 4);
    CHECK_ALL(comm, isnan(model->candidate[2].gap) && isnan(model->candidate[2].stability));
    tsr_kmeans_destroy(&model);
    params.choose = TSR_GAP;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "gap_references") != NULL);
    params.choose = TSR_STABILITY;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "stability_pairs") != NULL && model == NULL && label == NULL);
    test_tiles_free(&tiles);
}

/* Whatever the fit started from: a k that was given, centroids that were given, seeds from all rows. */
static void segments_of_a_given_k_say_how_stable_they_are(void **state)
{
    static const double centres[] = {1, 9, 9, 9, 9, 1, 9, 1, 9, 1, 9, 9};
    const tsr_comm *comm = *state;

    for (int way = 0; way < 3; way++) {
        tsr_cluster_params params = usual;
        tsr_tiles *tiles = test_tiles(comm, 900, COLS, 1e-3, DEAL_LAST, apart);
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;

        params.k = (tsr_range){4, 4};
        params.seeding = way == 1 ? TSR_SEED_PARALLEL : TSR_SEED_SAMPLE;
        CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, way == 2 ? centres : NULL, way == 2 ? 4 : 0, &model,
                                       &label) == TSR_OK);
        CHECK_ALL(comm, model->k == 4 && model->candidates_n == 0 && model->jaccard != NULL);
        for (int s = 0; s < 4; s++) CHECK_ALL(comm, model->jaccard[s] == 1);
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
        test_tiles_free(&tiles);
    }
}

static void a_cloud_cut_in_two_is_told_from_those_left_whole(void **state)
{
    const tsr_comm *comm = *state;
    tsr_cluster_params params = usual;
    int whole = 0, cut = 0;

    params.k = (tsr_range){5, 5};
    tsr_kmeans *even = fit(comm, &params, DEAL_EVENLY, apart), *last = fit(comm, &params, DEAL_LAST, apart);
    for (int s = 0; s < 5; s++) whole += even->jaccard[s] > 0.75;
    for (int s = 0; s < 5; s++) cut += even->jaccard[s] < 0.6;
    CHECK_ALL(comm, whole == 3 && cut == 2);
    CHECK_ALL(comm, memcmp(even->jaccard, last->jaccard, 5 * sizeof *even->jaccard) == 0);
    tsr_kmeans_destroy(&last);
    tsr_kmeans_destroy(&even);
    params.sample_criteria = 79; /* 15 a segment */
    tsr_kmeans *few = fit(comm, &params, DEAL_EVENLY, apart);
    CHECK_ALL(comm, few->jaccard == NULL);
    tsr_kmeans_destroy(&few);
}

static double all_equal(int64_t row, int32_t col)
{
    (void)row;
    return col;
}

/* Every reference and the data have inertia 0; every criterion is undefined or the same for all. */
static void equal_rows_leave_the_smallest_k(void **state)
{
    const tsr_comm *comm = *state;

    for (int c = 0; c < TSR_CRITERIA; c++) {
        tsr_cluster_params params = usual;
        params.choose = c;
        tsr_kmeans *model = fit(comm, &params, DEAL_EVENLY, all_equal);
        CHECK_ALL(comm, model->k == 1 && model->asked_k == 2 && model->vote[TSR_GAP] == 0);
        CHECK_ALL(comm, isnan(model->candidate[0].gap) && model->count[0] == 900);
        tsr_kmeans_destroy(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clouds_that_lie_apart_are_found_by_every_criterion),
        cmocka_unit_test(one_cloud_has_no_gap),
        cmocka_unit_test(criteria_are_the_same_however_rows_are_dealt),
        cmocka_unit_test(criteria_that_are_not_computed_are_undefined_and_cannot_decide),
        cmocka_unit_test(segments_of_a_given_k_say_how_stable_they_are),
        cmocka_unit_test(a_cloud_cut_in_two_is_told_from_those_left_whole),
        cmocka_unit_test(equal_rows_leave_the_smallest_k),
    };
    return RUN_MPI_TESTS(tests);
}
