#include "mpi_test.h"

#include <string.h>

#include "cluster/lloyd.h"
#include "tiles_test.h"

/* Most rows at 0; rows 3 and 40 at the same far point, row 20 a little nearer, row 30 nearer still. */
static double far_points(int64_t row, int32_t col)
{
    static const double at[2] = {100, -50};

    return row == 3 || row == 40 ? at[col] : row == 20 ? at[col] - 30 : row == 30 ? 5 : 0;
}

static void repair_takes_the_farthest_rows_and_copies_of_one_point_only_once(void **state)
{
    const tsr_comm *comm = *state;
    const float start[6] = {0, 0, -9000, -9000, -9000, -9001};
    const tsr_lloyd_params twice = {.isa = TSR_ISA_BASELINE, .max_iter = 2};
    tsr_tiles *tiles = test_tiles(comm, 50, 2, 1, DEAL_EVENLY, far_points);
    tsr_lloyd fit;

    CHECK_ALL(comm, tsr_lloyd_run(comm, &twice, tiles, start, 3, &fit) == TSR_OK);
    const int64_t *count = tsr_lloyd_counts(&fit, fit.total);
    CHECK_ALL(comm, fit.repairs == 2 && fit.iterations == 2 && fit.stop == TSR_STOP_MAXIMUM);
    CHECK_ALL(comm, fit.centroid[2] == 100 && fit.centroid[3] == -50);
    CHECK_ALL(comm, fit.centroid[4] == 70 && fit.centroid[5] == -80);
    CHECK_ALL(comm, count[0] == 47 && count[1] == 2 && count[2] == 1);
    tsr_lloyd_clear(&fit);
    test_tiles_free(&tiles);
}

/* More empty segments than distinct rows: the repair gives what there is and then stops. */
static void repair_ends_where_every_row_is_its_own_mean(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_lloyd_params params = {.isa = TSR_ISA_BASELINE, .max_iter = 100};
    float start[2 * 9] = {0};
    tsr_tiles *tiles = test_tiles(comm, 50, 2, 1, DEAL_EVENLY, far_points);
    tsr_lloyd fit;
    int filled = 0;

    CHECK_ALL(comm, tsr_lloyd_run(comm, &params, tiles, start, 9, &fit) == TSR_OK);
    for (int c = 0; c < 9; c++) filled += tsr_lloyd_counts(&fit, fit.total)[c] > 0;
    CHECK_ALL(comm, filled == 4 && fit.stop == TSR_STOP_SETTLED && fit.iterations < 10);
    CHECK_ALL(comm, tsr_lloyd_inertia(&fit, 2 * (100 * 100 + 50 * 50) + 70 * 70 + 80 * 80 + 2 * 25) == 0);
    tsr_lloyd_clear(&fit);
    test_tiles_free(&tiles);
}

/* All rows in one far corner, closer together than floats of that size resolve: labels are chance there. */
static double corner(int64_t row, int32_t col)
{
    return 32600 + floor(test_uniform(row + 1000, col) * 6);
}

static void states_that_come_back_are_called_a_cycle(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_lloyd_params params = {.isa = TSR_ISA_BASELINE, .max_iter = 20000};
    tsr_tiles *tiles = test_tiles(comm, 200, 6, 1, DEAL_EVENLY, corner);
    float start[5 * 6];
    tsr_lloyd fit;

    for (int i = 0; i < 5 * 6; i++) start[i] = (float)corner(i / 6, i % 6);
    CHECK_ALL(comm, tsr_lloyd_run(comm, &params, tiles, start, 5, &fit) == TSR_OK);
    CHECK_ALL(comm, fit.stop == TSR_STOP_CYCLE && fit.moved > 0 && fit.iterations < 20000);
    tsr_lloyd_clear(&fit);
    test_tiles_free(&tiles);
}

