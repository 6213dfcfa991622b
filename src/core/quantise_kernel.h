/**
 * @file quantise_kernel.h
 * Real values become steps. A variant defines what nearest_kernel.h names, `doubles` (WIDTH of them) and
 *
 *     lanes   lanes_load(const float *, int32_t n)    n <= 16 values, and 0 behind them
 *     lanes   lanes_smaller(lanes, lanes)
 *     doubles lanes_doubles(lanes, const int piece)   WIDTH lanes from piece x WIDTH on
 *     void    doubles_round(const doubles *, int16_t *)   16 doubles, rounded half to even
 *     void    columns_store(const int16_t *from, int16_t *to)  16 columns, past the caches where that can be said
 *     void    block_rows(...)                         as update_kernel.h names it
 */
#define STRIP_FLOATS 8192 /* of rows whose strips of 16 columns are measured in turn: they stay in the cache */
#define AHEAD_FLOATS 1024 /* what hardware fetches ends with the page: the next one is asked for here */

/* n <= 16 columns: where they lie stays in registers. */
KERNEL void measure_strip(const float *row, int64_t rows, int32_t cols, int32_t n, int64_t ahead, float *low,
                          float *high, double *sum)
{
    lanes least = lanes_load(low, n), most = lanes_load(high, n);
    doubles total[PIECES];
    double all[TSR_TILE_ROWS] = {0};
    float edge[TSR_TILE_ROWS];

    memcpy(all, sum, (size_t)n * sizeof *sum);
    memcpy(total, all, sizeof total);
    for (int64_t i = 0; i < rows; i++, row += cols) {
        const lanes x = lanes_load(row, n);

        __builtin_prefetch(row + ahead, 0, 3);
        least = lanes_smaller(least, x);
        most = lanes_larger(most, x);
#pragma GCC unroll 8
        for (int p = 0; p < PIECES; p++) total[p] += lanes_doubles(x, p);
    }
    memcpy(all, total, sizeof total);
    memcpy(sum, all, (size_t)n * sizeof *sum);
    memcpy(edge, &least, sizeof edge);
    memcpy(low, edge, (size_t)n * sizeof *low);
    memcpy(edge, &most, sizeof edge);
    memcpy(high, edge, (size_t)n * sizeof *high);
}

static void measure(const float *row, int64_t rows, int32_t cols, float *low, float *high, double *sum)
{
    const int64_t some = cols <= 16 ? rows : STRIP_FLOATS / cols + 1, ahead = cols <= 16 ? AHEAD_FLOATS : some * cols;

    for (int64_t first = 0; first < rows; first += some) {
        const int64_t n = rows - first < some ? rows - first : some;
        const float *from = row + first * cols;
        int32_t j = 0;

        for (; j + 16 <= cols; j += 16) measure_strip(from + j, n, cols, 16, ahead, low + j, high + j, sum + j);
        if (j < cols) measure_strip(from + j, n, cols, cols - j, ahead, low + j, high + j, sum + j);
    }
}

/* n <= 16 columns of at most 16 rows: [n][16]. */
KERNEL void quantise_strip(const float *row, int rows, int32_t cols, int32_t n, const double *centre, double per_unit,
                           int16_t *to)
{
    const int64_t ahead = cols <= 16 ? AHEAD_FLOATS : TSR_TILE_ROWS * (int64_t)cols;
    int16_t steps[TSR_TILE_ROWS * 16];
    double middle[16] = {0};
    doubles c[PIECES];

    memcpy(middle, centre, (size_t)n * sizeof *centre);
    memcpy(c, middle, sizeof c);
    for (int i = 0; i < rows; i++, row += cols) {
        const lanes x = lanes_load(row, n);
        doubles v[PIECES];

        __builtin_prefetch(row + ahead, 0, 3);
#pragma GCC unroll 8
        for (int p = 0; p < PIECES; p++) v[p] = lanes_doubles(x, p) * per_unit - c[p];
        doubles_round(v, steps + i * 16);
    }
    if (rows < TSR_TILE_ROWS) memset(steps + rows * 16, 0, (size_t)(TSR_TILE_ROWS - rows) * 16 * sizeof *steps);
    block_rows(steps, TSR_TILE_ROWS, to, TSR_TILE_ROWS);
}

static void quantise(const float *row, int rows, int32_t cols, const double *centre, double per_unit, int16_t *tile)
{
    int16_t some[16 * TSR_TILE_ROWS];
    int32_t j = 0;

    for (; j + 16 <= cols; j += 16) {
        quantise_strip(row + j, rows, cols, 16, centre + j, per_unit, some);
        columns_store(some, tile + (int64_t)j * TSR_TILE_ROWS);
    }
    if (j == cols) return;
    quantise_strip(row + j, rows, cols, cols - j, centre + j, per_unit, some);
    memcpy(tile + (int64_t)j * TSR_TILE_ROWS, some, (size_t)(cols - j) * TSR_TILE_ROWS * sizeof *tile);
}

/* Adding and taking away 1.5 x 2^52 rounds to an integer, half to even, without a call of rint. Comparisons are such
 * that a NaN counts as clipped too. */
#define ROUNDING 0x1.8p52

KERNEL int64_t put_some(const double *value, const int n, double step, int16_t *to)
{
    int64_t fitting = 0;

    for (int i = 0; i < n; i++) {
        const double steps = (value[i] / step + ROUNDING) - ROUNDING;
        const bool fits = steps >= -TSR_STEPS_MAX && steps <= TSR_STEPS_MAX;

        fitting += fits;
        to[i] = fits ? (int16_t)(int32_t)steps : steps < 0 ? -TSR_STEPS_MAX : TSR_STEPS_MAX;
    }
    return n - fitting;
}

static int64_t put(const double *value, int n, double step, int16_t *to)
{
    return n == TSR_TILE_ROWS ? put_some(value, TSR_TILE_ROWS, step, to) : put_some(value, n, step, to);
}
