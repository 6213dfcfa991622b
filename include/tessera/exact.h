/**
 * @file exact.h
 * Sums that do not depend on their order: fixed-point numbers in 128-bit integers.
 *
 * A real-valued sum has a scale agreed beforehand (a constant per use, or from a global maximum): each value is rounded
 * once to a multiple of 2^-scale, then everything is integer addition. Values that do not fit are counted, not added.
 */
#ifndef TSR_EXACT_H
#define TSR_EXACT_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 tsr_int128;

/* |value| x 2^scale <= TSR_FIXED_MAX; the sum over all rows of all ranks must stay below 2^94. */
#define TSR_FIXED_MAX 0x1p62

typedef struct tsr_fixed {
    tsr_int128 sum; /* in units of 2^-scale */
    int64_t bad;    /* values that were NaN, infinite or too large */
    int32_t scale;
} tsr_fixed;

/** Local. An empty sum with unit 2^-scale. */
tsr_fixed tsr_fixed_zero(int32_t scale);

/** Local. Add @p times copies of @p value: the value is rounded first, so grouping does not matter. */
void tsr_fixed_add(tsr_fixed *sum, double value, int64_t times);

/** Local. Add times[i] copies of value[i] for all i, faster: the same sum as by single calls. */
void tsr_fixed_add_block(tsr_fixed *sum, const double *value, const int64_t *times, int64_t n);

/** Local. Add one sum to another of the same scale. */
void tsr_fixed_join(tsr_fixed *sum, const tsr_fixed *other);

/** Local. The sum as the nearest double; NaN where a bad value came in. */
double tsr_fixed_value(const tsr_fixed *sum);

/** Local. The scale at which values up to @p largest (> 0, finite) use 2^bits units; bits <= 62. */
int32_t tsr_fixed_scale_for(double largest, int32_t bits);

/** Local. Nearest double of v x 2^-scale, ties to even: one rounding. */
double tsr_int128_scaled(tsr_int128 v, int32_t scale);

/** Local. 10^n: money units per currency unit of n decimals. Exact for 0 <= n <= 22, so a division by it rounds once.
 */
double tsr_power_of_ten(int32_t n);

/** Local. Decimal digits of @p v with @p decimals places ("-12.34"); @p text holds at least 48 bytes. */
void tsr_int128_print(tsr_int128 v, int32_t decimals, char *text);

#endif
