#include "ingest/collect.h"

#include <string.h>

#include "ingest/collect_parts.h"
#include "tessera/memory.h"

#define PARTITION_BYTES (512LL << 20)
#define PARTITIONS_MAX  65536
#define BUCKET_BYTES    (2LL << 20) /* sorted within the caches */
#define BUCKETS_MAX     4096        /* of a rank: each has a chunk of memory */
#define SENT_WAYS       8           /* of one cache line */
#define SENT_LINES_MAX  (1 << 19)
#define WAITING_MOST    (32LL << 20)

/* ---- buckets ---- */

bool tsr_collect_has_stream(const tsr_collect *collect, int32_t stream)
{
    if (stream == TSR_STREAM_IDS) return true;
    if (stream == TSR_STREAM_ATTRIBUTES) return collect->attributes > 0;
    return tsr_has_kind(collect->has, stream - TSR_STREAM_RECORDS);
}

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

/* The partitions that a rank owns are neighbours. */
static void find_buckets(tsr_collect *collect)
{
    int32_t first = 0, end;

    while (first < collect->partitions && tsr_partition_rank(first, collect->partitions, collect->size) < collect->rank)
        first++;
    for (end = first; end < collect->partitions; end++)
        if (tsr_partition_rank(end, collect->partitions, collect->size) != collect->rank) break;
    collect->first_bucket = first * collect->fine;
    collect->buckets = (end - first) * collect->fine;
}

static void choose_buckets(tsr_collect *collect, const tsr_collect_plan *plan)
{
    int64_t partitions = plan->partitions, expected = plan->expected_bytes, size = collect->size;

    if (partitions == 0) partitions = (expected + PARTITION_BYTES - 1) / PARTITION_BYTES;
    if (partitions < 1) partitions = 1;
    if (partitions > PARTITIONS_MAX) partitions = PARTITIONS_MAX;
    collect->partitions = (int32_t)partitions;
    int64_t own = (partitions + size - 1) / size; /* partitions of a rank */
    int64_t bytes = BUCKET_BYTES < collect->memory / 16 ? BUCKET_BYTES : collect->memory / 16;
    collect->fine = (expected / partitions + bytes - 1) / bytes;
    if (collect->fine * own > BUCKETS_MAX) collect->fine = BUCKETS_MAX / own;
    if (collect->fine < 1) collect->fine = 1;
    find_buckets(collect);
}

/* ---- the collection ---- */

static tsr_status create_store(tsr_collect *collect)
{
    int32_t row_bytes[TSR_STREAMS] = {0};

    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        collect->layout[s] = tsr_layout_of(s, collect->has, collect->attributes);
        if (tsr_collect_has_stream(collect, s)) row_bytes[s] = collect->layout[s].bytes;
    }
    return tsr_store_create(&collect->spill, collect->memory / 8 * 5, collect->buckets, TSR_STREAMS, row_bytes,
                            &collect->store);
}

/* Where rows go. */
static tsr_status create_ways(tsr_collect *collect)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&collect->owner, collect->partitions, sizeof *collect->owner));
    for (int32_t p = 0; p < collect->partitions; p++)
        collect->owner[p] = tsr_partition_rank(p, collect->partitions, collect->size);
    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        int64_t rows = 2 * collect->waiting_most / collect->size / collect->layout[s].bytes;
        collect->most[s] = rows > 16 ? rows : 16;
        if (tsr_collect_has_stream(collect, s))
            TSR_TRY(tsr_alloc(&collect->leaving[s], collect->size, sizeof *collect->leaving[s]));
    }
done:
    return st;
}

