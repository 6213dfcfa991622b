/**
 * @file value/fit/cholesky.h
 * The triangle of a covariance, also of one that is flat in some directions, and systems of equations with it.
 */
#ifndef TSR_VALUE_CHOLESKY_H
#define TSR_VALUE_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Local. Lower triangle L with L L' = a square, whose lower triangle is read. Where no more than a share @p rest of a
 * diagonal is left by those before it the column of L is zero: that row follows from them (or is zero itself).
 * @param square  [n][stride] @param[out] l  [n][n]
 */
void tsr_cholesky(const double *square, int32_t n, int32_t stride, double rest, double *l);

/** Local. x = (L L')^-1 x. @param l  [n][n] @return false, x as it was, where a column of L is zero: there is no such x
 */
bool tsr_cholesky_solve(const double *l, int32_t n, double *x);

#endif
