/* Text of values as this house writes it beside that of DuckDB's own cast. Needs DuckDB's library. */
#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "duck_test.h"
#include "ingest/read/parquet_text.h"

static tsr_value_texts texts;
static tsr_slice text;

static void compare(const tsr_value_type *type, const tsr_duck_vector *value, tsr_slice cast, void *count)
{
    if (!tsr_value_write(type, value, 0, 1, &texts, &text, 1)) return;
    if (cast.n != text.n || memcmp(cast.at, text.at, (size_t)cast.n) != 0)
        fail_msg("%.*s, and by DuckDB %.*s", text.n, text.at, cast.n, cast.at);
    ++*(int *)count;
}

/* Each of the values as @p type: how many are written here; all of those as DuckDB casts them. */
static int written(const char *type, const char *values)
{
    int count = 0;

    each_value(type, values, compare, &count);
    return count;
}

static void whole_numbers_are_written_as_by_a_cast(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(written("TINYINT", "0;-128;127;NULL"), 4);
    assert_int_equal(written("SMALLINT", "-32768;32767"), 2);
    assert_int_equal(written("INTEGER", "-2147483648;2147483647;99;100;9999;10000"), 6);
    assert_int_equal(written("BIGINT", "-9223372036854775808;9223372036854775807;1000000;-1"), 4);
    assert_int_equal(written("UTINYINT", "255"), 1);
    assert_int_equal(written("USMALLINT", "65535"), 1);
    assert_int_equal(written("UINTEGER", "4294967295"), 1);
    assert_int_equal(written("UBIGINT", "18446744073709551615;0"), 2);
    assert_int_equal(written("BOOLEAN", "true;false;NULL"), 3);
    assert_int_equal(tsr_value_type_of("HUGEINT").form, TSR_VALUE_CAST);
}

static void whole_numbers_have_all_their_digits(void **state)
{
    const tsr_value_type type = tsr_value_type_of("UBIGINT");
    char expected[32];

    (void)state;
    for (uint64_t size = 1, i = 0; i < 200000; i++) { /* all of five digits, then some around every power of ten */
        uint64_t value = i < 100000 ? i : size + i % 16 - 8;
        const tsr_duck_vector vector = {.value = &value};
        if (i >= 100000 && i % 16 == 15) size = size < UINT64_MAX / 10 ? size * 10 : 1;
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        assert_true(tsr_value_write(&type, &vector, 0, 1, &texts, &text, 1));
        assert_int_equal(text.n, strlen(expected));
        assert_memory_equal(text.at, expected, text.n);
    }
}

static void decimals_are_written_as_by_a_cast_to_the_last_digit(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(written("DECIMAL(4,2)", "0;0.05;-0.05;-99.99;12.30"), 5);
    assert_int_equal(written("DECIMAL(2,2)", "0;0.05;-0.99"), 3);
    assert_int_equal(written("DECIMAL(9,0)", "0;-123456789"), 2);
    assert_int_equal(written("DECIMAL(18,3)", "-0.001;123456789012345.678"), 2);
    assert_int_equal(written("DECIMAL(38,2)", "-123456789012345678901234567890123456.78;0.01;NULL"), 3);
    assert_int_equal(written("DECIMAL(38,37)", "-9.1234567890123456789012345678901234567;1e-37"), 2);
}

static void floating_point_of_few_digits_is_written_as_by_a_cast(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(written("DOUBLE", "0;5;-5;48.25;0.1;-0.07;239.22;1234567.891;0.0001;0.000123;999999999.5;1e12;"
                                       "9999999999999.99;NULL"),
                     14);
    assert_int_equal(written("DOUBLE", "0.1::DOUBLE + 0.2::DOUBLE;1e-5;1e16;1e300;'nan';'inf';'-inf';-0.0::DOUBLE;"
                                       "1e0 / 3;5e-324"),
                     0);
    assert_int_equal(written("FLOAT", "0;0.1;16.5;-999999;0.0001;48.25"), 6);
    assert_int_equal(written("FLOAT", "1::FLOAT / 3;16777216;1e-5"), 0);
}

static void dates_and_moments_are_written_as_by_a_cast(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(written("DATE", "'1970-01-01';'0001-01-01';'9999-12-31';'2024-02-29';'1900-02-28';'2000-03-01'"),
                     6);
    assert_int_equal(written("DATE", "'infinity';'-infinity';'10000-01-01';'0001-12-31 (BC)'"), 0);
    assert_int_equal(written("TIMESTAMP", "'1969-12-31 23:59:59';'1969-12-31 23:59:59.5';'2024-01-01';"
                                          "'2024-01-01 12:34:56.000001';'9999-12-31 23:59:59.999999';NULL"),
                     6);
    assert_int_equal(written("TIMESTAMP", "'infinity';'-infinity';'10000-01-01'"), 0);
    assert_int_equal(written("TIMESTAMP_NS", "'2024-01-01 12:34:56';'2024-01-01 12:34:56.5';'1969-01-01 00:00:00.001';"
                                             "'2024-01-01 12:34:56.123456789'"),
                     4);
    assert_int_equal(written("TIMESTAMP WITH TIME ZONE", "make_timestamptz(0);make_timestamptz(1704112496100000)"), 2);
}

static void text_is_taken_with_what_is_known_of_its_bytes(void **state)
{
    (void)state;
    if (need_duckdb()) return;
    assert_int_equal(written("VARCHAR", "'';'short';'as long as it takes to stand elsewhere';NULL"), 4);
    assert_true(texts.ascii && texts.roomy && !texts.nul);
    for (int32_t n = 1; n <= 20; n++) { /* wherever it stands: in place or elsewhere, in the first eight bytes or not */
        char sql[64];
        snprintf(sql, sizeof sql, "repeat('a', %d) || 'ä'", n);
        assert_int_equal(written("VARCHAR", sql), 1);
        assert_true(!texts.ascii && texts.roomy && !texts.nul);
        snprintf(sql, sizeof sql, "repeat('a', %d) || chr(0) || 'b'", n);
        assert_int_equal(written("VARCHAR", sql), 1);
        assert_true(texts.ascii && texts.roomy && texts.nul);
    }
    assert_int_equal(written("VARCHAR", "' blank in front'"), 1);
    assert_true(texts.ascii && !texts.roomy && !texts.nul);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_written_as_by_a_cast),
        cmocka_unit_test(whole_numbers_have_all_their_digits),
        cmocka_unit_test(decimals_are_written_as_by_a_cast_to_the_last_digit),
        cmocka_unit_test(floating_point_of_few_digits_is_written_as_by_a_cast),
        cmocka_unit_test(dates_and_moments_are_written_as_by_a_cast),
        cmocka_unit_test(text_is_taken_with_what_is_known_of_its_bytes),
    };

    return RUN_UNIT_TESTS(tests);
}
