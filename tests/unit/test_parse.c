#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "ingest/parse/parse.h"

static tsr_slice text(const char *t)
{
    return (tsr_slice){t, (int32_t)strlen(t)};
}

static tsr_parsed money(const char *t, int32_t scale, int64_t *units)
{
    tsr_decimal value;
    tsr_parsed parsed = tsr_parse_decimal(text(t), &value);

    return parsed == TSR_PARSED ? tsr_decimal_units(&value, scale, units) : parsed;
}

static void check_money(const char *t, int32_t scale, int64_t expected)
{
    int64_t units = 1;
    tsr_parsed parsed = money(t, scale, &units);

    if (parsed != TSR_PARSED || units != expected) print_error("%s: %d %" PRId64 "\n", t, parsed, units);
    assert_int_equal(parsed, TSR_PARSED);
    assert_true(units == expected);
}

static void check_no_money(const char *t, int32_t scale, tsr_parsed expected)
{
    int64_t units;
    tsr_parsed parsed = money(t, scale, &units);

    if (parsed != expected) print_error("%s: %d\n", t, parsed);
    assert_int_equal(parsed, expected);
}

static void money_is_exact_in_its_units(void **state)
{
    (void)state;
    check_money("11.77", 2, 1177);
    check_money("0.1", 2, 10);
    check_money("-0.01", 2, -1);
    check_money("+5", 2, 500);
    check_money("000123.40", 2, 12340);
    check_money(".5", 2, 50);
    check_money("5.", 2, 500);
    check_money("-0", 2, 0);
    check_money("0.000", 0, 0);
    check_money("1.2345", 4, 12345);
    check_money("4.35", 2, 435); /* 4.35 x 100 is 434.99999999999994 in double */
    check_money("1.0000000000000000000000000", 2, 100);
    check_money("00000000000000000000000000000000001", 0, 1);
    check_money("0.00000000000000000000000000000000", 9, 0);
}

static void money_reaches_the_ends_of_64_bits_and_no_further(void **state)
{
    (void)state;
    check_money("92233720368547758.07", 2, INT64_MAX);
    check_money("-92233720368547758.08", 2, INT64_MIN);
    check_money("9223372036854775807", 0, INT64_MAX);
    check_no_money("92233720368547758.08", 2, TSR_PARSED_RANGE);
    check_no_money("-92233720368547758.09", 2, TSR_PARSED_RANGE);
    check_no_money("9223372036854775808", 0, TSR_PARSED_RANGE);
    check_no_money("9999999999999999999", 2, TSR_PARSED_RANGE);
    check_no_money("9999999999999999999", 9, TSR_PARSED_RANGE);
    check_no_money("10000000000000000000", 0, TSR_PARSED_RANGE);
    check_no_money("99999999999999999999999999999999999999999999999999", 2, TSR_PARSED_RANGE);
}

static void decimals_beyond_the_scale_are_refused_only_where_digits_are_lost(void **state)
{
    (void)state;
    check_money("1.500", 2, 150);
    check_no_money("1.005", 2, TSR_PARSED_DECIMALS);
    check_no_money("0.001", 2, TSR_PARSED_DECIMALS);
    check_no_money("0.0000000000000000000000000001", 2, TSR_PARSED_DECIMALS);
}

static void other_forms_are_no_numbers(void **state)
{
    static const char *const forms[] = {"1.234,56", "1,234.56", "1,5", "1e3", "1E3", "0x10", "nan",
                                        "inf",      "-",        "+",   ".",   "-.",  "--1",  "1-",
                                        "1 2",      "1.2.3",    "$5",  "5€",  "(5)", "'5"};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) check_no_money(forms[i], 2, TSR_PARSED_NOT);
    check_no_money("", 2, TSR_PARSED_EMPTY);
}

static void product_is_exact(void **state)
{
    tsr_decimal a, b;
    int64_t units;

    (void)state;
    assert_int_equal(tsr_parse_decimal(text("3"), &a), TSR_PARSED);
    assert_int_equal(tsr_parse_decimal(text("0.1"), &b), TSR_PARSED);
    tsr_decimal product = tsr_decimal_product(&a, &b);
    assert_int_equal(tsr_decimal_units(&product, 2, &units), TSR_PARSED);
    assert_true(units == 30);

    assert_int_equal(tsr_parse_decimal(text("-2.5"), &a), TSR_PARSED);
    assert_int_equal(tsr_parse_decimal(text("0.04"), &b), TSR_PARSED);
    product = tsr_decimal_product(&a, &b);
    assert_int_equal(tsr_decimal_units(&product, 2, &units), TSR_PARSED);
    assert_true(units == -10);
}

