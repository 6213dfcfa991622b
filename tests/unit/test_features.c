/* What each feature says about customers whose records fit on one screen. */
#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "features/behaviour.h"
#include "features/history.h"
#include "features/period.h"

#define DAY        86400u
#define HOUR       3600u
#define RECORD_MAX 128

typedef struct record {
    uint32_t time;
    int64_t amount; /* cents */
    uint64_t order;
} record;

/* One customer, seen from the midnight that begins day `as_of_day`. 1970-01-01, day 0, is a Thursday. */
typedef struct scene {
    int64_t as_of_day;
    int64_t calibration_day; /* 0: none */
    int32_t period;
    bool ignore_returns;
    bool days_only;
    bool without_orders;
    int32_t n;
    record records[RECORD_MAX];
} scene;

static tsr_window window_of(const scene *s)
{
    tsr_dataset_info info = {.money_scale = 2,
                             .resolution = s->days_only ? (int32_t)DAY : 1,
                             .time_first = 2 * DAY,
                             .time_last = 400 * DAY,
                             .transactions = 1};
    tsr_observation observation = {.as_of = {.set = true, .seconds = s->as_of_day * DAY},
                                   .calibration_end = {.set = s->calibration_day > 0,
                                                       .seconds = s->calibration_day * DAY},
                                   .returns = s->ignore_returns,
                                   .period = s->period};

    return tsr_window_of(&observation, &info);
}

static tsr_status read_scene(const scene *s, tsr_history *history)
{
    uint32_t time[RECORD_MAX];
    int64_t amount[RECORD_MAX], offset[2] = {0, s->n};
    uint64_t order[RECORD_MAX];
    tsr_block block = {.customers = 1, .transactions = s->n, .offset = offset, .time = time, .amount = amount};
    tsr_window window = window_of(s);
    tsr_order_sorter sorter = {0};

    for (int32_t i = 0; i < s->n; i++) {
        time[i] = s->records[i].time;
        amount[i] = s->records[i].amount;
        order[i] = s->records[i].order;
    }
    if (!s->without_orders) block.order = order;
    tsr_status st = tsr_history_read(&window, &block, 0, &sorter, history);
    tsr_order_sorter_clear(&sorter);
    return st;
}

static tsr_history history_of(const scene *s)
{
    tsr_history history;

    assert_int_equal(read_scene(s, &history), TSR_OK);
    return history;
}

static double feature_of(const scene *s, const char *name)
{
    tsr_history history = history_of(s);
    tsr_window window = window_of(s);
    int32_t feature = tsr_behaviour_find(name);

    assert_true(feature >= 0);
    return tsr_behaviour_compute(feature, &window, &history);
}

#define CHECK_FEATURE(scene, name, expected) assert_true(fabs(feature_of((scene), (name)) - (expected)) < 1e-12)

/* Days 10 (twice, one order), 14, 20; a return of 5.00 on day 21; seen from day 31. */
static const scene regular = {.as_of_day = 31,
                              .n = 5,
                              .records = {{10 * DAY + 9 * HOUR, 1000, 1},
                                          {10 * DAY + 10 * HOUR, 500, 1},
                                          {14 * DAY + 23 * HOUR, 2000, 2},
                                          {20 * DAY + 5 * HOUR, 1500, 3},
                                          {21 * DAY + 12 * HOUR, -500, 4}}};

static const scene nobody = {.as_of_day = 31};

static const scene once = {.as_of_day = 31, .n = 1, .records = {{11 * DAY + 21 * HOUR, 999, 7}}};

