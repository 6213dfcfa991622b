#include "ingest/read/typed.h"

#include <math.h>

#define LAST_DAY_HELD 49710 /* the last whole date that 32 bits of seconds hold */
#define LARGEST_POWER 18    /* of ten in 64 bits */
#define NEAREST       0x1.8p52 /* added and taken away again, it rounds what is smaller than half of it to a whole number */

bool tsr_typed_serves(const tsr_value_type *type, tsr_use use)
{
    switch (type->form) {
    case TSR_VALUE_SIGNED: return use == TSR_USE_TIME || use == TSR_USE_NUMBER || use == TSR_USE_ID;
    case TSR_VALUE_UNSIGNED: return use == TSR_USE_NUMBER || use == TSR_USE_ID;
    case TSR_VALUE_TEXT: return use == TSR_USE_CODE;
    case TSR_VALUE_DATE:
    case TSR_VALUE_MOMENT: return use == TSR_USE_TIME;
    case TSR_VALUE_DECIMAL:
    case TSR_VALUE_FLOAT:
    case TSR_VALUE_DOUBLE: return use == TSR_USE_NUMBER;
    default: return false;
    }
}

const tsr_typed *tsr_typed_of(const tsr_row_block *block, int32_t column)
{
    if (block->values == NULL || block->values[column].texts == NULL) return NULL;
    return &block->values[column];
}

bool tsr_typed_may_be_null(const tsr_typed *values, int32_t n)
{
    const uint64_t *valid = values->vector.valid;
    uint64_t all = ~0ULL;

    if (valid == NULL) return false;
    for (int64_t word = values->first / 64; word <= (values->first + n - 1) / 64; word++) all &= valid[word];
    return all != ~0ULL;
}

/* What lies under a null is anything. */
static void refuse_nulls(const tsr_typed *values, int32_t n, bool *fine)
{
    if (!tsr_typed_may_be_null(values, n)) return;
    for (int32_t i = 0; i < n; i++) fine[i] = fine[i] && !tsr_duck_is_null(&values->vector, values->first + i);
}

static void refuse_all(int32_t n, bool *fine)
{
    for (int32_t i = 0; i < n; i++) fine[i] = false;
}

/* ---- times ---- */

static int64_t floor_of(int64_t value, int64_t per_second)
{
    return value / per_second - (value % per_second < 0);
}

/* Divisions by a number that the compiler knows take a tenth of the time. */
static int64_t seconds_of(int64_t value, int64_t per_second)
{
    switch (per_second) {
    case 1: return value;
    case 1000: return floor_of(value, 1000);
    case 1000000: return floor_of(value, 1000000);
    default: return floor_of(value, per_second);
    }
}

static void read_dates(const tsr_typed *values, int32_t n, bool *fine, uint64_t *civil)
{
    const int32_t *day = (const int32_t *)values->vector.value + values->first;

    for (int32_t i = 0; i < n; i++) {
        fine[i] &= day[i] >= 0 && day[i] <= LAST_DAY_HELD;
        civil[i] = (uint64_t)day[i] * TSR_SECONDS_PER_DAY;
    }
}

static void read_moments(const tsr_typed *values, int32_t n, const tsr_clock *clock, int64_t per_second, bool zoned,
                         bool *fine, bool *timed, uint64_t *civil)
{
    for (int32_t i = 0; i < n; i++) {
        int64_t value = tsr_value_signed(values->vector.value, values->type.bytes, values->first + i);
        uint32_t seconds = 0;
        fine[i] &= tsr_clock_place(clock, seconds_of(value, per_second), true, zoned, &seconds) == TSR_PARSED;
        timed[i] = true;
        civil[i] = seconds;
    }
}

void tsr_typed_times(const tsr_typed *values, int32_t n, const tsr_clock *clock, bool *fine, bool *timed,
                     uint64_t *civil)
{
    const bool iso = clock->kind == TSR_TIME_ISO, epoch = clock->kind == TSR_TIME_EPOCH;

    for (int32_t i = 0; i < n; i++) timed[i] = false;
    if (iso && values->type.form == TSR_VALUE_DATE)
        read_dates(values, n, fine, civil);
    else if (iso && values->type.form == TSR_VALUE_MOMENT)
        read_moments(values, n, clock, values->type.per_second, values->type.zoned, fine, timed, civil);
    else if (values->type.form == TSR_VALUE_SIGNED && (epoch || clock->kind == TSR_TIME_EPOCH_MS))
        read_moments(values, n, clock, epoch ? 1 : 1000, true, fine, timed, civil);
    else
        refuse_all(n, fine);
    refuse_nulls(values, n, fine);
}

/* ---- numbers ---- */

/* @return false where 64 bits do not hold it */
static bool whole_at(const tsr_typed *values, int32_t i, int64_t *whole)
{
    const void *value = values->vector.value;
    const int64_t at = values->first + i;

    if (values->type.form == TSR_VALUE_UNSIGNED) {
        uint64_t positive = tsr_value_unsigned(value, values->type.bytes, at);
        *whole = (int64_t)positive;
        return positive <= INT64_MAX;
    }
    if (values->type.bytes <= 8) {
        *whole = tsr_value_signed(value, values->type.bytes, at);
        return true;
    }
    tsr_int128 wide = ((const tsr_int128 *)value)[at];
    *whole = (int64_t)wide;
    return wide == *whole;
}

