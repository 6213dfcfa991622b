#include "ingest/sort/order.h"

#include <string.h>

#include "ingest/parse/clock.h"
#include "tessera/memory.h"

#define DIGIT_MOST   11 /* bits: the counts of two passes stay in the first cache */
#define DIGIT_VALUES (1 << DIGIT_MOST)
#define DIGITS_MOST  (64 / DIGIT_MOST + 1) /* of an entry */
#define SPARE_BITS   10                    /* of keys beyond those that tell n rows apart, so that few ties are left */
#define SPARE_LEAST  4                     /* where that saves a pass */
#define SMALL_SORT   24
#define AHEAD        12 /* rows whose places are fetched before they are needed */

/* ---- room ---- */

tsr_status tsr_sorter_room(tsr_sorter *sorter, int64_t bytes)
{
    if (bytes <= sorter->raw_bytes) return TSR_OK;
    tsr_status st = tsr_resize(&sorter->raw, bytes, 1);
    if (st == TSR_OK) sorter->raw_bytes = bytes;
    return st;
}

static tsr_status grow_entries(tsr_sorter *sorter, int64_t n)
{
    tsr_status st;

    if (n <= sorter->entries) return TSR_OK;
    TSR_TRY(tsr_resize(&sorter->entry[0], n, sizeof *sorter->entry[0]));
    TSR_TRY(tsr_resize(&sorter->entry[1], n, sizeof *sorter->entry[1]));
    sorter->entries = n;
done:
    return st;
}

void tsr_sorter_clear(tsr_sorter *sorter)
{
    tsr_free(&sorter->entry[0]);
    tsr_free(&sorter->entry[1]);
    tsr_free(&sorter->raw);
    *sorter = (tsr_sorter){0};
}

/* ---- by leading bits ---- */

static int32_t bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

/* An entry, from its highest bit: key, time, row. */
typedef struct entry_plan {
    uint64_t key_low;
    uint32_t time_low, time_unit; /* seconds */
    int32_t key_shift, key_bits, time_bits, row_bits;
} entry_plan;

/* As many bits of keys as are of use and fit; a few less where that saves a pass. */
static int32_t choose_key_bits(const entry_plan *plan, int32_t range)
{
    int32_t bits = plan->row_bits + SPARE_BITS;

    if (bits > range) bits = range;
    if (bits > 64 - plan->time_bits - plan->row_bits) bits = 64 - plan->time_bits - plan->row_bits;
    int32_t over = (bits + plan->time_bits) % DIGIT_MOST;
    return over <= SPARE_BITS - SPARE_LEAST && bits - over >= plan->row_bits + SPARE_LEAST ? bits - over : bits;
}

static entry_plan plan_entries(const tsr_layout *layout, const char *row, int64_t n)
{
    entry_plan plan = {.key_low = UINT64_MAX, .time_low = UINT32_MAX};
    uint64_t high = 0;
    uint32_t last = 0, within_day = 0;

    for (int64_t i = 0; i < n; i++, row += layout->bytes) {
        uint64_t key = tsr_row_key(row);
        uint32_t time = tsr_row_time(layout, row);
        if (key < plan.key_low) plan.key_low = key;
        if (key > high) high = key;
        if (time < plan.time_low) plan.time_low = time;
        if (time > last) last = time;
        within_day |= time % TSR_SECONDS_PER_DAY;
    }
    plan.time_unit = within_day == 0 ? TSR_SECONDS_PER_DAY : 1;
    plan.time_bits = bits_of((last - plan.time_low) / plan.time_unit);
    plan.row_bits = bits_of((uint64_t)n - 1);
    int32_t range = bits_of(high - plan.key_low);
    plan.key_bits = choose_key_bits(&plan, range);
    plan.key_shift = plan.key_bits > 0 ? range - plan.key_bits : 0;
    return plan;
}

/* Some bits of an entry. */
typedef struct bit_field {
    int32_t shift;
    uint64_t mask;
} bit_field;

