#include "value/outlook.h"

#include <math.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "value/dropout.h"

#define NODES  20
#define PLACES 4096 /* of series; a power of two */
#define PI     3.14159265358979323846

/* ---- directly ---- */

/* Purchases of each step, discounted to today. */
static double discount(const tsr_value_params *params, int32_t time_unit, const double *expected, int32_t steps)
{
    double years = params->horizon / (double)steps / tsr_time_units_per_year(time_unit);
    double factor = tsr_exp(-tsr_log1p(params->discount_rate) * years), weight = 1, before = 0, sum = 0;

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

    return interest > 0 ? tsr_purchase_model_of(model->model)->residual(parameter, x, t, interest) : (double)NAN;
}

tsr_outlook tsr_outlook_at(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                           bool for_ever, int32_t x, double t)
{
    double ahead[TSR_AHEAD_MAX], expected[TSR_AHEAD_MAX];
    int32_t steps = (int32_t)params->steps;
    tsr_outlook out;

    for (int32_t k = 0; k < steps; k++) ahead[k] = params->horizon * (k + 1) / steps;
    out.of[TSR_OUTLOOK_BUY] = tsr_purchase_model_of(model->model)->predict(parameter, x, t, ahead, steps, expected);
    out.of[TSR_OUTLOOK_PURCHASES] = expected[steps - 1];
    out.of[TSR_OUTLOOK_DISCOUNTED] = discount(params, model->time_unit, expected, steps);
    out.of[TSR_OUTLOOK_RESIDUAL] = for_ever ? residual(model, parameter, params, x, t) : (double)NAN;
    return out;
}

/* ---- tables ---- */

typedef struct series {
    int32_t after, octave; /* after: x + 1; 0: an empty place, as memory begins */
    double coefficient[NODES][TSR_OUTLOOKS];
} series;

struct tsr_outlooks {
    const tsr_value_model *model;
    const tsr_value_params *params;
    bool for_ever;
    double scale; /* m; 0: no tables */
    double cosine[NODES][NODES];
    series place[PLACES];
};

static double smallest_scale(const tsr_value_model *model)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    double scale = INFINITY;

    for (int32_t i = 0; i < purchases->parameters; i++)
        if (purchases->is_time[i]) scale = fmin(scale, model->parameter[i]);
    return isfinite(scale) ? scale : 0;
}

tsr_status tsr_outlooks_create(const tsr_value_model *model, const tsr_value_params *params, bool for_ever,
                               tsr_outlooks **outlooks)
{
    tsr_status st = tsr_alloc(outlooks, 1, sizeof **outlooks);

    if (st != TSR_OK) return st;
    tsr_outlooks *o = *outlooks;
    o->model = model;
    o->params = params;
    o->for_ever = for_ever;
    o->scale = smallest_scale(model);
    for (int32_t j = 0; j < NODES; j++)
        for (int32_t k = 0; k < NODES; k++) o->cosine[j][k] = tsr_cos(PI * j * (k + 0.5) / NODES);
    return TSR_OK;
}

void tsr_outlooks_destroy(tsr_outlooks **outlooks)
{
    tsr_free(outlooks);
}

/* 1 + t / m of octave e lies in 2^e (1, 2); the series is in z = -1..1 over it. */
static void make_series(const tsr_outlooks *o, int32_t x, int32_t octave, series *s)
{
    double first = ldexp(o->scale, octave);

    *s = (series){.after = x + 1, .octave = octave};
    for (int32_t k = 0; k < NODES; k++) {
        double t = first * (1.5 + 0.5 * o->cosine[1][k]) - o->scale;
        tsr_outlook at = tsr_outlook_at(o->model, o->model->parameter, o->params, o->for_ever, x, fmax(t, 0));
        for (int32_t j = 0; j < NODES; j++)
            for (int32_t q = 0; q < TSR_OUTLOOKS; q++)
                s->coefficient[j][q] += at.of[q] * o->cosine[j][k] * ((j == 0 ? 1.0 : 2.0) / NODES);
    }
}

/* Clenshaw's recurrence, for all quantities at once. */
static tsr_outlook sum_series(const series *s, double z)
{
    double next[TSR_OUTLOOKS] = {0}, after[TSR_OUTLOOKS] = {0};
    tsr_outlook out;

    for (int32_t j = NODES - 1; j > 0; j--)
        for (int32_t q = 0; q < TSR_OUTLOOKS; q++) {
            double now = s->coefficient[j][q] + 2 * z * next[q] - after[q];
            after[q] = next[q];
            next[q] = now;
        }
    for (int32_t q = 0; q < TSR_OUTLOOKS; q++) out.of[q] = s->coefficient[0][q] + z * next[q] - after[q];
    return out;
}

tsr_outlook tsr_outlooks_find(tsr_outlooks *o, int32_t x, double t)
{
    int exponent;

    if (o->scale == 0) return tsr_outlook_at(o->model, o->model->parameter, o->params, o->for_ever, x, t);
    double mantissa = frexp(1 + t / o->scale, &exponent);
    series *s = &o->place[((uint32_t)x * 7u + (uint32_t)exponent) % PLACES];
    if (s->after != x + 1 || s->octave != exponent - 1) make_series(o, x, exponent - 1, s);
    return sum_series(s, 4 * mantissa - 3);
}
