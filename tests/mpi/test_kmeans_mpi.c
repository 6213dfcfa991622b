#include "mpi_test.h"

#include <string.h>

#include "tessera/kmeans.h"
#include "tessera/reduce.h"
#include "tiles_test.h"

enum { ROWS = 1500, COLS = 4 };

static const tsr_cluster_params usual = {.k = {3, 7},
                                         .restarts = 3,
                                         .sample = 400,
                                         .sample_criteria = 300,
                                         .gap_references = 4,
                                         .stability_pairs = 3,
                                         .max_iter = 300};

static tsr_cluster_params with_k(int64_t k)
{
    tsr_cluster_params params = usual;

    params.k = (tsr_range){k, k};
    return params;
}

/* Labels of all rows in their order, as one number. */
static uint64_t label_hash(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label)
{
    int64_t hash = 0;

    for (int64_t i = 0; i < tiles->span.rows; i++)
        hash += (int64_t)(test_hash((uint64_t)(tiles->span.first + i) + 1, &label[i], sizeof *label) >> 8);
    tsr_sum_int64(comm, &hash, 1);
    return (uint64_t)hash;
}

static uint64_t model_hash(const tsr_kmeans *m)
{
    uint64_t hash = test_hash((uint64_t)m->k, m->centroid, (size_t)(m->k * m->cols) * sizeof *m->centroid);

    hash = test_hash(hash, m->sums, (size_t)(m->k * m->cols) * sizeof *m->sums);
    hash = test_hash(hash, m->count, (size_t)m->k * sizeof *m->count);
    for (int32_t i = 0; i < m->candidates_n; i++) hash = test_hash(hash, &m->candidate[i].inertia, 6 * sizeof(double));
    return test_hash(hash, &m->iterations, sizeof m->iterations);
}

/* Sums and counts are those of the labels, labels are those of the centroids. */
static bool holds_together(const tsr_comm *comm, const tsr_kmeans *m, const tsr_tiles *tiles, const uint16_t *label)
{
    int64_t sums[64 * COLS] = {0}, count[64] = {0};
    uint16_t *again = NULL;
    bool right;

    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t row[COLS];
        tsr_tiles_row(tiles, i, row);
        count[label[i]]++;
        for (int j = 0; j < m->cols; j++) sums[label[i] * m->cols + j] += row[j];
    }
    tsr_sum_int64(comm, sums, m->k * m->cols);
    tsr_sum_int64(comm, count, m->k);
    right = memcmp(sums, m->sums, (size_t)(m->k * m->cols) * sizeof *sums) == 0 &&
            memcmp(count, m->count, (size_t)m->k * sizeof *count) == 0;
    if (tsr_kmeans_label(TSR_ISA_BASELINE, m, tiles, &again) != TSR_OK) return false;
    right &= memcmp(again, label, (size_t)tiles->span.rows * sizeof *label) == 0;
    tsr_free(&again);
    return right;
}

static void bits_are_the_same_at_any_number_of_ranks(void **state)
{
    const tsr_comm *comm = *state;

    for (int deal = 0; deal < 2; deal++) {
        tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, (test_deal)deal, test_clouds);
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;

        CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
        CHECK_ALL(comm, model->k == 4 && model->candidates_n == 5 && model->stop == TSR_STOP_SETTLED);
        for (int i = 0; i < 5; i++) {
            const tsr_candidate *c = &model->candidate[i];
            CHECK_ALL(comm, c->k == 3 + i);
            CHECK_ALL(comm, c->silhouette_simplified <= model->candidate[model->k - 3].silhouette_simplified);
        }
        CHECK_ALL(comm, model->sample_rows == 400 && model->moved == 0);
        CHECK_ALL(comm, model_hash(model) == 0x1e2d6abca3d3df88);
        CHECK_ALL(comm, label_hash(comm, tiles, label) == 0x3a60c66231993592);
        CHECK_ALL(comm, holds_together(comm, model, tiles, label));
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
        test_tiles_free(&tiles);
    }
}

/* Each variant of the kernel by name, where the processor has it. */
static void bits_are_the_same_with_every_variant_of_the_kernel(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"baseline", "avx2", "avx512"};
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    uint64_t first = 0;

    for (int i = 0; i < 3; i++) {
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;

        setenv("TESSERA_ISA", names[i], 1);
        tsr_status st = tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label);
        unsetenv("TESSERA_ISA");
        CHECK_ALL(comm, st == TSR_OK || (i > 0 && st == TSR_ECONF));
        if (st != TSR_OK) continue;
        uint64_t hash = model_hash(model) ^ label_hash(comm, tiles, label);
        if (i == 0) first = hash;
        CHECK_ALL(comm, hash == first);
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
    }
    test_tiles_free(&tiles);
}

