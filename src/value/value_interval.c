#include "tessera/value_interval.h"

#include <math.h>
#include <stdlib.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"
#include "value/covariates.h"
#include "value/gamma_gamma.h"

#define DRAWS  TSR_INTERVAL_DRAWS
#define SETS   (DRAWS + 1) /* the first one is the fit itself */
#define SAMPLE 1000.0
#define SCALE  20   /* of sums of money and purchases */
#define FAR    10.0 /* a parameter moves by at most e^10: a fit of a handful says next to nothing, but not infinity */

enum { PURCHASES, CLV, SUMS };

typedef struct drawing {
    const tsr_value_params *params;
    uint64_t seed;
    int32_t k;
    const int64_t *size;
    tsr_value_model set[SETS];
    tsr_fixed *sum; /* [k][SETS][SUMS] */
    tsr_period_block block;
    int32_t *segment;    /* [TSR_BLOCK_ROWS] */
    const uint64_t *key; /* [rows of this rank]; borrowed */
} drawing;

/* ---- sets of parameters ---- */

/* step = L z with L L' = covariance: rows of parameters that are held are zero. */
static void draw_step(const double *covariance, int32_t n, int32_t stride, tsr_rng *rng, double *step)
{
    double l[TSR_NUMBERS_MAX][TSR_NUMBERS_MAX] = {{0}};

    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j <= i; j++) {
            double sum = covariance[i * stride + j];
            for (int32_t m = 0; m < j; m++) sum -= l[i][m] * l[j][m];
            if (i == j)
                l[i][i] = sum > 0 ? sqrt(sum) : 0;
            else
                l[i][j] = l[j][j] > 0 ? sum / l[j][j] : 0;
        }
    }
    for (int32_t i = 0; i < n; i++) step[i] = 0;
    for (int32_t j = 0; j < n; j++) {
        double z = tsr_rng_normal(rng);
        for (int32_t i = j; i < n; i++) step[i] += l[i][j] * z;
    }
    for (int32_t i = 0; i < n; i++) step[i] = fmax(-FAR, fmin(FAR, step[i]));
}

static void draw_purchases(tsr_rng *rng, tsr_value_model *m)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(m->model);
    tsr_covariates *c = &m->covariates;
    double step[TSR_NUMBERS_MAX];

    if (c->n > 0)
        draw_step(c->covariance[0], tsr_model_numbers(m), TSR_NUMBERS_MAX, rng, step);
    else
        draw_step(m->covariance[0], purchases->parameters, 4, rng, step);
    for (int32_t j = 0; j < purchases->parameters; j++) m->parameter[j] *= tsr_exp(step[j]);
    for (int32_t e = 0; e < purchases->effects; e++)
        for (int32_t k = 0; k < c->n; k++) c->coefficient[e][k] += step[tsr_coefficient_at(purchases, c->n, e, k)];
}

static void draw_sets(drawing *d, const tsr_value_model *model)
{
    double step[TSR_SPEND_PARAMETERS];

    d->set[0] = *model;
    for (uint64_t i = 1; i < SETS; i++) {
        tsr_rng rng = {.seed = d->seed, .key = i, .stream = TSR_STREAM_INTERVAL};
        tsr_value_model *m = &d->set[i];
        *m = *model;
        draw_purchases(&rng, m);
        draw_step(model->spend_covariance[0], TSR_SPEND_PARAMETERS, 3, &rng, step);
        m->spend[TSR_SPEND_P] *= tsr_exp(step[0]);
        m->spend[TSR_SPEND_Q] = 1 + (m->spend[TSR_SPEND_Q] - 1) * tsr_exp(step[1]);
        m->spend[TSR_SPEND_GAMMA] *= tsr_exp(step[2]);
    }
}

/* ---- the sample ---- */

static void add_customer(drawing *d, int64_t i)
{
    const tsr_period_block *b = &d->block;
    tsr_fixed *sum = d->sum + (int64_t)d->segment[i] * SETS * SUMS;

    for (int32_t s = 0; s < SETS; s++, sum += SUMS) {
        tsr_value_scores scores = tsr_value_score(&d->set[s], d->params, b->x[i], b->tx_days[i], b->t_days[i],
                                                  b->spend[i], tsr_period_block_covariates(b, i));
        tsr_fixed_add(&sum[PURCHASES], scores.expected_purchases, 1);
        tsr_fixed_add(&sum[CLV], scores.clv, 1);
    }
}

/* Customer i of the block that begins at row `at` of this rank. */
static bool is_sampled(const drawing *d, int64_t at, int64_t i)
{
    int32_t g = d->segment[i];

    if (d->block.x[i] < 0 || g < 0 || g >= d->k) return false;
    return tsr_draw_uniform(d->seed, TSR_STREAM_INTERVAL, d->key[at + i], 0) * (double)d->size[g] < SAMPLE;
}

