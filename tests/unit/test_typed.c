/* Values of a type beside what is read from their text. Needs DuckDB's library. */
#include "unit_test.h"

#include "duck_test.h"
#include "ingest/read/typed.h"

static tsr_value_texts texts;
static tsr_slice field;

/* What is asked of the values, and how many of them are there at once; the others are left to the readers of text. */
typedef struct question {
    const tsr_clock *clock; /* NULL: numbers of `scale` decimals are asked for */
    int32_t scale;
    int direct, as_text;
} question;

static tsr_typed typed_of(const tsr_value_type *type, const tsr_duck_vector *value)
{
    return (tsr_typed){.type = *type, .vector = *value, .texts = &texts, .field = &field, .stride = 1};
}

static tsr_parsed read_text(const question *q, tsr_slice text, uint64_t *cell, bool *timed)
{
    tsr_decimal decimal;
    uint32_t civil = 0;
    tsr_parsed parsed;

    *timed = false;
    if (q->clock == NULL) {
        parsed = tsr_parse_decimal(text, &decimal);
        return parsed == TSR_PARSED ? tsr_decimal_units(&decimal, q->scale, (int64_t *)cell) : parsed;
    }
    parsed = tsr_clock_parse(q->clock, text, &civil, timed);
    *cell = civil;
    return parsed;
}

static void compare(const tsr_value_type *type, const tsr_duck_vector *value, tsr_slice cast, void *context)
{
    const tsr_typed typed = typed_of(type, value);
    const tsr_row_block block = {.rows = 1, .fields = 1, .field = &field, .values = &typed, .counted = true};
    bool fine = true, timed = false, text_timed;
    uint64_t cell = 0, expected = 0;
    question *q = context;
    tsr_row row;

    if (q->clock != NULL)
        tsr_typed_times(&typed, 1, q->clock, &fine, &timed, &cell);
    else
        tsr_typed_units(&typed, 1, q->scale, &fine, &cell);
    tsr_parsed parsed = read_text(q, cast, &expected, &text_timed);
    if (fine && (parsed != TSR_PARSED || cell != expected || timed != text_timed))
        fail_msg("%.*s: %lld, and from its text %lld (%d)", cast.n, cast.at, (long long)cell, (long long)expected,
                 (int)parsed);
    q->direct += fine;
    q->as_text += parsed == TSR_PARSED;
    assert_int_equal(tsr_row_of_block(&block, 0, &row), TSR_OK); /* whatever it is, it can be had as text */
    if (row.field->n != cast.n || memcmp(row.field->at, cast.at, (size_t)cast.n) != 0)
        fail_msg("%.*s, and by DuckDB %.*s", row.field->n, row.field->at, cast.n, cast.at);
}

/* Of the values, so many are taken directly; all others cannot be read from their text either, but for @p slow. */
static void expect(const char *type, const char *values, const tsr_clock *clock, int32_t scale, int direct, int slow)
{
    question q = {.clock = clock, .scale = scale};

    each_value(type, values, compare, &q);
    if (q.direct != direct || q.as_text != direct + slow)
        fail_msg("%s: %d directly, %d from text", type, q.direct, q.as_text);
}

