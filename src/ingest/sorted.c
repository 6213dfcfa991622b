#include "ingest/sorted.h"

#include <string.h>

#include "tessera/memory.h"

#define DIGIT_BITS   11
#define DIGITS       (1 << DIGIT_BITS)
#define SPARE_BITS   10 /* of keys beyond those that tell n rows apart, so that few ties are left */
#define SMALL_SORT   24
#define WINDOW_ROWS  8192
#define WINDOW_LEAST 64

/* The leading bits of a key, then the time: what follows is compared row by row, and seldom. */
typedef struct tsr_sort_entry {
    uint64_t leading;
    uint32_t row;
} tsr_sort_entry;

/* ---- room ---- */

static tsr_status grow(void *buffer, int64_t *room, int64_t wanted, size_t bytes)
{
    if (wanted <= *room) return TSR_OK;
    tsr_status st = tsr_resize(buffer, wanted, bytes);
    if (st == TSR_OK) *room = wanted;
    return st;
}

static tsr_status grow_entries(tsr_sorter *sorter, int64_t n)
{
    int64_t room = sorter->entries;
    tsr_status st = grow(&sorter->entry[0], &room, n, sizeof *sorter->entry[0]);

    return st == TSR_OK ? grow(&sorter->entry[1], &sorter->entries, n, sizeof *sorter->entry[1]) : st;
}

/* ---- by leading bits ---- */

static int32_t bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

/* How rows become leading bits. */
typedef struct leading_plan {
    uint64_t key_low;
    int32_t key_shift, time_bits, bits;
    uint32_t time_low;
} leading_plan;

static leading_plan plan_leading(const tsr_layout *layout, const char *row, int64_t n)
{
    uint64_t low = UINT64_MAX, high = 0;
    uint32_t first = UINT32_MAX, last = 0;

    for (int64_t i = 0; i < n; i++, row += layout->bytes) {
        uint64_t key = tsr_row_key(row);
        uint32_t time = tsr_row_time(layout, row);
        if (key < low) low = key;
        if (key > high) high = key;
        if (time < first) first = time;
        if (time > last) last = time;
    }
    int32_t time_bits = bits_of(last - first), range = bits_of(high - low);
    int32_t key_bits = bits_of((uint64_t)n) + SPARE_BITS;
    if (key_bits > range) key_bits = range;
    if (key_bits > 64 - time_bits) key_bits = 64 - time_bits;
    return (leading_plan){low, range - key_bits, time_bits, key_bits + time_bits, first};
}

/* Shifts of 64 are not defined: a key of no bits stands for nothing. */
static uint64_t leading_key(const leading_plan *plan, const char *row)
{
    return plan->bits == plan->time_bits ? 0 : (tsr_row_key(row) - plan->key_low) >> plan->key_shift;
}