static void tolerance_is_a_share_of_the_mean_variance(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_lloyd_params exact = {.isa = TSR_ISA_BASELINE, .max_iter = 300};
    tsr_tiles *tiles = test_tiles(comm, 2000, 3, 1e-4, DEAL_EVENLY, test_uniform);
    float start[6 * 3], before[6 * 3] = {0};
    double variance = 1 / (12 * 1e-8), shift = 0; /* of a uniform number, in steps^2 */
    tsr_lloyd fit;

    for (int i = 0; i < 18; i++) start[i] = (float)(test_uniform(i / 3, i % 3) * 1e4);
    for (int64_t iterations = 4; iterations <= 5; iterations++) {
        tsr_lloyd_params some = exact;
        some.max_iter = iterations;
        CHECK_ALL(comm, tsr_lloyd_run(comm, &some, tiles, start, 6, &fit) == TSR_OK);
        for (int i = 0; i < 18; i++) shift += iterations == 5 ? pow((double)fit.centroid[i] - before[i], 2) : 0;
        memcpy(before, fit.centroid, sizeof before);
        tsr_lloyd_clear(&fit);
    }
    /* The shift after the fourth pass is just within the one tolerance and just without the other. */
    for (int within = 0; within < 2; within++) {
        tsr_lloyd_params params = exact;
        params.tol = shift / variance * (within ? 1.1 : 0.9);
        CHECK_ALL(comm, tsr_lloyd_run(comm, &params, tiles, start, 6, &fit) == TSR_OK);
        CHECK_ALL(comm, fit.stop == TSR_STOP_TOLERANCE && (fit.iterations <= 4) == (within == 1));
        tsr_lloyd_clear(&fit);
    }
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_in_a_repair_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const float start[6] = {0, 0, -9000, -9000, -9000, -9001};
    const tsr_lloyd_params params = {.isa = TSR_ISA_BASELINE, .max_iter = 10};

    for (int nth = 1; nth <= 9; nth++) { /* seven for the state, two for the list of donors */
        tsr_tiles *tiles = test_tiles(comm, 50, 2, 1, DEAL_EVENLY, far_points);
        tsr_lloyd fit;

        fail_last_rank(comm, "alloc", nth);
        CHECK_ALL(comm, tsr_lloyd_run(comm, &params, tiles, start, 3, &fit) == TSR_ENOMEM);
        tsr_fault_set(NULL);
        test_tiles_free(&tiles);
    }
}

/* ---- one reduction for each iteration ---- */

static int64_t talks; /* of this rank with the others */

int MPI_Allreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm mpi)
{
    talks++;
    return PMPI_Allreduce(from, to, n, type, op, mpi);
}

int MPI_Bcast(void *values, int n, MPI_Datatype type, int root, MPI_Comm mpi)
{
    talks++;
    return PMPI_Bcast(values, n, type, root, mpi);
}

int MPI_Allgather(const void *from, int n, MPI_Datatype type, void *to, int m, MPI_Datatype other, MPI_Comm mpi)
{
    talks++;
    return PMPI_Allgather(from, n, type, to, m, other, mpi);
}

static void an_iteration_is_one_reduction_and_nothing_else(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 2000, 3, 1e-4, DEAL_EVENLY, test_uniform);
    int64_t spoken[2];
    float start[9 * 3];

    for (int i = 0; i < 27; i++) start[i] = (float)(test_uniform(i / 3, i % 3) * 1e4);
    for (int fits = 0; fits < 2; fits++) {
        const tsr_lloyd_params params = {.isa = TSR_ISA_BASELINE, .max_iter = fits == 0 ? 3 : 20};
        const int64_t at = talks;
        tsr_lloyd fit;

        CHECK_ALL(comm, tsr_lloyd_run(comm, &params, tiles, start, 9, &fit) == TSR_OK);
        CHECK_ALL(comm, fit.iterations == params.max_iter && fit.repairs == 0);
        spoken[fits] = talks - at; /* with the two votes of CHECK_ALL */
        tsr_lloyd_clear(&fit);
    }
    CHECK_ALL(comm, spoken[1] - spoken[0] == 20 - 3);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repair_takes_the_farthest_rows_and_copies_of_one_point_only_once),
        cmocka_unit_test(repair_ends_where_every_row_is_its_own_mean),
        cmocka_unit_test(states_that_come_back_are_called_a_cycle),
        cmocka_unit_test(tolerance_is_a_share_of_the_mean_variance),
        cmocka_unit_test(memory_short_on_one_rank_in_a_repair_fails_on_all),
        cmocka_unit_test(an_iteration_is_one_reduction_and_nothing_else),
    };

    return RUN_MPI_TESTS(tests);
}
