#include "value/score/outlook.h"

#include <math.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "value/models/dropout.h"
#include "value/models/lanes.h"

#define NODES 20
#define PI    3.14159265358979323846

/* Places of series: of a few octaves that follow each other, of a few hundred numbers of purchases that do. */
#define OCTAVES 4
#define COUNTS  256

/* Places of lines of days: of small numbers of purchases, which most customers have, for five years side by side; all
 * others share the rest. Memory that is fresh costs more than what is written into it: there is little of it, and few
 * pages are touched. */
#define COMMON       8
#define COMMON_LINES 256
#define RARE_LINES   1024
#define LINES        (COMMON * COMMON_LINES + RARE_LINES)

/* Interest of a time unit below this is none: nothing lasts a billion of them. */
#define LEAST_INTEREST 1e-9

/* ---- directly ---- */

/* What money is worth a step earlier. */
static double step_discount(const tsr_value_params *params, int32_t time_unit)
{
    double years = params->horizon / (double)params->steps / tsr_time_units_per_year(time_unit);

    return tsr_exp(-tsr_log1p(params->discount_rate) * years);
}

/* Purchases of each step, discounted to today. */
static double discount(double factor, const double *expected, int32_t steps)
{
    double weight = 1, before = 0, sum = 0;

    for (int32_t k = 0; k < steps; k++) {
        weight *= factor;
        sum += (expected[k] - before) * weight;
        before = expected[k];
    }
    return sum;
}

static double residual(const tsr_value_model *model, const double *parameter, const tsr_value_params *params, int32_t x,
                       double t)
{
    double interest = tsr_log1p(params->discount_rate) / tsr_time_units_per_year(model->time_unit);

    return interest >= LEAST_INTEREST ? tsr_purchase_model_of(model->model)->residual(parameter, x, t, interest)
                                      : (double)NAN;
}

/* Of m moments t of one x. */
static void look_ahead(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                       bool for_ever, int32_t x, const double *t, int32_t m, tsr_outlook *out)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    double ahead[TSR_AHEAD_MAX], expected[NODES][TSR_AHEAD_MAX], buys[NODES];
    double factor = step_discount(params, model->time_unit), *last = expected[0];
    int32_t steps = (int32_t)params->steps;

    for (int32_t k = 0; k < steps; k++) ahead[k] = params->horizon * (k + 1) / steps;
    if (m > 1 && purchases->predict_many != NULL)
        purchases->predict_many(parameter, x, t, m, ahead, steps, last, buys);
    else
        for (int32_t i = 0; i < m; i++)
            buys[i] = purchases->predict(parameter, x, t[i], ahead, steps, last + i * steps);
    for (int32_t i = 0; i < m; i++, last += steps) {
        out[i].of[TSR_OUTLOOK_BUY] = buys[i];
        out[i].of[TSR_OUTLOOK_PURCHASES] = last[steps - 1];
        out[i].of[TSR_OUTLOOK_DISCOUNTED] = discount(factor, last, steps);
        out[i].of[TSR_OUTLOOK_RESIDUAL] = for_ever ? residual(model, parameter, params, x, t[i]) : (double)NAN;
    }
}

tsr_outlook tsr_outlook_at(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                           bool for_ever, int32_t x, double t)
{
    tsr_outlook out;

    look_ahead(model, parameter, params, for_ever, x, &t, 1, &out);
    return out;
}

/* ---- tables ---- */

typedef struct series {
    int32_t after, octave; /* after: x + 1; 0: an empty place, as memory begins */
    double coefficient[TSR_OUTLOOKS][NODES];
} series;

/* A few days that follow each other: what they are of. */
typedef struct tag {
    int32_t after, first; /* after: x + 1; 0: empty */
    uint32_t known;       /* one bit each */
} tag;

struct tsr_outlooks {
    const tsr_value_model *model;
    const tsr_value_params *params;
    bool for_ever;
    double unit;                 /* days */
    double scale;                /* m; 0: no tables */
    double cosine[NODES][NODES]; /* of each node, with the weights of a transform */
    series series[OCTAVES][COUNTS];
    tag tag[LINES];
    tsr_outlook day[LINES][TSR_LANES];
};

static double smallest_scale(const tsr_value_model *model)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    double scale = INFINITY;

    for (int32_t i = 0; i < purchases->parameters; i++)
        if (purchases->is_time[i]) scale = fmin(scale, model->parameter[i]);
    return isfinite(scale) ? scale : 0;
}