static void features_of_a_regular_customer_follow_their_definitions(void **state)
{
    (void)state;
    CHECK_FEATURE(&regular, "recency", 11);
    CHECK_FEATURE(&regular, "frequency", 3);
    CHECK_FEATURE(&regular, "monetary", 45);
    CHECK_FEATURE(&regular, "tenure", 21);
    CHECK_FEATURE(&regular, "average_order_value", 50.0 / 3);
    CHECK_FEATURE(&regular, "gap_mean", 5);
    CHECK_FEATURE(&regular, "gap_sd", sqrt(2.0)); /* gaps 4 and 6 */
    CHECK_FEATURE(&regular, "return_share", 0.1);
    CHECK_FEATURE(&regular, "trend", -1); /* days 14 and 20 of 10..30: the middle counts as earlier */
    CHECK_FEATURE(&regular, "night_share", 2.0 / 3);
    CHECK_FEATURE(&regular, "weekend_share", 1.0 / 3); /* day 10 is a Sunday */
    CHECK_FEATURE(&regular, "momentum", -2.0 / 4);
    CHECK_FEATURE(&regular, "night_habit", (2 + 2 * 8.0 / 24) / 5);
    CHECK_FEATURE(&regular, "weekend_habit", (1 + 2 * 2.0 / 7) / 5);
}

static void features_of_a_prospect_have_their_stated_values(void **state)
{
    (void)state;
    CHECK_FEATURE(&nobody, "recency", 29); /* the dataset begins on day 2 */
    CHECK_FEATURE(&nobody, "frequency", 0);
    CHECK_FEATURE(&nobody, "monetary", 0);
    CHECK_FEATURE(&nobody, "tenure", 0);
    CHECK_FEATURE(&nobody, "average_order_value", 0);
    CHECK_FEATURE(&nobody, "gap_mean", 29);
    CHECK_FEATURE(&nobody, "gap_sd", 0);
    CHECK_FEATURE(&nobody, "return_share", 0);
    CHECK_FEATURE(&nobody, "trend", 0);
    CHECK_FEATURE(&nobody, "night_share", 8.0 / 24);
    CHECK_FEATURE(&nobody, "weekend_share", 2.0 / 7);
    CHECK_FEATURE(&nobody, "momentum", 0);
    CHECK_FEATURE(&nobody, "night_habit", 8.0 / 24);
    CHECK_FEATURE(&nobody, "weekend_habit", 2.0 / 7);
    assert_int_equal(history_of(&nobody).days, 0);
}

static void features_of_a_single_purchase_have_their_stated_values(void **state)
{
    (void)state;
    CHECK_FEATURE(&once, "recency", 20);
    CHECK_FEATURE(&once, "tenure", 20);
    CHECK_FEATURE(&once, "gap_mean", 20);
    CHECK_FEATURE(&once, "gap_sd", 0);
    CHECK_FEATURE(&once, "trend", 0);
    CHECK_FEATURE(&once, "night_share", 0);
    CHECK_FEATURE(&once, "weekend_share", 0);
    CHECK_FEATURE(&once, "momentum", 0);
    CHECK_FEATURE(&once, "night_habit", 2 * 8.0 / 24 / 3);
    CHECK_FEATURE(&once, "weekend_habit", 2 * 2.0 / 7 / 3);
    tsr_history h = history_of(&once);
    assert_int_equal(h.all.periods, 1);
    assert_int_equal(h.all.spend, 999);
    assert_int_equal(h.all.first_spend, 999);
}

static void trend_counts_repeat_days_by_halves_of_the_tenure(void **state)
{
    scene s = {.as_of_day = 31,
               .n = 4,
               .records = {{10 * DAY, 1, 1}, {12 * DAY, 1, 2}, {21 * DAY, 1, 3}, {30 * DAY, 1, 4}}};

    (void)state;
    CHECK_FEATURE(&s, "trend", 1.0 / 3);
    s.n = 2;
    CHECK_FEATURE(&s, "trend", -1);
    s.records[1].time = 21 * DAY;
    CHECK_FEATURE(&s, "trend", 1);
}

