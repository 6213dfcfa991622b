/**
 * @file assign_kernel.h
 * The one source of the kernels. A variant defines `lanes` (16 floats), `places` (16 numbers of centroids), the six
 * functions on them that are named below, BLOCK (centroids whose scores stay in registers), WIDTH (doubles in one
 * register) and VECTORS (of project, whose scores stay in registers), then includes this.
 *
 *     lanes  lanes_steps(const int16_t *)           16 steps as floats
 *     lanes  lanes_all(float)
 *     lanes  lanes_minus_product(lanes s, lanes x, lanes c)    s - x c, rounded once
 *     void   lanes_nearer(lanes s, int32_t c, lanes *best, places *at)  where s < best: best = s, at = c
 *     void   places_store(places, uint16_t *)
 *     doubles doubles_steps(const int16_t *)        WIDTH steps as doubles, a vector of that size
 */
#define KERNEL static inline __attribute__((always_inline))

/* The scores of n centroids. n is a constant where this is called, so the arrays are registers. */
KERNEL void nearest_block(const int16_t *value, int32_t cols, const float *centroids, const float *half, int32_t first,
                          const int n, lanes *best, places *at)
{
    lanes s[BLOCK];

#pragma GCC unroll 8
    for (int i = 0; i < n; i++) s[i] = lanes_all(half[i]);
    for (int32_t j = 0; j < cols; j++) {
        lanes x = lanes_steps(value + (int64_t)j * TSR_TILE_ROWS);
#pragma GCC unroll 8
        for (int i = 0; i < n; i++) s[i] = lanes_minus_product(s[i], x, lanes_all(centroids[(int64_t)i * cols + j]));
    }
#pragma GCC unroll 8
    for (int i = 0; i < n; i++) lanes_nearer(s[i], first + i, best, at);
}

KERNEL void nearest_some(const int16_t *value, int32_t cols, const float *centroids, const float *half, int32_t first,
                         int32_t n, lanes *best, places *at)
{
    switch (n) {
    case 1: nearest_block(value, cols, centroids, half, first, 1, best, at); break;
    case 2: nearest_block(value, cols, centroids, half, first, 2, best, at); break;
    case 3: nearest_block(value, cols, centroids, half, first, 3, best, at); break;
    case 4: nearest_block(value, cols, centroids, half, first, 4, best, at); break;
#if BLOCK > 4
    case 5: nearest_block(value, cols, centroids, half, first, 5, best, at); break;
    case 6: nearest_block(value, cols, centroids, half, first, 6, best, at); break;
    case 7: nearest_block(value, cols, centroids, half, first, 7, best, at); break;
    case 8: nearest_block(value, cols, centroids, half, first, 8, best, at); break;
#endif
    default: break;
    }
}

static void nearest(const int16_t *value, int64_t tiles, int32_t cols, const float *centroids, const float *half,
                    int32_t k, uint16_t *label)
{
    int32_t blocks = (k + BLOCK - 1) / BLOCK;

    for (int64_t t = 0; t < tiles; t++) {
        lanes best = lanes_all(__builtin_inff());
        places at = {0};

        /* Even blocks: 9 centroids are 5 + 4, not 8 + 1, which would wait for its one chain of sums. */
        for (int32_t b = 0; b < blocks; b++) {
            int32_t first = (int32_t)((int64_t)k * b / blocks), next = (int32_t)((int64_t)k * (b + 1) / blocks);
            nearest_some(value, cols, centroids + (int64_t)first * cols, half + first, first, next - first, &best, &at);
        }
        places_store(at, label);
        value += (int64_t)cols * TSR_TILE_ROWS;
        label += TSR_TILE_ROWS;
    }
}

/* Double precision: products are rounded before they are added. Without a fused multiply-add, processors that have none
 * give the same bits at the same speed. */
#define PIECES (TSR_TILE_ROWS / WIDTH)

static void distance(const int16_t *value, int32_t cols, const double *centroid, double *out)
{
    doubles sum[PIECES] = {{0}};

    for (int32_t j = 0; j < cols; j++, value += TSR_TILE_ROWS) {
#pragma GCC unroll 8
        for (int p = 0; p < PIECES; p++) {
            doubles d = doubles_steps(value + p * WIDTH) - centroid[j];
            sum[p] += d * d;
        }
    }
    memcpy(out, sum, sizeof sum);
}

KERNEL void project_block(const double *row, int32_t cols, const double *vector, const int n, double *score)
{
    doubles sum[VECTORS][PIECES];

    memset(sum, 0, sizeof sum);
    for (int32_t j = 0; j < cols; j++, row += TSR_TILE_ROWS) {
#pragma GCC unroll 8
        for (int p = 0; p < PIECES; p++) {
            doubles x;
            memcpy(&x, row + p * WIDTH, sizeof x);
#pragma GCC unroll 4
            for (int i = 0; i < n; i++) sum[i][p] += x * vector[(int64_t)i * cols + j];
        }
    }
    memcpy(score, sum, (size_t)n * sizeof sum[0]);
}

static void project(const double *row, int32_t cols, const double *vector, int32_t n, double *score)
{
    int32_t i = 0;

    for (; i + VECTORS <= n; i += VECTORS)
        project_block(row, cols, vector + (int64_t)i * cols, VECTORS, score + (int64_t)i * TSR_TILE_ROWS);
    for (; i < n; i++) project_block(row, cols, vector + (int64_t)i * cols, 1, score + (int64_t)i * TSR_TILE_ROWS);
}