tsr_status tsr_outlooks_create(const tsr_value_model *model, const tsr_value_params *params, uint32_t how,
                               tsr_outlooks **outlooks)
{
    tsr_status st = tsr_alloc(outlooks, 1, sizeof **outlooks);

    if (st != TSR_OK) return st;
    tsr_outlooks *o = *outlooks;
    o->model = model;
    o->params = params;
    o->for_ever = (how & TSR_SCORE_FOR_EVER) != 0;
    o->unit = tsr_time_unit_days(model->time_unit);
    if ((how & TSR_SCORE_FEW) != 0) return TSR_OK;
    o->scale = smallest_scale(model);
    for (int32_t k = 0; k < NODES; k++)
        for (int32_t j = 0; j < NODES; j++)
            o->cosine[k][j] = tsr_cos(PI * j * (k + 0.5) / NODES) * ((j == 0 ? 1.0 : 2.0) / NODES);
    return TSR_OK;
}

void tsr_outlooks_destroy(tsr_outlooks **outlooks)
{
    tsr_free(outlooks);
}

/* 1 + t / m of octave e lies in 2^e (1, 2); the series is in z = -1..1 over it. */
static void make_series(const tsr_outlooks *o, int32_t x, int32_t octave, series *s)
{
    double first = ldexp(o->scale, octave), t[NODES];
    tsr_outlook at[NODES];

    *s = (series){.after = x + 1, .octave = octave};
    for (int32_t k = 0; k < NODES; k++) t[k] = fmax(first * (1.5 + 0.5 * NODES / 2 * o->cosine[k][1]) - o->scale, 0);
    look_ahead(o->model, o->model->parameter, o->params, o->for_ever, x, t, NODES, at);
    for (int32_t k = 0; k < NODES; k++)
        for (int32_t q = 0; q < TSR_OUTLOOKS; q++)
            for (int32_t j = 0; j < NODES; j++) s->coefficient[q][j] += at[k].of[q] * o->cosine[k][j];
}

TSR_INLINE void sum_series_at_width(const series *s, const double *z, tsr_lanes *sum)
{
    tsr_chebyshev_lanes(TSR_OUTLOOKS, s->coefficient[0], NODES, NODES, z, sum);
}

TSR_AT_ALL_WIDTHS(sum_series, (const series *s, const double *z, tsr_lanes *sum), (s, z, sum))

/* The days of a line that are in the octave of one of them: what a day gets does not depend on which asked. */
static void fill_octave(tsr_outlooks *o, int32_t x, int32_t lane, tag *l, tsr_outlook *day)
{
    double z[TSR_LANES], mantissa[TSR_LANES];
    int exponent[TSR_LANES];
    tsr_lanes sum[TSR_OUTLOOKS];

    for (int32_t i = 0; i < TSR_LANES; i++)
        mantissa[i] = frexp(1 + ((double)l->first + i) / o->unit / o->scale, &exponent[i]);
    for (int32_t i = 0; i < TSR_LANES; i++) z[i] = exponent[i] == exponent[lane] ? 4 * mantissa[i] - 3 : 0;
    series *s = &o->series[(uint32_t)exponent[lane] % OCTAVES][x % COUNTS];
    if (s->after != x + 1 || s->octave != exponent[lane] - 1) make_series(o, x, exponent[lane] - 1, s);
    sum_series(s, z, sum);
    for (int32_t i = 0; i < TSR_LANES; i++) {
        if (exponent[i] != exponent[lane]) continue;
        for (int32_t q = 0; q < TSR_OUTLOOKS; q++) day[i].of[q] = sum[q][i];
        l->known |= 1u << i;
    }
}

static bool is_known(const tag *l, int32_t x, int32_t t_days)
{
    int32_t lane = t_days % TSR_LANES;

    return l->after == x + 1 && l->first == t_days - lane && (l->known >> lane & 1) != 0;
}

/* What was at the place before gives way. */
static void fill(tsr_outlooks *o, int32_t x, int32_t t_days, tag *l, tsr_outlook *day)
{
    int32_t lane = t_days % TSR_LANES, first = t_days - lane;

    if (l->after != x + 1 || l->first != first) *l = (tag){.after = x + 1, .first = first};
    if (o->scale > 0) {
        fill_octave(o, x, lane, l, day);
        return;
    }
    day[lane] = tsr_outlook_at(o->model, o->model->parameter, o->params, o->for_ever, x, t_days / o->unit);
    l->known |= 1u << lane;
}

static uint32_t place_of(int32_t x, int32_t t_days)
{
    uint32_t block = (uint32_t)t_days / TSR_LANES;

    return x < COMMON ? block % COMMON_LINES * COMMON + (uint32_t)x
                      : COMMON_LINES * COMMON + (block + (uint32_t)x * 37u) % RARE_LINES;
}

void tsr_outlooks_find(tsr_outlooks *o, const int32_t *x, const int32_t *t_days, int32_t n, tsr_outlook *ahead)
{
    for (int32_t i = 0; i < n; i++) {
        if (x[i] < 0) continue;
        uint32_t place = place_of(x[i], t_days[i]);
        if (!is_known(&o->tag[place], x[i], t_days[i])) fill(o, x[i], t_days[i], &o->tag[place], o->day[place]);
        ahead[i] = o->day[place][t_days[i] % TSR_LANES];
    }
}
