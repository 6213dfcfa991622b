/**
 * @file maths.h
 * Transcendental functions with the same bits on every processor with FMA (SLEEF's finz family), and a digamma.
 * Nothing else in src/ calls exp, log, pow, lgamma and their like of the C library; a test checks it.
 * sqrt, fma, floor, fabs, ldexp, frexp and the four operations are exact by IEEE 754 and come from <math.h>.
 */
#ifndef TSR_MATHS_H
#define TSR_MATHS_H

#include <stdbool.h>
#include <stdint.h>

/** Local. False on a processor without FMA: results are right, but their bits may differ from other processors'. */
bool tsr_maths_canonical(void);

/** Local. As their namesakes of <math.h>, within one unit of the last place (erfc: 1.5). */
double tsr_exp(double x);
double tsr_expm1(double x);
double tsr_log(double x);
double tsr_log1p(double x);
double tsr_log2(double x);
double tsr_pow(double x, double y);
double tsr_lgamma(double x);
double tsr_erfc(double x);
double tsr_sin(double x);
double tsr_cos(double x);

/** Local. The same over an array, in place: x[i] = log(x[i]). Vectors where the processor has them, with the bits of
 * the functions above. */
void tsr_exp_block(double *x, int64_t n);
void tsr_expm1_block(double *x, int64_t n);
void tsr_log_block(double *x, int64_t n);
void tsr_log1p_block(double *x, int64_t n);

/** Local. Let the block functions use vectors of at most that many numbers (8, 4, 1); the width in use. For tests: the
 *  widest that runs is the default. */
int32_t tsr_maths_width(int32_t at_most);
/** Local. The width in use. */
int32_t tsr_maths_width_now(void);

/** Local. psi(x) for x > 0, NaN elsewhere; relative error below 1e-14, beside the root at 1.4616... too. */
double tsr_digamma(double x);

/** Local. log(exp(a) + exp(b)) without overflow; -inf is allowed. */
double tsr_logaddexp(double a, double b);

#endif