/* Weeks begin on days 4, 11, 18, 25: calibration_end lies in the second, as_of in the fourth. */
static void holdout_begins_with_the_opportunity_that_calibration_end_cuts(void **state)
{
    scene s = {.as_of_day = 30,
               .calibration_day = 13,
               .period = TSR_PERIOD_WEEK,
               .n = 4,
               .records = {{5 * DAY, 1, 1}, {12 * DAY, 20, 2}, {20 * DAY, 300, 3}, {28 * DAY, 4000, 4}}};

    (void)state;
    tsr_history h = history_of(&s);
    assert_true(h.calibration.periods == 1 && h.holdout.periods == 2 && h.holdout.spend == 320);
    /* who came in it cannot come again in it */
    s.records[0].time = 12 * DAY;
    s.records[1].time = 16 * DAY;
    h = history_of(&s);
    assert_true(h.calibration.periods == 1 && h.holdout.periods == 1 && h.holdout.spend == 300);
    /* whose first purchase after it lies in the week that as_of cuts off did not come */
    s.n = 2;
    s.records[1].time = 28 * DAY;
    h = history_of(&s);
    assert_true(h.calibration.periods == 1 && h.holdout.periods == 0 && h.holdout.spend == 0);
    assert_int_equal(tsr_observation_holdout(TSR_PERIOD_WEEK, 13 * DAY, 30 * DAY), 14);
    assert_int_equal(tsr_observation_holdout(TSR_PERIOD_WEEK, 17 * DAY, 32 * DAY), 14);
    assert_int_equal(tsr_observation_holdout(TSR_PERIOD_WEEK, 18 * DAY, 24 * DAY), 0);
    assert_int_equal(tsr_observation_holdout(TSR_PERIOD_DAY, 13 * DAY, 30 * DAY + 1), 17);
}

static void records_from_as_of_on_are_not_looked_at(void **state)
{
    scene cut = regular;
    tsr_window window;
    int64_t offset[2] = {0, 1};
    uint32_t time[1] = {31 * DAY};
    tsr_block block = {.customers = 1, .offset = offset, .time = time};

    (void)state;
    cut.as_of_day = 20;
    CHECK_FEATURE(&cut, "frequency", 2);
    CHECK_FEATURE(&cut, "recency", 6);
    CHECK_FEATURE(&cut, "monetary", 35);
    assert_int_equal(history_of(&cut).rows, 3);

    window = window_of(&regular);
    assert_false(tsr_history_counts(&window, &block, 0));
    time[0]--;
    assert_true(tsr_history_counts(&window, &block, 0));
    offset[1] = 0; /* no dated record at all: stays */
    assert_true(tsr_history_counts(&window, &block, 0));
}

static void records_after_as_of_do_not_decide_who_is_of_the_run(void **state)
{
    const tsr_attribute attributes[] = {{.name = "age"}, {.name = "city", .categorical = true}, {.name = "mail.0000"}};
    const tsr_window window = {.as_of = 31 * DAY, .attribute = attributes};
    float age = NAN, vector = 1;
    int32_t city = -1;
    tsr_block block = {.customers = 1,
                       .attributes_n = 3,
                       .number = (float *[]){&age, NULL, &vector},
                       .code = (int32_t *[]){NULL, &city, NULL},
                       .offset = (int64_t[]){0, 1},
                       .time = (uint32_t[]){31 * DAY}};

    (void)state;
    assert_false(tsr_history_counts(&window, &block, 0)); /* a vector is looked at in some runs only */
    age = 30;
    assert_true(tsr_history_counts(&window, &block, 0));
    age = NAN;
    city = 0;
    assert_true(tsr_history_counts(&window, &block, 0));
    block.offset[1] = 0; /* without the record it is the same */
    assert_true(tsr_history_counts(&window, &block, 0));
}

static void as_of_within_a_day_lets_that_day_in(void **state)
{
    tsr_dataset_info info = {.resolution = 1, .time_first = 0, .time_last = 100 * DAY, .transactions = 1};
    tsr_observation observation = {.as_of = {.set = true, .seconds = 31 * DAY + 12 * HOUR}};
    tsr_window window = tsr_window_of(&observation, &info);

    (void)state;
    assert_int_equal(window.as_of_day, 31);
    assert_int_equal(window.end_day, 31);
    observation.as_of.set = false; /* the midnight after the last transaction */
    window = tsr_window_of(&observation, &info);
    assert_int_equal(window.as_of, 101 * DAY);
    assert_int_equal(window.end_day, 100);
    info = (tsr_dataset_info){.resolution = 1, .time_first = 1, .time_last = 0};
    window = tsr_window_of(&observation, &info);
    assert_int_equal(window.as_of, 0);
    assert_int_equal(window.observed_days, 0);
}

