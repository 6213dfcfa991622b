#include "unit_test.h"

#include <string.h>

#include "core/kernels.h"
#include "tessera/rng.h"

/* An integer kernel gives the same as what was checked. */
static void check_kernel(tsr_products_kernel *kernel, const tsr_tiles *tiles, const tsr_int128 *product,
                         const int64_t *sum)
{
    int64_t wide = TSR_PRODUCT_WIDE(tiles->cols), step = TSR_PRODUCT_ROWS / TSR_TILE_ROWS;
    int32_t *work = NULL;
    int64_t *mine = NULL, *mine_sum = NULL;

    assert_int_equal(tsr_alloc_aligned(&work, 3 * wide * TSR_PRODUCT_ROWS / 2, sizeof *work), TSR_OK);
    assert_int_equal(tsr_alloc(&mine, wide * wide, sizeof *mine), TSR_OK);
    assert_int_equal(tsr_alloc(&mine_sum, tiles->cols, sizeof *mine_sum), TSR_OK);
    for (int64_t t = 0; t < tiles->tiles; t += step)
        kernel(tiles->value + t * tiles->cols * TSR_TILE_ROWS, tiles->tiles - t < step ? tiles->tiles - t : step,
               tiles->cols, work, mine, mine_sum);
    for (int32_t i = 0; i < tiles->cols; i++)
        for (int32_t j = i; j < tiles->cols; j++)
            assert_true(mine[i * wide + j] == product[(int64_t)i * tiles->cols + j]);
    assert_memory_equal(mine_sum, sum, (size_t)tiles->cols * sizeof *sum);
    tsr_free(&mine_sum);
    tsr_free(&mine);
    tsr_free(&work);
}

static void check_kernels(const tsr_tiles *tiles, const tsr_int128 *product, const int64_t *sum)
{
    for (int isa = 0; isa <= TSR_ISA_AVX512; isa++)
        if (tsr_isa_runs((tsr_isa)isa) && tsr_products_of((tsr_isa)isa) != NULL)
            check_kernel(tsr_products_of((tsr_isa)isa), tiles, product, sum);
#ifdef TSR_X86 /* where there is something better it stands back */
    if (tsr_isa_runs(TSR_ISA_AVX512)) check_kernel(tsr_products_avx512, tiles, product, sum);
#endif
}

/* -1 is 256 x -1 + 255: the largest low byte there is. */
static const int extremes[] = {-32767, -1, 32767};

static void check_products(int64_t rows, int32_t cols, int extreme)
{
    tsr_tiles *tiles = NULL;
    tsr_span span = {0, rows, rows};
    tsr_int128 *product = NULL, *expected = NULL;
    int64_t *sum = NULL, *sum_expected = NULL;

    assert_int_equal(tsr_tiles_create(&span, cols, 1, NULL, &tiles), TSR_OK);
    assert_int_equal(tsr_alloc(&product, (int64_t)cols * cols, sizeof *product), TSR_OK);
    assert_int_equal(tsr_alloc(&expected, (int64_t)cols * cols, sizeof *expected), TSR_OK);
    assert_int_equal(tsr_alloc(&sum, cols, sizeof *sum), TSR_OK);
    assert_int_equal(tsr_alloc(&sum_expected, cols, sizeof *sum_expected), TSR_OK);
    for (int64_t i = 0; i < rows; i++) {
        int16_t *row = tiles->value + i / 16 * cols * 16 + i % 16;
        for (int32_t j = 0; j < cols; j++) {
            uint64_t u = tsr_draw(1, TSR_STREAM_QUALITY, (uint64_t)i, (uint64_t)j);
            row[j * 16] = (int16_t)(extreme ? extremes[j % 3] : (int64_t)(u % 65535) - 32767);
            sum_expected[j] += row[j * 16];
            for (int32_t h = 0; h <= j; h++) expected[h * cols + j] += (int64_t)row[j * 16] * row[h * 16];
        }
    }
    assert_int_equal(tsr_products(tiles, product, sum), TSR_OK);
    assert_memory_equal(product, expected, (size_t)(cols * cols) * sizeof *product);
    assert_memory_equal(sum, sum_expected, (size_t)cols * sizeof *sum);
    check_kernels(tiles, product, sum);
    tsr_free(&sum_expected);
    tsr_free(&sum);
    tsr_free(&expected);
    tsr_free(&product);
    tsr_tiles_destroy(&tiles);
}

static void products_equal_integer_arithmetic_to_the_last_bit(void **state)
{
    (void)state;
    check_products(1, 1, 0);
    check_products(1000, 7, 0);
    check_products(70003, 16, 0); /* more than one block */
    check_products(4100, 300, 0);
    check_products(2100, 96, 0);
    check_products(2065, 9, 1);
}

/* In double, 2^22 rows of one sign fill the 53 bits of a double as far as they ever are filled; one row more starts
 * anew. */
static void products_stay_exact_at_the_extremes_and_past_the_limit_of_rows(void **state)
{
    (void)state;
    check_products(((int64_t)1 << 22) + 1, 2, 1);
}

static void products_of_no_rows_are_zero(void **state)
{
    (void)state;
    check_products(0, 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_equal_integer_arithmetic_to_the_last_bit),
        cmocka_unit_test(products_stay_exact_at_the_extremes_and_past_the_limit_of_rows),
        cmocka_unit_test(products_of_no_rows_are_zero),
    };

    return RUN_UNIT_TESTS(tests);
}
