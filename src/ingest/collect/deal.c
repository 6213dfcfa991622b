#include <string.h>

#include "ingest/collect/collect_parts.h"
#include "tessera/memory.h"

/* ---- places ---- */

static int64_t scaled(uint64_t key, int64_t parts)
{
    __extension__ typedef unsigned __int128 wide;

    return (int64_t)((wide)key * (wide)(uint64_t)parts >> 64);
}

/* Buckets lie within partitions, since floor(floor(key x P F) / F) = floor(key x P). */
static int64_t own_bucket(const tsr_collect *collect, uint64_t key)
{
    return scaled(key, collect->partitions * collect->fine) - collect->first_bucket;
}

int tsr_collect_owner(const tsr_collect *collect, uint64_t key)
{
    return collect->owner[scaled(key, collect->partitions)];
}

static tsr_status grow_waiting(tsr_waiting *w, int32_t bytes)
{
    int64_t room = 2 * w->room + 1024;
    tsr_status st = tsr_resize(&w->row, room, (size_t)bytes);

    if (st == TSR_OK) w->room = room;
    return st;
}

static inline tsr_status wait_here(tsr_collect *collect, tsr_waiting *w, int32_t stream, char **row)
{
    int32_t bytes = collect->layout[stream].bytes;

    if (w->rows == w->room) {
        tsr_status st = grow_waiting(w, bytes);
        if (st != TSR_OK) return st;
    }
    *row = w->row + w->rows++ * bytes;
    collect->waiting_bytes += bytes;
    return TSR_OK;
}

static tsr_status leave(tsr_collect *collect, int32_t stream, uint64_t key, char **row)
{
    tsr_waiting *w = &collect->leaving[stream][tsr_collect_owner(collect, key)];

    if (w->rows >= collect->most[stream]) collect->is_full = true;
    return wait_here(collect, w, stream, row);
}

tsr_status tsr_collect_place(tsr_collect *collect, int32_t stream, uint64_t key, char **row)
{
    int64_t bucket = own_bucket(collect, key);

    if (bucket >= 0 && bucket < collect->buckets) return tsr_store_place(collect->store, bucket, stream, row);
    return leave(collect, stream, key, row);
}

/* Whose a row is cannot be foreseen: first numbers of rows are sorted out, without a branch, then rows are moved. */
static tsr_status place_some(tsr_collect *collect, int32_t stream, const char *row, int32_t n)
{
    const int64_t bytes = collect->layout[stream].bytes, buckets = collect->buckets;
    int32_t bucket[TSR_PACKED_ROWS], own[TSR_PACKED_ROWS], other[TSR_PACKED_ROWS], owned = 0, others = 0;
    char *place;
    tsr_status st;

    for (int32_t i = 0; i < n; i++) {
        int64_t at = own_bucket(collect, tsr_row_key(row + i * bytes));
        bool is_own = at >= 0 && at < buckets;
        bucket[owned] = (int32_t)at;
        own[owned] = other[others] = i;
        owned += is_own;
        others += !is_own;
    }
    TSR_TRY(tsr_store_put(collect->store, stream, row, owned, bucket, own));
    for (int32_t i = 0; i < others; i++) {
        const char *from = row + other[i] * bytes;
        TSR_TRY(leave(collect, stream, tsr_row_key(from), &place));
        tsr_row_copy(place, from, (int32_t)bytes);
    }
done:
    return st;
}

tsr_status tsr_collect_place_rows(tsr_collect *collect, int32_t stream, const char *row, int64_t n)
{
    const int64_t bytes = collect->layout[stream].bytes;
    tsr_status st = TSR_OK;

    for (int64_t from = 0, rows; st == TSR_OK && from < n; from += rows) {
        rows = n - from < TSR_PACKED_ROWS ? n - from : TSR_PACKED_ROWS;
        st = place_some(collect, stream, row + from * bytes, (int32_t)rows);
    }
    return st;
}

/* Room for a row with codes of this rank, which are made common in the next round. */
static tsr_status place_unsettled(tsr_collect *collect, int32_t stream, char **row)
{
    return wait_here(collect, &collect->waiting[stream], stream, row);
}

bool tsr_collect_full(const tsr_collect *collect)
{
    return collect->is_full || collect->waiting_bytes >= collect->waiting_most;
}

/* ---- customers ---- */

static uint64_t tag_of(tsr_customer_ref customer)
{
    uint64_t tag = customer.key ^ customer.check * 0x9e3779b97f4a7c15u;

    return tag | (tag == 0);
}

static uint64_t *line_of(const tsr_collect *collect, tsr_customer_ref customer)
{
    return collect->sent + (int64_t)(customer.key & (uint64_t)(collect->sent_lines - 1)) * TSR_SENT_WAYS;
}

/* Did this customer's id go on its way lately? It may go twice, but not never. */
static bool sent_lately(const tsr_collect *collect, tsr_customer_ref customer)
{
    uint64_t tag = tag_of(customer), *line = line_of(collect, customer);
    int found = 0;

#pragma GCC unroll 8
    for (int way = 0; way < TSR_SENT_WAYS; way++) found |= line[way] == tag;
    if (found) return true;
    memmove(line + 1, line, (TSR_SENT_WAYS - 1) * sizeof *line);
    line[0] = tag;
    return false;
}