static uint64_t digit_of(uint64_t entry, const bit_field *digit)
{
    return entry >> digit->shift & digit->mask;
}

/* From the lowest digit to the highest; behind them the first again. @return digits */
static int32_t cut_digits(const entry_plan *plan, bit_field digit[DIGITS_MOST + 1])
{
    int32_t bits = plan->key_bits + plan->time_bits, n = (bits + DIGIT_MOST - 1) / DIGIT_MOST;

    for (int32_t i = 0, shift = plan->row_bits, width; i < n; i++, shift += width, bits -= width) {
        width = (bits + n - i - 1) / (n - i);
        digit[i].shift = shift;
        digit[i].mask = (1ULL << width) - 1;
    }
    digit[n] = digit[0];
    return n;
}

/* @param counts  of @p first among the entries */
static void make_entries(const tsr_layout *layout, const entry_plan *plan, const char *row, int64_t n, uint64_t *entry,
                         const bit_field *first, uint32_t counts[DIGIT_VALUES])
{
    uint64_t keys = plan->key_bits > 0 ? UINT64_MAX : 0; /* a key of no bits stands for nothing */

    memset(counts, 0, DIGIT_VALUES * sizeof *counts);
    for (int64_t i = 0; i < n; i++, row += layout->bytes) {
        uint32_t time = tsr_row_time(layout, row) - plan->time_low;
        uint64_t key = (tsr_row_key(row) - plan->key_low) >> plan->key_shift & keys;
        if (plan->time_unit == TSR_SECONDS_PER_DAY) time /= TSR_SECONDS_PER_DAY;
        entry[i] = ((plan->key_bits > 0 ? key << plan->time_bits : 0) | time) << plan->row_bits | (uint64_t)i;
        counts[digit_of(entry[i], first)]++;
    }
}

/* Entries in the order of digit[0]; those of digit[1] are counted on the way, for the pass that follows. */
static void radix_pass(const uint64_t *from, uint64_t *to, int64_t n, const bit_field digit[2],
                       uint32_t counts[DIGIT_VALUES], uint32_t next[DIGIT_VALUES])
{
    uint32_t sum = 0;

    for (uint64_t value = 0; value <= digit->mask; value++) {
        uint32_t count = counts[value];
        counts[value] = sum;
        sum += count;
    }
    memset(next, 0, DIGIT_VALUES * sizeof *next);
    for (int64_t i = 0; i < n; i++) {
        uint64_t entry = from[i];
        next[digit_of(entry, digit + 1)]++;
        to[counts[digit_of(entry, digit)]++] = entry;
    }
}

static const uint64_t *sort_entries(tsr_sorter *sorter, const tsr_layout *layout, const entry_plan *plan, int64_t n)
{
    uint32_t counts[2][DIGIT_VALUES];
    bit_field digit[DIGITS_MOST + 1] = {{0}};
    int32_t digits = cut_digits(plan, digit);

    make_entries(layout, plan, sorter->raw, n, sorter->entry[0], digit, counts[0]);
    for (int32_t i = 0; i < digits; i++)
        radix_pass(sorter->entry[i % 2], sorter->entry[1 - i % 2], n, digit + i, counts[i % 2], counts[1 - i % 2]);
    return sorter->entry[digits % 2];
}

static void place_rows(const entry_plan *plan, const uint64_t *entry, int64_t n, const char *raw, int32_t bytes,
                       char *out)
{
    uint64_t mask = plan->row_bits > 0 ? UINT64_MAX >> (64 - plan->row_bits) : 0;

    for (int64_t i = 0; i < n; i++, out += bytes) {
        __builtin_prefetch(raw + (entry[i + AHEAD < n ? i + AHEAD : i] & mask) * (uint64_t)bytes);
        tsr_row_copy(out, raw + (entry[i] & mask) * (uint64_t)bytes, bytes);
    }
}

/* ---- ties ---- */

