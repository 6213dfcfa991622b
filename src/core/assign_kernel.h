/**
 * @file assign_kernel.h
 * The one source of the kernels. A variant defines what nearest_kernel.h and update_kernel.h name, BLOCK and TILES
 * (scores in registers: of so many centroids for so many tiles), WIDTH (doubles in one register) and VECTORS (of
 * project, whose scores stay in registers), and
 *
 *     doubles doubles_steps(const int16_t *)        WIDTH steps as doubles, a vector of that size
 *
 * then includes this.
 */
#define KERNEL static inline __attribute__((always_inline))

#include "core/gather_kernel.h"
#include "core/nearest_kernel.h"
#include "core/update_kernel.h"

#define PIECES (TSR_TILE_ROWS / WIDTH)

#include "core/quantise_kernel.h"
#include "core/shuffle_kernel.h"

/* Double precision: products are rounded before they are added. Without a fused multiply-add, processors that have none
 * give the same bits at the same speed. */
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
