#include "mpi_test.h"

#include <string.h>

#include "tessera/pca.h"
#include "tiles_test.h"

static const tsr_reduce_params by_variance = {.variance = 0.95}, all = {.components = 4096};

static double moments_by_rows(int64_t rows, int32_t cols, int32_t a, int32_t b)
{
    double sum = 0, mean_a = 0, mean_b = 0;

    (void)cols;
    for (int64_t i = 0; i < rows; i++)
        mean_a += test_clouds(i, a) / (double)rows, mean_b += test_clouds(i, b) / (double)rows;
    for (int64_t i = 0; i < rows; i++) sum += (test_clouds(i, a) - mean_a) * (test_clouds(i, b) - mean_b);
    return sum / (double)(rows - 1);
}

/* v' C v = variance, v' C w = 0: with the covariance taken from the values in double. */
static void components_diagonalise_the_covariance(void **state)
{
    enum { ROWS = 500, COLS = 6 };
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 2e-4, DEAL_EVENLY, test_clouds);
    tsr_pca *pca = NULL;

    CHECK_ALL(comm, tsr_pca_fit(comm, &all, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->components == COLS && pca->cols == COLS);
    bool right = true;
    for (int p = 0; p < COLS; p++) {
        for (int q = 0; q <= p; q++) {
            double sum = 0;
            for (int i = 0; i < COLS; i++)
                for (int j = 0; j < COLS; j++)
                    sum += pca->vector[p * COLS + i] * pca->vector[q * COLS + j] * moments_by_rows(ROWS, COLS, i, j);
            right &= fabs(sum - (p == q ? pca->variance[p] : 0)) < 1e-4;
        }
    }
    CHECK_ALL(comm, right);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

/* Golden: the same on every number of ranks, every kernel and every processor. */
static void bits_are_the_same_everywhere(void **state)
{
    const tsr_comm *comm = *state;

    for (int deal = 0; deal < 2; deal++) {
        tsr_tiles *tiles = test_tiles(comm, 777, 37, 3e-4, (test_deal)deal, test_clouds), *scores = NULL;
        tsr_pca *pca = NULL;
        uint64_t hash = 1, row_hash[1] = {0};

        CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_OK);
        CHECK_ALL(comm, tsr_pca_apply(comm, pca, tiles, &scores) == TSR_OK);
        hash = test_hash(hash, pca->mean, 37 * sizeof(double));
        hash = test_hash(hash, pca->vector, (size_t)(pca->components * 37) * sizeof(double));
        hash = test_hash(hash, pca->variance, 37 * sizeof(double));
        for (int64_t i = 0; i < scores->span.rows; i++) {
            int16_t row[37];
            tsr_tiles_row(scores, i, row);
            row_hash[0] += test_hash((uint64_t)(scores->span.first + i), row, (size_t)scores->cols * sizeof *row);
        }
        MPI_Allreduce(MPI_IN_PLACE, row_hash, 1, MPI_UINT64_T, MPI_SUM, comm->mpi);
        CHECK_ALL(comm, hash == 0xdeb711e32eede61f);
        CHECK_ALL(comm, row_hash[0] == 0x979abbf972b43875);
        tsr_tiles_destroy(&scores);
        tsr_pca_destroy(&pca);
        test_tiles_free(&tiles);
    }
}

