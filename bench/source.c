#include "source.h"

#include <math.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

#define BLOCK_ROWS                                                                                                     \
    65536            /* ranks' shares are whole blocks, and a block is summed in row order: the same on any number */
#define SUM_SCALE 20 /* sums of a block are kept to 2^-20: 1e-11 of a unit per row */

#if defined(__x86_64__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

tsr_status source_open(const bench *b, const char *path, source *s)
{
    tsr_status st;
    int64_t rows = 0;

    *s = (source){0};
    TSR_AGREE(&b->comm, npy_shape(path, &rows, &s->cols));
    s->span = tsr_span_even(rows, BLOCK_ROWS, b->comm.rank, b->comm.size);
    TSR_AGREE(&b->comm, npy_map_rows(path, s->span.first, s->span.rows, &s->map));
done:
    return st;
}

void source_close(source *s)
{
    npy_unmap(&s->map);
}

/* ---- first pass: where the columns lie ---- */

FOR_EACH_PROCESSOR
static void range_block(const float *row, int64_t rows, int32_t cols, float *low, float *high, double *sum)
{
    for (int64_t i = 0; i < rows; i++, row += cols) {
        for (int32_t j = 0; j < cols; j++) {
            low[j] = row[j] < low[j] ? row[j] : low[j];
            high[j] = row[j] > high[j] ? row[j] : high[j];
            sum[j] += row[j];
        }
    }
}

typedef struct ranges {
    float *low, *high; /* [cols] */
    double *sum;       /* [cols] of one block */
    double *extreme;   /* [2][cols]: -low, then high: one reduction serves both */
    tsr_fixed *total;  /* [cols] */
} ranges;

static tsr_status ranges_make(int32_t cols, ranges *r)
{
    tsr_status st;

    TSR_TRY(tsr_alloc_aligned(&r->low, cols, sizeof *r->low));
    TSR_TRY(tsr_alloc_aligned(&r->high, cols, sizeof *r->high));
    TSR_TRY(tsr_alloc_aligned(&r->sum, cols, sizeof *r->sum));
    TSR_TRY(tsr_alloc(&r->extreme, 2 * (int64_t)cols, sizeof *r->extreme));
    TSR_TRY(tsr_alloc(&r->total, cols, sizeof *r->total));
    for (int32_t j = 0; j < cols; j++) {
        r->low[j] = INFINITY;
        r->high[j] = -INFINITY;
        r->total[j] = tsr_fixed_zero(SUM_SCALE);
    }
done:
    return st;
}

static void ranges_clear(ranges *r)
{
    tsr_free(&r->total);
    tsr_free(&r->extreme);
    tsr_free(&r->sum);
    tsr_free(&r->high);
    tsr_free(&r->low);
}

static void ranges_measure(const source *s, ranges *r)
{
    const float *rows = s->map.rows;

    for (int64_t first = 0; first < s->span.rows; first += BLOCK_ROWS) {
        int64_t n = s->span.rows - first < BLOCK_ROWS ? s->span.rows - first : BLOCK_ROWS;
        for (int32_t j = 0; j < s->cols; j++) r->sum[j] = 0;
        range_block(rows + first * s->cols, n, s->cols, r->low, r->high, r->sum);
        for (int32_t j = 0; j < s->cols; j++) tsr_fixed_add(&r->total[j], r->sum[j], 1);
    }
    for (int32_t j = 0; j < s->cols; j++) {
        r->extreme[j] = -(double)r->low[j];
        r->extreme[s->cols + j] = r->high[j];
    }
}

static tsr_status choose_step(const source *s, const ranges *r, double *centre, double *step)
{
    double largest = 0;

    for (int32_t j = 0; j < s->cols; j++) {
        centre[j] = tsr_fixed_value(&r->total[j]) / (double)s->span.rows_global;
        largest = fmax(largest, fmax(r->extreme[s->cols + j] - centre[j], r->extreme[j] + centre[j]));
        if (!isfinite(centre[j]) || !isfinite(largest))
            return TSR_FAIL(TSR_EDATA, "column %d of the source is not finite", j + 1);
    }
    *step = tsr_step_for(largest * (1 + 0x1p-14)); /* room for rounding the centre */
    for (int32_t j = 0; j < s->cols; j++) centre[j] = rint(centre[j] / *step) * *step;
    return TSR_OK;
}

/* ---- second pass: steps ---- */

#define GROUP 16 /* columns transposed at a time */

/* Rows of one tile, at most 16. A step is a power of two and a centre a whole number of steps: one rounding. */
FOR_EACH_PROCESSOR
static void quantise_tile(const float *row, int rows, int32_t cols, const double *centre_steps, double per_unit,
                          int16_t *tile)
{
    int16_t steps[TSR_TILE_ROWS][GROUP] = {{0}};

    for (int32_t first = 0; first < cols; first += GROUP) {
        int32_t n = cols - first < GROUP ? cols - first : GROUP;
        for (int i = 0; i < rows; i++) {
            const float *from = row + (int64_t)i * cols + first;
            for (int32_t j = 0; j < n; j++)
                steps[i][j] = (int16_t)(int32_t)rint(from[j] * per_unit - centre_steps[first + j]);
        }
        for (int32_t j = 0; j < n; j++)
            for (int i = 0; i < TSR_TILE_ROWS; i++) tile[(first + j) * TSR_TILE_ROWS + i] = steps[i][j];
    }
}

static tsr_status quantise(const source *s, const double *centre, tsr_tiles *tiles)
{
    tsr_status st;
    double *centre_steps = NULL;

    TSR_TRY(tsr_alloc(&centre_steps, s->cols, sizeof *centre_steps));
    for (int32_t j = 0; j < s->cols; j++) centre_steps[j] = centre[j] / tiles->step;
    for (int64_t t = 0; t < tiles->tiles; t++)
        quantise_tile((const float *)s->map.rows + t * TSR_TILE_ROWS * s->cols, tsr_tile_rows(tiles, t), s->cols,
                      centre_steps, 1 / tiles->step, tiles->value + t * s->cols * TSR_TILE_ROWS);
done:
    tsr_free(&centre_steps);
    return st;
}

tsr_status source_tiles(const bench *b, const source *s, double **centre, tsr_tiles **tiles)
{
    tsr_status st;
    ranges r = {0};
    double step = 0;

    *centre = NULL;
    *tiles = NULL;
    TSR_AGREE(&b->comm, ranges_make(s->cols, &r));
    ranges_measure(s, &r);
    tsr_max_double(&b->comm, r.extreme, 2 * (int64_t)s->cols);
    TSR_TRY(tsr_sum_fixed(&b->comm, r.total, s->cols));
    TSR_AGREE(&b->comm, tsr_alloc(centre, s->cols, sizeof **centre));
    TSR_AGREE(&b->comm, choose_step(s, &r, *centre, &step));
    TSR_AGREE(&b->comm, tsr_tiles_create(&s->span, s->cols, step, NULL, tiles));
    TSR_AGREE(&b->comm, quantise(s, *centre, *tiles));
done:
    if (st != TSR_OK) {
        tsr_tiles_destroy(tiles);
        tsr_free(centre);
    }
    ranges_clear(&r);
    return st;
}