static void product_of_the_longest_numbers_does_not_overflow(void **state)
{
    tsr_decimal a, b;
    int64_t units;

    (void)state;
    assert_int_equal(tsr_parse_decimal(text("-9999999999999999999"), &a), TSR_PARSED);
    assert_int_equal(tsr_parse_decimal(text("9.999999999999999999"), &b), TSR_PARSED);
    tsr_decimal product = tsr_decimal_product(&a, &b);
    assert_int_equal(tsr_decimal_compare(&product, &a), -1);
    assert_int_equal(tsr_decimal_units(&product, 2, &units), TSR_PARSED_DECIMALS);

    /* 10^18 x 10^-18 = 1 */
    assert_int_equal(tsr_parse_decimal(text("1000000000000000000"), &a), TSR_PARSED);
    assert_int_equal(tsr_parse_decimal(text("0.000000000000000001"), &b), TSR_PARSED);
    product = tsr_decimal_product(&a, &b);
    assert_int_equal(tsr_decimal_units(&product, 2, &units), TSR_PARSED);
    assert_true(units == 100);
}

static void comparison_is_exact_whatever_the_decimals(void **state)
{
    static const char *const rising[] = {
        "-10",  "-9.999999999999999999", "-1.5", "-1.49", "-0.000000000000000001", "0", "0.000000000000000001", "0.1",
        "0.11", "1.999999999999999999",  "2",    "2.5",   "9999999999999999999"};
    size_t n = sizeof rising / sizeof rising[0];
    tsr_decimal a, b;

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            assert_int_equal(tsr_parse_decimal(text(rising[i]), &a), TSR_PARSED);
            assert_int_equal(tsr_parse_decimal(text(rising[j]), &b), TSR_PARSED);
            assert_int_equal(tsr_decimal_compare(&a, &b), (i > j) - (i < j));
        }
}

static void floats_take_exponents_but_no_words(void **state)
{
    float value = 7.0f;

    (void)state;
    assert_int_equal(tsr_parse_float(text("1e3"), &value), TSR_PARSED);
    assert_true(value == 1000.0f);
    assert_int_equal(tsr_parse_float(text("-2.5E-1"), &value), TSR_PARSED);
    assert_true(value == -0.25f);
    assert_int_equal(tsr_parse_float(text("-0"), &value), TSR_PARSED);
    assert_false(signbit(value));
    assert_int_equal(tsr_parse_float(text("1e99"), &value), TSR_PARSED_RANGE);
    assert_int_equal(tsr_parse_float(text(""), &value), TSR_PARSED_EMPTY);
    static const char *const words[] = {"nan", "NaN", "inf", "-Infinity", "0x1p3", "1e",
                                        "1e+", "e5",  "1,5", "NA",        "1 "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(tsr_parse_float(text(words[i]), &value), TSR_PARSED_NOT);
}

static void utf8_is_checked_to_the_letter(void **state)
{
    (void)state;
    assert_true(tsr_utf8_valid(text("")));
    assert_true(tsr_utf8_valid(text("plain ascii, longer than eight")));
    assert_true(tsr_utf8_valid(text("M\xc3\xbcller, \xe2\x82\xac, \xf0\x9f\x99\x82")));
    assert_true(tsr_utf8_valid(text("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf")));
    static const char *const wrong[] = {"M\xfcller",
                                        "\xc3",
                                        "a\x80",
                                        "\xc0\xaf",
                                        "\xe0\x80\xaf",
                                        "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf8\x88\x80\x80\x80",
                                        "\xe2\x82",
                                        "12345678\xff"
                                        "90123",
                                        "\xf0\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) assert_false(tsr_utf8_valid(text(wrong[i])));
}

static void blanks_are_trimmed_at_both_ends_only(void **state)
{
    tsr_slice trimmed = tsr_trim(text(" \t a b \r\n"));

    (void)state;
    assert_int_equal(trimmed.n, 3);
    assert_memory_equal(trimmed.at, "a b", 3);
    assert_int_equal(tsr_trim(text("   ")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_exact_in_its_units),
        cmocka_unit_test(money_reaches_the_ends_of_64_bits_and_no_further),
        cmocka_unit_test(decimals_beyond_the_scale_are_refused_only_where_digits_are_lost),
        cmocka_unit_test(other_forms_are_no_numbers),
        cmocka_unit_test(product_is_exact),
        cmocka_unit_test(product_of_the_longest_numbers_does_not_overflow),
        cmocka_unit_test(comparison_is_exact_whatever_the_decimals),
        cmocka_unit_test(floats_take_exponents_but_no_words),
        cmocka_unit_test(utf8_is_checked_to_the_letter),
        cmocka_unit_test(blanks_are_trimmed_at_both_ends_only),
    };

    return RUN_UNIT_TESTS(tests);
}
