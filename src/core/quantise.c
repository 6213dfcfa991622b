#include "tessera/quantise.h"

#include <inttypes.h>
#include <math.h>

#include "core/kernels.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define SUM_BITS 62 /* of the sum of a block */

typedef struct source {
    const tsr_span *span;
    const float *rows; /* [span->rows][cols] */
    int32_t cols;
    int64_t blocks; /* of TSR_QUANTISE_ROWS, the last one shorter */
} source;

/* Where the columns lie. */
typedef struct ranges {
    float *low, *high; /* [cols] */
    double *sum;       /* [blocks][cols] */
    double *extreme;   /* [2][cols]: -low, then high: one reduction serves both */
    tsr_fixed *total;  /* [cols] */
} ranges;

static tsr_status ranges_make(const source *s, ranges *r)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&r->low, s->cols, sizeof *r->low));
    TSR_TRY(tsr_alloc(&r->high, s->cols, sizeof *r->high));
    TSR_TRY(tsr_alloc(&r->sum, s->blocks * s->cols, sizeof *r->sum));
    TSR_TRY(tsr_alloc(&r->extreme, 2 * (int64_t)s->cols, sizeof *r->extreme));
    TSR_TRY(tsr_alloc(&r->total, s->cols, sizeof *r->total));
    for (int32_t j = 0; j < s->cols; j++) {
        r->low[j] = INFINITY;
        r->high[j] = -INFINITY;
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

/* A block is summed in the order of its rows: the same on any number of ranks. */
static void measure(const source *s, ranges *r)
{
    const tsr_kernels *kernels = tsr_kernels_of(tsr_isa_here());

    for (int64_t b = 0; b < s->blocks; b++) {
        int64_t first = b * TSR_QUANTISE_ROWS, left = s->span->rows - first;
        kernels->measure(s->rows + first * s->cols, left < TSR_QUANTISE_ROWS ? left : TSR_QUANTISE_ROWS, s->cols,
                         r->low, r->high, r->sum + b * s->cols);
    }
    for (int32_t j = 0; j < s->cols; j++) {
        r->extreme[j] = -(double)r->low[j];
        r->extreme[s->cols + j] = r->high[j];
    }
}

/* What is not finite makes the sum of its block so; finite floats do not. */
static tsr_status check(const source *s, const ranges *r)
{
    bool finite = true;

    if (s->span->rows_global < 1 || s->cols < 1) return TSR_FAIL(TSR_EDATA, "a matrix without rows or columns");
    for (int64_t i = 0; i < s->blocks * s->cols; i++) finite &= isfinite(r->sum[i]) != 0;
    for (int64_t i = 0; !finite && i < s->span->rows * s->cols; i++)
        if (!isfinite(s->rows[i]))
            return TSR_FAIL(TSR_EDATA, "row %" PRId64 ", column %" PRId64 " (from 0): the value is not finite",
                            s->span->first + i / s->cols, i % s->cols);
    return TSR_OK;
}

/* The sums of the blocks of all ranks, exactly. */
static tsr_status add_up(const tsr_comm *comm, const source *s, ranges *r)
{
    double largest = 0;

    tsr_max_double(comm, r->extreme, 2 * (int64_t)s->cols);
    for (int64_t i = 0; i < 2 * (int64_t)s->cols; i++) largest = fmax(largest, fabs(r->extreme[i]));
    largest = largest > 0 ? largest * TSR_QUANTISE_ROWS : 1;
    for (int32_t j = 0; j < s->cols; j++) {
        r->total[j] = tsr_fixed_zero(tsr_fixed_scale_for(largest, SUM_BITS));
        for (int64_t b = 0; b < s->blocks; b++) tsr_fixed_add(&r->total[j], r->sum[b * s->cols + j], 1);
    }
    return tsr_sum_fixed(comm, r->total, s->cols);
}

/* The step holds the largest value although its centre is rounded to the step. */
static double choose_step(const source *s, const ranges *r, double *centre)
{
    double largest = 0;

    for (int32_t j = 0; j < s->cols; j++) {
        centre[j] = tsr_fixed_value(&r->total[j]) / (double)s->span->rows_global;
        largest = fmax(largest, fmax(r->extreme[s->cols + j] - centre[j], r->extreme[j] + centre[j]));
    }
    double step = tsr_step_for(largest * (1 + 0x1p-14));
    for (int32_t j = 0; j < s->cols; j++) centre[j] = rint(centre[j] / step) * step;
    return step;
}

/* A step is a power of two and a centre a whole number of steps: a value is rounded once. */
static tsr_status fill(const source *s, const double *centre, tsr_tiles *tiles)
{
    tsr_status st;
    const tsr_kernels *kernels = tsr_kernels_of(tsr_isa_here());
    double *steps = NULL;

    TSR_TRY(tsr_alloc(&steps, s->cols, sizeof *steps));
    for (int32_t j = 0; j < s->cols; j++) steps[j] = centre[j] / tiles->step;
    for (int64_t t = 0; t < tiles->tiles; t++)
        kernels->quantise(s->rows + t * TSR_TILE_ROWS * s->cols, tsr_tile_rows(tiles, t), s->cols, steps,
                          1 / tiles->step, tiles->value + t * s->cols * TSR_TILE_ROWS);
done:
    tsr_free(&steps);
    return st;
}

tsr_status tsr_tiles_quantise(const tsr_comm *comm, const tsr_span *span, const float *rows, int32_t cols,
                              const uint64_t *key, double **centre, tsr_tiles **tiles)
{
    tsr_status st;
    const source s = {.span = span,
                      .rows = rows,
                      .cols = cols,
                      .blocks = (span->rows + TSR_QUANTISE_ROWS - 1) / TSR_QUANTISE_ROWS};
    ranges r = {0};

    *centre = NULL;
    *tiles = NULL;
    TSR_AGREE(comm, ranges_make(&s, &r));
    TSR_AGREE(comm, tsr_alloc(centre, cols, sizeof **centre));
    measure(&s, &r);
    TSR_AGREE(comm, check(&s, &r));
    TSR_TRY(add_up(comm, &s, &r));
    TSR_AGREE(comm, tsr_tiles_create_unset(span, cols, choose_step(&s, &r, *centre), key, tiles));
    TSR_AGREE(comm, fill(&s, *centre, *tiles));
done:
    if (st != TSR_OK) {
        tsr_tiles_destroy(tiles);
        tsr_free(centre);
    }
    ranges_clear(&r);
    return st;
}
