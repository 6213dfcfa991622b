#include "tessera/bins.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

/* Rounding may join edges: digits are added until at most a third of them is lost. */
#define DIGITS_FEWEST 2
#define DIGITS_MOST   15

/* ---- edges ---- */

double tsr_round_digits(double value, int digits)
{
    char text[40];

    snprintf(text, sizeof text, "%.*g", digits, value);
    return strtod(text, NULL);
}

/* Rising edges below the largest value, in place; returns how many are left. */
static int32_t distinct(double *edge, int32_t n, double largest)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < n; i++)
        if (edge[i] < largest && (kept == 0 || edge[i] > edge[kept - 1])) edge[kept++] = edge[i];
    return kept;
}

static int32_t round_edges(double *edge, int32_t n, double largest)
{
    double rounded[TSR_BINS_MAX];
    int32_t kept = 0;

    for (int digits = DIGITS_FEWEST; digits <= DIGITS_MOST; digits++) {
        for (int32_t i = 0; i < n; i++) rounded[i] = tsr_round_digits(edge[i], digits);
        kept = distinct(rounded, n, largest);
        if (3 * kept >= 2 * n) break;
    }
    memcpy(edge, rounded, sizeof *edge * (size_t)kept);
    return kept;
}

/* Edges of one column from its quantiles 1/bins .. 1; returns the number of bins. */
static int32_t make_edges(const double *quantile, const tsr_bins_params *params, bool whole, double *edge)
{
    double largest = quantile[params->bins - 1];
    int32_t n = params->bins - 1;

    if (isnan(largest)) return 1; /* nothing but missing values */
    for (int32_t i = 0; i < n; i++) edge[i] = params->readable && whole ? floor(quantile[i]) : quantile[i];
    n = distinct(edge, n, largest);
    if (params->readable) n = round_edges(edge, n, largest);
    return n + 1;
}

/* ---- codes ---- */

uint8_t tsr_bin_of(const tsr_binned *binned, int32_t col, double value)
{
    const double *edge = binned->edge + (int64_t)col * TSR_BINS_MAX;
    int32_t at = 0, left = binned->bins[col];

    if (isnan(value)) return TSR_CODE_MISSING;
    while (left > 1) { /* bins at .. at + left - 1 are possible */
        int32_t half = left / 2;
        at += value > edge[at + half - 1] ? half : 0;
        left -= half;
    }
    return (uint8_t)at;
}

typedef tsr_status (*block_visitor)(void *context, int64_t first, int64_t rows, const double *values);

/* Every block once, column by column with the stride of the source. */
static tsr_status visit(const tsr_quantile_source *source, int32_t cols, int64_t rows, block_visitor visitor,
                        void *context)
{
    double *values = NULL;
    int32_t *group = NULL;
    int64_t first = 0, n;
    tsr_status st;

    TSR_TRY(tsr_alloc(&values, source->block_rows * cols, sizeof *values));
    TSR_TRY(tsr_alloc(&group, source->block_rows, sizeof *group));
    for (int64_t b = 0; b < source->blocks; b++) {
        TSR_TRY(source->read(source->context, b, values, group, &n));
        if (first + n > rows) break;
        TSR_TRY(visitor(context, first, n, values));
        first += n;
    }
    if (first != rows) st = TSR_FAIL(TSR_EDATA, "a source of %lld rows gives others", (long long)rows);
done:
    tsr_free(&group);
    tsr_free(&values);
    return st;
}

typedef struct coder {
    tsr_binned *binned;
    int64_t stride;
    int64_t *broken;  /* [cols] values that are no whole numbers */
    int64_t *missing; /* [cols] and how many rows there are, [1] */
} coder;

static tsr_status count_broken(void *context, int64_t first, int64_t rows, const double *values)
{
    coder *c = context;

    (void)first;
    for (int32_t col = 0; col < c->binned->cols; col++)
        for (int64_t i = 0; i < rows; i++) {
            double value = values[col * c->stride + i];
            c->broken[col] += !isnan(value) && value != floor(value);
        }
    return TSR_OK;
}

