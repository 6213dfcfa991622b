#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "present/suppress.h"
#include "tessera/rng.h"

#define LINES_MAX 16
#define CELLS_MAX 64

/* Rank of a small matrix [n][cells]. */
static int rank_of(double matrix[LINES_MAX + 1][CELLS_MAX], int n, int cells)
{
    int rank = 0;

    for (int c = 0; c < cells && rank < n; c++) {
        int pivot = rank;
        for (int r = rank; r < n; r++)
            if (fabs(matrix[r][c]) > fabs(matrix[pivot][c])) pivot = r;
        if (fabs(matrix[pivot][c]) < 1e-9) continue;
        for (int i = 0; i < cells; i++) {
            double swap = matrix[rank][i];
            matrix[rank][i] = matrix[pivot][i];
            matrix[pivot][i] = swap;
        }
        for (int r = rank + 1; r < n; r++) {
            double factor = matrix[r][c] / matrix[rank][c];
            for (int i = c; i < cells; i++) matrix[r][i] -= factor * matrix[rank][i];
        }
        rank++;
    }
    return rank;
}

/* Linear algebra, not graphs: a hidden cell follows from the totals where its unit vector lies in their row space. */
static bool follows_from_totals(const int64_t *count, const bool *hidden, int rows, int cols, int cell)
{
    double matrix[LINES_MAX + 1][CELLS_MAX] = {{0}}, with[LINES_MAX + 1][CELLS_MAX];

    for (int i = 0; i < rows * cols; i++) {
        if (!hidden[i] || count[i] == 0) continue; /* empty cells are known */
        matrix[i / cols][i] = 1;
        matrix[rows + i % cols][i] = 1;
    }
    memcpy(with, matrix, sizeof with);
    with[rows + cols][cell] = 1;
    return rank_of(with, rows + cols + 1, rows * cols) == rank_of(matrix, rows + cols, rows * cols);
}

static int hidden_cells(const bool *hidden, int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++) sum += hidden[i];
    return sum;
}

static void table_without_small_cells_is_shown(void **state)
{
    (void)state;
    const int64_t count[] = {10, 20, 0, 500};
    bool hidden[4] = {false};

    assert_int_equal(tsr_suppress(count, 2, 2, 10, hidden), TSR_OK);
    assert_int_equal(hidden_cells(hidden, 4), 0);
}

static void small_cell_takes_three_others_with_it(void **state)
{
    (void)state;
    const int64_t count[] = {3, 20, 900, 30, 40, 800, 700, 600, 500};
    bool hidden[9] = {false};

    assert_int_equal(tsr_suppress(count, 3, 3, 10, hidden), TSR_OK);
    assert_int_equal(hidden_cells(hidden, 9), 4);
    assert_true(hidden[0] && hidden[1] && hidden[3] && hidden[4]);
}

static void small_cells_on_a_bridge_are_protected_too(void **state)
{
    (void)state;
    /* Two squares of hidden cells with one small cell between: each line has two of them, but the one between follows.
     */
    const int64_t count[] = {5, 5, 0, 0, 99, 5, 5, 7, 0, 99, 0, 0, 5, 5, 99, 0, 0, 5, 5, 99, 99, 99, 99, 99, 99};
    bool hidden[25] = {false};

    assert_int_equal(tsr_suppress(count, 5, 5, 10, hidden), TSR_OK);
    for (int i = 0; i < 25; i++)
        if (count[i] > 0 && count[i] < 10) assert_false(follows_from_totals(count, hidden, 5, 5, i));
}

static void no_small_cell_follows_from_totals_of_random_tables(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 400; trial++) {
        int rows = 2 + (int)(trial % 5), cols = 2 + (int)(trial / 5 % 6);
        int64_t count[CELLS_MAX];
        bool hidden[CELLS_MAX] = {false}, all[CELLS_MAX];
        for (int i = 0; i < rows * cols; i++) {
            all[i] = true;
            double u = tsr_draw_uniform(7, TSR_STREAM_SAMPLE, trial, (uint64_t)i);
            count[i] = u < .2 ? 0 : u < .35 ? 1 + (int64_t)(u * 20) : (int64_t)(u * 1000);
        }
        assert_int_equal(tsr_suppress(count, rows, cols, 10, hidden), TSR_OK);
        for (int i = 0; i < rows * cols; i++) {
            if (count[i] == 0 || count[i] >= 10) continue;
            assert_true(hidden[i]);
            /* Alone in its row it is the total: that is hidden elsewhere. */
            if (!follows_from_totals(count, all, rows, cols, i))
                assert_false(follows_from_totals(count, hidden, rows, cols, i));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_without_small_cells_is_shown),
        cmocka_unit_test(small_cell_takes_three_others_with_it),
        cmocka_unit_test(small_cells_on_a_bridge_are_protected_too),
        cmocka_unit_test(no_small_cell_follows_from_totals_of_random_tables),
    };
    return RUN_UNIT_TESTS(tests);
}