/* The plain algorithm in double, on one rank's copy of everything, from the same start. */
static void given_start_converges_to_what_the_plain_algorithm_finds(void **state)
{
    enum { K = 5 };
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    double start[K * COLS], centre[K * COLS];
    static double value[ROWS][COLS];
    static uint16_t plain[ROWS];
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    int64_t iterations = 0;

    for (int64_t i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) value[i][j] = rint(test_clouds(i, j) / 1e-3);
    for (int c = 0; c < K * COLS; c++) centre[c] = value[c / COLS][c % COLS], start[c] = centre[c] * 1e-3;
    memset(plain, 0xff, sizeof plain);
    for (int64_t moved = 1; moved > 0; iterations++) {
        double sum[K * COLS] = {0}, n[K] = {0};
        moved = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            double best = INFINITY;
            uint16_t nearest = 0;
            for (uint16_t c = 0; c < K; c++) {
                double d = 0;
                for (int j = 0; j < COLS; j++) d += pow(value[i][j] - centre[c * COLS + j], 2);
                if (d < best) best = d, nearest = c;
            }
            moved += plain[i] != nearest;
            plain[i] = nearest;
            n[nearest]++;
            for (int j = 0; j < COLS; j++) sum[nearest * COLS + j] += value[i][j];
        }
        for (int c = 0; c < K * COLS; c++) centre[c] = sum[c] / n[c / COLS];
    }
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, K, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == K && model->candidates_n == 0 && model->sample_rows == 0);
    CHECK_ALL(comm, model->iterations == iterations);
    CHECK_ALL(comm, memcmp(label, plain + tiles->span.first, (size_t)tiles->span.rows * sizeof *label) == 0);
    for (int c = 0; c < K * COLS; c++) CHECK_ALL(comm, model->centroid[c] == (float)centre[c]);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static void stops_at_the_maximum_and_at_the_tolerance_hold_together(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_uniform);
    tsr_cluster_params once = with_k(6), loose = with_k(6);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    once.max_iter = 1;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &once, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->stop == TSR_STOP_MAXIMUM && model->iterations == 1 && model->moved == ROWS);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);

    loose.tol = 0.01;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &loose, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->stop == TSR_STOP_TOLERANCE && model->moved > 0);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* A start far from all rows: everything goes to one centroid, the others are filled one after the other. */
static void empty_segments_take_the_farthest_rows(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 300, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    double start[6 * COLS];
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    for (int i = 0; i < 6 * COLS; i++) start[i] = i < COLS ? 0 : 30 + i;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 6, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 6 && model->repairs >= 5 && model->stop == TSR_STOP_SETTLED);
    for (int c = 0; c < 6; c++) CHECK_ALL(comm, model->count[c] > 0);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    CHECK_ALL(comm, model_hash(model) == 0x8600b23291dd7a3c);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* Rows 0..9 are one point but for row 4 and row 7. */
static double few_points(int64_t row, int32_t col)
{
    return row == 4 ? 5 : row == 7 ? -3 + col : 1;
}

static void fewer_distinct_rows_than_segments_give_fewer_segments(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 10, COLS, 1, DEAL_EVENLY, few_points);
    const tsr_cluster_params params = with_k(5);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 3 && model->asked_k == 5);
    CHECK_ALL(comm, model->count[0] + model->count[1] + model->count[2] == 10);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* The sample misses the rare points; the repair on all rows finds them. */
static double rare_points(int64_t row, int32_t col)
{
    return row % 500 == 3 ? (double)(row / 500 + 2 + col) : 1;
}

static void points_that_the_sample_missed_become_segments(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1, DEAL_EVENLY, rare_points);
    tsr_cluster_params params = with_k(4);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    params.sample = 16;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 4 && model->repairs >= 1);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static double one_value(int64_t row, int32_t col)
{
    (void)row;
    return col + 1;
}

