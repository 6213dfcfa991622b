#include "tessera/value_interval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"
#include "value/fit/cholesky.h"
#include "value/fit/covariates.h"
#include "value/models/gamma_gamma.h"

#define DRAWS    TSR_INTERVAL_DRAWS
#define SETS     (DRAWS + 1) /* the first one is the fit itself */
#define MANY     1000.0      /* customers of a group, about */
#define FEW      100.0       /* for what takes a hundred times as long: value for ever */
#define SCALE    20          /* of sums of money and purchases */
#define FAR      10.0 /* a parameter moves by at most e^10: a fit of a handful says next to nothing, but not infinity */
#define AXES_MAX (TSR_NUMBERS_MAX + TSR_SPEND_PARAMETERS)
#define OUT      1.7320508075688772 /* sqrt 3: points there give a quadratic the moments of a normal distribution */

/* Customers of the sample, in the order of their rows. */
typedef struct sample {
    int64_t n, room;
    int32_t *group, *x, *tx_days, *t_days; /* [room] */
    int64_t *spend;
    double *y; /* [room][columns] */
} sample;

/* L with L L' = a covariance. */
typedef struct spread {
    int32_t n;
    double l[TSR_NUMBERS_MAX * TSR_NUMBERS_MAX]; /* [n][n] */
} spread;

/*
 * Of each group the sums of three quantities for the fit and each draw; and of value for ever at the fit and at two
 * points along each axis of the covariance, between which its logarithm is taken as quadratic.
 */
typedef struct drawing {
    const tsr_value_params *params;
    uint64_t seed;
    int32_t k, axes;
    const int64_t *size;
    const tsr_value_model *fit;
    spread purchases, spend;
    double z[DRAWS][AXES_MAX];
    int32_t width;  /* sums of a group */
    tsr_fixed *sum; /* [k][width] */
    tsr_period_block block;
    int32_t *segment;    /* [TSR_BLOCK_ROWS] */
    const uint64_t *key; /* [rows of this rank]; borrowed */
    sample many, few;
    tsr_value_scores *scores; /* [many.n] */
} drawing;

static tsr_fixed *sum_of(const drawing *d, int32_t g, int32_t set, int32_t which)
{
    int32_t place =
        which == TSR_SUM_CLV_INFINITE ? SETS * TSR_SUM_CLV_INFINITE + set : set * TSR_SUM_CLV_INFINITE + which;

    return d->sum + (int64_t)g * d->width + place;
}

/* ---- sets of parameters ---- */

/* Rows of parameters that are held are zero. */
static spread spread_of(const double *covariance, int32_t n, int32_t stride)
{
    spread s = {.n = n};

    tsr_cholesky(covariance, n, stride, 0, s.l);
    return s;
}

/* step = L z */
static void find_step(const spread *s, const double *z, double *step)
{
    for (int32_t i = 0; i < s->n; i++) step[i] = 0;
    for (int32_t j = 0; j < s->n; j++)
        for (int32_t i = j; i < s->n; i++) step[i] += s->l[i * s->n + j] * z[j];
    for (int32_t i = 0; i < s->n; i++) step[i] = fmax(-FAR, fmin(FAR, step[i]));
}

static tsr_value_model move_parameters(const drawing *d, const double *z)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(d->fit->model);
    double step[TSR_NUMBERS_MAX];
    tsr_value_model m = *d->fit;
    tsr_covariates *c = &m.covariates;

    find_step(&d->purchases, z, step);
    for (int32_t j = 0; j < purchases->parameters; j++) m.parameter[j] *= tsr_exp(step[j]);
    for (int32_t e = 0; e < purchases->effects; e++)
        for (int32_t k = 0; k < c->n; k++) c->coefficient[e][k] += step[tsr_coefficient_at(purchases, c->n, e, k)];
    find_step(&d->spend, z + d->purchases.n, step);
    m.spend[TSR_SPEND_P] *= tsr_exp(step[0]);
    m.spend[TSR_SPEND_Q] = 1 + (m.spend[TSR_SPEND_Q] - 1) * tsr_exp(step[1]);
    m.spend[TSR_SPEND_GAMMA] *= tsr_exp(step[2]);
    return m;
}

static void draw_all(drawing *d)
{
    const tsr_value_model *fit = d->fit;

    d->purchases = fit->covariates.n > 0
                       ? spread_of(fit->covariates.covariance[0], tsr_model_numbers(fit), TSR_NUMBERS_MAX)
                       : spread_of(fit->covariance[0], tsr_model_numbers(fit), 4);
    d->spend = spread_of(fit->spend_covariance[0], TSR_SPEND_PARAMETERS, 3);
    d->axes = d->purchases.n + d->spend.n;
    d->width = SETS * TSR_SUM_CLV_INFINITE + 1 + 2 * d->axes;
    for (uint64_t i = 0; i < DRAWS; i++) {
        tsr_rng rng = {.seed = d->seed, .key = i + 1, .stream = TSR_STREAM_INTERVAL};
        for (int32_t j = 0; j < d->axes; j++) d->z[i][j] = tsr_rng_normal(&rng);
    }
}

/* ---- the sample ---- */

