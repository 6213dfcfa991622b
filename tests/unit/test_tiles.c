#include "unit_test.h"

#include <math.h>

#include "tessera/tiles.h"

static tsr_tiles *make(int64_t rows, int32_t cols, double step)
{
    tsr_tiles *tiles = NULL;
    tsr_span span = {0, rows, rows};

    assert_int_equal(tsr_tiles_create(&span, cols, step, NULL, &tiles), TSR_OK);
    return tiles;
}

static void values_land_column_by_column_in_tiles_of_16(void **state)
{
    tsr_tiles *tiles = make(19, 2, 0.5);
    double column[19];
    int16_t row[2];

    (void)state;
    assert_int_equal(tiles->tiles, 2);
    for (int i = 0; i < 19; i++) column[i] = i * 0.5;
    assert_int_equal(tsr_tiles_put(tiles, 0, 19, 1, column), 0);
    assert_int_equal(tiles->value[16 + 5], 5);
    assert_int_equal(tiles->value[32 + 16 + 2], 18);
    assert_int_equal(tiles->value[32 + 16 + 3], 0); /* padding */
    tsr_tiles_row(tiles, 18, row);
    assert_int_equal(row[0], 0);
    assert_int_equal(row[1], 18);
    tsr_tiles_destroy(&tiles);
    assert_null(tiles);
}

static void rows_put_in_pieces_equal_rows_put_at_once(void **state)
{
    tsr_tiles *whole = make(50, 1, 0.01), *pieces = make(50, 1, 0.01);
    double column[50];

    (void)state;
    for (int i = 0; i < 50; i++) column[i] = sin(i) * 3;
    tsr_tiles_put(whole, 0, 50, 0, column);
    tsr_tiles_put(pieces, 0, 7, 0, column);
    tsr_tiles_put(pieces, 7, 30, 0, column + 7);
    tsr_tiles_put(pieces, 37, 13, 0, column + 37);
    assert_memory_equal(whole->value, pieces->value, (size_t)whole->tiles * 16 * sizeof *whole->value);
    tsr_tiles_destroy(&whole);
    tsr_tiles_destroy(&pieces);
}

static void halves_round_to_even_and_what_does_not_fit_is_clipped_and_counted(void **state)
{
    tsr_tiles *tiles = make(9, 1, 1);
    const double column[9] = {0.5, 1.5, -2.5, 32767.4, 32768, -40000, NAN, -INFINITY, -32767};
    const int16_t expected[9] = {0, 2, -2, 32767, 32767, -32767, 32767, -32767, -32767};

    (void)state;
    assert_int_equal(tsr_tiles_put(tiles, 0, 9, 0, column), 4);
    assert_memory_equal(tiles->value, expected, sizeof expected);
    tsr_tiles_destroy(&tiles);
}

static void step_is_the_smallest_power_of_two_that_holds_the_largest_value(void **state)
{
    const double largest[] = {1, 3, 32767, 32767.5, 32768, 1e-9, 1e300, 65534, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof largest / sizeof *largest; i++) {
        int exponent;
        double step = tsr_step_for(largest[i]);
        assert_true(frexp(step, &exponent) == 0.5);
        assert_true(largest[i] / step <= 32767);
        assert_true(largest[i] / (step / 2) > 32767);
    }
    assert_true(tsr_step_for(32767) == 1);
    assert_true(tsr_step_for(0) == 1);
}

static void norms_are_exact_at_the_extremes(void **state)
{
    enum { COLS = 300 };
    tsr_tiles *tiles = make(17, COLS, 1);
    int64_t norm[16];
    double column[17];

    (void)state;
    for (int i = 0; i < 17; i++) column[i] = i % 2 ? 32767 : -32767;
    for (int32_t j = 0; j < COLS; j++) tsr_tiles_put(tiles, 0, 17, j, column);
    tsr_tiles_norms(tiles, 1, norm);
    assert_int_equal(norm[0], (int64_t)COLS * 32767 * 32767);
    assert_int_equal(norm[1], 0);
    assert_true(tsr_tiles_square_sum(tiles) == (tsr_int128)17 * COLS * 32767 * 32767);
    tsr_tiles_destroy(&tiles);
}

static void no_rows_are_legal(void **state)
{
    tsr_tiles *tiles = make(0, 3, 1);

    (void)state;
    assert_int_equal(tiles->tiles, 0);
    assert_true(tsr_tiles_square_sum(tiles) == 0);
    tsr_tiles_destroy(&tiles);
    tsr_tiles_destroy(&tiles);
}

static void failed_allocation_leaves_nothing(void **state)
{
    tsr_tiles *tiles = NULL;
    tsr_span span = {0, 5, 5};

    (void)state;
    for (int nth = 1; nth <= 2; nth++) {
        tsr_fault_set(nth == 1 ? "point=alloc,nth=1" : "point=alloc,nth=2");
        assert_int_equal(tsr_tiles_create(&span, 2, 1, NULL, &tiles), TSR_ENOMEM);
        assert_null(tiles);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_land_column_by_column_in_tiles_of_16),
        cmocka_unit_test(rows_put_in_pieces_equal_rows_put_at_once),
        cmocka_unit_test(halves_round_to_even_and_what_does_not_fit_is_clipped_and_counted),
        cmocka_unit_test(step_is_the_smallest_power_of_two_that_holds_the_largest_value),
        cmocka_unit_test(norms_are_exact_at_the_extremes),
        cmocka_unit_test(no_rows_are_legal),
        cmocka_unit_test(failed_allocation_leaves_nothing),
    };

    return RUN_UNIT_TESTS(tests);
}
