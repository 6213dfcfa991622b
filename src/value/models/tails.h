/**
 * @file value/models/tails.h
 * Integrals over the moment of a death, from tables: for one number of purchases and one set of parameters they depend
 * on where they begin alone, so the integral between two moments is what lies beyond the first without what lies beyond
 * the second.
 *
 * Beyond y, relative to the integrand at y and to m + y (m the smaller scale), all of them are smooth: analytic in
 * v = ln(1 + y/m) for |Im v| < pi, since (m + u) is not 0 there. A Chebyshev series of n terms over 0..V is off by
 * about rho^-n with rho = c + sqrt(1 + c^2), c = (3 pi / 4) / (V / 2): n is chosen for 1e-15. The difference of two
 * cancels where the moments are close, but then the chance to have died between them is as small: what a likelihood
 * makes of it is good to 1e-13 of itself.
 */
#ifndef TSR_VALUE_TAILS_H
#define TSR_VALUE_TAILS_H

#include "value/models/lifetime.h"

#define TSR_TAIL_TERMS 64

/* What is integrated: the integrand, over it ln((a+u)/(a+y)), ln((b+u)/(b+y)), (a+y)/(a+u), (b+y)/(b+u). */
enum { TSR_TAIL_TOTAL, TSR_TAIL_LOG_A, TSR_TAIL_LOG_B, TSR_TAIL_INVERSE_A, TSR_TAIL_INVERSE_B, TSR_TAILS };

typedef struct tsr_tails {
    double a, b, power_a, power_b; /* of the integrand (a + u)^-power_a (b + u)^-power_b */
    double length;                 /* V */
    int32_t terms;
    double coefficient[TSR_TAILS][TSR_TAIL_TERMS];
} tsr_tails;

/* Where series over 0..end are looked at: the same for every number of purchases. */
typedef struct tsr_tail_nodes {
    double a, b, end;
    double length; /* V */
    int32_t terms;
    double since[TSR_TAIL_TERMS]; /* moments */
    double cosine[TSR_TAIL_TERMS][TSR_TAIL_TERMS];
} tsr_tail_nodes;

/** Local. @param end  the last moment @param[out] nodes  terms 0: more than there is room for, or no end is known */
void tsr_tails_place(double a, double b, double end, tsr_tail_nodes *nodes);

/** Local. @param nodes  of some terms. Cost: about 15 us. */
void tsr_tails_make(const tsr_tail_nodes *nodes, double power_a, double power_b, tsr_tails *tails);

/* One number of each kind for each of some moments. */
typedef double tsr_tail_values[TSR_TAILS][TSR_RUN];

/** Local. Series of any quantities that are as smooth. @param value  of each node. @return they are that smooth: the
 *  last terms are 1e-13 of the largest at most. */
bool tsr_tails_of(const tsr_tail_nodes *nodes, tsr_tail_values value, tsr_tails *tails);

/** Local. Sums of the series at moments t. @param n  <= TSR_RUN */
void tsr_tails_at(const tsr_tails *tails, const double *t, int32_t n, tsr_tail_values out);

/**
 * Local. What tsr_lifetime_integrate() says of lives from tx[i] to t[i], given ln(a + tx) and so on.
 * @param n  <= TSR_RUN
 * @param[in,out] life  a and b are those at tx
 */
void tsr_tails_between(const tsr_tails *tails, const double *log_atx, const double *log_btx, const double *log_at,
                       const double *log_bt, int32_t n, tsr_lifetime *life);

#endif