static tsr_status make_room(sample *s, int32_t columns)
{
    tsr_status st = TSR_OK;

    if (s->n < s->room) goto done;
    s->room = s->room < 1024 ? 1024 : 2 * s->room;
    TSR_TRY(tsr_resize(&s->group, s->room, sizeof *s->group));
    TSR_TRY(tsr_resize(&s->x, s->room, sizeof *s->x));
    TSR_TRY(tsr_resize(&s->tx_days, s->room, sizeof *s->tx_days));
    TSR_TRY(tsr_resize(&s->t_days, s->room, sizeof *s->t_days));
    TSR_TRY(tsr_resize(&s->spend, s->room, sizeof *s->spend));
    if (columns > 0) TSR_TRY(tsr_resize(&s->y, s->room * columns, sizeof *s->y));
done:
    return st;
}

static void clear_sample(sample *s)
{
    tsr_free(&s->y);
    tsr_free(&s->spend);
    tsr_free(&s->t_days);
    tsr_free(&s->tx_days);
    tsr_free(&s->x);
    tsr_free(&s->group);
}

static tsr_status take_customer(const drawing *d, int64_t i, sample *s)
{
    const tsr_period_block *b = &d->block;
    const int32_t columns = d->fit->covariates.n;
    tsr_status st;

    TSR_TRY(make_room(s, columns));
    s->group[s->n] = d->segment[i];
    s->x[s->n] = b->x[i];
    s->tx_days[s->n] = b->tx_days[i];
    s->t_days[s->n] = b->t_days[i];
    s->spend[s->n] = b->spend[i];
    if (columns > 0) memcpy(s->y + s->n * columns, tsr_period_block_covariates(b, i), (size_t)columns * sizeof *s->y);
    s->n++;
done:
    return st;
}

/* Customer i of the block that begins at row `at` of this rank: chosen by key, the few among the many. */
static tsr_status take_sampled(drawing *d, int64_t at, int64_t i)
{
    int32_t g = d->segment[i];
    tsr_status st = TSR_OK;

    if (d->block.x[i] < 0 || g < 0 || g >= d->k) goto done;
    double place = tsr_draw_uniform(d->seed, TSR_STREAM_INTERVAL, d->key[at + i], 0) * (double)d->size[g];
    if (place < MANY) TSR_TRY(take_customer(d, i, &d->many));
    if (place < FEW) TSR_TRY(take_customer(d, i, &d->few));
done:
    return st;
}

static tsr_status take_sample(drawing *d, const char *features, const char *customers, const tsr_span *span)
{
    tsr_table *history = NULL, *segments = NULL;
    tsr_status st;

    TSR_TRY(tsr_period_block_create(&d->fit->covariates, &d->block));
    TSR_TRY(tsr_alloc(&d->segment, TSR_BLOCK_ROWS, sizeof *d->segment));
    TSR_TRY(tsr_table_open(features, &history));
    TSR_TRY(tsr_table_open(customers, &segments));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS, first = span->first + at;
        TSR_TRY(tsr_period_block_read(history, TSR_PERIOD_ALL, first, rows, &d->block));
        TSR_TRY(tsr_table_read(segments, "segment", first, rows, TSR_I32, d->segment));
        for (int64_t i = 0; i < rows; i++) TSR_TRY(take_sampled(d, at, i));
    }
done:
    tsr_table_close(&segments);
    tsr_table_close(&history);
    return st;
}

/* All customers of a sample with one set of parameters. */
static tsr_status score_sample(drawing *d, const sample *c, const tsr_value_model *model, uint32_t how)
{
    tsr_scorer *scorer = NULL;
    tsr_status st;

    TSR_TRY(tsr_scorer_create(model, d->params, how | TSR_SCORE_FEW, &scorer));
    tsr_scorer_score(scorer, c->n, c->x, c->tx_days, c->t_days, c->spend, c->y, d->scores);
done:
    tsr_scorer_destroy(&scorer);
    return st;
}

static tsr_status add_set(drawing *d, int32_t set)
{
    const tsr_value_model model = set == 0 ? *d->fit : move_parameters(d, d->z[set - 1]);
    const sample *c = &d->many;
    tsr_status st;

    TSR_TRY(score_sample(d, c, &model, 0));
    for (int64_t i = 0; i < c->n; i++) {
        tsr_fixed_add(sum_of(d, c->group[i], set, TSR_SUM_PURCHASES), d->scores[i].expected_purchases, 1);
        tsr_fixed_add(sum_of(d, c->group[i], set, TSR_SUM_BUYERS), d->scores[i].p_buy, 1);
        tsr_fixed_add(sum_of(d, c->group[i], set, TSR_SUM_CLV), d->scores[i].clv, 1);
    }
done:
    return st;
}

