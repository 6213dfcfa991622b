#include "mpi_test.h"

#include <string.h>

#include "cluster/seed.h"
#include "tessera/kmeans.h"
#include "tiles_test.h"

enum { ROWS = 1000, COLS = 4 };

static void seeds_are_the_same_however_rows_are_dealt(void **state)
{
    const tsr_comm *comm = *state;

    for (int deal = 0; deal < 2; deal++) {
        tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, (test_deal)deal, test_clouds);
        float seeds[7 * COLS], other[7 * COLS];

        CHECK_ALL(comm, tsr_seed_parallel(comm, tiles, 1, 7, seeds) == TSR_OK);
        CHECK_ALL(comm, test_hash(1, seeds, sizeof seeds) == 0x10700013c7126e74);
        CHECK_ALL(comm, tsr_seed_parallel(comm, tiles, 2, 7, other) == TSR_OK);
        CHECK_ALL(comm, memcmp(seeds, other, sizeof seeds) != 0);
        test_tiles_free(&tiles);
    }
}

/* Eight clouds at the corners of a cube, one of them of ten rows only: each gets its seed. */
static double corners(int64_t row, int32_t col)
{
    int cloud = row < 10 ? 7 : (int)(row % 7);

    return (cloud >> col & 1) * 20 + test_uniform(row, col);
}

static void clouds_that_lie_apart_get_one_seed_each_small_ones_too(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, 3, 1e-3, DEAL_EVENLY, corners);

    for (uint64_t seed = 0; seed < 10; seed++) {
        float c[8 * 3];
        int seen = 0;
        CHECK_ALL(comm, tsr_seed_parallel(comm, tiles, seed, 8, c) == TSR_OK);
        for (int i = 0; i < 8; i++)
            seen |= 1 << ((c[i * 3] > 10000) | (c[i * 3 + 1] > 10000) << 1 | (c[i * 3 + 2] > 10000) << 2);
        CHECK_ALL(comm, seen == 255);
    }
    test_tiles_free(&tiles);
}

static double three_points(int64_t row, int32_t col)
{
    return col == 0 ? (double)(row % 3) * 5 : 1;
}

static void fewer_distinct_rows_than_seeds_repeat(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 50, 2, 1, DEAL_LAST, three_points);
    tsr_cluster_params params = {
        .k = {5, 5}, .restarts = 1, .sample = 20, .max_iter = 50, .seeding = TSR_SEED_PARALLEL};
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->k == 3 && model->asked_k == 5 && model->stop == TSR_STOP_SETTLED);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* k is chosen on the sample, then all rows are seeded: the small cloud that a sample of 50 may miss is found. */
static void fit_from_seeds_on_all_rows_finds_every_cloud(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, 3, 1e-3, DEAL_EVENLY, corners);
    tsr_cluster_params params = {
        .k = {8, 8}, .restarts = 1, .sample = 50, .max_iter = 50, .seeding = TSR_SEED_PARALLEL};
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    bool small = false;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    for (int c = 0; c < model->k; c++) small |= model->count[c] == 10;
    CHECK_ALL(comm, model->k == 8 && small && model->sample_rows == 0);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    params.k.low = 6;
    params.sample = 400;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->candidates_n == 3 && model->sample_rows == 400 && model->jaccard == NULL);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 60, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_status st = TSR_ENOMEM;
    float seeds[3 * COLS];
    int nth = 1;

    for (; st == TSR_ENOMEM && nth < 100; nth++) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_seed_parallel(comm, tiles, 1, 3, seeds);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_ENOMEM || st == TSR_OK);
    }
    CHECK_ALL(comm, st == TSR_OK && nth > 10);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_the_same_however_rows_are_dealt),
        cmocka_unit_test(clouds_that_lie_apart_get_one_seed_each_small_ones_too),
        cmocka_unit_test(fewer_distinct_rows_than_seeds_repeat),
        cmocka_unit_test(fit_from_seeds_on_all_rows_finds_every_cloud),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