static void radix_pass(const tsr_sort_entry *from, tsr_sort_entry *to, int64_t n, int32_t shift)
{
    uint32_t at[DIGITS] = {0}, sum = 0;

    for (int64_t i = 0; i < n; i++) at[from[i].leading >> shift & (DIGITS - 1)]++;
    for (int32_t d = 0; d < DIGITS; d++) {
        uint32_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[at[from[i].leading >> shift & (DIGITS - 1)]++] = from[i];
}

static const tsr_sort_entry *order_rows(tsr_sorter *sorter, const tsr_layout *layout, const leading_plan *plan,
                                        const char *row, int64_t n)
{
    tsr_sort_entry *from = sorter->entry[0], *to = sorter->entry[1];

    for (int64_t i = 0; i < n; i++, row += layout->bytes) {
        uint64_t time = tsr_row_time(layout, row) - plan->time_low;
        uint64_t key = leading_key(plan, row);
        from[i].leading = (plan->time_bits == 64 ? 0 : key << plan->time_bits) | time;
        from[i].row = (uint32_t)i;
    }
    for (int32_t shift = 0; shift < plan->bits; shift += DIGIT_BITS) {
        radix_pass(from, to, n, shift);
        tsr_sort_entry *swapped = from;
        from = to;
        to = swapped;
    }
    return from;
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

/* Rows that the leading bits could not tell apart stand together: of one customer and moment, or of one leading key. */
static bool in_one_run(const tsr_layout *layout, const leading_plan *plan, const char *a, const char *b, bool narrow)
{
    if (leading_key(plan, a) != leading_key(plan, b)) return false;
    return !narrow || (tsr_row_key(a) == tsr_row_key(b) && tsr_row_check(a) == tsr_row_check(b) &&
                       tsr_row_time(layout, a) == tsr_row_time(layout, b));
}

static void settle_ties(const tsr_layout *layout, const leading_plan *plan, char *row, int64_t n, char *room)
{
    int64_t bytes = layout->bytes;

    for (int64_t i = 1; i < n; i++) {
        char *here = row + i * bytes;
        if (tsr_row_compare(layout, here - bytes, here) <= 0) continue;
        bool narrow = in_one_run(layout, plan, here - bytes, here, true);
        int64_t first = i - 1, end = i + 1;
        while (first > 0 && in_one_run(layout, plan, row + (first - 1) * bytes, here, narrow)) first--;
        while (end < n && in_one_run(layout, plan, here, row + end * bytes, narrow)) end++;
        merge_sort(layout, row + first * bytes, end - first, room);
        i = end - 1;
    }
}

/* The rows in sorter->raw, in order, to @p out; raw is used up. */
static tsr_status sort_rows(tsr_sorter *sorter, const tsr_layout *layout, int64_t n, char *out)
{
    tsr_status st = grow_entries(sorter, n);
    size_t bytes = (size_t)layout->bytes;

    if (st != TSR_OK) return st;
    leading_plan plan = plan_leading(layout, sorter->raw, n);
    const tsr_sort_entry *order = order_rows(sorter, layout, &plan, sorter->raw, n);
    for (int64_t i = 0; i < n; i++) memcpy(out + (size_t)i * bytes, sorter->raw + (size_t)order[i].row * bytes, bytes);
    settle_ties(layout, &plan, out, n, sorter->raw);
    return TSR_OK;
}

/* ---- what does not fit: sorted runs, merged ---- */

typedef struct run {
    int64_t at, left; /* rows not yet in the window */
    char *window;
    int64_t next, have;
} run;

typedef struct merge {
    const tsr_layout *layout;
    tsr_spill *spill;
    run *run;
    int32_t runs;
    int32_t *heap; /* [live] runs by their next row */
    int32_t live;
    int64_t window_rows;
} merge;

static tsr_status refill(const merge *m, run *r)
{
    int64_t bytes = m->layout->bytes;

    r->next = 0;
    r->have = r->left < m->window_rows ? r->left : m->window_rows;
    tsr_status st = tsr_spill_read(m->spill, r->at, r->have * bytes, r->window);
    r->at += r->have * bytes;
    r->left -= r->have;
    return st;
}

static const char *head_of(const merge *m, int32_t i)
{
    const run *r = &m->run[m->heap[i]];

    return r->window + r->next * m->layout->bytes;
}

static void sift_down(merge *m, int32_t i)
{
    for (;;) {
        int32_t child = 2 * i + 1;
        if (child >= m->live) return;
        if (child + 1 < m->live && tsr_row_compare(m->layout, head_of(m, child + 1), head_of(m, child)) < 0) child++;
        if (tsr_row_compare(m->layout, head_of(m, i), head_of(m, child)) <= 0) return;
        int32_t swapped = m->heap[i];
        m->heap[i] = m->heap[child];
        m->heap[child] = swapped;
        i = child;
    }
}

/* The next row of all, to @p to. */
static tsr_status pop(merge *m, char *to)
{
    run *r = &m->run[m->heap[0]];
    tsr_status st = TSR_OK;

    memcpy(to, head_of(m, 0), (size_t)m->layout->bytes);
    r->next++;
    if (r->next == r->have && r->left > 0) st = refill(m, r);
    if (r->next == r->have) m->heap[0] = m->heap[--m->live];
    if (m->live > 0) sift_down(m, 0);
    return st;
}

/* Merge all runs into one, written behind them. @param out  [out_rows] */
static tsr_status merge_runs(merge *m, char *out, int64_t out_rows, int64_t *at)
{
    int64_t n = 0, there = m->spill->bytes;
    tsr_status st = TSR_OK;

    *at = there;
    for (m->live = 0; m->live < m->runs; m->live++) {
        m->heap[m->live] = m->live;
        TSR_TRY(refill(m, &m->run[m->live]));
    }
    for (int32_t i = m->live / 2; i >= 0; i--) sift_down(m, i);
    while (m->live > 0) {
        TSR_TRY(pop(m, out + n++ * m->layout->bytes));
        if (n < out_rows && m->live > 0) continue;
        TSR_TRY(tsr_spill_write(m->spill, out, n * m->layout->bytes, &there));
        n = 0;
    }
done:
    return st;
}

static tsr_status make_runs(tsr_sorter *sorter, tsr_store *store, int64_t bucket, const int32_t *const *code,
                            int64_t rows, tsr_sorted *sorted, merge *m)
{
    const tsr_layout *layout = m->layout;
    tsr_status st = TSR_OK;

    for (int64_t done = 0; done < sorted->n; done += rows) {
        int64_t n = sorted->n - done < rows ? sorted->n - done : rows;
        TSR_TRY(tsr_store_take(store, bucket, layout->stream, n, sorter->raw));
        for (int64_t i = 0; i < n; i++) tsr_row_recode(layout, code, sorter->raw + i * layout->bytes);
        TSR_TRY(sort_rows(sorter, layout, n, sorted->row));
        TSR_TRY(tsr_resize(&m->run, m->runs + 1, sizeof *m->run));
        run *made = &m->run[m->runs++];
        *made = (run){.left = n};
        TSR_TRY(tsr_spill_write(m->spill, sorted->row, n * layout->bytes, &made->at));
    }
done:
    return st;
}

static tsr_status sort_in_runs(tsr_sorter *sorter, tsr_store *store, tsr_spill *spill, int64_t bucket,
                               const int32_t *const *code, int64_t rows, tsr_sorted *sorted)
{
    merge m = {.layout = sorted->layout, .spill = spill};
    tsr_status st;

    TSR_TRY(make_runs(sorter, store, bucket, code, rows, sorted, &m));
    TSR_TRY(tsr_alloc(&m.heap, m.runs, sizeof *m.heap));
    m.window_rows = rows / m.runs > WINDOW_LEAST ? rows / m.runs : WINDOW_LEAST;
    TSR_TRY(grow(&sorted->row, &sorted->row_bytes, m.window_rows * m.runs * m.layout->bytes, 1));
    for (int32_t i = 0; i < m.runs; i++) m.run[i].window = sorted->row + i * m.window_rows * m.layout->bytes;
    TSR_TRY(merge_runs(&m, sorter->raw, rows, &sorted->at));
    sorted->spill = spill;
done:
    tsr_free(&m.heap);
    tsr_free(&m.run);
    return st;
}

/* ---- the interface ---- */

tsr_status tsr_sort_bucket(tsr_sorter *sorter, tsr_store *store, tsr_spill *spill, const tsr_layout *layout,
                           int64_t bucket, const int32_t *const *code, int64_t memory, tsr_sorted *sorted)
{
    int64_t bytes = layout->bytes, most = memory / bytes > WINDOW_LEAST ? memory / bytes : WINDOW_LEAST;
    tsr_status st;

    if (most > UINT32_MAX / 2) most = UINT32_MAX / 2;
    sorted->layout = layout;
    sorted->n = tsr_store_rows(store, bucket, layout->stream);
    sorted->first = sorted->have = 0;
    sorted->spill = NULL;
    int64_t rows = sorted->n < most ? sorted->n : most;
    TSR_TRY(grow(&sorter->raw, &sorter->raw_bytes, rows * bytes, 1));
    TSR_TRY(grow(&sorted->row, &sorted->row_bytes, rows * bytes, 1));
    if (sorted->n > most) {
        st = sort_in_runs(sorter, store, spill, bucket, code, rows, sorted);
        goto done;
    }
    TSR_TRY(tsr_store_take(store, bucket, layout->stream, rows, sorter->raw));
    for (int64_t i = 0; i < rows; i++) tsr_row_recode(layout, code, sorter->raw + i * bytes);
    if (rows > 0) TSR_TRY(sort_rows(sorter, layout, rows, sorted->row));
    sorted->have = rows;
done:
    return st;
}

tsr_status tsr_sorted_view(tsr_sorted *sorted, int64_t i, const char **row, int64_t *n)
{
    int64_t bytes = sorted->layout->bytes;

    if (i < sorted->first || i >= sorted->first + sorted->have) {
        int64_t room = sorted->row_bytes / bytes, left = sorted->n - i;
        if (room > WINDOW_ROWS) room = WINDOW_ROWS;
        sorted->first = i;
        sorted->have = left < room ? left : room;
        tsr_status st = tsr_spill_read(sorted->spill, sorted->at + i * bytes, sorted->have * bytes, sorted->row);
        if (st != TSR_OK) return st;
    }
    *row = sorted->row + (i - sorted->first) * bytes;
    *n = sorted->first + sorted->have - i;
    return TSR_OK;
}

void tsr_sorted_clear(tsr_sorted *sorted)
{
    tsr_free(&sorted->row);
    *sorted = (tsr_sorted){0};
}

void tsr_sorter_clear(tsr_sorter *sorter)
{
    tsr_free(&sorter->entry[0]);
    tsr_free(&sorter->entry[1]);
    tsr_free(&sorter->raw);
    *sorter = (tsr_sorter){0};
}
