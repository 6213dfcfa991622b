#include "kmeans_test.h"

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
        cmocka_unit_test(renumbered_model_gives_the_renumbered_labels_ties_too),
        cmocka_unit_test(rows_numbered_around_31_and_32_bits_are_clustered_as_the_first_ones),
        cmocka_unit_test(model_survives_its_bundle),
    };

    return RUN_MPI_TESTS(tests);
}
