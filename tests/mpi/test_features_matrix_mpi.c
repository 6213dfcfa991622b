/* Matrix in, features.h5 out: the columns that somebody brings, row by row. */
#include "mpi_test.h"

#include <math.h>

#define TEST_PATHS "features_matrix"
#include "features_test.h"

static double cell_of(int64_t row, int32_t col)
{
    return row % 10 == 9 && col == 1 ? NAN : (double)(row * 7 % 23) + col / 4.0;
}

/* A matrix in memory, but for its bytes, which tsr_bundle_write() puts into a file. */
static bool write_matrix(const tsr_comm *comm, int64_t rows, int32_t cols, double spoiled)
{
    double *values = calloc((size_t)(rows * cols), sizeof *values);
    tsr_bundle *bundle = NULL;

    for (int64_t r = 0; r < rows; r++)
        for (int32_t c = 0; c < cols; c++) values[r * cols + c] = cell_of(r, c);
    if (!isnan(spoiled)) values[5 * cols + 2] = spoiled;
    bool done = tsr_bundle_create(&bundle) == TSR_OK &&
                tsr_bundle_put(bundle, "/x", TSR_F64, rows, cols, values, NULL, NULL) == TSR_OK &&
                tsr_bundle_write(comm, bundle, path_of(comm, "matrix.h5")) == TSR_OK;
    tsr_bundle_destroy(&bundle);
    free(values);
    return done;
}

static tsr_status run_matrix(const tsr_comm *comm, const tsr_features_params *with, const tsr_observation *seen,
                             tsr_features_info *info)
{
    tsr_matrix *matrix = NULL;
    tsr_status st = tsr_matrix_open(comm, path_of(comm, "matrix.h5"), "/x", NULL, &matrix);

    if (st == TSR_OK) st = tsr_features_run(comm, with, seen, NULL, matrix, path_of(comm, "table.h5"), info);
    tsr_matrix_close(&matrix);
    return st;
}

static void clean_matrix(const tsr_comm *comm)
{
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) remove(path_of(comm, "matrix.h5"));
    if (comm->rank == 0) remove(path_of(comm, "table.h5"));
    MPI_Barrier(comm->mpi);
}

static void matrix_goes_through_row_by_row_with_keys_of_row_numbers(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t rows = 3001;
    char third[] = "c2", second[] = "c1", *text[] = {third, second};
    const tsr_features_params some = {.set = {2, text}};
    tsr_features_info info;
    tsr_table *t = NULL;
    uint64_t key = 0;
    double value[2];
    bool same = true;

    CHECK_ALL(comm, write_matrix(comm, rows, 3, NAN));
    CHECK_ALL(comm, run_matrix(comm, &some, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, info.customers == rows && info.features == 2 && info.revenue == 0);
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK);
    CHECK_ALL(comm, tsr_table_find(t, "revenue") == NULL && tsr_table_find(t, "c0") == NULL);
    for (int64_t r = 0; r < rows; r += 9) {
        same &= tsr_table_read(t, "c2", r, 1, TSR_F64, &value[0]) == TSR_OK && value[0] == cell_of(r, 2);
        same &= tsr_table_read(t, "c1", r, 1, TSR_F64, &value[1]) == TSR_OK;
        same &= value[1] == cell_of(r, 1) || (isnan(value[1]) && isnan(cell_of(r, 1)));
        same &= value_of(t, "row", r) == r;
    }
    CHECK_ALL(comm, same);
    CHECK_ALL(comm, tsr_table_read(t, "key", 1234, 1, TSR_U64, &key) == TSR_OK && key == tsr_key_of_id("1234", 4));
    tsr_table_close(&t);
    clean_matrix(comm);
}

static void matrix_smaller_than_the_ranks_and_infinite_values_are_handled(void **state)
{
    const tsr_comm *comm = *state;
    tsr_features_params all = params;
    tsr_observation unseen = {.keep_ids = false};
    tsr_features_info info;
    tsr_table *t = NULL;

    all.set.n = 1;
    CHECK_ALL(comm, write_matrix(comm, 2, 3, NAN));
    CHECK_ALL(comm, run_matrix(comm, &all, &unseen, &info) == TSR_OK);
    CHECK_ALL(comm, info.customers == 2 && info.features == 3);
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK);
    CHECK_ALL(comm, tsr_table_find(t, "key") == NULL && tsr_table_find(t, "id") == NULL);
    tsr_table_close(&t);
    CHECK_ALL(comm, write_matrix(comm, 20, 3, INFINITY));
    CHECK_ALL(comm, says(run_matrix(comm, &all, &unseen, &info), TSR_EDATA, "row 5"));
    clean_matrix(comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix_goes_through_row_by_row_with_keys_of_row_numbers),
        cmocka_unit_test(matrix_smaller_than_the_ranks_and_infinite_values_are_handled),
    };
    return RUN_MPI_TESTS(tests);
}
