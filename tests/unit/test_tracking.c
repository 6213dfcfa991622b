#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "tessera/tracking.h"

enum { DAYS = 30 };

/* Without dropout a customer buys r / alpha times in a time unit, from the day of birth on. */
static tsr_value_model steady(int32_t unit)
{
    return (tsr_value_model){.model = TSR_VALUE_NBD, .time_unit = unit, .parameter = {2, 4}};
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void expected_purchases_rise_with_the_customers_there(void **state)
{
    const tsr_value_model model = steady(TSR_UNIT_WEEK);
    int64_t births[DAYS] = {[0] = 10, [7] = 20}, repeats[DAYS] = {[1] = 3, [7] = 4, [8] = 5, [21] = 6, [22] = 7};
    tsr_tracking t;

    (void)state;
    assert_int_equal(tsr_value_track(&model, births, repeats, DAYS, 15, &t), TSR_OK);
    assert_true(t.length == 1 && t.periods == 5 && t.calibration == 2);
    static const double actual[5] = {7, 5, 6, 7, 0}, expected[5] = {5, 15, 15, 15, 15 / 7.0};
    for (int i = 0; i < 5; i++) {
        assert_true(t.actual[i] == actual[i]);
        assert_true(is_near(t.expected[i], expected[i]));
    }
    assert_true(t.total_actual == 13 && is_near(t.total_expected, 30 + 15 / 7.0));
    /* Cumulative after calibration: 35 of 18, 50 of 25, 52.14 of 25. */
    assert_true(is_near(t.share_error, (17 / 18.0 + 25 / 25.0 + (50 + 15 / 7.0 - 25) / 25.0) / 3));
}

static void long_data_have_longer_periods(void **state)
{
    enum { MANY = 1000 };
    const tsr_value_model model = steady(TSR_UNIT_DAY);
    static int64_t births[MANY] = {1}, repeats[MANY];
    static tsr_tracking t;
    double sum = 0;

    (void)state;
    for (int i = 1; i < MANY; i++) repeats[i] = 1;
    assert_int_equal(tsr_value_track(&model, births, repeats, MANY, 500, &t), TSR_OK);
    assert_true(t.length == 4 && t.periods == 250);
    for (int i = 0; i < (int)t.periods; i++) sum += t.actual[i];
    assert_true(sum == MANY - 1 && t.total_actual == 500);
    assert_true(is_near(t.total_expected, 250));
}

static void nobody_to_expect_has_no_error(void **state)
{
    const tsr_value_model model = steady(TSR_UNIT_WEEK);
    int64_t births[DAYS] = {0}, repeats[DAYS] = {0};
    tsr_tracking t;

    (void)state;
    assert_int_equal(tsr_value_track(&model, births, repeats, DAYS, 15, &t), TSR_OK);
    assert_true(isnan(t.share_error) && t.total_expected == 0);
}

static void tracking_comes_back_from_a_bundle_as_it_was(void **state)
{
    static tsr_tracking in = {.periods = 7, .length = 1, .total_expected = 3.5}, out;
    tsr_bundle *bundle = NULL;

    (void)state;
    in.actual[259] = 11;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_tracking_load(bundle, "/tracking", &out), TSR_EDATA);
    assert_int_equal(tsr_tracking_save(&in, "/tracking", bundle), TSR_OK);
    assert_int_equal(tsr_tracking_load(bundle, "/tracking", &out), TSR_OK);
    assert_memory_equal(&in, &out, sizeof in);
    tsr_bundle_destroy(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_purchases_rise_with_the_customers_there),
        cmocka_unit_test(long_data_have_longer_periods),
        cmocka_unit_test(nobody_to_expect_has_no_error),
        cmocka_unit_test(tracking_comes_back_from_a_bundle_as_it_was),
    };
    return RUN_UNIT_TESTS(tests);
}
