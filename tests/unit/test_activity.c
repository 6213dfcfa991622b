/* Events, contacts and categories of one customer, as counts and as features: nothing after as_of counts. */
#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "features/behaviour.h"

#define DAY    86400u
#define HOUR   3600u
#define MINUTE 60u
#define AS_OF  (100 * DAY)

enum { VIEW, TICKET, DWELL, CLICK };

static const uint8_t bits[] = {[VIEW] = TSR_EVENT_VIEW, [TICKET] = TSR_EVENT_SUPPORT, [DWELL] = TSR_EVENT_DWELL, 0};

/* Two sessions on day 10 (a gap of 31 minutes), one on day 12 over a support contact, one after as_of. */
static uint32_t event_time[] = {
    10 * DAY, 10 * DAY + 30 * MINUTE, 10 * DAY + 61 * MINUTE, 12 * DAY, 12 * DAY + MINUTE, 12 * DAY + 2 * MINUTE, AS_OF,
    AS_OF + 1};
static int32_t event_type[] = {VIEW, VIEW, DWELL, CLICK, TICKET, DWELL, VIEW, TICKET};
static int32_t event_channel[] = {0, 0, 1, -1, 1, 0, 1, 1};
static float event_value[] = {NAN, NAN, 40, NAN, 1, 20, NAN, NAN};

/* Sent and opened; sent, clicked and converted, the conversion after as_of; a control arm with a purchase; not yet. */
static uint32_t assigned[] = {20 * DAY, 30 * DAY, 40 * DAY, AS_OF};
static uint32_t sent[] = {21 * DAY, 31 * DAY, 0, AS_OF}, opened[] = {22 * DAY, 31 * DAY, 0, AS_OF};
static uint32_t clicked[] = {0, 32 * DAY, 0, AS_OF}, converted[] = {0, AS_OF, 41 * DAY, AS_OF};

/* Three purchases in category 1, one in 0, one without; a return; one after as_of. */
static uint32_t time_of[] = {DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY, 6 * DAY, AS_OF};
static int64_t amount[] = {100, 200, 300, 400, 500, -600, 700};
static int32_t category[] = {1, 0, 1, -1, 1, 0, 0}, promotion[] = {-1, 3, -1, -1, -1, 3, 3};

static int64_t transactions[] = {0, 7, 7}, events[] = {0, 8, 8}, contacts[] = {0, 4, 4};

static tsr_block whole_block(void)
{
    tsr_block block = {.customers = 2,
                       .transactions = 7,
                       .offset = transactions,
                       .time = time_of,
                       .amount = amount,
                       .category = category,
                       .promotion = promotion};

    block.records[TSR_EVENTS] =
        (tsr_records){.rows = 8, .offset = events, .column = {event_time, event_type, event_channel, event_value}};
    block.records[TSR_CAMPAIGNS] = (tsr_records){.rows = 4,
                                                 .offset = contacts,
                                                 .column = {assigned, NULL, NULL, sent, opened, clicked, converted}};
    return block;
}

static const tsr_window window = {.as_of = AS_OF,
                                  .as_of_day = 100,
                                  .observed_days = 99,
                                  .money_unit = 100,
                                  .session_gap = 30 * MINUTE,
                                  .event_bits = bits,
                                  .clock = true};

static double feature_of(int64_t customer, const char *name)
{
    tsr_block block = whole_block();
    tsr_order_sorter sorter = {0};
    tsr_history history;

    assert_int_equal(tsr_history_read(&window, &block, customer, &sorter, &history), TSR_OK);
    tsr_order_sorter_clear(&sorter);
    return tsr_behaviour_compute(tsr_behaviour_find(name), &window, &history);
}

#define CHECK(customer, name, expected) assert_true(fabs(feature_of((customer), (name)) - (expected)) < 1e-12)

static void events_before_as_of_make_sessions_days_and_means(void **state)
{
    (void)state;
    CHECK(0, "sessions", 3);
    CHECK(0, "active_days", 2);
    CHECK(0, "event_recency", 88);
    CHECK(0, "views_per_session", 2.0 / 3);
    CHECK(0, "dwell_mean", 30);
    CHECK(0, "support_contacts", 1);
}

static void rates_of_campaigns_know_two_more_contacts_without_reaction(void **state)
{
    (void)state;
    CHECK(0, "open_rate", 2.0 / 4);
    CHECK(0, "click_rate", 1.0 / 4);
    CHECK(0, "conversion_rate", 0);
    CHECK(0, "responses", 1);
}

static void categories_of_purchases_give_diversity_and_shares(void **state)
{
    tsr_block block = whole_block();

    (void)state;
    CHECK(0, "category_diversity", 1 - (9.0 + 1) / 16);
    CHECK(0, "favourite_share", 3.0 / 4);
    CHECK(0, "promotion_share", 1.0 / 5);
    assert_true(tsr_category_share(&block, 0, AS_OF, 0) == 0.25);
    assert_true(tsr_channel_share(&block, 0, AS_OF, 0) == 3.0 / 5);
}