static tsr_status create_attributes(tsr_collect *collect, const tsr_collect_shape *shape)
{
    tsr_status st;

    collect->attributes = shape->attributes;
    collect->dictionaries = TSR_DICTIONARIES + shape->attributes;
    TSR_TRY(tsr_alloc(&collect->attribute, shape->attributes, sizeof *collect->attribute));
    TSR_TRY(tsr_alloc(&collect->texts, collect->dictionaries, sizeof *collect->texts));
    TSR_TRY(tsr_alloc(&collect->number, collect->dictionaries, sizeof *collect->number));
    for (int32_t a = 0; a < shape->attributes; a++) {
        TSR_ASSERT(strlen(shape->attribute_name[a]) < sizeof collect->attribute[a].name);
        strcpy(collect->attribute[a].name, shape->attribute_name[a]);
        collect->attribute[a].form = shape->attribute_form[a];
        collect->attribute[a].rule = shape->attribute_rule != NULL ? shape->attribute_rule[a] : 0;
    }
    tsr_layout layout = tsr_layout_of(TSR_STREAM_ATTRIBUTES, shape->has, shape->attributes);
    TSR_TRY(tsr_alloc(&collect->attribute_row, 1, (size_t)layout.bytes));
done:
    return st;
}

/* The memory: five eighths for the buckets, then three to sort one; before that, some for rows that wait. */
static tsr_status create(const tsr_comm *comm, const tsr_collect_shape *shape, const tsr_collect_plan *plan,
                         tsr_collect **out)
{
    tsr_collect *collect = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&collect, 1, sizeof *collect));
    collect->spill = tsr_spill_in(NULL);
    collect->has = shape->has;
    collect->rank = comm->rank;
    collect->size = comm->size;
    collect->memory = plan->memory > TSR_MEMORY_LEAST ? plan->memory : TSR_MEMORY_LEAST;
    collect->waiting_most = collect->memory / 16 < WAITING_MOST ? collect->memory / 16 : WAITING_MOST;
    collect->sent_lines = 1;
    while (collect->sent_lines < SENT_LINES_MAX && collect->sent_lines * 2 * 64 * 32 <= collect->memory)
        collect->sent_lines *= 2;
    TSR_TRY(tsr_strdup(&collect->scratch, plan->scratch));
    collect->spill = tsr_spill_in(collect->scratch);
    TSR_TRY(create_attributes(collect, shape));
    choose_buckets(collect, plan);
    TSR_TRY(create_store(collect));
    TSR_TRY(create_ways(collect));
    TSR_TRY(tsr_cleaner_create(&plan->clean, &collect->cleaner));
    TSR_TRY(tsr_alloc_aligned(&collect->sent, collect->sent_lines * SENT_WAYS, sizeof *collect->sent));
    *out = collect;
    collect = NULL;
done:
    tsr_collect_destroy(&collect);
    return st;
}

tsr_status tsr_collect_create(const tsr_comm *comm, const tsr_collect_shape *shape, const tsr_collect_plan *plan,
                              tsr_collect **collect)
{
    *collect = NULL;
    return tsr_agree(comm, create(comm, shape, plan, collect));
}

void tsr_collect_destroy(tsr_collect **at)
{
    tsr_collect *collect = *at;

    if (collect == NULL) return;
    for (int32_t d = 0; collect->texts != NULL && d < collect->dictionaries; d++) {
        tsr_strings_clear(&collect->texts[d].mine);
        tsr_strings_clear(&collect->texts[d].all);
        tsr_free(&collect->texts[d].number);
    }
    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        for (int r = 0; collect->leaving[s] != NULL && r < collect->size; r++) tsr_free(&collect->leaving[s][r].row);
        tsr_free(&collect->leaving[s]);
        tsr_free(&collect->waiting[s].row);
    }
    tsr_free(&collect->owner);
    tsr_free(&collect->number);
    tsr_cleaner_destroy(&collect->cleaner);
    tsr_store_destroy(&collect->store);
    tsr_spill_close(&collect->spill);
    tsr_free(&collect->sent);
    tsr_free(&collect->attribute_row);
    tsr_free(&collect->texts);
    tsr_free(&collect->attribute);
    tsr_free(&collect->scratch);
    tsr_free(at);
}

/* ---- rows ---- */

