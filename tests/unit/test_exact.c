#include "unit_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "tessera/exact.h"

static const tsr_int128 one = 1;

static void fixed_sum_does_not_depend_on_order_or_grouping(void **state)
{
    const double values[] = {0.1, 1e9, -3.7e-8, 12345.678, -1e9, 0.1, 2.5e-10};
    const int n = 7;
    tsr_fixed forward = tsr_fixed_zero(30), backward = tsr_fixed_zero(30), parts[2] = {forward, forward};

    (void)state;
    for (int i = 0; i < n; i++) {
        tsr_fixed_add(&forward, values[i], 3);
        tsr_fixed_add(&parts[i % 2], values[i], 3);
        for (int j = 0; j < 3; j++) tsr_fixed_add(&backward, values[n - 1 - i], 1);
    }
    tsr_fixed_join(&parts[1], &parts[0]);
    assert_true(forward.sum == backward.sum);
    assert_true(forward.sum == parts[1].sum);
    assert_true(tsr_fixed_value(&forward) == tsr_fixed_value(&parts[1]));
}

static void fixed_value_is_rounded_once_ties_to_even(void **state)
{
    const struct {
        double value;
        int64_t units;
    } cases[] = {{0.5, 0}, {1.5, 2}, {2.5, 2}, {-0.5, 0}, {-1.5, -2}, {0.49999999999999994, 0}, {0x1p62, 1LL << 62}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tsr_fixed sum = tsr_fixed_zero(0);
        tsr_fixed_add(&sum, cases[i].value, 1);
        assert_true(sum.sum == cases[i].units);
        assert_int_equal(sum.bad, 0);
    }
}

static void fixed_bad_values_are_counted_not_added(void **state)
{
    tsr_fixed sum = tsr_fixed_zero(0);

    (void)state;
    tsr_fixed_add(&sum, 2.0, 1);
    tsr_fixed_add(&sum, NAN, 1);
    tsr_fixed_add(&sum, -INFINITY, 2);
    tsr_fixed_add(&sum, nextafter(0x1p62, INFINITY), 1);
    tsr_fixed_add(&sum, DBL_MAX, 1);
    assert_int_equal(sum.bad, 5);
    assert_true(sum.sum == 2);
    assert_true(isnan(tsr_fixed_value(&sum)));
}

static void fixed_added_and_taken_away_leaves_nothing(void **state)
{
    tsr_fixed sum = tsr_fixed_zero(40);

    (void)state;
    tsr_fixed_add(&sum, 1.0 / 3.0, 5);
    tsr_fixed_add(&sum, NAN, 2);
    tsr_fixed_add(&sum, 1.0 / 3.0, -5);
    tsr_fixed_add(&sum, NAN, -2);
    assert_true(sum.sum == 0 && sum.bad == 0);
    assert_true(tsr_fixed_value(&sum) == 0.0);
}

static void fixed_scale_uses_the_bits_asked_for(void **state)
{
    const double largest[] = {1.0, 0.7, 3.0, 1e300, 1e-300, DBL_MAX, DBL_MIN, DBL_TRUE_MIN, 4096.0};

    (void)state;
    for (size_t i = 0; i < sizeof largest / sizeof largest[0]; i++) {
        tsr_fixed sum = tsr_fixed_zero(tsr_fixed_scale_for(largest[i], 62));
        tsr_fixed_add(&sum, largest[i], 1);
        tsr_fixed_add(&sum, -largest[i], 1);
        assert_int_equal(sum.bad, 0);
        double units = ldexp(largest[i], sum.scale);
        assert_true(units <= 0x1p62 && units >= 0x1p61);
    }
    assert_int_equal(tsr_fixed_scale_for(1.0, 40), 39);
}

/* The compiler's own conversion of __int128 rounds once, to even. */
static void scaled_integer_equals_the_conversion_of_the_compiler(void **state)
{
    uint64_t bits = 88172645463325252U;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        tsr_int128 v = 0;
        for (int word = 0; word < 2; word++) {
            bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
            v = v << 62 | (tsr_int128)(bits >> 2);
        }
        v >>= i % 124;
        if (i % 3 == 0) v -= v % (one << (i % 60)); /* ties */
        if (i % 2 == 0) v = -v;
        assert_true(tsr_int128_scaled(v, 0) == (double)v);
        assert_true(tsr_int128_scaled(v, 70) == ldexp((double)v, -70));
        assert_true(tsr_int128_scaled(v, -70) == ldexp((double)v, 70));
    }
}