/* Value for ever at the fit (point 0) and on the axes: 1 + 2 j above, 2 + 2 j below. */
static tsr_status add_point(drawing *d, int32_t point)
{
    double z[AXES_MAX] = {0};
    const sample *c = &d->few;
    tsr_status st;

    if (point > 0) z[(point - 1) / 2] = point % 2 == 1 ? OUT : -OUT;
    const tsr_value_model model = point == 0 ? *d->fit : move_parameters(d, z);
    TSR_TRY(score_sample(d, c, &model, TSR_SCORE_FOR_EVER));
    for (int64_t i = 0; i < c->n; i++)
        tsr_fixed_add(sum_of(d, c->group[i], point, TSR_SUM_CLV_INFINITE), d->scores[i].clv_infinite, 1);
done:
    return st;
}

static tsr_status add_sets(drawing *d)
{
    bool for_ever = d->params->discount_rate > 0 && d->fit->has_spend_errors;
    tsr_status st;

    TSR_TRY(tsr_alloc(&d->scores, d->many.n, sizeof *d->scores));
    for (int32_t set = 0; set < SETS; set++) TSR_TRY(add_set(d, set));
    for (int32_t point = 0; point <= 2 * d->axes && for_ever; point++) TSR_TRY(add_point(d, point));
done:
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

/* What a sum becomes with draw i, relative to the fit. NaN: nothing to relate to. */
static double drawn_ratio(const drawing *d, int32_t g, int32_t which, int32_t i)
{
    double fit = tsr_fixed_value(sum_of(d, g, 0, which));

    return fit > 0 ? tsr_fixed_value(sum_of(d, g, i + 1, which)) / fit : (double)NAN;
}

static double drawn_ratio_for_ever(const drawing *d, int32_t g, int32_t i)
{
    double fit = tsr_fixed_value(sum_of(d, g, 0, TSR_SUM_CLV_INFINITE)), moved = 0;

    if (!(fit > 0)) return NAN;
    for (int32_t j = 0; j < d->axes; j++) {
        double above = tsr_log(tsr_fixed_value(sum_of(d, g, 1 + 2 * j, TSR_SUM_CLV_INFINITE)) / fit);
        double below = tsr_log(tsr_fixed_value(sum_of(d, g, 2 + 2 * j, TSR_SUM_CLV_INFINITE)) / fit), z = d->z[i][j];
        moved += (above - below) / (2 * OUT) * z + (above + below) / (2 * OUT * OUT) * z * z;
    }
    return tsr_exp(moved);
}

/* A drawn sum is the sum over all customers, changed as the sample's changes. total [DRAWS] gathers all groups. */
static void make_interval(const drawing *d, int32_t g, int32_t which, double exact, double *total, double interval[2])
{
    double drawn[DRAWS];

    for (int32_t i = 0; i < DRAWS; i++) {
        drawn[i] =
            exact * (which == TSR_SUM_CLV_INFINITE ? drawn_ratio_for_ever(d, g, i) : drawn_ratio(d, g, which, i));
        if (exact != 0) total[i] += drawn[i];
    }
    cut(drawn, interval);
}

static void make_intervals(const drawing *d, const double *sum, tsr_value_interval *interval)
{
    for (int32_t which = 0; which < TSR_VALUE_SUMS; which++) {
        double total[DRAWS] = {0};
        bool money = which == TSR_SUM_CLV || which == TSR_SUM_CLV_INFINITE;
        if (money && !d->fit->has_spend_errors) continue;
        for (int32_t g = 0; g < d->k; g++)
            make_interval(d, g, which, sum[g * TSR_VALUE_SUMS + which], total, interval[g].of[which]);
        cut(total, interval[d->k].of[which]);
    }
}

static void clear_drawing(drawing **d)
{
    if (*d != NULL) {
        tsr_free(&(*d)->scores);
        clear_sample(&(*d)->few);
        clear_sample(&(*d)->many);
        tsr_free(&(*d)->segment);
        tsr_period_block_clear(&(*d)->block);
        tsr_free(&(*d)->sum);
    }
    tsr_free(d);
}

tsr_status tsr_value_intervals(const tsr_comm *comm, const tsr_value_params *params, const tsr_value_model *model,
                               uint64_t seed, const char *features, const char *customers, const tsr_span *span,
                               const uint64_t *key, int32_t k, const double *sum, const int64_t *size,
                               tsr_value_interval *interval)
{
    drawing *d = NULL;
    tsr_status st = TSR_OK;

    for (int32_t g = 0; g <= k; g++)
        for (int32_t i = 0; i < TSR_VALUE_SUMS; i++) interval[g].of[i][0] = interval[g].of[i][1] = NAN;
    if (!model->has_errors) goto done;
    TSR_AGREE(comm, tsr_alloc(&d, 1, sizeof *d));
    d->params = params;
    d->seed = seed;
    d->k = k;
    d->size = size;
    d->key = key;
    d->fit = model;
    draw_all(d);
    const int64_t sums = (int64_t)k * d->width;
    TSR_AGREE(comm, tsr_alloc(&d->sum, sums, sizeof *d->sum));
    for (int64_t i = 0; i < sums; i++) d->sum[i] = tsr_fixed_zero(SCALE);
    TSR_AGREE(comm, take_sample(d, features, customers, span));
    TSR_AGREE(comm, add_sets(d));
    TSR_TRY(tsr_sum_fixed(comm, d->sum, sums));
    make_intervals(d, sum, interval);
done:
    clear_drawing(&d);
    return st;
}