static void equal_rows_are_one_segment(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 40, COLS, 1, DEAL_EVENLY, one_value);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 1 && model->asked_k == 3 && model->count[0] == 40);
    CHECK_ALL(comm, isnan(model->candidate[0].silhouette_simplified));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static void one_segment_and_one_row_each_are_both_legal(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 6, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    const tsr_cluster_params one = with_k(1), each = with_k(6);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &one, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 1 && model->count[0] == 6);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &each, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 6);
    for (int c = 0; c < 6; c++) CHECK_ALL(comm, model->count[c] == 1);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static void more_segments_than_rows_are_refused_and_a_range_is_cut(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 5, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    const tsr_cluster_params six = with_k(6);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &six, 1, tiles, NULL, 0, &model, &label) == TSR_EDATA);
    CHECK_ALL(comm, model == NULL && label == NULL && strstr(tsr_error_last()->text, "5 customers") != NULL);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->candidates_n == 3 && model->candidate[2].k == 5);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static void bad_settings_and_bad_starts_are_refused_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 50, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_cluster_params none = with_k(0), many = with_k(TSR_K_MAX + 1), differ = usual;
    double start[2 * COLS] = {0};
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &none, 1, tiles, NULL, 0, &model, &label) == TSR_ECONF);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &many, 1, tiles, NULL, 0, &model, &label) == TSR_ECONF);
    start[COLS + 1] = NAN;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 2, &model, &label) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "centroid 2, column 2") != NULL);
    start[COLS + 1] = 0;
    if (comm->size > 1) {
        differ.restarts += comm->rank;
        CHECK_ALL(comm, tsr_kmeans_run(comm, &differ, 1, tiles, NULL, 0, &model, &label) == TSR_ECONF);
        start[0] = comm->rank;
        CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 2, &model, &label) == TSR_ECONF);
    }
    CHECK_ALL(comm, model == NULL && label == NULL);
    test_tiles_free(&tiles);
}

static void rows_without_columns_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 50, 0, 1, DEAL_EVENLY, test_clouds);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no feature") != NULL && model == NULL && label == NULL);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 60, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_cluster_params small = usual;
    bool failed = true;
    int nth = 1;

    small.k.high = 4;
    small.restarts = small.gap_references = small.stability_pairs = 1;
    for (; failed && nth < 900; nth += nth < 20 ? 1 : 17) {
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;

        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_kmeans_run(comm, &small, 1, tiles, NULL, 0, &model, &label);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_ENOMEM || st == TSR_OK);
        failed = st != TSR_OK;
        CHECK_ALL(comm, (model == NULL) == failed && (label == NULL) == failed);
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
    }
    CHECK_ALL(comm, nth > 20 && !failed);
    test_tiles_free(&tiles);
}

/* The wish reaches one rank, in the middle of the fit on all rows. */
static void wish_to_stop_on_one_rank_stops_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_uniform);
    double start[5 * COLS];
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    char plan[80];

    for (int i = 0; i < 5 * COLS; i++) start[i] = test_uniform(i / COLS, i % COLS);
    tsr_interrupt_install(0);
    snprintf(plan, sizeof plan, "point=kmeans,rank=%d,nth=3,action=usr1", comm->size - 1);
    tsr_fault_set(plan);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 5, &model, &label) == TSR_EINTR);
    CHECK_ALL(comm, model == NULL && label == NULL && strstr(tsr_error_last()->text, "iteration 3") != NULL);
    tsr_fault_set(NULL);
    test_tiles_free(&tiles);
}

/* In a task, which the other ranks know nothing of. */
static void wish_to_stop_on_one_rank_in_the_fits_on_the_sample_stops_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_uniform);
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    char plan[80];

    tsr_interrupt_install(0);
    snprintf(plan, sizeof plan, "point=kmeans,rank=%d,nth=5,action=usr1", comm->size - 1);
    tsr_fault_set(plan);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_EINTR);
    CHECK_ALL(comm, model == NULL && label == NULL);
    tsr_fault_set(NULL);
    test_tiles_free(&tiles);
}

static void failure_inside_the_fit_on_one_rank_reaches_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_uniform);
    double start[5 * COLS];
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    for (int i = 0; i < 5 * COLS; i++) start[i] = test_uniform(i / COLS, i % COLS);
    fail_last_rank(comm, "kmeans", 2);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 5, &model, &label) == TSR_EBUG);
    CHECK_ALL(comm, tsr_error_last()->rank == comm->size - 1);
    tsr_fault_set(NULL);
    test_tiles_free(&tiles);
}

/* Row 1 is as near to 0 as to 2. */
static double three_points(int64_t row, int32_t col)
{
    return col == 0 ? (double)(row % 3) : 0;
}

