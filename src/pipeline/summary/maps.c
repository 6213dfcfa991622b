#include "pipeline/summary/maps.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"

#define ROWS 8192

/* Bits of the largest score, and of its square: means are exact to that, and 2^34 rows fit. */
#define SCORE_BITS 60

/* Customers of a bin, on the average, at least. */
#define PER_BIN 20

/* The map leaves out the ends, which few customers would stretch over an empty page. */
static const double MAP_P[] = {.0025, .9975};

/* Sums of one segment. */
enum { X, Y, XX, YY, XY, SUMS };

typedef struct counter {
    tsr_table *features, *customers;
    const tsr_span *span;
    int32_t width;    /* principal components */
    int32_t *segment; /* [ROWS], and so on */
    int8_t *r, *f, *group;
    int64_t *revenue;
    double *all;     /* [ROWS][width] */
    double largest;  /* |score| over all ranks */
    int64_t *people; /* [k] */
    tsr_fixed *sums; /* [k][SUMS] */
} counter;

static int64_t blocks_of(const counter *c)
{
    return (c->span->rows + ROWS - 1) / ROWS;
}

static int64_t rows_of(const counter *c, int64_t block)
{
    int64_t left = c->span->rows - block * ROWS;

    return left < ROWS ? left : ROWS;
}

static tsr_status read(const counter *c, const tsr_table *table, const char *name, int64_t block, tsr_type type,
                       void *values)
{
    return tsr_table_read(table, name, c->span->first + block * ROWS, rows_of(c, block), type, values);
}

/* ---- recency, frequency, money ---- */

static tsr_status count_rfm(counter *c, tsr_maps *maps)
{
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(c); b++) {
        TSR_TRY(read(c, c->customers, "segment", b, TSR_I32, c->segment));
        TSR_TRY(read(c, c->customers, "rfm_r", b, TSR_I8, c->r));
        TSR_TRY(read(c, c->customers, "rfm_f", b, TSR_I8, c->f));
        TSR_TRY(read(c, c->customers, "rfm_group", b, TSR_I8, c->group));
        TSR_TRY(read(c, c->features, "revenue", b, TSR_I64, c->revenue));
        for (int64_t i = 0; i < rows_of(c, b); i++) {
            maps->mix[(int64_t)c->segment[i] * maps->groups + c->group[i]]++;
            if (c->r[i] == 0) continue; /* has not bought */
            int32_t cell = (c->r[i] - 1) * maps->bins + c->f[i] - 1;
            maps->grid[cell]++;
            maps->grid_revenue[cell] += c->revenue[i];
        }
    }
done:
    return st;
}

/* ---- principal components ---- */

/* The first two scores, column by column. */
static tsr_status read_scores(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const counter *c = context;
    tsr_status st;

    (void)group;
    *rows = rows_of(c, block);
    TSR_TRY(read(c, c->customers, "pca", block, TSR_F64, c->all));
    for (int64_t i = 0; i < *rows; i++) {
        values[i] = c->all[i * c->width];
        values[ROWS + i] = c->all[i * c->width + 1];
    }
done:
    return st;
}

static tsr_status find_largest(counter *c)
{
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(c); b++) {
        TSR_TRY(read(c, c->customers, "pca", b, TSR_F64, c->all));
        for (int64_t i = 0; i < rows_of(c, b) * c->width; i++) c->largest = fmax(c->largest, fabs(c->all[i]));
    }
done:
    return st;
}

/* Where a score falls on the map; -1: outside. */
static int32_t bin_of(const tsr_maps *maps, int axis, int32_t bins, double score)
{
    double at = (score - maps->low[axis]) / (maps->high[axis] - maps->low[axis]) * bins;

    if (score == maps->high[axis]) return bins - 1;
    return at >= 0 && at < bins ? (int32_t)at : -1;
}

static void count_scores(counter *c, int64_t rows, tsr_maps *maps)
{
    for (int64_t i = 0; i < rows; i++) {
        double x = c->all[i * c->width], y = c->all[i * c->width + 1];
        const double term[SUMS] = {x, y, x * x, y * y, x * y};
        int32_t column = bin_of(maps, 0, maps->columns, x), row = bin_of(maps, 1, maps->rows, y);
        if (column >= 0 && row >= 0) maps->density[row * maps->columns + column]++;
        c->people[c->segment[i]]++;
        for (int t = 0; t < SUMS; t++) tsr_fixed_add(&c->sums[(int64_t)c->segment[i] * SUMS + t], term[t], 1);
    }
}

static tsr_status count_map(counter *c, tsr_maps *maps)
{
    double largest = c->largest > 0 ? c->largest : 1;
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < maps->k * SUMS; i++)
        c->sums[i] = tsr_fixed_zero(tsr_fixed_scale_for(i % SUMS < XX ? largest : largest * largest, SCORE_BITS));
    for (int64_t b = 0; b < blocks_of(c); b++) {
        TSR_TRY(read(c, c->customers, "segment", b, TSR_I32, c->segment));
        TSR_TRY(read(c, c->customers, "pca", b, TSR_F64, c->all));
        count_scores(c, rows_of(c, b), maps);
    }
done:
    return st;
}