static void a_free_row_is_a_purchase_but_for_days_with_a_return(void **state)
{
    scene s = {.as_of_day = 31, .n = 1, .records = {{10 * DAY, 0, 1}, {10 * DAY + 1, -100, 2}}};

    (void)state;
    CHECK_FEATURE(&s, "frequency", 1);
    assert_int_equal(history_of(&s).all.periods, 1);
    s.n = 2;
    CHECK_FEATURE(&s, "frequency", 0);
    CHECK_FEATURE(&s, "return_share", 1);
    CHECK_FEATURE(&s, "monetary", -1);
    assert_int_equal(history_of(&s).days, 0);
    assert_int_equal(history_of(&s).all.periods, 0);
}

static void without_order_ids_each_row_is_an_order(void **state)
{
    scene s = regular;

    (void)state;
    s.without_orders = true;
    CHECK_FEATURE(&s, "frequency", 4);
    CHECK_FEATURE(&s, "weekend_share", 0.5);
}

static void many_orders_are_counted_as_few_are(void **state)
{
    scene s = {.as_of_day = 31, .n = RECORD_MAX};

    (void)state;
    for (uint32_t i = 0; i < RECORD_MAX; i++)
        s.records[i] = (record){8 * DAY + i * HOUR, 100, (uint64_t)(i % 40) << 60 | i % 40};
    CHECK_FEATURE(&s, "frequency", 40);
    CHECK_FEATURE(&s, "night_share", 14.0 / 40); /* first rows: Friday 0:00 to Saturday 15:00 */
    CHECK_FEATURE(&s, "weekend_share", 16.0 / 40);
}

static void an_order_over_midnight_counts_once_by_its_first_row(void **state)
{
    scene s = {.as_of_day = 31,
               .n = 3,
               .records = {{8 * DAY + 21 * HOUR, 1, 5}, {8 * DAY + 22 * HOUR, 1, 6}, {9 * DAY + 1, 1, 5}}};

    (void)state;
    CHECK_FEATURE(&s, "frequency", 2);
    CHECK_FEATURE(&s, "night_share", 0.5);
    CHECK_FEATURE(&s, "weekend_share", 0); /* day 8 is a Friday */
}

static void night_share_of_dates_without_hours_is_zero(void **state)
{
    scene s = once;

    (void)state;
    s.days_only = true;
    s.records[0].time = 11 * DAY;
    CHECK_FEATURE(&s, "night_share", 0);
    CHECK_FEATURE(&s, "night_habit", 0);
    s.n = 0;
    CHECK_FEATURE(&s, "night_share", 0);
    CHECK_FEATURE(&s, "night_habit", 0);
}

static void purchase_days_merge_rows_and_net_returns_of_the_day(void **state)
{
    scene s = {.as_of_day = 31,
               .n = 6,
               .records = {{10 * DAY, 1000, 1},
                           {10 * DAY + 1, 200, 2},
                           {12 * DAY, 700, 3},
                           {12 * DAY + 1, -300, 4},
                           {15 * DAY, 500, 5},
                           {15 * DAY + 1, -500, 6}}};

    (void)state;
    tsr_history net = history_of(&s);
    assert_int_equal(net.all.periods, 2); /* day 15 comes to nothing */
    assert_int_equal(net.all.first, 10);
    assert_int_equal(net.all.last, 12);
    assert_int_equal(net.all.first_spend, 1200);
    assert_int_equal(net.all.spend, 1600);
    s.ignore_returns = true;
    tsr_history gross = history_of(&s);
    assert_int_equal(gross.all.periods, 3);
    assert_int_equal(gross.all.last, 15);
    assert_int_equal(gross.all.spend, 2400);
    assert_int_equal(gross.net, net.net); /* revenue is the net sum whatever the policy */
}

static void calibration_end_is_inclusive_and_the_rest_is_holdout(void **state)
{
    scene s = {
        .as_of_day = 31,
        .calibration_day = 14,
        .n = 4,
        .records = {{10 * DAY, 100, 1}, {14 * DAY + 23 * HOUR, 200, 2}, {15 * DAY, 400, 3}, {15 * DAY + 9, 800, 4}}};

    (void)state;
    tsr_history h = history_of(&s);
    assert_int_equal(h.calibration.periods, 2);
    assert_int_equal(h.calibration.last, 14);
    assert_int_equal(h.calibration.spend, 300);
    assert_int_equal(h.holdout.periods, 1);
    assert_int_equal(h.holdout.spend, 1200);
    assert_int_equal(h.all.periods, 3);
}

