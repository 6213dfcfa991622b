#include "features/history.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "features/period.h"
#include "tessera/memory.h"

#define DAY_SECONDS  86400
#define HOUR_SECONDS 3600
#define NIGHT_BEGINS 22 /* o'clock */
#define NIGHT_ENDS   6
#define FEW_ORDERS   32

typedef struct tsr_order {
    uint64_t order;
    uint32_t time;
} tsr_order;

/* The rows of one calendar day. */
typedef struct day_rows {
    int64_t day, first, end; /* rows first .. end - 1 of the block */
    int64_t paid, returned;  /* money units, both >= 0 */
    bool has_return;
    bool purchase; /* at least one row is a purchase */
} day_rows;

static bool on_weekend(int64_t day)
{
    return (day + 4) % 7 == 6 || (day + 4) % 7 == 0; /* 1970-01-01 was a Thursday */
}

static bool at_night(uint32_t time)
{
    int64_t hour = time % DAY_SECONDS / HOUR_SECONDS;

    return hour >= NIGHT_BEGINS || hour < NIGHT_ENDS;
}

tsr_window tsr_window_of(const tsr_observation *observation, const tsr_dataset_info *dataset)
{
    bool dated = dataset->time_first <= dataset->time_last && dataset->transactions > 0;
    tsr_window window = {.calibrated = observation->calibration_end.set,
                         .calibration_day = tsr_floor_div(observation->calibration_end.seconds, DAY_SECONDS),
                         .period = observation->period,
                         .ignore_returns = observation->returns == 1,
                         .clock = dataset->resolution < DAY_SECONDS,
                         .money_unit = tsr_power_of_ten(dataset->money_scale)};

    if (observation->as_of.set)
        window.as_of = observation->as_of.seconds;
    else if (dated)
        window.as_of = (dataset->time_last / DAY_SECONDS + INT64_C(1)) * DAY_SECONDS;
    window.attribute = dataset->attributes;
    window.as_of_day = tsr_floor_div(window.as_of, DAY_SECONDS);
    window.end_day = tsr_floor_div(window.as_of - 1, DAY_SECONDS);
    if (dated && window.as_of_day > dataset->time_first / DAY_SECONDS)
        window.observed_days = window.as_of_day - dataset->time_first / DAY_SECONDS;
    return window;
}

void tsr_order_sorter_clear(tsr_order_sorter *sorter)
{
    tsr_free(&sorter->order);
    tsr_free(&sorter->category);
    sorter->room = 0;
}

/* Or a vector from before as_of; its numbers are read in some runs only. */
static bool has_attribute(const tsr_window *window, const tsr_block *block, int64_t customer)
{
    for (int32_t i = 0; i < block->attributes_n; i++) {
        const char *name = window->attribute[i].name;
        bool of_vector = tsr_in_embedding(name);
        if (of_vector && !tsr_is_vector_day(name)) continue;
        if (block->code[i] != NULL && block->code[i][customer] >= 0) return true;
        if (block->number[i] == NULL || isnan(block->number[i][customer])) continue;
        if (!of_vector || (double)block->number[i][customer] < (double)window->as_of_day) return true;
    }
    return false;
}

bool tsr_history_counts(const tsr_window *window, const tsr_block *block, int64_t customer)
{
    int64_t first = block->offset[customer], end = block->offset[customer + 1];

    bool any = first < end;

    if (any && (int64_t)block->time[first] < window->as_of) return true;
    for (int32_t kind = TSR_TRANSACTIONS + 1; kind < TSR_KINDS; kind++) {
        const int64_t *offset = block->records[kind].offset;
        any = any || (offset != NULL && offset[customer] < offset[customer + 1]);
        if (tsr_records_before(block, kind, customer, window->as_of) > 0) return true;
    }
    return !any || has_attribute(window, block, customer);
}

int32_t tsr_observation_holdout(int32_t period, int64_t calibration_end, int64_t as_of)
{
    int64_t first = tsr_period_number(period, tsr_floor_div(calibration_end, DAY_SECONDS) + 1);
    int64_t cut_off = tsr_period_number(period, tsr_floor_div(as_of - 1, DAY_SECONDS) + 1);

    return cut_off > first ? (int32_t)tsr_period_days(period, cut_off - first) : 0;
}

