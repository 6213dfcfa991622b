/**
 * @file forest_test.h
 * Rows for tests of trees: a row is a function of its number, so every rank can make any of them.
 */
#ifndef TSR_FOREST_TEST_H
#define TSR_FOREST_TEST_H

#include <math.h>

#include "tessera/bins.h"
#include "tessera/memory.h"
#include "tessera/rng.h"
#include "tessera/rows.h"

enum { TEST_BLOCK = 64 };

typedef double (*test_value)(int64_t row, int32_t col);

typedef struct test_rows {
    tsr_span span;
    int32_t cols;
    test_value value;
} test_rows;

static inline double test_draw(int64_t row, int32_t col)
{
    return tsr_draw_uniform(7, TSR_STREAM_SYNTH, (uint64_t)row, (uint64_t)col);
}

static inline tsr_status test_read(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const test_rows *r = context;
    int64_t first = block * TEST_BLOCK, left = r->span.rows - first;

    (void)group;
    *rows = left < TEST_BLOCK ? left : TEST_BLOCK;
    for (int32_t c = 0; c < r->cols; c++)
        for (int64_t i = 0; i < *rows; i++)
            values[(int64_t)c * TEST_BLOCK + i] = r->value(r->span.first + first + i, c);
    return TSR_OK;
}

/* Collective. The bins of this rank's rows. */
static inline tsr_status test_bins(const tsr_comm *comm, test_rows *rows, tsr_bins_params params, tsr_binned **binned)
{
    tsr_quantile_source source = {rows, (rows->span.rows + TEST_BLOCK - 1) / TEST_BLOCK, TEST_BLOCK, test_read};

    return tsr_bins_fit(comm, &source, rows->span.rows, rows->cols, &params, binned);
}

#endif
