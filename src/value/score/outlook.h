/**
 * @file value/score/outlook.h
 * What lies ahead of customers who are alive: it depends on x and T alone, so it can be had from tables.
 *
 * In octaves of 1 + T / m, m the smallest of the model's scales of time, each quantity is a Chebyshev series in T of 20
 * terms for each x. All of them are analytic where the real part of m + T is above 0: there |1 + p t / (m + T)| >= 1,
 * so that what is integrated is no larger than next to the real axis. Of an octave [c, 2c] of m + T the ellipse that
 * reaches down to a real part of c / 5 has a sum of semi-axes of 5 half lengths, so with M the largest value on it a
 * series of n terms is off by less than 4 M / (5 - 1) 5^-n: 1e-14 M at n = 20, and M is within a small factor of the
 * value itself. A table is a pure function of the parameters and x: who scores how many on which rank does not change a
 * bit.
 */
#ifndef TSR_VALUE_OUTLOOK_H
#define TSR_VALUE_OUTLOOK_H

#include "value/histories/purchase.h"

enum { TSR_OUTLOOK_BUY, TSR_OUTLOOK_PURCHASES, TSR_OUTLOOK_DISCOUNTED, TSR_OUTLOOK_RESIDUAL, TSR_OUTLOOKS };

/* Of who is alive: P(at least one purchase in the horizon), purchases in it, the same discounted step by step, and
 * purchases for ever, discounted (NaN where that was not asked for, or without interest). */
typedef struct tsr_outlook {
    double of[TSR_OUTLOOKS];
} tsr_outlook;

/** Local. Directly. @param parameter  of the customer @param t  in time units */
tsr_outlook tsr_outlook_at(const tsr_value_model *model, const double *parameter, const tsr_value_params *params,
                           bool for_ever, int32_t x, double t);

typedef struct tsr_outlooks tsr_outlooks; /* tables, made as they are asked for, and what was asked for last */

/** Local. @param model, params  borrowed. @param how  TSR_SCORE_...; few: directly. Memory: 1.5 MiB.
 *  @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_outlooks_create(const tsr_value_model *model, const tsr_value_params *params, uint32_t how,
                               tsr_outlooks **outlooks) TSR_NODISCARD;
void tsr_outlooks_destroy(tsr_outlooks **outlooks);

/** Local. From tables, within 1e-12 of tsr_outlook_at() relatively; BG/BB, whose time is whole, and few directly.
 *  @param x, t_days  [n]; x < 0: left out @param[out] ahead  [n]
 *  Cost: of a day asked for before, next to nothing; a sum of a series serves eight days, and a series an octave of
 *  them. */
void tsr_outlooks_find(tsr_outlooks *outlooks, const int32_t *x, const int32_t *t_days, int32_t n, tsr_outlook *ahead);

#endif