tsr_status tsr_collect_store(tsr_collect *collect, int32_t stream, const char *row)
{
    char *place;
    tsr_status st = tsr_store_place(collect->store, own_bucket(collect, tsr_row_key(row)), stream, &place);

    if (st == TSR_OK) tsr_row_copy(place, row, collect->layout[stream].bytes);
    return st;
}

static tsr_status grow_waiting(tsr_waiting *w, int32_t bytes)
{
    int64_t room = 2 * w->room + 1024;
    tsr_status st = tsr_resize(&w->row, room, (size_t)bytes);

    if (st == TSR_OK) w->room = room;
    return st;
}

static tsr_status wait_here(tsr_collect *collect, tsr_waiting *w, int32_t stream, char **row)
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

tsr_status tsr_collect_place(tsr_collect *collect, int32_t stream, uint64_t key, char **row)
{
    int32_t owner = collect->owner[scaled(key, collect->partitions)];

    if (owner == collect->rank) return tsr_store_place(collect->store, own_bucket(collect, key), stream, row);
    tsr_waiting *w = &collect->leaving[stream][owner];
    if (w->rows >= collect->most[stream]) collect->is_full = true;
    return wait_here(collect, w, stream, row);
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

static uint64_t tag_of(tsr_customer_ref customer)
{
    uint64_t tag = customer.key ^ customer.check * 0x9e3779b97f4a7c15u;

    return tag | (tag == 0);
}

static uint64_t *line_of(const tsr_collect *collect, tsr_customer_ref customer)
{
    return collect->sent + (int64_t)(customer.key & (uint64_t)(collect->sent_lines - 1)) * SENT_WAYS;
}

/* Did this customer's id go on its way lately? It may go twice, but not never. */
static bool sent_lately(const tsr_collect *collect, tsr_customer_ref customer)
{
    uint64_t tag = tag_of(customer), *line = line_of(collect, customer);
    int found = 0;

    for (int way = 0; way < SENT_WAYS; way++) found |= line[way] == tag;
    if (found) return true;
    memmove(line + 1, line, (SENT_WAYS - 1) * sizeof *line);
    line[0] = tag;
    return false;
}

static tsr_status send_id(tsr_collect *collect, tsr_customer_ref customer, tsr_slice id)
{
    char *row;

    if (id.n == 0 || sent_lately(collect, customer)) return TSR_OK;
    if (id.n > collect->id_width) collect->id_width = id.n;
    for (int32_t piece = 0; piece * TSR_ID_PIECE < id.n; piece++) {
        tsr_status st = tsr_collect_place(collect, TSR_STREAM_IDS, customer.key, &row);
        if (st != TSR_OK) return st;
        tsr_row_pack_id(customer, id, piece, row);
    }
    return TSR_OK;
}

tsr_status tsr_collect_customer(tsr_collect *collect, tsr_slice id, tsr_customer_ref *customer)
{
    tsr_pending_id *slot = &collect->pending[collect->pending_at++ % TSR_PENDING];
    tsr_status st = send_id(collect, slot->customer, (tsr_slice){slot->id, slot->n});

    slot->customer = *customer = tsr_customer_of(id);
    __builtin_prefetch(line_of(collect, *customer), 1);
    slot->n = id.n;
    memcpy(slot->id, id.at, (size_t)id.n);
    return st;
}

tsr_status tsr_collect_flush(tsr_collect *collect)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < TSR_PENDING; i++) {
        tsr_pending_id *slot = &collect->pending[i];
        st = send_id(collect, slot->customer, (tsr_slice){slot->id, slot->n});
        slot->n = 0;
    }
    return st;
}

tsr_status tsr_collect_code(tsr_collect *collect, int32_t dictionary, tsr_slice text, int32_t *code)
{
    return tsr_strings_add(&collect->texts[dictionary].mine, text, code);
}

static void see_range(tsr_collect *collect, int32_t kind, int32_t column, int64_t value)
{
    if (value < collect->low[kind][column]) collect->low[kind][column] = value;
    if (value > collect->high[kind][column]) collect->high[kind][column] = value;
}