/* Whole numbers and decimals: what is lost must be zeros. */
static void read_decimals(const tsr_typed *values, int32_t n, int32_t scale, bool *fine, uint64_t *units)
{
    const int32_t shift = scale - values->type.scale;

    if (shift > LARGEST_POWER || shift < -LARGEST_POWER) {
        refuse_all(n, fine);
        return;
    }
    const int64_t factor = (int64_t)tsr_exact_power_of_ten(shift), lost = (int64_t)tsr_exact_power_of_ten(-shift);
    for (int32_t i = 0; i < n; i++) {
        int64_t whole, made;
        bool held = whole_at(values, i, &whole);
        int64_t kept = lost == 1 ? whole : whole / lost;
        held = !__builtin_mul_overflow(kept, factor, &made) && held;
        fine[i] &= held && kept * lost == whole;
        units[i] = (uint64_t)made;
    }
}

/* A number that is the nearest one to a decimal of few digits has that decimal as its text, see TSR_VALUE_DOUBLE_MOST;
 * what is so small that its text has an exponent is no money. */
static void read_fractions(const tsr_typed *values, int32_t n, int32_t scale, bool *fine, uint64_t *units)
{
    const bool is_float = values->type.form == TSR_VALUE_FLOAT;
    const double power = tsr_power_of_ten(scale), most = is_float ? TSR_VALUE_FLOAT_MOST : TSR_VALUE_DOUBLE_MOST;
    const float *narrow = (const float *)values->vector.value + values->first;
    const double *wide = (const double *)values->vector.value + values->first;

    for (int32_t i = 0; i < n; i++) {
        double value = is_float ? (double)narrow[i] : wide[i], size = fabs(value), scaled = size * power;
        bool held = scaled <= most;
        double whole = (held ? scaled : 0) + NEAREST - NEAREST, again = whole / power;
        fine[i] &= held && (is_float ? (float)again == (float)size : again == size) &&
                   (again >= TSR_VALUE_PLAIN || whole == 0);
        units[i] = (uint64_t)(int64_t)(value < 0 ? -whole : whole);
    }
}

void tsr_typed_units(const tsr_typed *values, int32_t n, int32_t scale, bool *fine, uint64_t *units)
{
    if (values->type.form == TSR_VALUE_FLOAT || values->type.form == TSR_VALUE_DOUBLE)
        read_fractions(values, n, scale, fine, units);
    else
        read_decimals(values, n, scale, fine, units);
    refuse_nulls(values, n, fine);
}

/* ---- texts ---- */

void tsr_typed_ids(const tsr_typed *values, int32_t n, bool *fine, char (*text)[TSR_VALUE_ID], tsr_slice *id)
{
    tsr_value_write_ids(&values->type, &values->vector, values->first, n, text, id);
    refuse_nulls(values, n, fine);
}

tsr_slice tsr_typed_text(const tsr_typed *values, int32_t row)
{
    tsr_duck_text text = tsr_duck_text_at(&values->vector, values->first + row);

    return (tsr_slice){text.n > 0 ? text.at : "", text.n};
}

/* ---- rows ---- */

/* The text of a value that is not of common form. */
static tsr_status cast_value(const tsr_typed *values, int64_t at, tsr_slice *field)
{
    const tsr_value_type *type = &values->type;
    char *slot = values->texts->slot[0];
    tsr_status st = tsr_duck_cast(tsr_value_cast(type), (const char *)values->vector.value + at * type->bytes, slot,
                                  TSR_VALUE_BYTES - 1, &field->n);

    if (st == TSR_OK && type->zoned) slot[field->n++] = 'Z';
    field->at = slot;
    return st;
}

tsr_status tsr_typed_write(const tsr_typed *values, int32_t i, tsr_row *row)
{
    const tsr_value_texts *texts = values->texts;
    const int64_t at = values->first + i;
    tsr_slice *field = values->field + i * values->stride;
    bool common = tsr_value_write(&values->type, &values->vector, at, 1, values->texts, field, 1);

    if (texts->nul) row->defect = TSR_DEFECT_NUL;
    row->roomy = row->roomy && texts->roomy;
    row->ascii = row->ascii && texts->ascii;
    return common ? TSR_OK : cast_value(values, at, field);
}

tsr_status tsr_row_of_block(const tsr_row_block *block, int32_t i, tsr_row *row)
{
    const tsr_slice *field = block->field + (int64_t)i * block->fields;
    tsr_status st = TSR_OK;

    *row = (tsr_row){.field = field,
                     .fields = block->fields,
                     .offset = block->offset + (block->counted ? i : field->at - block->field->at),
                     .breaks = block->breaks + i,
                     .roomy = block->roomy,
                     .ascii = block->ascii};
    for (int32_t c = 0; st == TSR_OK && block->values != NULL && c < block->fields; c++)
        if (tsr_typed_of(block, c) != NULL) st = tsr_typed_write(&block->values[c], i, row);
    return st;
}