static void money_is_that_of_its_text_whatever_its_type(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    expect("DOUBLE", "0;-0.0::DOUBLE;5;-5;48.25;0.1;-0.07;239.22;1234567.89;9999999999999.99;-9999999999999.99;1e12",
           NULL, 2, 12, 0);
    expect("DOUBLE", "0.001;0.1::DOUBLE + 0.2::DOUBLE;48.255;1e-5;1e16;1e300;'nan';'inf';'-inf';1e0 / 3;5e-324;NULL",
           NULL, 2, 0, 0);
    expect("DOUBLE", "0.00001;0.0001;0.12345;99999999999999999999999;-7", NULL, 5, 3, 0);
    expect("DOUBLE", "12345678901234567;1234567890123456;4503599627370497.5", NULL, 2, 0, 2);
    expect("FLOAT", "0;0.1;16.5;-999.99;9999.99;48.25;NULL;'nan'", NULL, 2, 5, 1);
    expect("FLOAT", "1::FLOAT / 3;16777216;1e-5;123456.7", NULL, 2, 0, 2);
    expect("DECIMAL(4,2)", "0;0.05;-0.05;-99.99;12.30;NULL", NULL, 2, 5, 0);
    expect("DECIMAL(9,4)", "0.0100;-1.2300;1.2301;12345.6789", NULL, 2, 2, 0);
    expect("DECIMAL(18,0)", "123456789012345678;92233720368547758;-7", NULL, 2, 2, 0);
    expect("DECIMAL(38,2)", "-92233720368547758.07;0.01;92233720368547758.08;123456789012345678901234567890123456.78",
           NULL, 2, 2, 0);
    expect("DECIMAL(38,37)", "1;0.5;1e-37", NULL, 2, 0, 2);
    expect("BIGINT", "0;-92233720368547758;92233720368547759;9223372036854775807;-9223372036854775808;NULL", NULL, 2, 2,
           0);
    expect("UBIGINT", "18446744073709551615;7", NULL, 2, 1, 0);
    expect("TINYINT", "-128;127", NULL, 2, 2, 0);
}

static void compare_id(const tsr_value_type *type, const tsr_duck_vector *value, tsr_slice cast, void *count)
{
    const tsr_typed typed = typed_of(type, value);
    char text[1][TSR_VALUE_ID];
    bool fine = true;
    tsr_slice id;

    assert_true(tsr_typed_serves(type, TSR_USE_ID));
    tsr_typed_ids(&typed, 1, &fine, text, &id);
    assert_int_equal(fine, cast.n > 0); /* null has no text */
    if (fine && (id.n != cast.n || memcmp(id.at, cast.at, (size_t)cast.n) != 0))
        fail_msg("%.*s, and by DuckDB %.*s", id.n, id.at, cast.n, cast.at);
    *(int *)count += fine;
}

static void an_id_that_is_a_number_is_its_text(void **state)
{
    int count = 0;

    (void)state;
    if (need_duckdb()) return;
    each_value("TINYINT", "0;-128;127;NULL", compare_id, &count);
    each_value("SMALLINT", "-32768;32767", compare_id, &count);
    each_value("INTEGER", "-2147483648;99999999;100000000", compare_id, &count);
    each_value("BIGINT", "NULL;-9223372036854775808;9999999999999999;10000000000000000;7", compare_id, &count);
    each_value("UTINYINT", "255", compare_id, &count);
    each_value("UBIGINT", "18446744073709551615;0", compare_id, &count);
    assert_int_equal(count, 15);
}

static void each_null_among_many_values_is_found(void **state)
{
    static char text[TSR_BLOCK_MOST][TSR_VALUE_ID];
    static tsr_slice id[TSR_BLOCK_MOST];
    static int64_t value[1024];
    const tsr_value_type type = tsr_value_type_of("BIGINT");
    uint64_t valid[1024 / 64];
    tsr_typed typed = typed_of(&type, &(tsr_duck_vector){value, valid});

    (void)state;
    typed.first = 500;
    for (int64_t null = 0; null < 1024; null++) {
        bool fine[TSR_BLOCK_MOST];
        memset(valid, 0xff, sizeof valid);
        memset(fine, true, sizeof fine);
        valid[null / 64] &= ~(1ULL << null % 64);
        tsr_typed_ids(&typed, TSR_BLOCK_MOST, fine, text, id);
        for (int64_t i = 0; i < TSR_BLOCK_MOST; i++) assert_int_equal(fine[i], typed.first + i != null);
    }
}

static void types_that_are_neither_time_nor_number_come_as_text(void **state)
{
    static const char *const never[] = {"VARCHAR", "BOOLEAN", "HUGEINT", "INTEGER[]", "TIME", "INTERVAL"};
    const tsr_value_type date = tsr_value_type_of("DATE"), money = tsr_value_type_of("DECIMAL(9,2)");

    (void)state;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        const tsr_value_type type = tsr_value_type_of(never[i]);
        assert_false(tsr_typed_serves(&type, TSR_USE_TIME) || tsr_typed_serves(&type, TSR_USE_NUMBER));
        assert_false(tsr_typed_serves(&type, TSR_USE_ID));
        assert_int_equal(tsr_typed_serves(&type, TSR_USE_CODE), i == 0);
    }
    assert_true(tsr_typed_serves(&date, TSR_USE_TIME) && !tsr_typed_serves(&date, TSR_USE_NUMBER));
    assert_true(tsr_typed_serves(&money, TSR_USE_NUMBER) && !tsr_typed_serves(&money, TSR_USE_TIME));
    assert_false(tsr_typed_serves(&money, TSR_USE_ID) || tsr_typed_serves(&money, TSR_USE_CODE));
    assert_false(tsr_typed_serves(&money, TSR_USE_TEXT));
}

