#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/quantise.h"
#include "tiles_test.h"

/* Scattered, and cheap: these are many. */
static float value(int64_t row, int32_t col)
{
    const uint64_t scattered = ((uint64_t)row * 40 + (uint64_t)col) * 0x9e3779b97f4a7c15u >> 44;

    return (float)scattered / 4096 * (float)(1 + col) + 100 * (float)col;
}

/* This rank's float rows. NULL on failure. */
static float *make_rows(const tsr_span *span, int32_t cols)
{
    float *rows = NULL;

    if (tsr_alloc(&rows, span->rows * cols, sizeof *rows) != TSR_OK) return NULL;
    for (int64_t i = 0; i < span->rows * cols; i++) rows[i] = value(span->first + i / cols, (int32_t)(i % cols));
    return rows;
}

/* Every value is the nearest step, none is clipped, and the step is the smallest power of two for that. */
static bool are_nearest(const tsr_tiles *tiles, const float *rows, const double *centre, int *largest)
{
    bool right = true;

    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t steps[40];
        tsr_tiles_row(tiles, i, steps);
        for (int32_t j = 0; j < tiles->cols; j++) {
            right &= steps[j] == (int16_t)lrint((rows[i * tiles->cols + j] - centre[j]) / tiles->step);
            if (abs(steps[j]) > *largest) *largest = abs(steps[j]);
        }
    }
    for (int64_t i = tiles->span.rows; i < tiles->tiles * TSR_TILE_ROWS; i++)
        for (int32_t j = 0; j < tiles->cols; j++)
            right &= tiles->value[(i / 16 * tiles->cols + j) * TSR_TILE_ROWS + i % 16] == 0;
    return right;
}

static void rows_become_the_nearest_steps_around_their_mean(void **state)
{
    static const int32_t widths[] = {1, 7, 8, 16, 33};
    const tsr_comm *comm = *state;

    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        int32_t cols = widths[w];
        tsr_span span = tsr_span_even(TSR_QUANTISE_ROWS + 4007, TSR_QUANTISE_ROWS, comm->rank, comm->size);
        float *rows = make_rows(&span, cols);
        tsr_tiles *tiles = NULL;
        double *centre = NULL, mean = 0;
        int largest = 0;

        CHECK_ALL(comm, rows != NULL);
        CHECK_ALL(comm, tsr_tiles_quantise(comm, &span, rows, cols, NULL, &centre, &tiles) == TSR_OK);
        CHECK_ALL(comm, are_nearest(tiles, rows, centre, &largest));
        MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_INT, MPI_MAX, comm->mpi);
        CHECK_ALL(comm, largest > 16000);
        for (int64_t i = 0; i < span.rows; i++) mean += rows[i * cols];
        MPI_Allreduce(MPI_IN_PLACE, &mean, 1, MPI_DOUBLE, MPI_SUM, comm->mpi);
        CHECK_ALL(comm, fabs(mean / (double)span.rows_global - centre[0]) <= tiles->step / 2 * (1 + 1e-9));
        CHECK_ALL(comm, same_on_all(comm, centre, (size_t)cols * sizeof *centre));
        tsr_free(&centre);
        tsr_tiles_destroy(&tiles);
        tsr_free(&rows);
    }
}

/* The number was seen on one rank: all numbers of ranks must find it. */
static void tiles_do_not_depend_on_the_number_of_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = tsr_span_even(3 * TSR_QUANTISE_ROWS + 5, TSR_QUANTISE_ROWS, comm->rank, comm->size);
    float *rows = make_rows(&span, 3);
    tsr_tiles *tiles = NULL;
    double *centre = NULL;
    uint64_t sum = 0;

    CHECK_ALL(comm, rows != NULL);
    CHECK_ALL(comm, tsr_tiles_quantise(comm, &span, rows, 3, NULL, &centre, &tiles) == TSR_OK);
    for (int64_t i = 0; i < span.rows; i++) {
        int16_t steps[3];
        int64_t row = span.first + i;
        tsr_tiles_row(tiles, i, steps);
        sum += test_hash(test_hash(7, &row, sizeof row), steps, sizeof steps);
    }
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, comm->mpi);
    sum += test_hash(11, centre, 3 * sizeof *centre);
    CHECK_ALL(comm, sum == 0x394e4d0fe89a97a0);
    tsr_free(&centre);
    tsr_tiles_destroy(&tiles);
    tsr_free(&rows);
}

