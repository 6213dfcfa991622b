#include "tessera/exact.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/status.h"

__extension__ typedef unsigned __int128 magnitude;

#define DOUBLE_BITS  53   /* of a normal number */
#define SMALLEST_BIT 1074 /* the last bit of any double is worth 2^-1074 */

tsr_fixed tsr_fixed_zero(int32_t scale)
{
    return (tsr_fixed){.scale = scale};
}

/* As ldexp(), which is a call and slow; a product with a power of two rounds in the same way. */
static double scaled(double value, int32_t scale)
{
    if (scale < -1022 || scale > 1023) return ldexp(value, scale);

    uint64_t bits = (uint64_t)(scale + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return value * power;
}

void tsr_fixed_add(tsr_fixed *sum, double value, int64_t times)
{
    double units = scaled(value, sum->scale);

    if (!(fabs(units) <= TSR_FIXED_MAX)) {
        sum->bad += times;
        return;
    }
    sum->sum += (tsr_int128)llrint(units) * times;
}

/* Adding 1.5 x 2^52 rounds to an integer, ties to even as llrint() does, and leaves it in the low bits. */
#define ROUNDER 0x1.8p52
#define SIMPLE  0x1p50
#define BATCH   256

/* All of them small and single: sums of integers in 64 bits, which the compiler makes vectors of. */
static bool add_simple(tsr_fixed *sum, const double *value, const int64_t *times, int64_t n)
{
    double power = scaled(1, sum->scale), rounder = ROUNDER;
    int64_t base, total = 0, other = 0;

    for (int64_t i = 0; i < n; i++) other |= (fabs(value[i] * power) < SIMPLE ? 0 : 1) | (times[i] ^ 1);
    if (other != 0) return false;
    memcpy(&base, &rounder, sizeof base);
    for (int64_t i = 0; i < n; i++) {
        double rounded = value[i] * power + ROUNDER;
        int64_t bits;
        memcpy(&bits, &rounded, sizeof bits);
        total += bits - base;
    }
    sum->sum += total;
    return true;
}

void tsr_fixed_add_block(tsr_fixed *sum, const double *value, const int64_t *times, int64_t n)
{
    bool simple = sum->scale >= -1022 && sum->scale <= 1023;

    for (int64_t at = 0; at < n; at += BATCH) {
        int64_t rows = n - at < BATCH ? n - at : BATCH;
        if (simple && add_simple(sum, value + at, times + at, rows)) continue;
        for (int64_t i = at; i < at + rows; i++) tsr_fixed_add(sum, value[i], times[i]);
    }
}

void tsr_fixed_join(tsr_fixed *sum, const tsr_fixed *other)
{
    TSR_ASSERT(sum->scale == other->scale);
    sum->sum += other->sum;
    sum->bad += other->bad;
}

double tsr_fixed_value(const tsr_fixed *sum)
{
    return sum->bad != 0 ? NAN : tsr_int128_scaled(sum->sum, sum->scale);
}

int32_t tsr_fixed_scale_for(double largest, int32_t bits)
{
    int exponent;

    TSR_ASSERT(largest > 0 && isfinite(largest) && bits <= 62);
    (void)frexp(largest, &exponent); /* largest < 2^exponent */
    return bits - exponent;
}

static int bit_length(magnitude u)
{
    uint64_t high = (uint64_t)(u >> 64), low = (uint64_t)u;

    if (high != 0) return 128 - __builtin_clzll(high);
    return low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* u / 2^drop to the nearest integer, ties to even; 1 <= drop <= 128. */
static uint64_t shift_rounded(magnitude u, int drop)
{
    magnitude half = (magnitude)1 << (drop - 1);
    magnitude quotient = drop < 128 ? u >> drop : 0;
    magnitude rest = drop < 128 ? u - (quotient << drop) : u;

    if (rest > half || (rest == half && (quotient & 1) != 0)) quotient++;
    return (uint64_t)quotient;
}

double tsr_int128_scaled(tsr_int128 v, int32_t scale)
{
    magnitude u = v < 0 ? -(magnitude)v : (magnitude)v;
    int bits = bit_length(u);
    /* Drop what a double cannot hold, near zero also what lies below its last bit: one rounding, then all is exact. */
    int64_t drop = bits - DOUBLE_BITS, tiny = (int64_t)scale - SMALLEST_BIT;
    double value;

    if (tiny > drop) drop = tiny;
    if (drop > bits)
        value = 0.0;
    else if (drop > 0)
        value = ldexp((double)shift_rounded(u, (int)drop), (int)(drop - scale));
    else
        value = ldexp((double)(uint64_t)u, -scale);
    return v < 0 ? -value : value;
}

double tsr_power_of_ten(int32_t n)
{
    double power = 1;

    for (int32_t i = 0; i < n; i++) power *= 10;
    return power;
}

void tsr_int128_print(tsr_int128 v, int32_t decimals, char *text)
{
    magnitude u = v < 0 ? -(magnitude)v : (magnitude)v;
    char digits[48]; /* last digit first; 2^127 has 39 */
    int n = 0;

    TSR_ASSERT(decimals >= 0 && decimals <= 9);
    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
        if (n == decimals) digits[n++] = '.';
    } while (u != 0 || n < decimals || (decimals > 0 && n <= decimals + 1));
    if (v < 0) *text++ = '-';
    while (n > 0) *text++ = digits[--n];
    *text = '\0';
}