static void counts_are_whole(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    expect("DOUBLE", "3;-4;2.5;999999999999999", NULL, 0, 3, 0);
    expect("DECIMAL(9,2)", "3;-4.00;2.50", NULL, 0, 2, 0);
    expect("INTEGER", "-2147483648;2147483647", NULL, 0, 2, 0);
}

static void times_are_those_of_their_text_in_every_zone(void **state)
{
    static tsr_zone utc, berlin, york;
    tsr_clock same, other, to_utc;

    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(tsr_zone_read("UTC", &utc), TSR_OK);
    assert_int_equal(tsr_zone_read("Europe/Berlin", &berlin), TSR_OK);
    assert_int_equal(tsr_zone_read("America/New_York", &york), TSR_OK);
    assert_int_equal(tsr_clock_set(&same, "iso", &berlin, &berlin), TSR_OK);
    assert_int_equal(tsr_clock_set(&other, "iso", &york, &berlin), TSR_OK);
    assert_int_equal(tsr_clock_set(&to_utc, "iso", &berlin, &utc), TSR_OK);
    for (int i = 0; i < 3; i++) {
        const tsr_clock *clock = i == 0 ? &same : i == 1 ? &other : &to_utc;
        expect("DATE", "'1970-01-01';'2024-02-29';'2106-02-07';NULL", clock, 0, 3, 0);
        expect("DATE", "'2106-02-08';'1969-12-31';'infinity';'-infinity';'10000-01-01';'0001-12-31 (BC)'", clock, 0, 0,
               0);
        expect("TIMESTAMP",
               "'2024-01-01';'2024-03-31 02:30:00';'2024-10-27 02:30:00.5';'1970-01-02 00:00:00.999999';NULL", clock, 0,
               4, 0);
        expect("TIMESTAMP", "'1969-12-30 23:59:59.5';'2106-02-08';'infinity';'-infinity';'10000-01-01';'9999-12-31'",
               clock, 0, 0, 0);
        expect("TIMESTAMP_NS", "'2024-01-01 12:34:56.123456789';'1969-01-01 00:00:00.001'", clock, 0, 1, 0);
        expect("TIMESTAMP WITH TIME ZONE", "make_timestamptz(86400000000);make_timestamptz(1704112496100000)", clock, 0,
               2, 0);
        expect("TIMESTAMP WITH TIME ZONE", "make_timestamptz(-86400000000)", clock, 0, 0, 0);
        expect("BIGINT", "20240101;1704112496", clock, 0, 0, 0);
    }
    assert_int_equal(tsr_clock_set(&same, "epoch", &utc, &berlin), TSR_OK);
    assert_int_equal(tsr_clock_set(&other, "epoch_ms", &utc, &berlin), TSR_OK);
    expect("BIGINT", "0;1704112496;-1;-86400;4294967296;9223372036854775807;NULL", &same, 0, 3, 0);
    expect("BIGINT", "1704112496100;-1;-86400001;-3600000;-3600001;NULL", &other, 0, 3, 0);
    expect("INTEGER", "1704112496", &same, 0, 1, 0);
    expect("DATE", "'2024-01-01'", &same, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_that_of_its_text_whatever_its_type),
        cmocka_unit_test(an_id_that_is_a_number_is_its_text),
        cmocka_unit_test(each_null_among_many_values_is_found),
        cmocka_unit_test(types_that_are_neither_time_nor_number_come_as_text),
        cmocka_unit_test(counts_are_whole),
        cmocka_unit_test(times_are_those_of_their_text_in_every_zone),
    };

    return RUN_UNIT_TESTS(tests);
}