static tsr_status send_new_id(tsr_collect *collect, tsr_customer_ref customer, tsr_slice id)
{
    char *row;
    bool kept = !collect->redirect.active || tsr_collect_owner(collect, customer.key) == collect->rank;
    if (kept && id.n > collect->id_width) collect->id_width = id.n; /* else its owner sees whether it is */
    for (int32_t piece = 0; piece * TSR_ID_PIECE < id.n; piece++) {
        tsr_status st = tsr_collect_place(collect, TSR_STREAM_IDS, customer.key, &row);
        if (st != TSR_OK) return st;
        tsr_row_pack_id(customer, id, piece, row);
    }
    return TSR_OK;
}

tsr_status tsr_collect_send_id(tsr_collect *collect, tsr_customer_ref customer, tsr_slice id)
{
    return id.n == 0 || sent_lately(collect, customer) ? TSR_OK : send_new_id(collect, customer, id);
}

tsr_status tsr_collect_customer(tsr_collect *collect, tsr_slice id, tsr_customer_ref *customer)
{
    tsr_pending_id *slot = &collect->pending[collect->pending_at++ % TSR_PENDING];
    tsr_status st = tsr_collect_send_id(collect, slot->customer, (tsr_slice){slot->id, slot->n});

    *customer = tsr_customer_of(id);
    const tsr_redirection *way = tsr_redirect_find(&collect->redirect, *customer);
    if (way != NULL) {
        *customer = way->to;
        id = way->id;
    }
    slot->customer = *customer;
    __builtin_prefetch(line_of(collect, *customer), 1);
    slot->n = id.n;
    memcpy(slot->id, id.at, (size_t)id.n);
    return st;
}

tsr_status tsr_collect_customers(tsr_collect *collect, int64_t n, const tsr_slice *id, tsr_customer_ref *customer)
{
    const bool one_by_one = n == 1 || collect->redirect.active;
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < n && !one_by_one; i++) {
        customer[i] = tsr_customer_of(id[i]);
        __builtin_prefetch(line_of(collect, customer[i]), 1);
    }
    for (int64_t i = 0; st == TSR_OK && i < n; i++)
        st = one_by_one ? tsr_collect_customer(collect, id[i], &customer[i])
                        : tsr_collect_send_id(collect, customer[i], id[i]);
    return st;
}

tsr_status tsr_collect_flush(tsr_collect *collect)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < TSR_PENDING; i++) {
        tsr_pending_id *slot = &collect->pending[i];
        st = tsr_collect_send_id(collect, slot->customer, (tsr_slice){slot->id, slot->n});
        slot->n = 0;
    }
    return st;
}

/* ---- records ---- */

tsr_status tsr_collect_code(tsr_collect *collect, int32_t dictionary, tsr_slice text, int32_t *code)
{
    return tsr_strings_add(&collect->texts[dictionary].mine, text, code);
}

static void see_range(tsr_collect *collect, int32_t kind, int32_t column, const uint64_t *cell, int64_t n)
{
    bool narrow = tsr_kind_of(kind)->column[column].cell == TSR_CELL_COUNT;
    int64_t low = collect->low[kind][column], high = collect->high[kind][column];

    for (int64_t i = 0; i < n; i++) {
        int64_t value = narrow ? (int32_t)cell[i] : (int64_t)cell[i];
        if (value < low) low = value;
        if (value > high) high = value;
    }
    collect->low[kind][column] = low;
    collect->high[kind][column] = high;
}

static void pack_column(const tsr_layout_column *column, const uint64_t *cell, int64_t n, char *to, int32_t bytes)
{
    if (tsr_cell_bytes(column->cell) == 8)
        for (int64_t i = 0; i < n; i++, to += bytes) memcpy(to, &cell[i], 8);
    else
        for (int64_t i = 0; i < n; i++, to += bytes) memcpy(to, &cell[i], 4);
}

/* Do all ranks know all texts that this one has seen? One rank alone always does. */
static bool all_told(const tsr_collect *collect, const tsr_layout *layout)
{
    bool told = true;

    for (int32_t i = 0; i < layout->codes; i++) {
        const tsr_texts_of_all *texts = &collect->texts[layout->column[layout->code[i]].dictionary];
        told = told && texts->told == texts->mine.n;
    }
    return told || collect->size == 1;
}

/* Do all ranks know the texts of a row's codes? */
static bool is_settled(const tsr_collect *collect, const tsr_layout *layout, const char *row)
{
    bool known = true;

    for (int32_t i = 0; i < layout->codes; i++) {
        const tsr_layout_column *column = &layout->column[layout->code[i]];
        int32_t code;
        memcpy(&code, row + column->at, sizeof code);
        known = known && code < collect->texts[column->dictionary].told;
    }
    return known;
}

