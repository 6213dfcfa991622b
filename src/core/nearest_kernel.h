/**
 * @file nearest_kernel.h
 * The nearest centroid of every row: scores of BLOCK centroids and TILES tiles at a time stay in registers, so that one
 * centroid's value serves TILES multiply-adds and one row's value BLOCK of them. Where there are several blocks, steps
 * become floats once and wait for the others in the cache.
 *
 * A variant defines `lanes` (16 floats), `places` (16 numbers of centroids) and the functions on them named below.
 *
 *     lanes  lanes_steps(const int16_t *)           16 steps as floats
 *     lanes  lanes_all(float)
 *     lanes  lanes_minus_product(lanes s, lanes x, lanes c)    s - x c, rounded once
 *     lanes  lanes_plus_product(lanes s, lanes x, lanes c)     s + x c, rounded once
 *     void   lanes_nearer(lanes s, int32_t c, lanes *best, places *at)  where s < best: best = s, at = c
 *     lanes  lanes_second(lanes s, lanes best, lanes second)   min(second, max(best, s))
 *     lanes  lanes_larger(lanes, lanes)
 *     float  lanes_least(lanes)                     the smallest of the 16
 *     void   places_store(places, uint16_t *)
 */
#define KEPT_COLS 1024 /* wider rows are converted for every block */

typedef struct contest {
    lanes best[TILES], second[TILES], norm[TILES];
    places at[TILES];
} contest;

/* Where values come from: steps; steps, to be kept as floats; floats that were kept. */
enum { FROM_STEPS, FROM_STEPS_KEPT, FROM_FLOATS };

/* The scores of n centroids from `first` on. What is constant where this is called makes arrays registers and tests
 * vanish. */