/* Do all ranks know the texts of the codes? One rank alone always does. */
static bool is_settled(const tsr_collect *collect, const tsr_layout *layout, const tsr_cells *cells)
{
    bool known = true;

    for (int32_t i = 0; i < layout->codes; i++) {
        const tsr_layout_column *column = &layout->column[layout->code[i]];
        known = known && (int32_t)cells->cell[layout->code[i]] < collect->texts[column->dictionary].told;
    }
    return known || collect->size == 1;
}

static void pack_record(tsr_collect *collect, int32_t kind, const tsr_cells *cells, char *row)
{
    const tsr_layout *layout = &collect->layout[TSR_STREAM_RECORDS + kind];

    for (int32_t i = 0; i < layout->kept_n; i++) {
        const int32_t c = layout->kept[i];
        const tsr_layout_column *column = &layout->column[c];
        uint64_t cell = cells->cell[c];
        if (column->cell == TSR_CELL_MONEY || column->cell == TSR_CELL_HASH)
            memcpy(row + column->at, &cell, 8);
        else
            memcpy(row + column->at, &cell, 4);
        if (column->cell == TSR_CELL_MONEY) see_range(collect, kind, c, (int64_t)cell);
        if (column->cell == TSR_CELL_COUNT) see_range(collect, kind, c, (int32_t)cell);
    }
}

tsr_status tsr_collect_record(tsr_collect *collect, int32_t kind, tsr_customer_ref customer, int32_t source,
                              const tsr_cells *cells)
{
    int32_t stream = TSR_STREAM_RECORDS + kind;
    const tsr_layout *layout = &collect->layout[stream];
    bool settled = is_settled(collect, layout, cells);
    char *row;
    tsr_status st =
        settled ? tsr_collect_place(collect, stream, customer.key, &row) : place_unsettled(collect, stream, &row);

    if (st != TSR_OK) return st;
    tsr_row_begin(row, customer, source);
    pack_record(collect, kind, cells, row);
    if (settled && layout->codes > 0 && collect->size > 1) tsr_rows_recode(layout, collect->number, row, 1);
    return TSR_OK;
}

/* ---- attributes ---- */

/* A text becomes a code where it may turn out to be one, and a number where it is one: which of them counts is known
 * when all have been seen. */
static tsr_status set_attribute(tsr_collect *collect, int32_t a, tsr_slice text, char *row, bool *settled)
{
    tsr_attribute_state *state = &collect->attribute[a];
    tsr_texts_of_all *texts = &collect->texts[TSR_DICTIONARIES + a];
    float number = __builtin_nanf("");
    int32_t code = -1;
    tsr_status st = TSR_OK;

    if (text.n > 0 && state->form != TSR_FORM_CATEGORY && tsr_parse_float(text, &number) != TSR_PARSED)
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
                                  uint32_t time, const tsr_slice *text)
{
    const tsr_layout *layout = &collect->layout[TSR_STREAM_ATTRIBUTES];
    char *made = collect->attribute_row, *row;
    bool settled = true;
    tsr_status st;

    tsr_row_begin(made, customer, source);
    tsr_row_set_position(made, position);
    tsr_row_set_time(made, time);
    for (int32_t a = 0; a < collect->attributes; a++) TSR_TRY(set_attribute(collect, a, text[a], made, &settled));
    if (settled && collect->size > 1) tsr_rows_recode(layout, collect->number, made, 1);
    if (settled)
        TSR_TRY(tsr_collect_place(collect, TSR_STREAM_ATTRIBUTES, customer.key, &row));
    else
        TSR_TRY(place_unsettled(collect, TSR_STREAM_ATTRIBUTES, &row));
    memcpy(row, made, (size_t)layout->bytes);
done:
    return st;
}

void tsr_collect_drop(tsr_collect *collect, uint32_t has)
{
    collect->has &= ~has;
}
