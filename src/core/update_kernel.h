/**
 * @file update_kernel.h
 * Rows whose label changed leave one sum and enter another: integers, so sums stay exact for ever. A variant defines
 * `sums` (SUMS integers of 64 bits, a vector of that size) and
 *
 *     sums sums_steps(const int16_t *)        SUMS steps
 *     int  list_moved(const uint16_t *fresh, const uint16_t *label, int32_t first, int32_t *at)
 *          the rows of a tile whose labels differ, as first + row; up to 16 numbers are written. Returns how many
 *     void block_rows(const int16_t *value, int32_t n, int16_t *row, int32_t stride)
 *          16 rows of n <= 16 columns [n][16], row by row: [16][stride]; up to 16 values a row are written
 */

#define WIDE_COLS 1024 /* wider tiles are not turned */
#define MANY_ROWS 3    /* of a tile, on average: from here on it is cheaper to turn tiles than to pick their rows */

/* SUMS columns of one row, in registers all the way. */
KERNEL sums column_steps(const int16_t *row)
{
    int16_t some[SUMS];

    for (int j = 0; j < SUMS; j++) some[j] = row[j * TSR_TILE_ROWS];
    return sums_steps(some);
}

KERNEL void move_sums(const sums v, int64_t *from, int64_t *to)
{
    sums sum;

    memcpy(&sum, to, sizeof sum);
    sum += v;
    memcpy(to, &sum, sizeof sum);
    if (from == NULL) return;
    memcpy(&sum, from, sizeof sum);
    sum -= v;
    memcpy(from, &sum, sizeof sum);
}

/* Values follow one another (stride 1) or lie in a tile. */
KERNEL void move_row(const int16_t *row, const int32_t stride, int32_t cols, int64_t *from, int64_t *to)
{
    int32_t j = 0;

    for (; j + SUMS <= cols; j += SUMS)
        move_sums(stride == 1 ? sums_steps(row + j) : column_steps(row + (int64_t)j * TSR_TILE_ROWS),
                  from == NULL ? NULL : from + j, to + j);
    for (; j < cols; j++) {
        const int64_t v = row[(int64_t)j * stride];

        to[j] += v;
        if (from != NULL) from[j] -= v;
    }
}

static int64_t update(const int16_t *const *tile, int64_t n, int32_t cols, const uint16_t *fresh,
                      uint16_t *const *label, int64_t *sum, int64_t *count)
{
    int16_t turned[TSR_TILE_ROWS * WIDE_COLS];
    const int32_t stride = (cols + 15) / 16 * 16;
    int32_t at[(TSR_RUN_TILES + 1) * TSR_TILE_ROWS]; /* one more: what list_moved() may write */
    int64_t moved = 0, last = -1;

    for (int64_t t = 0; t < n; t++)
        moved += list_moved(fresh + t * TSR_TILE_ROWS, label[t], (int32_t)t * TSR_TILE_ROWS, at + moved);
    const bool turn = moved >= n * MANY_ROWS && cols <= WIDE_COLS;
    for (int64_t m = 0; m < moved; m++) {
        const int64_t t = at[m] / TSR_TILE_ROWS, i = at[m] % TSR_TILE_ROWS;
        const uint16_t from = label[t][i], to = fresh[at[m]];
        int64_t *const less = from == TSR_NO_LABEL ? NULL : sum + (int64_t)from * cols;
        int64_t *const more = sum + (int64_t)to * cols;

        for (int32_t j = 0; turn && t != last && j < cols; j += 16)
            block_rows(tile[t] + (int64_t)j * TSR_TILE_ROWS, cols - j < 16 ? cols - j : 16, turned + j, stride);
        last = t;
        if (turn)
            move_row(turned + i * stride, 1, cols, less, more);
        else
            move_row(tile[t] + i, TSR_TILE_ROWS, cols, less, more);
        label[t][i] = to;
        count[to]++;
        if (from != TSR_NO_LABEL) count[from]--;
    }
    return moved;
}