static void renumbered_model_gives_the_renumbered_labels_ties_too(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 9, COLS, 1, DEAL_EVENLY, three_points);
    double start[2 * COLS] = {0};
    const int32_t order[2] = {1, 0};
    tsr_cluster_params once = usual;
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    start[COLS] = 2;
    once.max_iter = 1;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &once, 1, tiles, start, 2, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->count[0] == 6 && model->count[1] == 3); /* the tie went to the first */
    tsr_kmeans_renumber(model, order, label, tiles->span.rows);
    CHECK_ALL(comm, model->count[0] == 3 && model->count[1] == 6 && model->centroid[0] == 2);
    bool right = true;
    for (int64_t i = 0; i < tiles->span.rows; i++) right &= label[i] == ((tiles->span.first + i) % 3 == 2 ? 0 : 1);
    CHECK_ALL(comm, right);
    CHECK_ALL(comm, holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* Numbers of rows pass 2^31 and 2^32 in the middle of the matrix; the first rows come from ranks that are not here. */
static void rows_numbered_around_31_and_32_bits_are_clustered_as_the_first_ones(void **state)
{
    static const int64_t before[] = {0, (INT64_C(1) << 31) - ROWS / 2, (INT64_C(1) << 32) - ROWS / 2};
    const tsr_comm *comm = *state;
    double start[5 * COLS];
    uint64_t first_model = 0, first_labels = 0;

    for (int c = 0; c < 5 * COLS; c++) start[c] = test_clouds(c / COLS, c % COLS);
    for (int i = 0; i < 3; i++) {
        tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
        tsr_span small = tiles->span;
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;
        tiles->span.first += before[i];
        tiles->span.rows_global += before[i];
        CHECK_ALL(comm, small.rows == 0 ||
                            tsr_tiles_number(tiles, small.rows - 1) == before[i] + small.first + small.rows - 1);
        CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, start, 5, &model, &label) == TSR_OK);
        tiles->span = small;
        if (i == 0) first_model = model_hash(model), first_labels = label_hash(comm, tiles, label);
        CHECK_ALL(comm, model_hash(model) == first_model && label_hash(comm, tiles, label) == first_labels);
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
        test_tiles_free(&tiles);
    }
}

static void model_survives_its_bundle(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 300, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    int32_t order[8];
    tsr_bundle *bundle = NULL;
    tsr_kmeans *model = NULL, *read = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &usual, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    for (int32_t c = 0; c < model->k; c++) order[c] = (c + 2) % model->k;
    tsr_kmeans_renumber(model, order, label, tiles->span.rows);
    CHECK_ALL(comm, tsr_bundle_create(&bundle) == TSR_OK);
    CHECK_ALL(comm, tsr_kmeans_load(bundle, &read) == TSR_EDATA && read == NULL);
    CHECK_ALL(comm, tsr_kmeans_save(model, bundle) == TSR_OK);
    CHECK_ALL(comm, tsr_kmeans_load(bundle, &read) == TSR_OK);
    CHECK_ALL(comm, model_hash(read) == model_hash(model) && read->stop == model->stop && read->step == model->step);
    CHECK_ALL(comm, read->asked_k == model->asked_k && read->sample_rows == 300);
    CHECK_ALL(comm, holds_together(comm, read, tiles, label));
    tsr_kmeans_destroy(&read);
    order[0] = order[1];
    CHECK_ALL(comm, tsr_bundle_put(bundle, "/kmeans/priority", TSR_I32, model->k, 0, order, NULL, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_kmeans_load(bundle, &read) == TSR_EDATA && read == NULL);
    tsr_bundle_destroy(&bundle);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_the_same_at_any_number_of_ranks),
        cmocka_unit_test(bits_are_the_same_with_every_variant_of_the_kernel),
        cmocka_unit_test(given_start_converges_to_what_the_plain_algorithm_finds),
        cmocka_unit_test(stops_at_the_maximum_and_at_the_tolerance_hold_together),
        cmocka_unit_test(empty_segments_take_the_farthest_rows),
        cmocka_unit_test(fewer_distinct_rows_than_segments_give_fewer_segments),
        cmocka_unit_test(points_that_the_sample_missed_become_segments),
        cmocka_unit_test(equal_rows_are_one_segment),
        cmocka_unit_test(one_segment_and_one_row_each_are_both_legal),
        cmocka_unit_test(more_segments_than_rows_are_refused_and_a_range_is_cut),
        cmocka_unit_test(bad_settings_and_bad_starts_are_refused_on_all_ranks),
        cmocka_unit_test(rows_without_columns_are_refused),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
        cmocka_unit_test(wish_to_stop_on_one_rank_stops_all),
        cmocka_unit_test(wish_to_stop_on_one_rank_in_the_fits_on_the_sample_stops_all),
        cmocka_unit_test(failure_inside_the_fit_on_one_rank_reaches_all),
        cmocka_unit_test(renumbered_model_gives_the_renumbered_labels_ties_too),
        cmocka_unit_test(rows_numbered_around_31_and_32_bits_are_clustered_as_the_first_ones),
        cmocka_unit_test(model_survives_its_bundle),
    };

    return RUN_MPI_TESTS(tests);
}