uint32_t tsr_observation_reads(const tsr_observation *observation, const tsr_dataset_info *dataset)
{
    const uint32_t reads = TSR_READ_TIME | TSR_READ_ATTRIBUTES | TSR_READ_VECTOR_DAYS | TSR_READ_EVENTS |
                           TSR_READ_CAMPAIGNS | TSR_READ_CONSENT;
    bool later = observation->as_of.set && (int64_t)dataset->time_last >= observation->as_of.seconds;

    /* the range of times is that of transactions */
    for (int32_t kind = TSR_TRANSACTIONS + 1; kind < TSR_KINDS; kind++) later |= tsr_has_kind(dataset->has, kind);
    return later ? reads : 0;
}

bool tsr_observation_counts(const tsr_observation *observation, const tsr_dataset_info *dataset, const tsr_block *block,
                            int64_t i)
{
    const tsr_window window = tsr_window_of(observation, dataset);

    return tsr_history_counts(&window, block, i);
}

static void add_money(tsr_history *history, int64_t *sum, int64_t amount)
{
    if (__builtin_add_overflow(*sum, amount, sum)) history->overflow = true;
}

/* The next calendar day from row `first` on; records of a customer are sorted by time. */
static day_rows day_at(const tsr_block *block, int64_t first, int64_t end, tsr_history *history)
{
    day_rows today = {.day = block->time[first] / DAY_SECONDS, .first = first, .end = first};
    bool free_row = false, paid_row = false;

    for (; today.end < end && block->time[today.end] / DAY_SECONDS == today.day; today.end++) {
        int64_t amount = block->amount[today.end];
        if (amount > 0) add_money(history, &today.paid, amount);
        if (amount < 0 && __builtin_sub_overflow(today.returned, amount, &today.returned)) history->overflow = true;
        today.has_return |= amount < 0;
        paid_row |= amount > 0;
        free_row |= amount == 0;
    }
    today.purchase = paid_row || (free_row && !today.has_return);
    return today;
}

/* A purchase in the sense of the value models: what the returns policy leaves of a day. */
static bool is_bought(const tsr_window *window, const day_rows *today)
{
    bool returned = !window->ignore_returns && today->has_return && today->paid <= today->returned;

    return today->purchase && !returned;
}

static void buy(const tsr_window *window, const day_rows *today, int64_t end_day, tsr_buying *buying,
                tsr_history *history)
{
    int64_t period = tsr_period_number(window->period, today->day);
    bool cut_off = period > tsr_period_number(window->period, end_day + 1) - 1;

    int64_t spend = window->ignore_returns ? today->paid : today->paid - today->returned;

    if (!is_bought(window, today)) return;
    if (buying->periods == 0) buying->first = period;
    if (cut_off && buying->first != period) return;
    if (period == buying->first) add_money(history, &buying->first_spend, spend);
    buying->periods += buying->periods == 0 || period != buying->last;
    buying->last = period;
    add_money(history, &buying->spend, spend);
}

static void visit_purchase_day(const tsr_window *window, int64_t day, tsr_history *history)
{
    if (history->days == 0) {
        history->first_day = day;
    } else {
        int64_t gap = day - history->last_day;
        history->gap_squares += gap * gap;
        if (2 * (day - history->first_day) > window->end_day - history->first_day)
            history->later++;
        else
            history->earlier++;
    }
    history->last_day = day;
    history->days++;
}

static tsr_status make_room(tsr_order_sorter *sorter, int64_t rows)
{
    if (rows <= sorter->room) return TSR_OK;
    tsr_status st = tsr_resize(&sorter->order, rows, sizeof *sorter->order);
    if (st == TSR_OK) st = tsr_resize(&sorter->category, rows, sizeof *sorter->category);
    if (st == TSR_OK) sorter->room = rows;
    return st;
}

static int by_order_and_time(const void *left, const void *right)
{
    const tsr_order *a = left, *b = right;

    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return (a->time > b->time) - (a->time < b->time);
}

