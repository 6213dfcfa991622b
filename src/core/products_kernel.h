/**
 * @file products_kernel.h
 * Exact products of columns, in integers. A step is x = 256 h + l with h in -128..127 and l in 0..255, so that
 * x_i x_j = 256 x_i h_j + x_i l_j, and |x_i h_j|, |x_i l_j| < 2^23: products of two rows at a time, added in one
 * instruction, fit a sum of 32 bits for 128 x LANES rows and more; then sums of 64 bits take over.
 *
 * A variant defines PRODUCTS (the name of the kernel), `ints` (LANES values of 16 bits or LANES / 2 sums of 32),
 * BLOCK_I, and the functions
 *
 *     ints ints_load(const int16_t *)
 *     ints ints_add_products(ints sum, ints a, ints b)      sum + a b, neighbours added up
 *
 * Bound: four instructions for LANES rows of one product, BLOCK_I x 4 of them in registers; not memory.
 */
#define KERNEL  static inline __attribute__((always_inline))
#define BLOCK_J 4

/* sum[i][j] = sum over rows of a[i] b[j]; columns lie `stride` apart. */
KERNEL void block_products(const int16_t *a, const int16_t *b, int64_t rows, int64_t stride, int64_t (*sum)[BLOCK_J])
{
    ints s[BLOCK_I][BLOCK_J] = {{{0}}};

    for (int64_t r = 0; r < rows; r += LANES) {
        ints x[BLOCK_I], y;
#pragma GCC unroll 4
        for (int i = 0; i < BLOCK_I; i++) x[i] = ints_load(a + i * stride + r);
#pragma GCC unroll 4
        for (int j = 0; j < BLOCK_J; j++) {
            y = ints_load(b + j * stride + r);
#pragma GCC unroll 4
            for (int i = 0; i < BLOCK_I; i++) s[i][j] = ints_add_products(s[i][j], x[i], y);
        }
    }
    /* Unrolled, or the sums would live in memory all the time. */
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK_I; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < BLOCK_J; j++) {
            int32_t part[LANES / 2];
            memcpy(part, &s[i][j], sizeof part);
            sum[i][j] = 0;
            for (int l = 0; l < LANES / 2; l++) sum[i][j] += part[l];
        }
    }
}

/* Columns of tiles as x, h and l, each [columns][TSR_PRODUCT_ROWS]. */
static void split_columns(const int16_t *value, int64_t tiles, int32_t cols, int16_t *x, int16_t *high, int16_t *low,
                          int64_t *sum)
{
    for (int32_t j = 0; j < cols; j++) {
        int64_t at = (int64_t)j * TSR_PRODUCT_ROWS;
        int32_t total = 0; /* of few rows: far from full */

        for (int64_t t = 0; t < tiles; t++, at += TSR_TILE_ROWS) {
            const int16_t *from = value + (t * cols + j) * TSR_TILE_ROWS;
            int16_t v[TSR_TILE_ROWS], h[TSR_TILE_ROWS], l[TSR_TILE_ROWS];

            memcpy(v, from, sizeof v);
            for (int i = 0; i < TSR_TILE_ROWS; i++) h[i] = (int16_t)(v[i] >> 8);
            for (int i = 0; i < TSR_TILE_ROWS; i++) l[i] = (int16_t)(v[i] & 255);
            for (int i = 0; i < TSR_TILE_ROWS; i++) total += v[i];
            memcpy(x + at, v, sizeof v);
            memcpy(high + at, h, sizeof h);
            memcpy(low + at, l, sizeof l);
        }
        for (int64_t i = tiles * TSR_TILE_ROWS; i % LANES != 0; i++, at++) x[at] = high[at] = low[at] = 0;
        sum[j] += total;
    }
}

void PRODUCTS(const int16_t *value, int64_t tiles, int32_t cols, int16_t *work, int64_t *product, int64_t *sum)
{
    const int64_t wide = (cols + 3) / 4 * 4, all = wide * TSR_PRODUCT_ROWS;
    const int64_t rows = (tiles * TSR_TILE_ROWS + LANES - 1) / LANES * LANES;
    int16_t *x = work, *high = work + all, *low = work + 2 * all;

    split_columns(value, tiles, cols, x, high, low, sum);
    for (int32_t i = 0; i < cols; i += BLOCK_I) {
        for (int32_t j = i / BLOCK_J * BLOCK_J; j < cols; j += BLOCK_J) {
            int64_t h[BLOCK_I][BLOCK_J], l[BLOCK_I][BLOCK_J];
            const int64_t a = (int64_t)i * TSR_PRODUCT_ROWS, b = (int64_t)j * TSR_PRODUCT_ROWS;

            block_products(x + a, high + b, rows, TSR_PRODUCT_ROWS, h);
            block_products(x + a, low + b, rows, TSR_PRODUCT_ROWS, l);
            for (int32_t p = i; p < i + BLOCK_I && p < cols; p++)
                for (int32_t q = j > p ? j : p; q < j + BLOCK_J && q < cols; q++)
                    product[(int64_t)p * cols + q] += 256 * h[p - i][q - j] + l[p - i][q - j];
        }
    }
}
