/**
 * @file update_kernel.h
 * Rows whose label changed leave one sum and enter another: integers, so sums stay exact for ever. A variant defines
 *
 *     void block_rows(const int16_t *value, int32_t n, int16_t *row, int32_t stride)
 *          16 rows of n <= 16 columns [n][16], row by row: [16][stride]; up to 16 values a row are written
 */

#define WIDE_COLS 1024 /* wider tiles are not turned */
#define MANY_ROWS 3    /* from here on it is cheaper to turn a whole tile than to pick its rows */

KERNEL void add_row(const int16_t *row, const int32_t stride, int32_t cols, int64_t *from, int64_t *to)
{
    if (from == NULL) {
        for (int32_t j = 0; j < cols; j++) to[j] += row[(int64_t)j * stride];
        return;
    }
    for (int32_t j = 0; j < cols; j++) {
        int64_t v = row[(int64_t)j * stride];
        to[j] += v;
        from[j] -= v;
    }
}

KERNEL void add_rows(const int16_t *value, int64_t next_row, const int32_t stride, int32_t cols, int rows,
                     const uint16_t *fresh, uint16_t *label, int64_t *sums, int64_t *count)
{
    for (int i = 0; i < rows; i++) {
        const uint16_t from = label[i], to = fresh[i];

        if (from == to) continue;
        label[i] = to;
        count[to]++;
        if (from != TSR_NO_LABEL) count[from]--;
        add_row(value + i * next_row, stride, cols, from == TSR_NO_LABEL ? NULL : sums + (int64_t)from * cols,
                sums + (int64_t)to * cols);
    }
}

static int64_t update(const int16_t *tile, int32_t cols, int rows, const uint16_t *fresh, uint16_t *label,
                      int64_t *sums, int64_t *count)
{
    int16_t turned[TSR_TILE_ROWS * WIDE_COLS];
    const int32_t stride = (cols + 15) / 16 * 16;
    int64_t moved = 0;

    for (int i = 0; i < rows; i++) moved += fresh[i] != label[i];
    if (moved < MANY_ROWS || cols > WIDE_COLS) {
        add_rows(tile, 1, TSR_TILE_ROWS, cols, rows, fresh, label, sums, count);
        return moved;
    }
    for (int32_t j = 0; j < cols; j += 16)
        block_rows(tile + (int64_t)j * TSR_TILE_ROWS, cols - j < 16 ? cols - j : 16, turned + j, stride);
    add_rows(turned, stride, 1, cols, rows, fresh, label, sums, count);
    return moved;
}
