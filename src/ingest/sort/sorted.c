#include "ingest/sort/sorted.h"

#include <string.h>

#include "tessera/memory.h"

#define WINDOW_ROWS  8192
#define WINDOW_LEAST 64

static tsr_status grow(tsr_sorted *sorted, int64_t bytes)
{
    if (bytes <= sorted->row_bytes) return TSR_OK;
    tsr_status st = tsr_resize(&sorted->row, bytes, 1);
    if (st == TSR_OK) sorted->row_bytes = bytes;
    return st;
}

/* The next n rows of a bucket, with their final codes. */
static tsr_status take_rows(tsr_sorter *sorter, tsr_store *store, const tsr_layout *layout, int64_t bucket,
                            const int32_t *const *code, int64_t n)
{
    tsr_status st = tsr_store_take(store, bucket, layout->stream, n, sorter->raw);

    if (st == TSR_OK) tsr_rows_recode(layout, code, sorter->raw, n);
    return st;
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
        TSR_TRY(take_rows(sorter, store, layout, bucket, code, n));
        TSR_TRY(tsr_order_rows(sorter, layout, n, sorted->row));
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
    TSR_TRY(grow(sorted, m.window_rows * m.runs * m.layout->bytes));
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
    TSR_TRY(tsr_sorter_room(sorter, rows * bytes));
    TSR_TRY(grow(sorted, rows * bytes));
    if (sorted->n > most) {
        st = sort_in_runs(sorter, store, spill, bucket, code, rows, sorted);
        goto done;
    }
    TSR_TRY(take_rows(sorter, store, layout, bucket, code, rows));
    TSR_TRY(tsr_order_rows(sorter, layout, rows, sorted->row));
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
