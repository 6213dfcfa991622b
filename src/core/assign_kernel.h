/**
 * @file assign_kernel.h
 * The one source of the kernels. A variant defines `lanes` (16 floats), `places` (16 numbers of centroids), the five
 * functions on them that are named below, and BLOCK (centroids whose scores stay in registers), then includes this.
 *
 *     lanes  lanes_steps(const int16_t *)           16 steps as floats
 *     lanes  lanes_all(float)
 *     lanes  lanes_minus_product(lanes s, lanes x, lanes c)    s - x c, rounded once
 *     void   lanes_nearer(lanes s, int32_t c, lanes *best, places *at)  where s < best: best = s, at = c
 *     void   places_store(places, uint16_t *)
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

/* Differences of steps and centroids, squared and added with a rounding each: without a fused multiply-add the
 * processors without one give the same bits at the same speed. */
typedef double half_tile __attribute__((vector_size(64)));
typedef int16_t half_steps __attribute__((vector_size(16)));

static void distance(const int16_t *value, int32_t cols, const double *centroid, double *out)
{
    half_tile low = {0}, high = {0};

    for (int32_t j = 0; j < cols; j++) {
        half_steps a, b;
        memcpy(&a, value + (int64_t)j * TSR_TILE_ROWS, sizeof a);
        memcpy(&b, value + (int64_t)j * TSR_TILE_ROWS + 8, sizeof b);
        half_tile p = __builtin_convertvector(a, half_tile) - centroid[j];
        half_tile q = __builtin_convertvector(b, half_tile) - centroid[j];
        low += p * p;
        high += q * q;
    }
    memcpy(out, &low, sizeof low);
    memcpy(out + 8, &high, sizeof high);
}