/* Runs of rows that are settled, and of rows that are not. */
static tsr_status deal_packed(tsr_collect *collect, int32_t stream, int64_t n)
{
    const tsr_layout *layout = &collect->layout[stream];
    const int64_t bytes = layout->bytes;
    const bool told = all_told(collect, layout);
    char *row;
    tsr_status st = TSR_OK;

    for (int64_t from = 0, end; from < n; from = end) {
        char *first = collect->packed + from * bytes;
        bool settled = told || is_settled(collect, layout, first);
        for (end = told ? n : from + 1;
             end < n && is_settled(collect, layout, collect->packed + end * bytes) == settled;)
            end++;
        if (settled && layout->codes > 0 && collect->size > 1)
            tsr_rows_recode(layout, collect->number, first, end - from);
        if (settled) TSR_TRY(tsr_collect_place_rows(collect, stream, first, end - from));
        for (int64_t i = from; !settled && i < end; i++) {
            TSR_TRY(place_unsettled(collect, stream, &row));
            tsr_row_copy(row, collect->packed + i * bytes, layout->bytes);
        }
    }
done:
    return st;
}

tsr_status tsr_collect_records(tsr_collect *collect, int32_t kind, int64_t n, const tsr_customer_ref *customer,
                               int32_t source, const uint64_t *const *cell)
{
    const tsr_layout *layout = &collect->layout[TSR_STREAM_RECORDS + kind];
    tsr_status st = TSR_OK;

    for (int64_t from = 0; st == TSR_OK && from < n; from += TSR_PACKED_ROWS) {
        int64_t rows = n - from < TSR_PACKED_ROWS ? n - from : TSR_PACKED_ROWS;
        for (int64_t i = 0; i < rows; i++)
            tsr_row_begin(collect->packed + i * layout->bytes, customer[from + i], source);
        for (int32_t i = 0; i < layout->kept_n; i++) {
            const int32_t c = layout->kept[i];
            const tsr_layout_column *column = &layout->column[c];
            pack_column(column, cell[c] + from, rows, collect->packed + column->at, layout->bytes);
            if (column->cell == TSR_CELL_MONEY || column->cell == TSR_CELL_COUNT)
                see_range(collect, kind, c, cell[c] + from, rows);
        }
        st = deal_packed(collect, TSR_STREAM_RECORDS + kind, rows);
    }
    return st;
}

tsr_status tsr_collect_record(tsr_collect *collect, int32_t kind, tsr_customer_ref customer, int32_t source,
                              const tsr_cells *cells)
{
    const uint64_t *cell[TSR_KIND_COLUMNS];

    for (int32_t c = 0; c < TSR_KIND_COLUMNS; c++) cell[c] = &cells->cell[c];
    return tsr_collect_records(collect, kind, 1, &customer, source, cell);
}

/* ---- attributes ---- */

/* A text becomes a code where it may turn out to be one, and a number where it is one: which of them counts is known
 * when all have been seen. */
static tsr_status set_attribute(tsr_collect *collect, int32_t a, tsr_slice text, tsr_slice pointed, char *row,
                                bool *settled)
{
    tsr_attribute_state *state = &collect->attribute[a];
    tsr_texts_of_all *texts = &collect->texts[TSR_DICTIONARIES + a];
    float number = __builtin_nanf("");
    int32_t code = -1;
    tsr_status st = TSR_OK;

    if (text.n > 0 && state->form != TSR_FORM_CATEGORY && tsr_parse_float(pointed, &number) != TSR_PARSED)
        state->text_seen = 1;
    if (text.n > 0 && state->form != TSR_FORM_NUMBER && !state->too_many) {
        st = tsr_strings_add(&texts->mine, text, &code);
        if (state->form == TSR_FORM_AUTO && texts->mine.n > TSR_CATEGORIES_MAX) state->too_many = 1;
    }
    *settled = *settled && (code < texts->told || collect->size == 1);
    tsr_row_set_attribute(row, a, code, number);
    return st;
}

tsr_status tsr_collect_attributes(tsr_collect *collect, tsr_customer_ref customer, int32_t source, int64_t position,
                                  uint32_t time, const tsr_slice *text, const tsr_slice *number)
{
    const tsr_layout *layout = &collect->layout[TSR_STREAM_ATTRIBUTES];
    char *made = collect->attribute_row, *row;
    bool settled = true;
    tsr_status st;

    tsr_row_begin(made, customer, source);
    tsr_row_set_position(made, position);
    tsr_row_set_time(made, time);
    for (int32_t a = 0; a < collect->attributes; a++)
        TSR_TRY(set_attribute(collect, a, text[a], number[a], made, &settled));
    if (settled && collect->size > 1) tsr_rows_recode(layout, collect->number, made, 1);
    if (settled)
        TSR_TRY(tsr_collect_place(collect, TSR_STREAM_ATTRIBUTES, customer.key, &row));
    else
        TSR_TRY(place_unsettled(collect, TSR_STREAM_ATTRIBUTES, &row));
    memcpy(row, made, (size_t)layout->bytes);
done:
    return st;
}