static void insertion_sort(const tsr_layout *layout, char *row, int64_t n, char *moved)
{
    int64_t bytes = layout->bytes;

    for (int64_t i = 1; i < n; i++) {
        int64_t j = i;
        while (j > 0 && tsr_row_compare(layout, row + (j - 1) * bytes, row + i * bytes) > 0) j--;
        if (j == i) continue;
        memcpy(moved, row + i * bytes, (size_t)bytes);
        memmove(row + (j + 1) * bytes, row + j * bytes, (size_t)((i - j) * bytes));
        memcpy(row + j * bytes, moved, (size_t)bytes);
    }
}

/* @param room  for n rows */
static void merge_sort(const tsr_layout *layout, char *row, int64_t n, char *room)
{
    size_t bytes = (size_t)layout->bytes;

    if (n <= SMALL_SORT) {
        insertion_sort(layout, row, n, room);
        return;
    }
    int64_t half = n / 2;
    char *right = row + (size_t)half * bytes, *end = row + (size_t)n * bytes, *to = row;
    merge_sort(layout, row, half, room);
    merge_sort(layout, right, n - half, room);
    memcpy(room, row, (size_t)half * bytes);
    const char *left = room, *left_end = room + (size_t)half * bytes;
    while (left < left_end) {
        bool take_right = right < end && tsr_row_compare(layout, left, right) > 0;
        memmove(to, take_right ? right : left, bytes);
        if (take_right)
            right += bytes;
        else
            left += bytes;
        to += bytes;
    }
}

/* Rows that the entries could not tell apart stand together: of one customer and moment (narrow), or of several
 * customers whose keys begin alike. */
typedef struct tied_rows {
    const tsr_layout *layout;
    const uint64_t *entry;
    int32_t key_shift, time_shift; /* of entries */
    char *row;
    int64_t n;
} tied_rows;

static bool in_one_run(const tied_rows *t, int64_t a, int64_t b, bool narrow)
{
    int32_t shift = narrow ? t->time_shift : t->key_shift, bytes = t->layout->bytes;

    if (shift < 64 && (t->entry[a] ^ t->entry[b]) >> shift != 0) return false;
    return !narrow || tsr_row_same_customer(t->row + a * bytes, t->row + b * bytes);
}

static int64_t settle_run(const tied_rows *t, int64_t at, bool narrow, char *room)
{
    int64_t first = at - 1, end = at + 1, bytes = t->layout->bytes;

    while (first > 0 && in_one_run(t, first - 1, at, narrow)) first--;
    while (end < t->n && in_one_run(t, at, end, narrow)) end++;
    merge_sort(t->layout, t->row + first * bytes, end - first, room);
    return end;
}

static void settle_ties(const tied_rows *t, char *room)
{
    int64_t bytes = t->layout->bytes;

    for (int64_t i = 1; i < t->n; i++) {
        const char *here = t->row + i * bytes;
        if (!in_one_run(t, i - 1, i, false)) continue;
        if (!tsr_row_same_customer(here - bytes, here))
            i = settle_run(t, i, false, room) - 1;
        else if (in_one_run(t, i - 1, i, true) && tsr_row_compare(t->layout, here - bytes, here) > 0)
            i = settle_run(t, i, true, room) - 1;
    }
}

tsr_status tsr_order_rows(tsr_sorter *sorter, const tsr_layout *layout, int64_t n, char *out)
{
    tsr_status st = grow_entries(sorter, n);

    if (st != TSR_OK || n == 0) return st;
    entry_plan plan = plan_entries(layout, sorter->raw, n);
    const uint64_t *entry = sort_entries(sorter, layout, &plan, n);
    place_rows(&plan, entry, n, sorter->raw, layout->bytes, out);
    tied_rows ties = {layout, entry, plan.row_bits + plan.time_bits, plan.row_bits, out, n};
    settle_ties(&ties, sorter->raw);
    return TSR_OK;
}