static void components_are_kept_by_share_or_by_number(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 300, 8, 1e-4, DEAL_EVENLY, test_clouds);
    const tsr_reduce_params two = {.variance = 0.5, .components = 2}, whole = {.variance = 1};
    tsr_pca *pca = NULL;
    double total = 0, kept = 0;

    CHECK_ALL(comm, tsr_pca_fit(comm, &two, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->components == 2);
    tsr_pca_destroy(&pca);
    CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_OK);
    for (int i = 0; i < 8; i++) total += pca->variance[i];
    for (int i = 0; i < pca->components; i++) kept += pca->variance[i];
    CHECK_ALL(comm, kept >= 0.95 * total && kept - pca->variance[pca->components - 1] < 0.95 * total);
    tsr_pca_destroy(&pca);
    CHECK_ALL(comm, tsr_pca_fit(comm, &whole, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->components == 8);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

static void scores_of_a_row_by_itself_equal_those_of_its_tile(void **state)
{
    enum { COLS = 9 };
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 70, COLS, 1e-3, DEAL_EVENLY, test_clouds), *scores = NULL, *again = NULL;
    tsr_pca *pca = NULL;
    bool equal = true, near = true;

    CHECK_ALL(comm, tsr_pca_fit(comm, &all, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->step == 0);
    CHECK_ALL(comm, tsr_pca_apply(comm, pca, tiles, &scores) == TSR_OK);
    CHECK_ALL(comm, pca->step > 0 && pca->step == scores->step && same_on_all(comm, &pca->step, sizeof pca->step));
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t steps[COLS], score_steps[COLS];
        double values[COLS], score[COLS], back[COLS];

        tsr_tiles_row(tiles, i, steps);
        tsr_tiles_row(scores, i, score_steps);
        for (int j = 0; j < COLS; j++) values[j] = steps[j] * tiles->step;
        tsr_pca_forward(pca, values, score);
        tsr_pca_backward(pca, score, back);
        for (int j = 0; j < COLS; j++) {
            equal &= score_steps[j] == rint(score[j] / pca->step);
            near &= fabs(back[j] - values[j]) < 1e-5;
        }
    }
    CHECK_ALL(comm, equal);
    CHECK_ALL(comm, near);
    CHECK_ALL(comm, tsr_pca_apply(comm, pca, tiles, &again) == TSR_OK); /* with the step as it now stands */
    CHECK_ALL(comm, memcmp(again->value, scores->value, (size_t)scores->tiles * COLS * 32) == 0);
    tsr_tiles_destroy(&again);
    tsr_tiles_destroy(&scores);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

static double copies(int64_t row, int32_t col)
{
    return test_clouds(row, col % 2);
}

static void columns_that_copy_each_other_have_no_variance_beyond_their_number(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 100, 6, 1e-3, DEAL_EVENLY, copies), *scores = NULL;
    tsr_pca *pca = NULL;

    CHECK_ALL(comm, tsr_pca_fit(comm, &all, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->variance[1] > 0.01);
    for (int i = 2; i < 6; i++) CHECK_ALL(comm, pca->variance[i] >= 0 && pca->variance[i] < 1e-13);
    for (int i = 0; i < 6; i++) {
        int largest = 0;
        for (int j = 1; j < 6; j++)
            if (fabs(pca->vector[i * 6 + j]) > fabs(pca->vector[i * 6 + largest]) * (1 + 1e-6)) largest = j;
        CHECK_ALL(comm, pca->vector[i * 6 + largest] > 0);
    }
    CHECK_ALL(comm, tsr_pca_apply(comm, pca, tiles, &scores) == TSR_OK);
    tsr_tiles_destroy(&scores);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

/* Every second column is another's negative: all parts of the first component are equally large but for rounding. */
static double turned_copies(int64_t row, int32_t col)
{
    return (col % 2 ? 1 : -1) * test_clouds(row, 0);
}

static void sign_of_a_component_with_equal_parts_is_that_of_the_first(void **state)
{
    const tsr_comm *comm = *state;

    for (int32_t cols = 2; cols <= 24; cols++) {
        tsr_tiles *tiles = test_tiles(comm, 60, cols, 1e-3, DEAL_EVENLY, turned_copies);
        tsr_pca *pca = NULL;

        CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_OK);
        CHECK_ALL(comm, pca->components == 1 && pca->vector[0] > 0 && pca->vector[1] == -pca->vector[0]);
        tsr_pca_destroy(&pca);
        test_tiles_free(&tiles);
    }
}

static double one_value(int64_t row, int32_t col)
{
    (void)row;
    return col;
}

static void equal_rows_keep_one_component_without_variance(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 12, 3, 1, DEAL_EVENLY, one_value), *scores = NULL;
    tsr_pca *pca = NULL;

    CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_OK);
    CHECK_ALL(comm, pca->components == 1 && pca->variance[0] == 0 && pca->mean[2] == 2);
    CHECK_ALL(comm, tsr_pca_apply(comm, pca, tiles, &scores) == TSR_OK);
    CHECK_ALL(comm, scores->step == 1);
    tsr_tiles_destroy(&scores);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

static void one_row_is_refused_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 1, 3, 1, DEAL_EVENLY, one_value);
    tsr_pca *pca = NULL;

    CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_EDATA);
    CHECK_ALL(comm, pca == NULL);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int nth = 1; nth <= 12; nth++) {
        tsr_tiles *tiles = test_tiles(comm, 40, 5, 1e-3, DEAL_EVENLY, test_clouds), *scores = NULL;
        tsr_pca *pca = NULL;

        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_pca_fit(comm, &all, tiles, &pca);
        if (st == TSR_OK) st = tsr_pca_apply(comm, pca, tiles, &scores);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_ENOMEM && scores == NULL);
        tsr_pca_destroy(&pca);
        test_tiles_free(&tiles);
    }
}

static void model_survives_its_bundle(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 60, 5, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_bundle *bundle = NULL;
    tsr_pca *pca = NULL, *read = NULL;

    CHECK_ALL(comm, tsr_pca_fit(comm, &by_variance, tiles, &pca) == TSR_OK);
    pca->step = 0.25;
    CHECK_ALL(comm, tsr_bundle_create(&bundle) == TSR_OK);
    CHECK_ALL(comm, tsr_pca_load(bundle, &read) == TSR_EDATA && read == NULL);
    CHECK_ALL(comm, tsr_pca_save(pca, bundle) == TSR_OK);
    CHECK_ALL(comm, tsr_pca_load(bundle, &read) == TSR_OK);
    CHECK_ALL(comm, read->cols == 5 && read->components == pca->components && read->step == 0.25);
    CHECK_ALL(comm, memcmp(read->vector, pca->vector, (size_t)(pca->components * 5) * sizeof(double)) == 0);
    CHECK_ALL(comm, memcmp(read->variance, pca->variance, 5 * sizeof(double)) == 0);
    tsr_pca_destroy(&read);
    tsr_bundle_destroy(&bundle);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_diagonalise_the_covariance),
        cmocka_unit_test(bits_are_the_same_everywhere),
        cmocka_unit_test(components_are_kept_by_share_or_by_number),
        cmocka_unit_test(scores_of_a_row_by_itself_equal_those_of_its_tile),
        cmocka_unit_test(columns_that_copy_each_other_have_no_variance_beyond_their_number),
        cmocka_unit_test(sign_of_a_component_with_equal_parts_is_that_of_the_first),
        cmocka_unit_test(equal_rows_keep_one_component_without_variance),
        cmocka_unit_test(one_row_is_refused_on_all_ranks),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
        cmocka_unit_test(model_survives_its_bundle),
    };

    return RUN_MPI_TESTS(tests);
}
