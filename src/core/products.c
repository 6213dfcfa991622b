#include <cblas.h>
#include <string.h>

#include "core/kernels.h"
#include "tessera/memory.h"

/* 2^22 products of two steps stay below 2^52: every sum that dsyrk forms on its way is an integer that double holds. */
#define EXACT_ROWS   ((int64_t)1 << 22)
#define BLOCK_VALUES ((int64_t)1 << 20) /* of one converted block: 8 MiB */

#define INTEGER_ROWS ((int64_t)1 << 33) /* whose products fit 64 bits */

static int64_t block_tiles(int32_t cols)
{
    int64_t tiles = BLOCK_VALUES / cols / TSR_TILE_ROWS;

    return tiles < 16 ? 16 : tiles > 4096 ? 4096 : tiles;
}

/* Tiles first .. first + n - 1 as block [cols][n x 16], and the sums of the columns. */
static void convert(const tsr_tiles *tiles, int64_t first, int64_t n, double *block, int64_t *sum)
{
    int64_t width = n * TSR_TILE_ROWS;

    for (int64_t t = 0; t < n; t++) {
        const int16_t *tile = tiles->value + (first + t) * tiles->cols * TSR_TILE_ROWS;
        for (int32_t j = 0; j < tiles->cols; j++, tile += TSR_TILE_ROWS) {
            double *to = block + j * width + t * TSR_TILE_ROWS;
            int32_t s = 0;
            for (int i = 0; i < TSR_TILE_ROWS; i++) to[i] = tile[i];
            for (int i = 0; i < TSR_TILE_ROWS; i++) s += tile[i];
            sum[j] += s;
        }
    }
}

static void flush(const double *part, int32_t cols, tsr_int128 *product)
{
    for (int32_t i = 0; i < cols; i++)
        for (int32_t j = i; j < cols; j++) product[(int64_t)i * cols + j] += (int64_t)part[(int64_t)i * cols + j];
}

static tsr_status by_blas(const tsr_tiles *tiles, tsr_int128 *product, int64_t *sum)
{
    tsr_status st;
    int32_t cols = tiles->cols;
    int64_t step = block_tiles(cols), rows = 0; /* rows in `part` */
    double *block = NULL, *part = NULL;

    TSR_TRY(tsr_alloc_aligned(&block, step * TSR_TILE_ROWS * cols, sizeof *block));
    TSR_TRY(tsr_alloc_aligned(&part, (int64_t)cols * cols, sizeof *part));
    for (int64_t first = 0; first < tiles->tiles; first += step) {
        int64_t n = tiles->tiles - first < step ? tiles->tiles - first : step, width = n * TSR_TILE_ROWS;

        if (rows + width > EXACT_ROWS) {
            flush(part, cols, product);
            memset(part, 0, (size_t)cols * (size_t)cols * sizeof *part);
            rows = 0;
        }
        convert(tiles, first, n, block, sum);
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, cols, (int)width, 1, block, (int)width, 1, part, cols);
        rows += width;
    }
    flush(part, cols, product);
done:
    tsr_free(&part);
    tsr_free(&block);
    return st;
}

static tsr_status by_integers(tsr_products_kernel *kernel, const tsr_tiles *tiles, tsr_int128 *product, int64_t *sum)
{
    tsr_status st;
    const int32_t cols = tiles->cols;
    const int64_t step = TSR_PRODUCT_ROWS / TSR_TILE_ROWS, wide = TSR_PRODUCT_WIDE(cols);
    int32_t *work = NULL;
    int64_t *part = NULL;

    TSR_TRY(tsr_alloc_aligned(&work, 3 * wide * TSR_PRODUCT_ROWS / 2, sizeof *work));
    TSR_TRY(tsr_alloc_aligned(&part, wide * wide, sizeof *part));
    for (int64_t first = 0; first < tiles->tiles; first += step) {
        int64_t n = tiles->tiles - first < step ? tiles->tiles - first : step;
        kernel(tiles->value + first * cols * TSR_TILE_ROWS, n, cols, work, part, sum);
    }
    for (int32_t i = 0; i < cols; i++)
        for (int32_t j = i; j < cols; j++) product[(int64_t)i * cols + j] += part[i * wide + j];
done:
    tsr_free(&part);
    tsr_free(&work);
    return st;
}

tsr_status tsr_products(const tsr_tiles *tiles, tsr_int128 *product, int64_t *sum)
{
    tsr_products_kernel *kernel = tsr_products_of(tsr_isa_here());

    if (kernel == NULL || tiles->span.rows >= INTEGER_ROWS) return by_blas(tiles, product, sum);
    return by_integers(kernel, tiles, product, sum);
}