KERNEL void compare_block(const tsr_targets *to, const int16_t *const *tile, lanes (*kept)[TILES], int32_t first,
                          const int n, const int from, const int gaps, contest *now)
{
    const int32_t cols = to->cols;
    const float *centroid = to->centroid + (int64_t)first * cols;
    lanes s[BLOCK][TILES];

    /* Floats have passed here before, as steps. */
    for (int t = 0; gaps && from != FROM_FLOATS && t < TILES; t++) now->norm[t] = lanes_all(0);
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
#pragma GCC unroll 4
        for (int t = 0; t < TILES; t++) s[i][t] = lanes_all(to->half[first + i]);
    for (int32_t j = 0; j < cols; j++) {
        lanes x[TILES];
#pragma GCC unroll 4
        for (int t = 0; t < TILES; t++) {
            x[t] = from == FROM_FLOATS ? kept[j][t] : lanes_steps(tile[t] + (int64_t)j * TSR_TILE_ROWS);
            if (from == FROM_STEPS_KEPT) kept[j][t] = x[t];
            if (gaps && from != FROM_FLOATS) now->norm[t] = lanes_plus_product(now->norm[t], x[t], x[t]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < n; i++) {
            lanes c = lanes_all(centroid[(int64_t)i * cols + j]);
#pragma GCC unroll 4
            for (int t = 0; t < TILES; t++) s[i][t] = lanes_minus_product(s[i][t], x[t], c);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 4
        for (int t = 0; t < TILES; t++) {
            if (gaps) now->second[t] = lanes_second(s[i][t], now->best[t], now->second[t]);
            lanes_nearer(s[i][t], first + i, &now->best[t], &now->at[t]);
        }
    }
}

KERNEL void compare_some(const tsr_targets *to, const int16_t *const *tile, lanes (*kept)[TILES], int32_t first,
                         int32_t n, const int from, const int gaps, contest *now)
{
#define CASE(N)                                                                                                        \
    case N: compare_block(to, tile, kept, first, N, from, gaps, now); break
    switch (n) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
#if BLOCK > 4
        CASE(5);
        CASE(6);
#endif
#if BLOCK > 6
        CASE(7);
        CASE(8);
#endif
    default: break;
    }
#undef CASE
}

/* All centroids, for TILES tiles. Even blocks: 9 centroids are 5 + 4, not 8 + 1, which would wait for few sums. */
KERNEL void compare_all(const tsr_targets *to, const int16_t *const *tile, lanes (*kept)[TILES], const int gaps,
                        contest *now)
{
    const int32_t k = to->k, blocks = (k + BLOCK - 1) / BLOCK;
    const bool keep = to->cols <= KEPT_COLS;

    for (int t = 0; t < TILES; t++) {
        now->best[t] = now->second[t] = lanes_all(__builtin_inff());
        now->norm[t] = lanes_all(0);
        now->at[t] = (places){0};
    }
    if (blocks == 1) {
        compare_some(to, tile, kept, 0, k, FROM_STEPS, gaps, now);
        return;
    }
    for (int32_t b = 0; b < blocks; b++) {
        int32_t first = (int32_t)((int64_t)k * b / blocks), n = (int32_t)((int64_t)k * (b + 1) / blocks) - first;

        if (!keep)
            compare_some(to, tile, kept, first, n, FROM_STEPS, gaps, now);
        else if (b == 0)
            compare_some(to, tile, kept, 0, n, FROM_STEPS_KEPT, gaps, now);
        else
            compare_some(to, tile, kept, first, n, FROM_FLOATS, gaps, now);
    }
}

/* 16 floats for whom the compiler finds the instructions: loops over arrays become 16 divisions. */
typedef float values __attribute__((vector_size(TSR_TILE_ROWS * sizeof(float))));

/* The squares of the gaps in a tile. */
KERNEL lanes square_gaps(const tsr_targets *to, const contest *now, int tile)
{
    values best, second, norm, d;
    lanes positive, square;

    memcpy(&best, &now->best[tile], sizeof best);
    memcpy(&second, &now->second[tile], sizeof second);
    memcpy(&norm, &now->norm[tile], sizeof norm);
    d = second - best - to->slack;
    memcpy(&positive, &d, sizeof d);
    positive = lanes_larger(positive, lanes_all(0));
    memcpy(&d, &positive, sizeof d);
    d = d * d / (norm + best + second + to->spread);
    memcpy(&square, &d, sizeof d);
    return square;
}

static float longest(const int16_t *value, int64_t tiles, int32_t cols)
{
    lanes most = lanes_all(0);
    float norm[TSR_TILE_ROWS], largest = 0;

    for (int64_t t = 0; t < tiles; t++) {
        lanes sum = lanes_all(0);

        for (int32_t j = 0; j < cols; j++, value += TSR_TILE_ROWS) {
            lanes x = lanes_steps(value);
            sum = lanes_plus_product(sum, x, x);
        }
        most = lanes_larger(most, sum);
    }
    memcpy(norm, &most, sizeof norm);
    for (int i = 0; i < TSR_TILE_ROWS; i++) largest = norm[i] > largest ? norm[i] : largest;
    return largest;
}

/* Lists of tiles have holes where some are skipped: what hardware cannot foresee is asked for here. */
static inline void prefetch(const int16_t *tile, int32_t cols)
{
    for (int64_t i = 0; i < (int64_t)cols * TSR_TILE_ROWS && i < 64 * 32; i += 32) __builtin_prefetch(tile + i, 0, 3);
}

#define AHEAD_BYTES 8192

KERNEL void nearest_tiles(const tsr_targets *to, const int16_t *const *tile, int64_t n, int64_t known, uint16_t *label,
                          float *gap, float *each, const int gaps)
{
    lanes kept[KEPT_COLS][TILES];
    contest now;
    const int64_t ahead = AHEAD_BYTES / (TSR_TILE_ROWS * 2) / to->cols + TILES;

    for (int64_t i = 0; i < n; i += TILES) {
        const int16_t *here[TILES];
        uint16_t spare[TSR_TILE_ROWS];

        for (int t = 0; t < TILES; t++) {
            here[t] = tile[i + t < n ? i + t : i];
            if (i + ahead + t < known) prefetch(tile[i + ahead + t], to->cols);
        }
        compare_all(to, here, kept, gaps, &now);
        for (int t = 0; t < TILES; t++) {
            places_store(now.at[t], i + t < n ? label + (i + t) * TSR_TILE_ROWS : spare);
            if (!gaps || i + t >= n) continue;
            const lanes square = square_gaps(to, &now, t);
            gap[i + t] = lanes_least(square);
            if (each != NULL) memcpy(each + (i + t) * TSR_TILE_ROWS, &square, sizeof square);
        }
    }
}

static void nearest(const tsr_targets *to, const int16_t *const *tile, int64_t n, int64_t known, uint16_t *label)
{
    nearest_tiles(to, tile, n, known, label, NULL, NULL, 0);
}

static void nearest_gap(const tsr_targets *to, const int16_t *const *tile, int64_t n, int64_t known, uint16_t *label,
                        float *gap, float *each)
{
    nearest_tiles(to, tile, n, known, label, gap, each, 1);
}
