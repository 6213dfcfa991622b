#include "ingest/parse/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOAT_TEXT_MAX 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

tsr_slice tsr_trim_blanks(tsr_slice text)
{
    while (text.n > 0 && is_blank(text.at[text.n - 1])) text.n--;
    while (text.n > 0 && is_blank(*text.at)) text.at++, text.n--;
    return text;
}

/* ---- decimal numbers ---- */

tsr_parsed tsr_parse_decimal(tsr_slice text, tsr_decimal *value)
{
    const char *at = text.at, *end = text.at + text.n;
    uint64_t mantissa = 0;
    int32_t digits = 0, decimals = 0, zeros = 0; /* zeros: of the fraction, not yet known to matter */
    bool negative = false, point = false, any = false;

    if (at == end) return TSR_PARSED_EMPTY;
    if (*at == '-' || *at == '+') negative = *at++ == '-';
    for (; at < end; at++) {
        if (*at == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*at)) return TSR_PARSED_NOT;
        any = true;
        if (point && *at == '0') {
            zeros++;
            continue;
        }
        for (; zeros > 0; zeros--, decimals++) {
            if (digits < TSR_DIGITS_MAX) mantissa *= 10;
            digits += mantissa > 0 || digits > 0;
        }
        digits += *at != '0' || digits > 0;
        if (digits <= TSR_DIGITS_MAX) mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        decimals += point;
    }
    if (!any) return TSR_PARSED_NOT;
    if (decimals > TSR_DECIMALS_MAX) return TSR_PARSED_DECIMALS;
    if (digits > TSR_DIGITS_MAX) return TSR_PARSED_RANGE;
    *value = (tsr_decimal){negative ? -(tsr_int128)mantissa : (tsr_int128)mantissa, decimals};
    return TSR_PARSED;
}

bool tsr_parse_units(tsr_slice text, int32_t scale, int64_t *units)
{
    const char *at = text.at, *end = text.at + text.n;
    bool negative = text.n > 0 && *at == '-';
    uint64_t value = 0;
    unsigned digit;

    at += negative;
    if (at == end || end - at > 17 - scale) return false; /* scaled, it still fits */
    for (; at < end && (digit = (unsigned)(*at - '0')) < 10; at++) value = value * 10 + digit;
    if (at == text.at + negative) return false;
    if (at < end) {
        if (*at++ != '.' || at == end || end - at > scale) return false;
        for (; at < end && (digit = (unsigned)(*at - '0')) < 10; at++, scale--) value = value * 10 + digit;
        if (at < end) return false;
    }
    for (; scale > 0; scale--) value *= 10;
    *units = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

tsr_decimal tsr_decimal_product(const tsr_decimal *a, const tsr_decimal *b)
{
    tsr_decimal product = {a->mantissa * b->mantissa, a->decimals + b->decimals};

    if (product.mantissa == 0) product.decimals = 0;
    while (product.decimals > 0 && product.mantissa % 10 == 0) {
        product.mantissa /= 10;
        product.decimals--;
    }
    return product;
}

int tsr_decimal_compare(const tsr_decimal *a, const tsr_decimal *b)
{
    if (a->decimals == b->decimals) return (a->mantissa > b->mantissa) - (a->mantissa < b->mantissa);

    /* Digit by digit, as in division by hand: cross-multiplying would not fit. */
    tsr_int128 unit_a = tsr_exact_power_of_ten(a->decimals), unit_b = tsr_exact_power_of_ten(b->decimals);
    tsr_int128 digit_a = a->mantissa / unit_a, digit_b = b->mantissa / unit_b;
    tsr_int128 rest_a = a->mantissa % unit_a, rest_b = b->mantissa % unit_b;
    while (digit_a == digit_b && (rest_a != 0 || rest_b != 0)) {
        digit_a = rest_a * 10 / unit_a;
        rest_a = rest_a * 10 % unit_a;
        digit_b = rest_b * 10 / unit_b;
        rest_b = rest_b * 10 % unit_b;
    }
    return (digit_a > digit_b) - (digit_a < digit_b);
}

tsr_parsed tsr_decimal_units(const tsr_decimal *value, int32_t scale, int64_t *units)
{
    tsr_int128 v = value->mantissa;

    if (value->decimals > scale) {
        tsr_int128 lost = tsr_exact_power_of_ten(value->decimals - scale);
        if (v % lost != 0) return TSR_PARSED_DECIMALS;
        v /= lost;
    }
    for (int32_t i = value->decimals; i < scale; i++) {
        if (v > INT64_MAX || v < INT64_MIN) return TSR_PARSED_RANGE;
        v *= 10;
    }
    if (v > INT64_MAX || v < INT64_MIN) return TSR_PARSED_RANGE;
    *units = (int64_t)v;
    return TSR_PARSED;
}

/* ---- floating point, for attributes ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) at++;
    return at;
}

/* strtof alone would take "nan", "inf" and hexadecimal numbers too. */
static bool is_number(const char *at, const char *end)
{
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *whole = at;
    at = skip_digits(at, end);
    int64_t digits = at - whole;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = skip_digits(at, end);
        digits += at - fraction;
    }
    if (digits == 0) return false;
    if (at == end || (*at != 'e' && *at != 'E')) return at == end;
    at++;
    if (at < end && (*at == '-' || *at == '+')) at++;
    return at < end && skip_digits(at, end) == end;
}

tsr_parsed tsr_parse_float(tsr_slice text, float *value)
{
    char copy[FLOAT_TEXT_MAX + 1];

    if (text.n == 0) return TSR_PARSED_EMPTY;
    if (text.n > FLOAT_TEXT_MAX || !is_number(text.at, text.at + text.n)) return TSR_PARSED_NOT;
    memcpy(copy, text.at, (size_t)text.n);
    copy[text.n] = '\0';
    float parsed = strtof(copy, NULL);
    if (!isfinite(parsed)) return TSR_PARSED_RANGE;
    *value = parsed == 0.0f ? 0.0f : parsed; /* -0 is 0 */
    return TSR_PARSED;
}

/* ---- text ---- */

bool tsr_is_ascii(tsr_slice text)
{
    uint64_t all = 0, eight;
    int32_t i = 0;

    for (; i + 8 <= text.n; i += 8) {
        memcpy(&eight, text.at + i, sizeof eight);
        all |= eight;
    }
    for (; i < text.n; i++) all |= (unsigned char)text.at[i];
    return (all & 0x8080808080808080u) == 0;
}