static tsr_status encode(void *context, int64_t first, int64_t rows, const double *values)
{
    coder *c = context;

    for (int32_t col = 0; col < c->binned->cols; col++) {
        uint8_t *code = c->binned->code + col * c->binned->rows + first;
        for (int64_t i = 0; i < rows; i++) {
            code[i] = tsr_bin_of(c->binned, col, values[col * c->stride + i]);
            c->missing[col] += code[i] == TSR_CODE_MISSING;
        }
    }
    c->missing[c->binned->cols] += rows;
    return TSR_OK;
}

/* ---- memory ---- */

static tsr_status create(int64_t rows, int32_t cols, tsr_binned **binned)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(binned, 1, sizeof **binned));
    (*binned)->rows = rows;
    (*binned)->cols = cols;
    TSR_TRY(tsr_alloc(&(*binned)->bins, cols, sizeof *(*binned)->bins));
    TSR_TRY(tsr_alloc(&(*binned)->edge, (int64_t)cols * TSR_BINS_MAX, sizeof *(*binned)->edge));
    TSR_TRY(tsr_alloc(&(*binned)->varies, cols, sizeof *(*binned)->varies));
    TSR_TRY(tsr_alloc_aligned(&(*binned)->code, (int64_t)cols * rows, 1));
done:
    return st;
}

void tsr_binned_destroy(tsr_binned **binned)
{
    if (*binned == NULL) return;
    tsr_free(&(*binned)->code);
    tsr_free(&(*binned)->varies);
    tsr_free(&(*binned)->edge);
    tsr_free(&(*binned)->bins);
    tsr_free(binned);
}

static tsr_status check(const tsr_bins_params *params, int32_t cols)
{
    if (params->bins < 2 || params->bins > TSR_BINS_MAX)
        return TSR_FAIL(TSR_ECONF, "%d bins: 2 to %d are possible", params->bins, TSR_BINS_MAX);
    if (cols < 1) return TSR_FAIL(TSR_EDATA, "a tree needs at least one column");
    return TSR_OK;
}

tsr_status tsr_bins_fit(const tsr_comm *comm, const tsr_quantile_source *source, int64_t rows, int32_t cols,
                        const tsr_bins_params *params, tsr_binned **binned)
{
    double p[TSR_BINS_MAX], *quantile = NULL;
    coder c = {.stride = source->block_rows};
    tsr_status st;

    *binned = NULL;
    TSR_AGREE(comm, check(params, cols));
    for (int32_t i = 0; i < params->bins; i++) p[i] = (i + 1.0) / params->bins;
    TSR_AGREE(comm, create(rows, cols, binned));
    c.binned = *binned;
    TSR_AGREE(comm, tsr_alloc(&quantile, (int64_t)cols * params->bins, sizeof *quantile));
    TSR_AGREE(comm, tsr_alloc(&c.broken, cols, sizeof *c.broken));
    TSR_AGREE(comm, tsr_alloc(&c.missing, cols + 1, sizeof *c.missing));
    TSR_TRY(tsr_quantiles(comm, source, cols, 1, p, params->bins, quantile, NULL));
    if (params->readable) TSR_AGREE(comm, visit(source, cols, rows, count_broken, &c));
    tsr_sum_int64(comm, c.broken, cols);
    for (int32_t col = 0; col < cols; col++)
        (*binned)->bins[col] = make_edges(quantile + (int64_t)col * params->bins, params, c.broken[col] == 0,
                                          (*binned)->edge + (int64_t)col * TSR_BINS_MAX);
    TSR_AGREE(comm, visit(source, cols, rows, encode, &c));
    tsr_sum_int64(comm, c.missing, cols + 1);
    for (int32_t col = 0; col < cols; col++)
        (*binned)->varies[col] = (*binned)->bins[col] > 1 || (c.missing[col] > 0 && c.missing[col] < c.missing[cols]);
done:
    if (st != TSR_OK) tsr_binned_destroy(binned);
    tsr_free(&c.missing);
    tsr_free(&c.broken);
    tsr_free(&quantile);
    return st;
}
