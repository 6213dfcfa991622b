/**
 * @file update_kernel.h
 * Rows whose label changed leave one sum and enter another: integers, so sums stay exact for ever. A variant defines
 * `sums` (SUMS integers of 64 bits, a vector of that size) and
 *
 *     sums sums_steps(const int16_t *)        SUMS steps
 *     void block_rows(const int16_t *value, int32_t n, int16_t *row, int32_t stride)
 *          16 rows of n <= 16 columns [n][16], row by row: [16][stride]; up to 16 values a row are written
 */

#define WIDE_COLS 1024 /* wider tiles are not turned */
#define MANY_ROWS 3    /* from here on it is cheaper to turn a whole tile than to pick its rows */

/* Values that lie `stride` apart. */
KERNEL void move_values(const int16_t *row, const int32_t stride, int32_t n, int64_t *from, int64_t *to)
{
    for (int32_t j = 0; j < n; j++) {
        const int64_t v = row[(int64_t)j * stride];
        to[j] += v;
        if (from != NULL) from[j] -= v;
    }
}

KERNEL void move_row(const int16_t *row, int32_t cols, int64_t *from, int64_t *to)
{
    int32_t j = 0;

    for (; j + SUMS <= cols; j += SUMS) {
        const sums v = sums_steps(row + j);
        sums sum;

        memcpy(&sum, to + j, sizeof sum);
        sum += v;
        memcpy(to + j, &sum, sizeof sum);
        if (from == NULL) continue;
        memcpy(&sum, from + j, sizeof sum);
        sum -= v;
        memcpy(from + j, &sum, sizeof sum);
    }
    if (j < cols) move_values(row + j, 1, cols - j, from == NULL ? NULL : from + j, to + j);
}

/* The rows whose label changes, without a branch for each: which ones they are cannot be foreseen. */
KERNEL int list_moved(int rows, const uint16_t *fresh, const uint16_t *label, int *at)
{
    int n = 0;

    for (int i = 0; i < rows; i++) {
        at[n] = i;
        n += fresh[i] != label[i];
    }
    return n;
}

KERNEL void move_rows(const int16_t *value, int64_t next_row, const int32_t stride, int32_t cols, const int *at, int n,
                      const uint16_t *fresh, uint16_t *label, int64_t *sum, int64_t *count)
{
    for (int m = 0; m < n; m++) {
        const int i = at[m];
        const uint16_t from = label[i], to = fresh[i];

        label[i] = to;
        count[to]++;
        if (from != TSR_NO_LABEL) count[from]--;
        int64_t *const less = from == TSR_NO_LABEL ? NULL : sum + (int64_t)from * cols;
        int64_t *const more = sum + (int64_t)to * cols;
        if (stride == 1)
            move_row(value + i * next_row, cols, less, more);
        else
            move_values(value + i * next_row, stride, cols, less, more);
    }
}

static int64_t update(const int16_t *tile, int32_t cols, int rows, const uint16_t *fresh, uint16_t *label, int64_t *sum,
                      int64_t *count)
{
    int16_t turned[TSR_TILE_ROWS * WIDE_COLS];
    const int32_t stride = (cols + 15) / 16 * 16;
    int at[TSR_TILE_ROWS];
    const int moved = list_moved(rows, fresh, label, at);

    if (moved < MANY_ROWS || cols > WIDE_COLS) {
        move_rows(tile, 1, TSR_TILE_ROWS, cols, at, moved, fresh, label, sum, count);
        return moved;
    }
    for (int32_t j = 0; j < cols; j += 16)
        block_rows(tile + (int64_t)j * TSR_TILE_ROWS, cols - j < 16 ? cols - j : 16, turned + j, stride);
    move_rows(turned, stride, 1, cols, at, moved, fresh, label, sum, count);
    return moved;
}
