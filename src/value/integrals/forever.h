/**
 * @file value/integrals/forever.h
 * Integrals of something that lasts for ever, discounted: int_0^inf e^(-interest t) f(t) dt.
 */
#ifndef TSR_VALUE_FOREVER_H
#define TSR_VALUE_FOREVER_H

#include <stdint.h>

#define TSR_MOMENTS_MAX 960

/* Moments and their weights: the integral of f is the sum of weight x f(t). */
typedef struct tsr_moments {
    double t[TSR_MOMENTS_MAX], weight[TSR_MOMENTS_MAX];
    int32_t n;
} tsr_moments;

/**
 * Local. Moments for an f that falls like (1 + t / scale)^-power at the most quickly: Gauss-Legendre panels in
 * ln(1 + t / scale), the first ones as short as f is quick, up to where e^(-interest t) has gone. The weights hold the
 * discount. All arguments > 0; relative error below 1e-10.
 */
void tsr_moments_place(double scale, double power, double interest, tsr_moments *moments);

/** Local. int_0^inf e^(-interest t) (1 + t / scale)^-power dt, which is scale e^z E_power(z) with z = interest x scale.
 */
double tsr_discounted_survival(double power, double scale, double interest);

#endif
