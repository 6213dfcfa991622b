/* K-means at its limits: few or equal rows, empty segments, settings that cannot be, ranks that fail or stop. */
#include "kmeans_test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return RUN_MPI_TESTS(tests);
}
