/**
 * @file value/models/dropout.h
 * Expected purchases of a customer who is alive and drops out with probability p ~ Beta(a, b) after each purchase, or
 * after each chance to buy.
 */
#ifndef TSR_VALUE_DROPOUT_H
#define TSR_VALUE_DROPOUT_H

#include <stdint.h>

#define TSR_AHEAD_MAX 520 /* moments of one prediction: ten years of weeks */

/**
 * Local. out[i] = E_p[ (1 - (1 + p ahead[i] / rate)^-shape) / p ], p ~ Beta(a, b): BG/NBD has b + x, MBG/NBD b + x + 1,
 * with shape r + x and rate alpha + t. All arguments > 0.
 *
 * Euler-transformed hypergeometric series, in the form where every coefficient stays finite for any a, 1 included, and
 * nothing cancels: with z = ahead / (rate + ahead), c = a + b - 1 and B = c - shape
 *
 *     out = (1 - z)^(a-1) sum_{n>=1} (a)_{n-1} / n! e_n z^n,   e_n = c (1 - (B)_n / (c)_n)
 *
 * Where z is near 1, a is large or B far below 0 it takes too many terms or cancels; there the mean over p is
 * integrated (trapezoids in logit p: exponentially convergent, since the integrand is analytic in a strip around the
 * real axis).
 *
 * @param ahead  [n], rising; n <= TSR_AHEAD_MAX
 * Relative error below 1e-11. Cost: about 40 / -ln(z of the last) terms of n multiplications; some 20 us per moment
 * where integrated.
 */
void tsr_dropout_mean(double a, double b, double shape, double rate, const double *ahead, int32_t n, double *out);

/** Local. The same at many rates. @param rate [m] @param[out] out  [m][n]. Cost: hardly more than of a single one. */
void tsr_dropout_means(double a, double b, double shape, const double *rate, int32_t m, const double *ahead, int32_t n,
                       double *out);

/**
 * Local. The same for ever and discounted: E_p[ int_0^inf e^(-interest t) shape/rate (1 + p t/rate)^-(shape+1) dt ].
 * The published form is E_p[ shape/p e^z E_(shape+1)(z) ], z = interest rate / p. All arguments > 0.
 * Relative error below 1e-9. Cost: some 15 us.
 */
double tsr_dropout_residual(double a, double b, double shape, double rate, double interest);

/**
 * Local. Chances that come one by one for ever, the first one a unit of time from now, each discounted and taken by who
 * is still there, of whom a share p leaves after each: E_p[ sum_{j>=1} e^(-interest j) (1-p)^(j-1) ], which is
 * E_p[ 1 / (e^interest - 1 + p) ]. All arguments > 0. Relative error below 1e-9. Cost: some 5 us.
 */
double tsr_dropout_discounted(double a, double b, double interest);

/** Local. tsr_dropout_mean() by integration only: for tests, and where the series does not serve. */
void tsr_dropout_mean_integrated(double a, double b, double shape, double rate, const double *ahead, int32_t n,
                                 double *out);

#endif