/* Three weeks from Monday the 5th of January 1970, a Thursday's fortnight cut off; months by the calendar. */
static void purchases_of_one_period_are_one_and_a_period_cut_off_is_left_out(void **state)
{
    scene s = {.as_of_day = 28, /* the Thursday of the fourth week */
               .period = TSR_PERIOD_WEEK,
               .n = 5,
               .records = {
                   {4 * DAY, 100, 1}, {10 * DAY, 200, 2}, {11 * DAY, 400, 3}, {20 * DAY, 800, 4}, {27 * DAY, 1600, 5}}};

    (void)state;
    tsr_history h = history_of(&s);
    assert_int_equal(h.all.periods, 3); /* days 4 to 10, 11 to 17, 18 to 24 */
    assert_int_equal(h.all.last - h.all.first, 2);
    assert_int_equal(h.all.first_spend, 300);
    assert_int_equal(h.all.spend, 1500);
    assert_int_equal(tsr_period_number(TSR_PERIOD_MONTH, 58), 1); /* the 28th of February 1970 */
    assert_int_equal(tsr_period_number(TSR_PERIOD_MONTH, 59), 2);
    assert_int_equal(tsr_period_number(TSR_PERIOD_MONTH, 11016), 361); /* the 29th of February 2000 */
    assert_int_equal(tsr_period_number(TSR_PERIOD_MONTH, 11017), 362);
    assert_int_equal(tsr_period_number(TSR_PERIOD_YEAR, 364), 0);
    assert_int_equal(tsr_period_number(TSR_PERIOD_YEAR, 365), 1);
    for (int64_t n = 0; n < 500; n++) { /* as many periods come back from the days */
        assert_true(llround((double)tsr_period_days(TSR_PERIOD_MONTH, n) / (365.25 / 12)) == n);
        assert_true(llround((double)tsr_period_days(TSR_PERIOD_YEAR, n) / 365.25) == n);
    }
}

static void money_beyond_64_bits_is_refused_naming_the_row(void **state)
{
    scene s = {.as_of_day = 31, .n = 2, .records = {{10 * DAY, INT64_MAX, 1}, {11 * DAY, 1, 2}}};
    tsr_history h;

    (void)state;
    assert_int_equal(read_scene(&s, &h), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, "row 0"));
    s.records[0].amount = INT64_MIN;
    s.records[1].amount = INT64_MIN;
    assert_int_equal(read_scene(&s, &h), TSR_EDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_of_a_regular_customer_follow_their_definitions),
        cmocka_unit_test(features_of_a_prospect_have_their_stated_values),
        cmocka_unit_test(features_of_a_single_purchase_have_their_stated_values),
        cmocka_unit_test(trend_counts_repeat_days_by_halves_of_the_tenure),
        cmocka_unit_test(holdout_begins_with_the_opportunity_that_calibration_end_cuts),
        cmocka_unit_test(records_from_as_of_on_are_not_looked_at),
        cmocka_unit_test(records_after_as_of_do_not_decide_who_is_of_the_run),
        cmocka_unit_test(as_of_within_a_day_lets_that_day_in),
        cmocka_unit_test(a_free_row_is_a_purchase_but_for_days_with_a_return),
        cmocka_unit_test(without_order_ids_each_row_is_an_order),
        cmocka_unit_test(many_orders_are_counted_as_few_are),
        cmocka_unit_test(an_order_over_midnight_counts_once_by_its_first_row),
        cmocka_unit_test(night_share_of_dates_without_hours_is_zero),
        cmocka_unit_test(purchase_days_merge_rows_and_net_returns_of_the_day),
        cmocka_unit_test(calibration_end_is_inclusive_and_the_rest_is_holdout),
        cmocka_unit_test(purchases_of_one_period_are_one_and_a_period_cut_off_is_left_out),
        cmocka_unit_test(money_beyond_64_bits_is_refused_naming_the_row),
    };
    return RUN_UNIT_TESTS(tests);
}