/* Most customers have a handful of orders: calls through a pointer would take longer than all else. */
static void sort_orders(tsr_order *order, int64_t n)
{
    if (n > FEW_ORDERS) {
        qsort(order, (size_t)n, sizeof *order, by_order_and_time);
        return;
    }
    for (int64_t i = 1; i < n; i++) {
        tsr_order moving = order[i];
        int64_t at = i;
        for (; at > 0 && by_order_and_time(&moving, &order[at - 1]) < 0; at--) order[at] = order[at - 1];
        order[at] = moving;
    }
}

/* An order counts once, at the time of its first purchase. Without order ids each row is an order. */
static void count_orders(const tsr_window *window, tsr_order *order, int64_t n, bool with_ids, tsr_history *history)
{
    if (with_ids) sort_orders(order, n);
    for (int64_t i = 0; i < n; i++) {
        if (with_ids && i > 0 && order[i].order == order[i - 1].order) continue;
        history->orders++;
        history->night_orders += window->clock && at_night(order[i].time);
        history->weekend_orders += on_weekend(order[i].time / DAY_SECONDS);
    }
}

static int64_t collect_purchases(const tsr_block *block, const day_rows *today, tsr_order *order)
{
    int64_t n = 0;

    for (int64_t i = today->first; i < today->end; i++)
        if (block->amount[i] > 0 || (block->amount[i] == 0 && !today->has_return))
            order[n++] = (tsr_order){.order = block->order != NULL ? block->order[i] : 0, .time = block->time[i]};
    return n;
}

/* A period that calibration_end cuts off belongs to the holdout, but for who came in it: nobody can come again in it.
 */
static bool is_held_out(const tsr_window *window, const day_rows *today, const tsr_history *history)
{
    int64_t period = tsr_period_number(window->period, today->day);

    if (history->calibration.periods > 0 && period == history->calibration.first) return false;
    return period >= tsr_period_number(window->period, window->calibration_day + 1) &&
           period < tsr_period_number(window->period, window->end_day + 1);
}

static void visit_day(const tsr_window *window, const day_rows *today, tsr_history *history)
{
    add_money(history, &history->paid, today->paid);
    add_money(history, &history->returned, today->returned);
    if (today->purchase) visit_purchase_day(window, today->day, history);
    buy(window, today, window->end_day, &history->all, history);
    if (!window->calibrated) return;
    if (today->day <= window->calibration_day)
        buy(window, today, window->calibration_day, &history->calibration, history);
    if (is_held_out(window, today, history)) buy(window, today, window->end_day, &history->holdout, history);
}

tsr_status tsr_history_read(const tsr_window *window, const tsr_block *block, int64_t customer,
                            tsr_order_sorter *sorter, tsr_history *history)
{
    int64_t first = block->offset[customer], end = block->offset[customer + 1], purchases = 0;

    *history = (tsr_history){0};
    while (end > first && (int64_t)block->time[end - 1] >= window->as_of) end--;
    history->rows = end - first;
    if (make_room(sorter, end - first) != TSR_OK) return TSR_ENOMEM;
    history->basket = tsr_basket_read(block, first, end, sorter->category);
    history->activity = tsr_activity_read(block, customer, window->as_of, window->session_gap, window->event_bits);
    history->contacts = tsr_contacts_read(block, customer, window->as_of);
    while (first < end && !history->overflow) {
        day_rows today = day_at(block, first, end, history);
        if (history->overflow) break;
        purchases += collect_purchases(block, &today, sorter->order + purchases);
        visit_day(window, &today, history);
        first = today.end;
    }
    if (history->overflow)
        return TSR_FAIL(TSR_EDATA,
                        "customer in row %" PRId64 ": the sum of amounts does not fit 64 bits; "
                        "use a smaller money.scale",
                        block->first + customer);
    count_orders(window, sorter->order, purchases, block->order != NULL, history);
    history->net = history->paid - history->returned;
    return TSR_OK;
}

int64_t tsr_history_days(const tsr_window *window, const tsr_block *block, int64_t customer, int32_t *day)
{
    int64_t first = block->offset[customer], end = block->offset[customer + 1], n = 0;
    tsr_history unused = {0};

    while (end > first && (int64_t)block->time[end - 1] >= window->as_of) end--;
    while (first < end) {
        day_rows today = day_at(block, first, end, &unused);
        if (is_bought(window, &today)) day[n++] = (int32_t)today.day;
        first = today.end;
    }
    return n;
}