/* Rows without money: a gift beside a purchase, swaps before and after a return, a sample by itself; a day for each. */
static void rows_without_money_are_purchases_on_days_without_a_return(void **state)
{
    uint32_t when[] = {DAY, DAY, 2 * DAY, 2 * DAY + 1, 2 * DAY + 2, 3 * DAY, AS_OF};
    int64_t money[] = {100, 0, 0, -50, 0, 0, -1};
    int32_t kind[] = {0, 1, 2, -1, 2, 3, 0}, offer[] = {-1, 3, 3, -1, 3, 3, -1}, room[6];
    tsr_block block = {
        .offset = (int64_t[]){0, 7}, .time = when, .amount = money, .category = kind, .promotion = offer};
    tsr_basket basket = tsr_basket_read(&block, 0, 6, room);

    (void)state;
    assert_int_equal(basket.rows, 3);
    assert_int_equal(basket.promoted, 2);
    assert_int_equal(basket.known, 3);
    assert_int_equal(basket.favourite, 1);
    assert_true(tsr_category_share(&block, 0, AS_OF, 3) == 1.0 / 3);
    assert_true(tsr_category_share(&block, 0, AS_OF, 2) == 0.0);
}

static void customer_without_records_has_the_stated_values(void **state)
{
    static const char *const zero[] = {"sessions",           "active_days",      "views_per_session",
                                       "dwell_mean",         "support_contacts", "open_rate",
                                       "click_rate",         "conversion_rate",  "responses",
                                       "category_diversity", "favourite_share",  "promotion_share"};
    tsr_block block = whole_block();

    (void)state;
    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++) CHECK(1, zero[i], 0);
    CHECK(1, "event_recency", 99);
    assert_true(tsr_category_share(&block, 1, AS_OF, 0) == 0.0 && tsr_channel_share(&block, 1, AS_OF, 0) == 0.0);
}

static void records_after_as_of_change_nothing(void **state)
{
    static const char *const names[] = {"sessions",  "dwell_mean", "open_rate",          "click_rate",
                                        "responses", "monetary",   "category_diversity", "promotion_share"};
    double before[8];

    (void)state;
    for (int i = 0; i < 8; i++) before[i] = feature_of(0, names[i]);
    transactions[1] = transactions[2] = 6;
    events[1] = events[2] = 6;
    contacts[1] = contacts[2] = 3;
    for (int i = 0; i < 8; i++) assert_true(feature_of(0, names[i]) == before[i]);
    transactions[1] = transactions[2] = 7;
    events[1] = events[2] = 8;
    contacts[1] = contacts[2] = 4;
}

static void record_of_any_kind_before_as_of_makes_a_customer_of_the_run(void **state)
{
    tsr_block block = whole_block();
    tsr_window early = window;

    (void)state;
    early.as_of = DAY;
    assert_false(tsr_history_counts(&early, &block, 0));
    assert_true(tsr_history_counts(&early, &block, 1)); /* no record at all */
    block.offset = (int64_t[]){0, 0, 0};
    early.as_of = 10 * DAY + 1;
    assert_true(tsr_history_counts(&early, &block, 0));
    block.records[TSR_EVENTS].offset = block.offset;
    assert_false(tsr_history_counts(&early, &block, 0));
}

static void types_of_events_are_known_by_the_lists_of_the_job(void **state)
{
    char *types[] = {"click", "Page_View", "session", "ticket"}, *view[] = {"page_view", "session"},
         *dwell[] = {"session"};
    tsr_features_params params = {.view_events = {2, view}, .dwell_events = {1, dwell}};
    tsr_dictionary dictionary = {4, types};
    uint8_t *is = NULL;

    (void)state;
    assert_int_equal(tsr_event_classes(&params, &dictionary, &is), TSR_OK);
    assert_memory_equal(is, ((uint8_t[]){0, TSR_EVENT_VIEW, TSR_EVENT_VIEW | TSR_EVENT_DWELL, 0}), 4);
    tsr_free(&is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_before_as_of_make_sessions_days_and_means),
        cmocka_unit_test(rates_of_campaigns_know_two_more_contacts_without_reaction),
        cmocka_unit_test(categories_of_purchases_give_diversity_and_shares),
        cmocka_unit_test(rows_without_money_are_purchases_on_days_without_a_return),
        cmocka_unit_test(customer_without_records_has_the_stated_values),
        cmocka_unit_test(records_after_as_of_change_nothing),
        cmocka_unit_test(record_of_any_kind_before_as_of_makes_a_customer_of_the_run),
        cmocka_unit_test(types_of_events_are_known_by_the_lists_of_the_job),
    };

    return RUN_UNIT_TESTS(tests);
}
