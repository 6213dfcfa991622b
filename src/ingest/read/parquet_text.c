#include "ingest/read/parquet_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MICROSECONDS  1000000
#define NANOSECONDS   1000000000
#define EIGHT_DIGITS  100000000
#define ZEROS         0x3030303030303030u
#define NARROW_DIGITS 18 /* of a decimal that 64 bits hold */
#define SECONDS_DAY   86400
#define FIRST_DAY     (-719162LL) /* 0001-01-01; before it, and after the last one, dates have another form */
#define LAST_DAY      2932896     /* 9999-12-31 */

/* ---- types ---- */

static tsr_value_type decimal_of(const char *name)
{
    tsr_value_type type = {.form = TSR_VALUE_CAST};

    if (sscanf(name, "DECIMAL(%d,%d)", &type.digits, &type.scale) != 2) return type;
    type.form = TSR_VALUE_DECIMAL;
    type.bytes = type.digits <= 4 ? 2 : type.digits <= 9 ? 4 : type.digits <= NARROW_DIGITS ? 8 : 16;
    return type;
}

tsr_value_type tsr_value_type_of(const char *name)
{
    static const struct {
        const char *name;
        tsr_value_type type;
    } known[] = {
        {"VARCHAR", {.form = TSR_VALUE_TEXT}},
        {"BOOLEAN", {.form = TSR_VALUE_FLAG, .bytes = 1}},
        {"TINYINT", {.form = TSR_VALUE_SIGNED, .bytes = 1}},
        {"SMALLINT", {.form = TSR_VALUE_SIGNED, .bytes = 2}},
        {"INTEGER", {.form = TSR_VALUE_SIGNED, .bytes = 4}},
        {"BIGINT", {.form = TSR_VALUE_SIGNED, .bytes = 8}},
        {"UTINYINT", {.form = TSR_VALUE_UNSIGNED, .bytes = 1}},
        {"USMALLINT", {.form = TSR_VALUE_UNSIGNED, .bytes = 2}},
        {"UINTEGER", {.form = TSR_VALUE_UNSIGNED, .bytes = 4}},
        {"UBIGINT", {.form = TSR_VALUE_UNSIGNED, .bytes = 8}},
        {"FLOAT", {.form = TSR_VALUE_FLOAT, .bytes = 4}},
        {"DOUBLE", {.form = TSR_VALUE_DOUBLE, .bytes = 8}},
        {"DATE", {.form = TSR_VALUE_DATE, .bytes = 4}},
        {"TIMESTAMP", {.form = TSR_VALUE_MOMENT, .bytes = 8, .per_second = MICROSECONDS}},
        {"TIMESTAMP_NS", {.form = TSR_VALUE_MOMENT, .bytes = 8, .per_second = NANOSECONDS}},
        {"TIMESTAMP WITH TIME ZONE", {.form = TSR_VALUE_MOMENT, .bytes = 8, .per_second = MICROSECONDS, .zoned = true}},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].type;
    return decimal_of(name);
}

tsr_duck_type tsr_value_cast(const tsr_value_type *type)
{
    switch (type->form) {
    case TSR_VALUE_FLOAT: return TSR_DUCK_FLOAT;
    case TSR_VALUE_DOUBLE: return TSR_DUCK_DOUBLE;
    case TSR_VALUE_DATE: return TSR_DUCK_DATE;
    default: return type->per_second == MICROSECONDS ? TSR_DUCK_TIMESTAMP : TSR_DUCK_TIMESTAMP_NS;
    }
}

/* ---- numbers ---- */

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464"
    "74849505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394"
    "9596979899";

/* Exactly @p digits digits, zeros in front. */
static void write_digits(char *to, int32_t digits, uint64_t value)
{
    for (; digits >= 2; digits -= 2, value /= 100) memcpy(to + digits - 2, pairs + 2 * (value % 100), 2);
    if (digits == 1) *to = (char)('0' + value % 10);
}

/* Less than 10^8, from the halves of the number to its digits, the first in the lowest byte: four, two and one at a
 * time, as P. Khuong's "How to print integers really fast" has it. */
static inline uint64_t eight_digits(uint32_t value)
{
    uint64_t four = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (four * 10486 >> 20) & 0x7f0000007fu;
    uint64_t two = hundreds | (four - 100 * hundreds) << 16;
    uint64_t tens = (two * 103 >> 10) & 0x000f000f000f000fu;

    return tens | (two - 10 * tens) << 8;
}

/* Eight bytes are written, however few digits there are. */
static inline int32_t write_below(char *to, uint32_t value)
{
    uint64_t digits = eight_digits(value);
    int32_t blank = __builtin_ctzll(digits | 1ULL << 56) / 8; /* a zero is one digit */

    digits = (digits | ZEROS) >> 8 * blank;
    memcpy(to, &digits, sizeof digits);
    return 8 - blank;
}

