/**
 * @file value/models/lifetime.h
 * Integrals over the moment of a death: int_0^range (1 + d/a)^-power_a (1 + d/b)^-power_b dd for many (a, b, range,
 * powers).
 */
#ifndef TSR_VALUE_LIFETIME_H
#define TSR_VALUE_LIFETIME_H

#include "value/histories/purchase.h"

/* In: a, b, powers > 0, range >= 0. Out: the integral; means over the normalised integrand (0 where range = 0). */
typedef struct tsr_lifetime {
    double a[TSR_RUN], b[TSR_RUN], power_a[TSR_RUN], power_b[TSR_RUN], range[TSR_RUN];
    double total[TSR_RUN];
    double log_a[TSR_RUN], log_b[TSR_RUN];         /* of ln(1 + d/a), ln(1 + d/b) */
    double inverse_a[TSR_RUN], inverse_b[TSR_RUN]; /* of 1 / (a + d), 1 / (b + d) */
} tsr_lifetime;

/**
 * Local. Gauss-Legendre panels in v = ln(1 + d / min(a, b)), the first one as long as the integrand stays of one size,
 * each one twice as long as the one before: relative error below 1e-13. Each element has the same bits alone and in
 * company.
 * @param n  <= TSR_RUN
 * Cost: one to six panels of 12 nodes with three logarithms or exponentials each.
 */
void tsr_lifetime_integrate(tsr_lifetime *life, int32_t n);

#endif