static void a_value_that_is_not_finite_is_named_by_row_and_column(void **state)
{
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    const tsr_comm *comm = *state;

    for (int w = 0; w < 3; w++) {
        tsr_span span = tsr_span_even(5 * TSR_QUANTISE_ROWS, TSR_QUANTISE_ROWS, comm->rank, comm->size);
        float *rows = make_rows(&span, 2);
        tsr_tiles *tiles = NULL;
        double *centre = NULL;
        int64_t row = 4 * TSR_QUANTISE_ROWS + 17;

        CHECK_ALL(comm, rows != NULL);
        if (row >= span.first && row < span.first + span.rows) rows[(row - span.first) * 2 + 1] = wrong[w];
        CHECK_ALL(comm, tsr_tiles_quantise(comm, &span, rows, 2, NULL, &centre, &tiles) == TSR_EDATA);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, "row 262161, column 1") != NULL);
        CHECK_ALL(comm, tiles == NULL && centre == NULL);
        tsr_error_clear();
        tsr_free(&rows);
    }
}

static void equal_and_tiny_and_huge_values_have_a_step(void **state)
{
    static const float scales[] = {0, 1e-30f, 1e30f};
    const tsr_comm *comm = *state;

    for (int s = 0; s < 3; s++) {
        tsr_span span = tsr_span_even(100, TSR_QUANTISE_ROWS, comm->rank, comm->size);
        float *rows = make_rows(&span, 2);
        tsr_tiles *tiles = NULL;
        double *centre = NULL;
        int largest = 0;

        CHECK_ALL(comm, rows != NULL);
        for (int64_t i = 0; i < span.rows * 2; i++) rows[i] *= scales[s];
        CHECK_ALL(comm, tsr_tiles_quantise(comm, &span, rows, 2, NULL, &centre, &tiles) == TSR_OK);
        CHECK_ALL(comm, are_nearest(tiles, rows, centre, &largest));
        CHECK_ALL(comm, span.rows == 0 || (s == 0 ? largest == 0 : largest > 16000));
        tsr_free(&centre);
        tsr_tiles_destroy(&tiles);
        tsr_free(&rows);
    }
}

static void a_failure_on_one_rank_is_everybodys(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = tsr_span_even(100, TSR_QUANTISE_ROWS, comm->rank, comm->size);
    float *rows = make_rows(&span, 2);
    tsr_tiles *tiles = NULL;
    double *centre = NULL;

    CHECK_ALL(comm, rows != NULL);
    for (int nth = 1; nth <= 6; nth++) {
        fail_last_rank(comm, "alloc", nth);
        CHECK_ALL(comm, tsr_tiles_quantise(comm, &span, rows, 2, NULL, &centre, &tiles) == TSR_ENOMEM);
        CHECK_ALL(comm, tiles == NULL && centre == NULL);
        tsr_error_clear();
    }
    tsr_fault_set(NULL);
    tsr_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_the_nearest_steps_around_their_mean),
        cmocka_unit_test(tiles_do_not_depend_on_the_number_of_ranks),
        cmocka_unit_test(a_value_that_is_not_finite_is_named_by_row_and_column),
        cmocka_unit_test(equal_and_tiny_and_huge_values_have_a_step),
        cmocka_unit_test(a_failure_on_one_rank_is_everybodys),
    };

    return RUN_MPI_TESTS(tests);
}
