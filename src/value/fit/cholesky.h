/**
 * @file value/fit/cholesky.h
 * The triangle of a covariance, also of one that is flat in some directions.
 */
#ifndef TSR_VALUE_CHOLESKY_H
#define TSR_VALUE_CHOLESKY_H

#include <stdint.h>

/**
 * Local. Lower triangle L with L L' = a square, whose lower triangle is read. Where no more than a share @p rest of a
 * diagonal is left by those before it the column of L is zero: that row follows from them (or is zero itself).
 * @param square  [n][stride] @param[out] l  [n][n]
 */
void tsr_cholesky(const double *square, int32_t n, int32_t stride, double rest, double *l);

#endif
