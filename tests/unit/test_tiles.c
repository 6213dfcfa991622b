#include "unit_test.h"

#include <math.h>

#include "core/kernels.h"
#include "tessera/memory.h"

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

static int16_t value_at(int64_t row, int32_t col)
{
    return (int16_t)(row * 7 + col * 131);
}

/* A block of 45 rows behind a first tile. Every kind of kernel moves them back again. */
static void shuffled_rows_take_values_and_numbers_along(void **state)
{
    enum { ROWS = 45, FIRST = 1, MOST = 33 };
    static const int32_t widths[] = {1, 7, 16, MOST};
    uint16_t from[ROWS], back[ROWS];
    int16_t work[(ROWS + 3) * 48], row[MOST];

    (void)state;
    for (int i = 0; i < ROWS; i++) from[i] = (uint16_t)(i * 7 % ROWS);
    for (int i = 0; i < ROWS; i++) back[from[i]] = (uint16_t)i;
    for (int w = 0; w < 4; w++) {
        const int32_t cols = widths[w];
        tsr_tiles *tiles = make(FIRST * TSR_TILE_ROWS + ROWS, cols, 1);
        const int64_t rows = tiles->span.rows;

        assert_int_equal(tsr_alloc(&tiles->map, rows, sizeof *tiles->map), TSR_OK);
        for (int64_t i = 0; i < rows; i++) {
            tiles->map[i] = (uint32_t)i;
            for (int32_t j = 0; j < cols; j++) tiles->value[(i / 16 * cols + j) * 16 + i % 16] = value_at(i, j);
        }
        tsr_tiles_shuffle(tiles, FIRST, ROWS, from, work);
        for (int64_t i = 0; i < rows; i++) {
            const int64_t is = i < 16 ? i : 16 + from[i - 16];
            tsr_tiles_slot(tiles, i, row);
            assert_int_equal(tsr_tiles_number(tiles, i), is);
            for (int32_t j = 0; j < cols; j++) assert_int_equal(row[j], value_at(is, j));
        }
        for (int32_t j = 0; j < cols; j++) /* what pads the last tile stays 0 */
            assert_int_equal(tiles->value[(rows / 16 * cols + j) * 16 + 15], 0);
        for (int isa = TSR_ISA_BASELINE; isa <= TSR_ISA_AVX512; isa++) {
            int16_t *block = tiles->value + (int64_t)FIRST * cols * TSR_TILE_ROWS;
            if (!tsr_isa_runs((tsr_isa)isa)) continue;
            tsr_kernels_of((tsr_isa)isa)->shuffle(block, ROWS, cols, back, work);
            for (int i = 0; i < ROWS; i++) assert_int_equal(block[(i / 16 * cols) * 16 + i % 16], value_at(i + 16, 0));
            tsr_kernels_of((tsr_isa)isa)->shuffle(block, ROWS, cols, from, work);
        }
        tsr_tiles_destroy(&tiles);
    }
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
        cmocka_unit_test(shuffled_rows_take_values_and_numbers_along),
        cmocka_unit_test(no_rows_are_legal),
        cmocka_unit_test(failed_allocation_leaves_nothing),
    };

    return RUN_UNIT_TESTS(tests);
}
