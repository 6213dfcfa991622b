/**
 * @file ingest/parse/parse.h
 * Text fields -> numbers, exactly. Pure functions; nothing is rounded on the way to money.
 */
#ifndef TSR_INGEST_PARSE_H
#define TSR_INGEST_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"
#include "tessera/exact.h"

/* Bytes of a field: a view, not terminated. */
typedef struct tsr_slice {
    const char *at;
    int32_t n;
} tsr_slice;

/* What a field can be; the caller names the column. */
typedef enum tsr_parsed {
    TSR_PARSED,
    TSR_PARSED_EMPTY,
    TSR_PARSED_NOT,      /* another form: letters, exponents, thousands separators, a date that does not exist */
    TSR_PARSED_RANGE,    /* too large */
    TSR_PARSED_DECIMALS, /* more decimals than fit, and not zeros */
} tsr_parsed;

/* mantissa x 10^-decimals; zeros at the end of the fraction are dropped. */
typedef struct tsr_decimal {
    tsr_int128 mantissa;
    int32_t decimals;
} tsr_decimal;

#define TSR_DECIMALS_MAX 18 /* of a number as written; a product has up to twice as many */
#define TSR_DIGITS_MAX   19 /* without leading zeros */

/** Local. 10^exponent, whole, up to 38; of one below 0 it is 1. */
static inline tsr_int128 tsr_exact_power_of_ten(int32_t exponent)
{
    tsr_int128 power = 1;

    while (exponent-- > 0) power *= 10;
    return power;
}

/** Local. Without blanks at both ends. */
tsr_slice tsr_trim_blanks(tsr_slice text);

/** Local. The same, where there seldom are any. */
static inline tsr_slice tsr_trim(tsr_slice text)
{
    if (text.n > 0 && *text.at > ' ' && text.at[text.n - 1] > ' ') return text;
    return tsr_trim_blanks(text);
}

/** Local. [+-] digits [. digits], nothing else; one of both may be missing: .5, 5. */
tsr_parsed tsr_parse_decimal(tsr_slice text, tsr_decimal *value);

/** Local. The common case of a decimal in units of 10^-scale, fast. @return false where the text is anything else:
 * empty, too long, with more decimals; tsr_parse_decimal() then tells */
bool tsr_parse_units(tsr_slice text, int32_t scale, int64_t *units);

/** Local. Are all bytes ASCII? */
bool tsr_is_ascii(tsr_slice text);

/** Local. The product of two numbers as written: exact. */
tsr_decimal tsr_decimal_product(const tsr_decimal *a, const tsr_decimal *b);

/** Local. -1, 0 or 1: exact, whatever the decimals. */
int tsr_decimal_compare(const tsr_decimal *a, const tsr_decimal *b);

/** Local. In units of 10^-scale. @return PARSED; DECIMALS (digits other than 0 would be lost); RANGE (beyond int64) */
tsr_parsed tsr_decimal_units(const tsr_decimal *value, int32_t scale, int64_t *units);

/** Local. A number with or without exponent, to the nearest float. RANGE: beyond float. */
tsr_parsed tsr_parse_float(tsr_slice text, float *value);

/** Local. Well-formed UTF-8 (no surrogates, no overlong forms)? */
static inline bool tsr_utf8_valid(tsr_slice text)
{
    return tsr_utf8_bytes(text.at, text.n) == text.n;
}

#endif