static tsr_status add_rows(drawing *d, const char *features, const char *customers, const tsr_span *span)
{
    tsr_table *history = NULL, *segments = NULL;
    tsr_status st;

    TSR_TRY(tsr_period_block_create(&d->set[0].covariates, &d->block));
    TSR_TRY(tsr_alloc(&d->segment, TSR_BLOCK_ROWS, sizeof *d->segment));
    TSR_TRY(tsr_table_open(features, &history));
    TSR_TRY(tsr_table_open(customers, &segments));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS, first = span->first + at;
        TSR_TRY(tsr_period_block_read(history, TSR_PERIOD_ALL, first, rows, &d->block));
        TSR_TRY(tsr_table_read(segments, "segment", first, rows, TSR_I32, d->segment));
        for (int64_t i = 0; i < rows; i++)
            if (is_sampled(d, at, i)) add_customer(d, i);
    }
done:
    tsr_table_close(&segments);
    tsr_table_close(&history);
    return st;
}

/* ---- intervals ---- */

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Quantiles .025 and .975 of the drawn sums: linear between order statistics. NaN and infinity end in NaN. */
static void cut(double drawn[DRAWS], double interval[2])
{
    const double p[2] = {.025, .975};

    interval[0] = interval[1] = NAN;
    for (int32_t i = 0; i < DRAWS; i++)
        if (!isfinite(drawn[i])) return;
    qsort(drawn, DRAWS, sizeof *drawn, by_size);
    for (int32_t i = 0; i < 2; i++) {
        double at = p[i] * (DRAWS - 1);
        int32_t low = (int32_t)at;
        interval[i] = drawn[low] + (at - low) * (drawn[low + 1] - drawn[low]);
    }
}

/* A drawn sum is the sum over all customers, changed as the sample's changes. total [DRAWS] gathers all groups. */
static void make_interval(const drawing *d, int32_t g, int32_t which, double exact, double *total, double interval[2])
{
    const tsr_fixed *sum = d->sum + (int64_t)g * SETS * SUMS;
    double fit = tsr_fixed_value(&sum[which]), drawn[DRAWS];

    for (int32_t i = 0; i < DRAWS; i++) {
        double ratio = fit > 0 ? tsr_fixed_value(&sum[(i + 1) * SUMS + which]) / fit : NAN;
        drawn[i] = exact * ratio;
        if (exact != 0) total[i] += drawn[i];
    }
    cut(drawn, interval);
}

static void make_intervals(const drawing *d, const double *purchases, const double *clv, tsr_value_interval *interval)
{
    double total[SUMS][DRAWS] = {{0}};

    for (int32_t g = 0; g < d->k; g++) {
        make_interval(d, g, PURCHASES, purchases[g], total[PURCHASES], interval[g].purchases);
        if (d->set[0].has_spend_errors) make_interval(d, g, CLV, clv[g], total[CLV], interval[g].clv);
    }
    cut(total[PURCHASES], interval[d->k].purchases);
    if (d->set[0].has_spend_errors) cut(total[CLV], interval[d->k].clv);
}

tsr_status tsr_value_intervals(const tsr_comm *comm, const tsr_value_params *params, const tsr_value_model *model,
                               uint64_t seed, const char *features, const char *customers, const tsr_span *span,
                               const uint64_t *key, int32_t k, const double *purchases, const double *clv,
                               const int64_t *size, tsr_value_interval *interval)
{
    drawing *d = NULL;
    tsr_status st = TSR_OK;

    for (int32_t g = 0; g <= k; g++) interval[g] = (tsr_value_interval){{NAN, NAN}, {NAN, NAN}};
    if (!model->has_errors) goto done;
    TSR_AGREE(comm, tsr_alloc(&d, 1, sizeof *d));
    d->params = params;
    d->seed = seed;
    d->k = k;
    d->size = size;
    d->key = key;
    draw_sets(d, model);
    TSR_AGREE(comm, tsr_alloc(&d->sum, (int64_t)k * SETS * SUMS, sizeof *d->sum));
    for (int64_t i = 0; i < (int64_t)k * SETS * SUMS; i++) d->sum[i] = tsr_fixed_zero(SCALE);
    TSR_AGREE(comm, add_rows(d, features, customers, span));
    TSR_TRY(tsr_sum_fixed(comm, d->sum, (int64_t)k * SETS * SUMS));
    make_intervals(d, purchases, clv, interval);
done:
    if (d != NULL) {
        tsr_free(&d->segment);
        tsr_period_block_clear(&d->block);
        tsr_free(&d->sum);
    }
    tsr_free(&d);
    return st;
}
