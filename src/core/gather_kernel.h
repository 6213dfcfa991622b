/**
 * @file gather_kernel.h
 * Sums of all rows by label, without asking which of them moved: a row counts once for its own centroid and not at all
 * for the others, as a product with 0 or -1 (what comparing gives), two rows at a time. A variant defines `pairs`
 * (PAIR_COLUMNS x 8 integers of 32 bits) and
 *
 *     pairs pairs_load(const int32_t *, const int columns)      8 integers of each column; `columns` is PAIR_COLUMNS,
 *     void  pairs_store(pairs, int32_t *, const int columns)    or 1
 *     pairs pairs_add(pairs sum, const int16_t *value, const int16_t *mask, const int columns)
 *           sum + value [columns][16] x mask [16] of each column, neighbours added
 *
 * Cost: k x cols / PAIR_COLUMNS products and sums for 16 rows, however many of them moved.
 */
#define GATHER_BLOCK 4 /* centroids whose sums are in registers */

KERNEL void gather_block(const int16_t *const *tile, int64_t n, int64_t at, int16_t (*mask)[TSR_GATHER_ROWS],
                         const int k, const int columns, int32_t *partial, int64_t next)
{
    pairs sum[GATHER_BLOCK];

#pragma GCC unroll 4
    for (int c = 0; c < k; c++) sum[c] = pairs_load(partial + c * next, columns);
    for (int64_t t = 0; t < n; t++)
#pragma GCC unroll 4
        for (int c = 0; c < k; c++) sum[c] = pairs_add(sum[c], tile[t] + at, mask[c] + t * TSR_TILE_ROWS, columns);
#pragma GCC unroll 4
    for (int c = 0; c < k; c++) pairs_store(sum[c], partial + c * next, columns);
}

KERNEL void gather_columns(const int16_t *const *tile, int64_t n, int32_t col, int32_t cols, int32_t k,
                           int16_t (*mask)[TSR_GATHER_ROWS], const int columns, int32_t *partial)
{
    const int64_t at = (int64_t)col * TSR_TILE_ROWS, next = (int64_t)cols * TSR_PARTIALS;
    int32_t *to = partial + (int64_t)col * TSR_PARTIALS;
    int32_t c = 0;

    for (; c + GATHER_BLOCK <= k; c += GATHER_BLOCK)
        gather_block(tile, n, at, mask + c, GATHER_BLOCK, columns, to + c * next, next);
    for (; c < k; c++) gather_block(tile, n, at, mask + c, 1, columns, to + c * next, next);
}

static void gather(const int16_t *const *tile, int64_t n, int32_t cols, const uint16_t *label, int32_t k,
                   int32_t *partial, int64_t *count)
{
    int16_t mask[TSR_GATHER_K][TSR_GATHER_ROWS];
    int32_t j = 0;

    for (int32_t c = 0; c < k; c++) {
        int16_t rows = 0;
        for (int64_t i = 0; i < n * TSR_TILE_ROWS; i++) mask[c][i] = (int16_t) - (label[i] == (uint16_t)c);
        for (int64_t i = 0; i < n * TSR_TILE_ROWS; i++) rows = (int16_t)(rows - mask[c][i]);
        count[c] += rows;
    }
    for (; j + PAIR_COLUMNS <= cols; j += PAIR_COLUMNS)
        gather_columns(tile, n, j, cols, k, mask, PAIR_COLUMNS, partial);
    for (; j < cols; j++) gather_columns(tile, n, j, cols, k, mask, 1, partial);
}