static int32_t write_above(char *to, uint64_t value)
{
    uint64_t digits = eight_digits((uint32_t)(value % EIGHT_DIGITS)) | ZEROS, rest = value / EIGHT_DIGITS;
    int32_t before = rest < EIGHT_DIGITS ? write_below(to, (uint32_t)rest) : write_above(to, rest);

    memcpy(to + before, &digits, sizeof digits);
    return before + 8;
}

static inline int32_t write_whole(char *to, uint64_t value)
{
    return value < EIGHT_DIGITS ? write_below(to, (uint32_t)value) : write_above(to, value);
}

static inline int32_t write_signed(char *to, int64_t value)
{
    *to = '-';
    return (value < 0) + write_whole(to + (value < 0), value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* Digits, point, fraction; without a point where there is no fraction. A number that has no digit before the point by
 * its type, DECIMAL(2,2), is written without a zero there. */
static int32_t write_scaled(char *to, int64_t value, int32_t scale, bool zero)
{
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = (uint64_t)tsr_exact_power_of_ten(scale);
    uint64_t whole = size / unit;
    int32_t n = value < 0;

    *to = '-';
    if (whole > 0 || zero) n += write_whole(to + n, whole);
    if (scale == 0) return n;
    to[n] = '.';
    write_digits(to + n + 1, scale, size - whole * unit);
    return n + 1 + scale;
}

/* The same of more than 64 bits. */
static int32_t write_wide(char *to, tsr_int128 value, int32_t scale, bool zero)
{
    char digits[TSR_VALUE_BYTES];
    int32_t given = 0, n = 0;

    if (value < 0) to[n++] = '-', value = -value;
    for (; value > 0 || given < scale + zero; value /= 10) digits[given++] = (char)('0' + (int)(value % 10));
    while (given > 0) {
        if (given == scale) to[n++] = '.';
        to[n++] = digits[--given];
    }
    return n;
}

static int32_t write_decimal(char *to, const tsr_value_type *type, const void *value, int64_t i)
{
    bool zero = type->digits > type->scale;

    if (type->digits > NARROW_DIGITS) return write_wide(to, ((const tsr_int128 *)value)[i], type->scale, zero);
    return write_scaled(to, tsr_value_signed(value, type->bytes, i), type->scale, zero);
}

/*
 * The shortest text that reads as this number is a decimal of few digits where there is one: different decimals of up
 * to 15 digits (of float: 6) are different numbers, and a quotient of whole numbers below 2^53 is rounded once.
 * @return 0: it has more digits, or is so small or large that it would have an exponent
 */
static int32_t write_short(char *to, double value, bool is_float)
{
    static const double power[] = {1, 1e2, 1e6};
    static const int32_t power_scale[] = {1, 2, 6}, shift[] = {10, 1, 1};
    const double most = is_float ? TSR_VALUE_FLOAT_MOST : TSR_VALUE_DOUBLE_MOST, size = fabs(value);

    for (int32_t p = 0; p < 3; p++) {
        double scaled = size * power[p];
        if (!(scaled <= most)) return 0;
        int64_t whole = llrint(scaled);
        double again = (double)whole / power[p];
        if (is_float ? (float)again != (float)size : again != size) continue;
        if (again < TSR_VALUE_PLAIN && (whole > 0 || signbit(value))) return 0;
        int32_t scale = power_scale[p];
        whole *= shift[p]; /* there is always one digit behind the point */
        for (; scale > 1 && whole % 10 == 0; scale--) whole /= 10;
        return write_scaled(to, value < 0 ? -whole : whole, scale, true);
    }
    return 0;
}

/* ---- dates ---- */

/* H. Hinnant's civil_from_days: years begin in March, so that February is last. */
static int32_t write_day(char *to, int64_t day)
{
    uint32_t z = (uint32_t)(day + 719468), era = z / 146097, of_era = z % 146097;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

    write_digits(to, 4, year + era * 400 + (month >= 10));
    to[4] = to[7] = '-';
    write_digits(to + 5, 2, month < 10 ? month + 3 : month - 9);
    write_digits(to + 8, 2, of_year - (153 * month + 2) / 5 + 1);
    return 10;
}

/* @return 0: infinite, or of a year without four digits */
static int32_t write_date(char *to, int64_t day)
{
    return day >= FIRST_DAY && day <= LAST_DAY ? write_day(to, day) : 0;
}

/* A fraction of a second without zeros at its end. */
static int32_t write_fraction(char *to, uint64_t fraction, int64_t per_second)
{
    int32_t digits = per_second == NANOSECONDS ? 9 : 6;

    if (fraction == 0) return 0;
    for (; fraction % 10 == 0; fraction /= 10) digits--;
    *to = '.';
    write_digits(to + 1, digits, fraction);
    return 1 + digits;
}

static int32_t write_moment(char *to, const tsr_value_type *type, int64_t value)
{
    int64_t seconds = value / type->per_second, fraction = value % type->per_second;

    if (fraction < 0) seconds--, fraction += type->per_second;
    int64_t since = seconds - FIRST_DAY * SECONDS_DAY;
    uint32_t clock = (uint32_t)(since % SECONDS_DAY);
    if (since < 0 || write_date(to, since / SECONDS_DAY + FIRST_DAY) == 0) return 0;
    to[10] = ' ';
    to[13] = to[16] = ':';
    write_digits(to + 11, 2, clock / 3600);
    write_digits(to + 14, 2, clock / 60 % 60);
    write_digits(to + 17, 2, clock % 60);
    int32_t n = 19 + write_fraction(to + 19, (uint64_t)fraction, type->per_second);
    to[n] = 'Z';
    return n + type->zoned;
}

/* ---- columns ---- */

static int32_t write_flag(char *to, bool value)
{
    memcpy(to, value ? "true" : "false", 5);
    return value ? 4 : 5;
}

/* @return bytes; 0: not of common form */
static int32_t write_value(const tsr_value_type *type, const void *value, int64_t i, char *to)
{
    switch (type->form) {
    case TSR_VALUE_FLAG: return write_flag(to, ((const bool *)value)[i]);
    case TSR_VALUE_SIGNED: return write_signed(to, tsr_value_signed(value, type->bytes, i));
    case TSR_VALUE_UNSIGNED: return write_whole(to, tsr_value_unsigned(value, type->bytes, i));
    case TSR_VALUE_DECIMAL: return write_decimal(to, type, value, i);
    case TSR_VALUE_FLOAT: return write_short(to, ((const float *)value)[i], true);
    case TSR_VALUE_DOUBLE: return write_short(to, ((const double *)value)[i], false);
    case TSR_VALUE_DATE: return write_date(to, ((const int32_t *)value)[i]);
    case TSR_VALUE_MOMENT: return write_moment(to, type, ((const int64_t *)value)[i]);
    default: return 0;
    }
}

/* What is behind the first eight bytes. */
static void look_behind(tsr_slice text, tsr_value_texts *out)
{
    text = (tsr_slice){text.at + sizeof(uint64_t), text.n - (int32_t)sizeof(uint64_t)};
    out->ascii = out->ascii && tsr_is_ascii(text);
    out->nul = out->nul || memchr(text.at, '\0', (size_t)text.n) != NULL;
}

/* The first eight bytes are looked at together: whatever stands behind a shorter text can be read. */
static void take_texts(const tsr_duck_vector *vector, int64_t first, int64_t n, tsr_value_texts *out, tsr_slice *field,
                       int64_t stride)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t any_high = 0, any_zero = 0, word;

    for (int64_t i = 0; i < n; i++, field += stride) {
        tsr_duck_text text = tsr_duck_text_at(vector, first + i);
        *field = (tsr_slice){text.n > 0 ? text.at : "", text.n};
        if (text.n == 0) continue;
        memcpy(&word, text.at, sizeof word);
        out->roomy = out->roomy && (word & 0xff) > ' ';
        const uint64_t beyond = text.n < 8 ? ~0ULL << 8 * text.n : 0;
        any_high |= word & ~beyond;
        word |= beyond;
        any_zero |= (word - ones) & ~word;
        if (text.n > 8) look_behind(*field, out);
    }
    out->ascii = out->ascii && (any_high & highs) == 0;
    out->nul = out->nul || (any_zero & highs) != 0;
}

bool tsr_value_write(const tsr_value_type *type, const tsr_duck_vector *vector, int64_t first, int64_t n,
                     tsr_value_texts *out, tsr_slice *field, int64_t stride)
{
    out->nul = false;
    out->roomy = out->ascii = true;
    if (type->form == TSR_VALUE_TEXT || type->form == TSR_VALUE_CAST) {
        take_texts(vector, first, n, out, field, stride);
        return true;
    }
    for (int64_t i = 0; i < n; i++, field += stride) {
        char *slot = out->slot[i];
        *field = (tsr_slice){slot, 0};
        if (tsr_duck_is_null(vector, first + i)) continue;
        field->n = write_value(type, vector->value, first + i, slot);
        if (field->n == 0) return false;
    }
    return true;
}

void tsr_value_write_ids(const tsr_value_type *type, const tsr_duck_vector *vector, int64_t first, int64_t n,
                         char (*out)[TSR_VALUE_ID], tsr_slice *field)
{
    const bool has_sign = type->form == TSR_VALUE_SIGNED;
    const void *value = vector->value; /* what the text could lie over would be read again for each row */
    const int32_t bytes = type->bytes;

    for (int64_t i = 0; i < n; i++) {
        const int32_t length = has_sign ? write_signed(out[i], tsr_value_signed(value, bytes, first + i))
                                        : write_whole(out[i], tsr_value_unsigned(value, bytes, first + i));
        field[i] = (tsr_slice){out[i], length};
    }
}