static void fill_moments(const counter *c, tsr_maps *maps)
{
    for (int32_t s = 0; s < maps->k; s++) {
        tsr_map_moments *m = &maps->moments[s];
        double n = (double)c->people[s], mean[SUMS];
        for (int t = 0; t < SUMS; t++) mean[t] = tsr_fixed_value(&c->sums[s * SUMS + t]) / n;
        for (int a = 0; a < 2; a++) {
            m->mean[a] = mean[X + a];
            m->sd[a] = sqrt(fmax(mean[XX + a] - mean[X + a] * mean[X + a], 0));
        }
        m->correlation = (mean[XY] - mean[X] * mean[Y]) / (m->sd[0] * m->sd[1]);
    }
}

static tsr_status draw_map(const tsr_comm *comm, counter *c, tsr_maps *maps)
{
    const tsr_quantile_source source = {c, blocks_of(c), ROWS, read_scores};
    double ends[4];
    tsr_status st;

    maps->columns = 8;
    while (maps->columns < TSR_MAP_COLUMNS && PER_BIN * maps->columns * maps->columns < c->span->rows_global)
        maps->columns++;
    maps->rows = maps->columns * TSR_MAP_ROWS / TSR_MAP_COLUMNS;
    TSR_TRY(tsr_quantiles(comm, &source, 2, 1, MAP_P, 2, ends, NULL));
    for (int a = 0; a < 2; a++) {
        maps->low[a] = ends[2 * a];
        maps->high[a] = ends[2 * a + 1] > ends[2 * a] ? ends[2 * a + 1] : ends[2 * a] + 1;
    }
    TSR_AGREE(comm, find_largest(c));
    tsr_max_double(comm, &c->largest, 1);
    TSR_AGREE(comm, count_map(c, maps));
    tsr_sum_int64(comm, maps->density, (int64_t)maps->rows * maps->columns);
    tsr_sum_int64(comm, c->people, maps->k);
    TSR_TRY(tsr_sum_fixed(comm, c->sums, (int64_t)maps->k * SUMS));
    fill_moments(c, maps);
done:
    return st;
}

/* ---- all of it ---- */

static tsr_status open_counter(counter *c, const char *features, const char *customers, tsr_maps *maps)
{
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &c->features));
    TSR_TRY(tsr_table_open(customers, &c->customers));
    const tsr_column *pca = tsr_table_find(c->customers, "pca");
    c->width = pca != NULL ? pca->width : 0;
    maps->scores = c->width >= 2;
    TSR_TRY(tsr_alloc(&c->segment, ROWS, sizeof *c->segment));
    TSR_TRY(tsr_alloc(&c->r, ROWS, sizeof *c->r));
    TSR_TRY(tsr_alloc(&c->f, ROWS, sizeof *c->f));
    TSR_TRY(tsr_alloc(&c->group, ROWS, sizeof *c->group));
    TSR_TRY(tsr_alloc(&c->revenue, ROWS, sizeof *c->revenue));
    TSR_TRY(tsr_alloc(&c->all, (int64_t)ROWS * c->width, sizeof *c->all));
    TSR_TRY(tsr_alloc(&c->people, maps->k, sizeof *c->people));
    TSR_TRY(tsr_alloc_aligned(&c->sums, (int64_t)maps->k * SUMS, sizeof *c->sums));
    TSR_TRY(tsr_alloc(&maps->mix, (int64_t)maps->k * maps->groups, sizeof *maps->mix));
    TSR_TRY(tsr_alloc(&maps->moments, maps->k, sizeof *maps->moments));
done:
    return st;
}

static void close_counter(counter *c)
{
    tsr_free(&c->sums);
    tsr_free(&c->people);
    tsr_free(&c->all);
    tsr_free(&c->revenue);
    tsr_free(&c->group);
    tsr_free(&c->f);
    tsr_free(&c->r);
    tsr_free(&c->segment);
    tsr_table_close(&c->customers);
    tsr_table_close(&c->features);
}

tsr_status tsr_maps_run(const tsr_comm *comm, const char *features, const char *customers, const tsr_span *span,
                        int32_t k, const tsr_rfm *rfm, tsr_maps *maps)
{
    counter c = {.span = span};
    tsr_status st;

    memset(maps, 0, sizeof *maps);
    maps->k = k;
    maps->groups = rfm->groups;
    maps->bins = rfm->bins;
    TSR_AGREE(comm, open_counter(&c, features, customers, maps));
    if (maps->groups > 0) {
        TSR_AGREE(comm, count_rfm(&c, maps));
        tsr_sum_int64(comm, maps->mix, (int64_t)k * maps->groups);
        tsr_sum_int64(comm, maps->grid, maps->bins * maps->bins);
        TSR_TRY(tsr_sum_int128(comm, maps->grid_revenue, maps->bins * maps->bins));
    }
    if (maps->scores) TSR_TRY(draw_map(comm, &c, maps));
done:
    if (st != TSR_OK) tsr_maps_clear(maps);
    close_counter(&c);
    return st;
}

void tsr_maps_clear(tsr_maps *maps)
{
    tsr_free(&maps->moments);
    tsr_free(&maps->mix);
}
