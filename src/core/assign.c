#include "tessera/assign.h"

#include <math.h>
#include <string.h>

#include "core/kernels.h"
#include "tessera/memory.h"

#define CHUNK 16 /* tiles labelled at a time, and then looked at for changes while they are in the cache */

/* Half of the squared length of each centroid: summed in double, rounded once. */
static void half_squares(const float *centroids, int32_t k, int32_t cols, float *half)
{
    for (int32_t c = 0; c < k; c++) {
        double sum = 0;
        for (int32_t j = 0; j < cols; j++) {
            double v = centroids[(int64_t)c * cols + j];
            sum += v * v;
        }
        half[c] = (float)(sum / 2);
    }
}

static void move(const int16_t *row, int32_t cols, int64_t *from, int64_t *to)
{
    for (int32_t j = 0; j < cols; j++) to[j] += row[(int64_t)j * TSR_TILE_ROWS];
    if (from == NULL) return;
    for (int32_t j = 0; j < cols; j++) from[j] -= row[(int64_t)j * TSR_TILE_ROWS];
}

/* Bring labels and sums of one tile up to date. */
static int64_t update(const int16_t *tile, int32_t cols, int rows, const uint16_t *fresh, uint16_t *label,
                      int64_t *sums, int64_t *count)
{
    int64_t moved = 0;

    for (int i = 0; i < rows; i++) {
        uint16_t from = label[i], to = fresh[i];
        if (from == to) continue;
        moved++;
        label[i] = to;
        if (sums == NULL) continue;
        move(tile + i, cols, from == TSR_NO_LABEL ? NULL : sums + (int64_t)from * cols, sums + (int64_t)to * cols);
        count[to]++;
        if (from != TSR_NO_LABEL) count[from]--;
    }
    return moved;
}

int64_t tsr_assign(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                   int64_t *sums, int64_t *count)
{
    const tsr_kernels *kernels = tsr_kernels_of(isa);
    int64_t moved = 0, tile_values = (int64_t)tiles->cols * TSR_TILE_ROWS;
    float half[TSR_K_MAX];
    uint16_t fresh[CHUNK * TSR_TILE_ROWS];

    TSR_ASSERT(k >= 1 && k <= TSR_K_MAX);
    half_squares(centroids, k, tiles->cols, half);
    for (int64_t first = 0; first < tiles->tiles; first += CHUNK) {
        int64_t n = tiles->tiles - first < CHUNK ? tiles->tiles - first : CHUNK;

        kernels->nearest(tiles->value + first * tile_values, n, tiles->cols, centroids, half, k, fresh);
        for (int64_t t = 0; t < n; t++) {
            int64_t slot = (first + t) * TSR_TILE_ROWS;
            int rows = tsr_tile_rows(tiles, first + t);
            const uint16_t *now = fresh + t * TSR_TILE_ROWS;

            if (memcmp(label + slot, now, (size_t)rows * sizeof *now) == 0) continue;
            moved +=
                update(tiles->value + (first + t) * tile_values, tiles->cols, rows, now, label + slot, sums, count);
        }
    }
    return moved;
}

void tsr_tile_distance(const tsr_tiles *tiles, int64_t tile, const double *centroid, double *distance)
{
    tsr_kernels_here()->distance(tiles->value + tile * tiles->cols * TSR_TILE_ROWS, tiles->cols, centroid, distance);
}

void tsr_tile_project(const double *row, int32_t cols, const double *vector, int32_t n, double *score)
{
    tsr_kernels_here()->project(row, cols, vector, n, score);
}

/* One tile's rows from `skip` on, at most `rows` of them. */
static void tile_distances(const tsr_tiles *tiles, int64_t tile, int skip, int rows, const double *centroids, int32_t k,
                           const uint16_t *label, double *own, double *other)
{
    double d[TSR_TILE_ROWS];

    for (int i = 0; i < rows; i++) other[i] = INFINITY;
    for (int32_t c = 0; c < k; c++) {
        tsr_tile_distance(tiles, tile, centroids + (int64_t)c * tiles->cols, d);
        for (int i = 0; i < rows; i++) {
            double here = d[skip + i];
            if (label[i] == c)
                own[i] = here;
            else if (here < other[i])
                other[i] = here;
        }
    }
}

void tsr_distances(const tsr_tiles *tiles, int64_t first, int64_t rows, const double *centroids, int32_t k,
                   const uint16_t *label, double *own, double *other)
{
    for (int64_t done = 0; done < rows;) {
        int64_t slot = first + done;
        int skip = (int)(slot % TSR_TILE_ROWS);
        int n = TSR_TILE_ROWS - skip;

        if (n > rows - done) n = (int)(rows - done);
        tile_distances(tiles, slot / TSR_TILE_ROWS, skip, n, centroids, k, label + slot, own + done, other + done);
        done += n;
    }
}