static void scaled_integer_at_the_edges(void **state)
{
    const tsr_int128 lowest = -(one << 126) * 2;

    (void)state;
    assert_true(tsr_int128_scaled(0, 5) == 0.0);
    assert_true(tsr_int128_scaled(lowest, 0) == -0x1p127);
    assert_true(tsr_int128_scaled(lowest, 127) == -1.0);
    /* 2^53 + 1 is a tie: to even; one more bit far below breaks it. */
    assert_true(tsr_int128_scaled(((one << 53) + 1) << 60, 60) == 0x1p53);
    assert_true(tsr_int128_scaled((((one << 53) + 1) << 60) + 1, 60) == 0x1p53 + 2);
    assert_true(tsr_int128_scaled(((one << 53) + 3) << 60, 60) == 0x1p53 + 4);
    /* A carry into the next power of two. */
    assert_true(tsr_int128_scaled((one << 100) - 1, 100) == 1.0);
    assert_true(tsr_int128_scaled(one << 100, -2000) == INFINITY);
}

/* Rounding to 53 bits first and to the bits of a denormal later would go up here. */
static void scaled_integer_near_zero_is_rounded_once(void **state)
{
    tsr_int128 just_below_half = (one << 60) * 3 - 1; /* x 2^-1135: 1.5 - tiny units of the last bit 2^-1074 */

    (void)state;
    assert_true(tsr_int128_scaled(just_below_half, 61 + 1074) == 0x1p-1074);
    assert_true(tsr_int128_scaled((one << 60) * 3, 61 + 1074) == 0x1p-1073);
    assert_true(tsr_int128_scaled(one, 1074) == 0x1p-1074);
    assert_true(tsr_int128_scaled(one, 1075) == 0.0);
    assert_true(tsr_int128_scaled(3, 1076) == 0x1p-1074);
    assert_true(tsr_int128_scaled(one << 126, 3000) == 0.0);
    assert_true(tsr_int128_scaled(-(one << 126) * 2, 1202) == -0.0);
    assert_true(tsr_int128_scaled(-(one << 126) * 2 + 1, 1201) == -0x1p-1074);
}

static void printed_integer_has_its_decimals(void **state)
{
    const struct {
        tsr_int128 v;
        int decimals;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {250031563, 2, "2500315.63"},
        {-1234, 0, "-1234"},
        {1000, 3, "1.000"},
        {999999999, 9, "0.999999999"},
        {-1, 9, "-0.000000001"},
        {(tsr_int128)10000000000 * 10000000000, 9, "100000000000.000000000"},
        {-(one << 126) * 2, 0, "-170141183460469231731687303715884105728"},
        {-(one << 126) * 2, 9, "-170141183460469231731687303715.884105728"},
        {~(-(one << 126) * 2), 2, "1701411834604692317316873037158841057.27"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[48];
        tsr_int128_print(cases[i].v, cases[i].decimals, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void fixed_block_is_the_sum_of_single_calls(void **state)
{
    enum { N = 700 };
    static double value[N];
    static int64_t times[N];

    (void)state;
    for (int shape = 0; shape < 4; shape++) {
        tsr_fixed block = tsr_fixed_zero(40), single = tsr_fixed_zero(40);
        for (int i = 0; i < N; i++) {
            value[i] = (fmod(i * .6180339887498949, 1) - .4) * (shape == 1 && i == 300 ? 1e5 : 900);
            times[i] = shape == 2 ? 1 + i % 4 : 1;
        }
        if (shape == 3) value[0] = NAN, value[699] = INFINITY;
        value[1] = ldexp(.5, -40), value[2] = ldexp(1.5, -40), value[3] = ldexp(-.5, -40); /* ties */
        tsr_fixed_add_block(&block, value, times, N);
        for (int i = 0; i < N; i++) tsr_fixed_add(&single, value[i], times[i]);
        assert_true(block.sum == single.sum && block.bad == single.bad);
        assert_true(single.bad == (shape == 3 ? 2 : 0));
    }
}

static void power_of_ten_is_exact_up_to_22(void **state)
{
    static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e9, 1e18, 1e22};
    static const int32_t n[] = {0, 1, 2, 3, 9, 18, 22};

    (void)state;
    for (int i = 0; i < 7; i++) assert_true(tsr_power_of_ten(n[i]) == power[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_sum_does_not_depend_on_order_or_grouping),
        cmocka_unit_test(fixed_value_is_rounded_once_ties_to_even),
        cmocka_unit_test(fixed_bad_values_are_counted_not_added),
        cmocka_unit_test(fixed_block_is_the_sum_of_single_calls),
        cmocka_unit_test(fixed_added_and_taken_away_leaves_nothing),
        cmocka_unit_test(fixed_scale_uses_the_bits_asked_for),
        cmocka_unit_test(scaled_integer_equals_the_conversion_of_the_compiler),
        cmocka_unit_test(scaled_integer_at_the_edges),
        cmocka_unit_test(scaled_integer_near_zero_is_rounded_once),
        cmocka_unit_test(printed_integer_has_its_decimals),
        cmocka_unit_test(power_of_ten_is_exact_up_to_22),
    };
    return RUN_UNIT_TESTS(tests);
}
