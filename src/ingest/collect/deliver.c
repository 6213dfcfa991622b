#include "ingest/collect/deliver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/settle/reconcile.h"
#include "tessera/ingest.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/trace.h"

#define BATCH 512 /* records that are turned into columns at a time */

/* One customer of a key; nearly always there is one alone. */
typedef struct customer {
    uint32_t check;
    uint32_t pieces; /* of the id that are there */
    int32_t length;
    char id[TSR_ID_MAX + TSR_ID_PIECE];
    int64_t first[TSR_STREAMS], n[TSR_STREAMS]; /* rows */
} customer;

typedef struct delivery {
    tsr_collect *collect;
    const int32_t *const *code;
    const tsr_dataset_info *info;
    tsr_partition_writer *writer;
    tsr_sorter sorter;
    tsr_sorted sorted[TSR_STREAMS]; /* the bucket at hand */
    int64_t at[TSR_STREAMS];        /* next row of each */
    customer *group;                /* customers of the key at hand */
    int32_t group_n, group_room;
    uint32_t *attribute; /* [attributes] */
    tsr_candidate *candidate;
    int64_t candidates_room;
    char *batch; /* [BATCH] records that were changed */
    uint64_t cell[TSR_KIND_COLUMNS][BATCH];
} delivery;

/* ---- the customers of one key ---- */

static tsr_status add_customer(delivery *d, uint32_t check, customer **added)
{
    if (d->group_n == d->group_room) {
        int32_t room = 2 * d->group_room + 1;
        tsr_status st = tsr_resize(&d->group, room, sizeof *d->group);
        if (st != TSR_OK) return st;
        d->group_room = room;
    }
    *added = &d->group[d->group_n++];
    memset(*added, 0, sizeof **added);
    (*added)->check = check;
    return TSR_OK;
}

static customer *find_customer(const delivery *d, uint32_t check)
{
    for (int32_t i = 0; i < d->group_n; i++)
        if (d->group[i].check == check) return &d->group[i];
    return NULL;
}

static tsr_status read_ids(delivery *d, uint64_t *key)
{
    tsr_sorted *ids = &d->sorted[TSR_STREAM_IDS];
    int64_t *at = &d->at[TSR_STREAM_IDS], n;
    const char *row;
    tsr_status st = TSR_OK;

    d->group_n = 0;
    for (bool first = true; *at < ids->n; (*at)++, first = false) {
        TSR_TRY(tsr_sorted_view(ids, *at, &row, &n));
        if (first) *key = tsr_row_key(row);
        if (tsr_row_key(row) != *key) break;
        customer *c = find_customer(d, tsr_row_check(row));
        if (c == NULL) TSR_TRY(add_customer(d, tsr_row_check(row), &c));
        if (!tsr_row_unpack_id(row, c->id, &c->length, &c->pieces))
            TSR_TRY(TSR_FAIL(TSR_EDATA, "two ids have both of their hashes in common: change one of them"));
    }
done:
    return st;
}

/* The rows of the key in one stream: those of one customer stand together. */
static tsr_status find_rows(delivery *d, int32_t stream, uint64_t key)
{
    tsr_sorted *sorted = &d->sorted[stream];
    int64_t *at = &d->at[stream], n;
    customer *c = NULL;
    const char *row;
    tsr_status st = TSR_OK;

    while (*at < sorted->n) {
        TSR_TRY(tsr_sorted_view(sorted, *at, &row, &n));
        for (; n > 0 && tsr_row_key(row) == key; n--, row += sorted->layout->bytes) {
            if (c == NULL || c->check != tsr_row_check(row)) {
                c = find_customer(d, tsr_row_check(row));
                TSR_ASSERT(c != NULL);
                c->first[stream] = *at;
            }
            c->n[stream]++;
            (*at)++;
        }
        if (n > 0) break;
    }
    TSR_ASSERT(*at == sorted->n || st != TSR_OK || tsr_row_key(row) > key);
done:
    return st;
}

static int by_id(const void *left, const void *right)
{
    return strcmp(((const customer *)left)->id, ((const customer *)right)->id);
}

/* ---- one customer ---- */

/* The value that a row has; false: none. */
static bool read_attribute(const delivery *d, int32_t a, const char *row, uint32_t *bits)
{
    int32_t code = tsr_row_code(row, a);
    float number = tsr_row_number(row, a);
    bool categorical = d->info->attributes[a].categorical;

    memcpy(bits, categorical ? (const void *)&code : &number, sizeof *bits);
    return categorical ? code >= 0 : !isnan(number);
}

/* One that is not simply the last one. */
static tsr_status reconcile_attribute(delivery *d, const customer *c, int32_t a)
{
    const int64_t from = c->first[TSR_STREAM_ATTRIBUTES], rows = c->n[TSR_STREAM_ATTRIBUTES];
    int64_t n = 0, have;
    const char *row;
    tsr_status st = TSR_OK;

    if (rows > d->candidates_room) {
        TSR_TRY(tsr_resize(&d->candidate, rows, sizeof *d->candidate));
        d->candidates_room = rows;
    }
    for (int64_t i = from; i < from + rows; i++) {
        tsr_candidate *made = &d->candidate[n];
        TSR_TRY(tsr_sorted_view(&d->sorted[TSR_STREAM_ATTRIBUTES], i, &row, &have));
        made->time = tsr_row_attribute_time(row);
        made->source = tsr_row_source(row);
        n += read_attribute(d, a, row, &made->bits);
    }
    if (n > 0)
        d->attribute[a] =
            tsr_reconcile(d->collect->attribute[a].rule, d->info->attributes[a].categorical, d->candidate, n);
done:
    return st;
}

/* By default the value with the largest position stands: the last one written. */
static tsr_status settle_attributes(delivery *d, const customer *c)
{
    const int64_t from = c->first[TSR_STREAM_ATTRIBUTES], end = from + c->n[TSR_STREAM_ATTRIBUTES];
    const float nan = NAN;
    const char *row;
    uint32_t bits;
    int64_t n;
    tsr_status st = TSR_OK;

    for (int32_t a = 0; a < d->info->attributes_n; a++)
        if (d->info->attributes[a].categorical)
            d->attribute[a] = UINT32_MAX; /* the bits of -1 */
        else
            memcpy(&d->attribute[a], &nan, sizeof nan);
    for (int64_t i = from; i < end; i++) { /* in the order of their positions */
        TSR_TRY(tsr_sorted_view(&d->sorted[TSR_STREAM_ATTRIBUTES], i, &row, &n));
        for (int32_t a = 0; a < d->info->attributes_n; a++)
            if (read_attribute(d, a, row, &bits)) d->attribute[a] = bits;
    }
    for (int32_t a = 0; end > from + 1 && a < d->info->attributes_n; a++)
        if (d->collect->attribute[a].rule != TSR_RECONCILE_LAST) TSR_TRY(reconcile_attribute(d, c, a));
done:
    return st;
}

static void to_columns(delivery *d, const tsr_layout *layout, const char *row, int64_t n,
                       const void *column[TSR_KIND_COLUMNS])
{
    for (int32_t c = 0; c < layout->columns; c++) {
        const char *from = row + layout->column[c].at;
        column[c] = NULL;
        if (!tsr_has_column(d->info->has, layout->stream - TSR_STREAM_RECORDS, c)) continue;
        column[c] = d->cell[c];
        if (tsr_cell_bytes(layout->column[c].cell) == 8)
            for (int64_t i = 0; i < n; i++, from += layout->bytes) memcpy(&d->cell[c][i], from, 8);
        else
            for (int64_t i = 0; i < n; i++, from += layout->bytes) memcpy((uint32_t *)d->cell[c] + i, from, 4);
    }
}

static tsr_status write_records(delivery *d, const customer *c, int32_t kind)
{
    int32_t stream = TSR_STREAM_RECORDS + kind;
    const tsr_layout *layout = &d->collect->layout[stream];
    const void *column[TSR_KIND_COLUMNS];
    const char *row;
    int64_t n, kept;
    tsr_status st = TSR_OK;

    for (int64_t done = 0; done < c->n[stream]; done += n) {
        TSR_TRY(tsr_sorted_view(&d->sorted[stream], c->first[stream] + done, &row, &n));
        if (n > c->n[stream] - done) n = c->n[stream] - done;
        if (n > BATCH) n = BATCH;
        kept = n;
        row = tsr_clean_rows(d->collect->cleaner, kind, done, row, &kept, d->batch);
        if (kept == 0) continue;
        to_columns(d, layout, row, kept, column);
        TSR_TRY(tsr_partition_records(d->writer, kind, kept, column));
    }
done:
    return st;
}

static tsr_status write_customer(delivery *d, uint64_t key, const customer *c)
{
    int64_t rows[TSR_KINDS];
    tsr_status st;

    TSR_TRY(settle_attributes(d, c));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        int32_t stream = TSR_STREAM_RECORDS + kind;
        TSR_TRY(tsr_clean_customer(d->collect->cleaner, kind, &d->sorted[stream], c->first[stream], c->n[stream],
                                   &rows[kind]));
    }
    TSR_TRY(tsr_partition_customer(d->writer, key, c->id, d->attribute, rows));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (rows[kind] > 0) TSR_TRY(write_records(d, c, kind));
done:
    return st;
}

/* ---- one bucket ---- */

static tsr_status sort_streams(delivery *d, int64_t bucket)
{
    tsr_collect *collect = d->collect;
    int32_t used = 0;
    tsr_status st = TSR_OK;

    for (int32_t s = 0; s < TSR_STREAMS; s++) used += tsr_store_rows(collect->store, bucket, s) > 0;
    for (int32_t s = 0; st == TSR_OK && s < TSR_STREAMS; s++) {
        d->at[s] = 0;
        st = tsr_sort_bucket(&d->sorter, collect->store, &collect->spill, &collect->layout[s], bucket, d->code,
                             collect->memory / 8 / (used > 0 ? used : 1), &d->sorted[s]);
    }
    return st;
}

static tsr_status write_bucket(delivery *d, int64_t bucket)
{
    uint64_t key = 0;
    tsr_status st;

    TSR_TRY(sort_streams(d, bucket));
    while (d->at[TSR_STREAM_IDS] < d->sorted[TSR_STREAM_IDS].n) {
        TSR_TRY(read_ids(d, &key));
        for (int32_t s = TSR_STREAM_ATTRIBUTES; s < TSR_STREAMS; s++) TSR_TRY(find_rows(d, s, key));
        if (d->group_n > 1) qsort(d->group, (size_t)d->group_n, sizeof *d->group, by_id);
        for (int32_t i = 0; i < d->group_n; i++) TSR_TRY(write_customer(d, key, &d->group[i]));
    }
    for (int32_t s = 0; s < TSR_STREAMS; s++) TSR_ASSERT(d->at[s] == d->sorted[s].n);
done:
    return st;
}

/* ---- one partition ---- */

static void plan_partition(const tsr_collect *collect, int64_t bucket, tsr_partition_plan *plan)
{
    *plan = (tsr_partition_plan){.customers = 0};
    memcpy(plan->low, collect->low, sizeof plan->low);
    memcpy(plan->high, collect->high, sizeof plan->high);
    for (int64_t b = bucket; b < bucket + collect->fine; b++) {
        plan->customers += tsr_store_rows(collect->store, b, TSR_STREAM_IDS);
        for (int32_t kind = 0; kind < TSR_KINDS; kind++)
            plan->records[kind] += tsr_store_rows(collect->store, b, TSR_STREAM_RECORDS + kind);
    }
}

static tsr_status write_partition(delivery *d, const char *folder, int32_t partition, tsr_digest_sum *digest)
{
    int64_t bucket = partition * d->collect->fine - d->collect->first_bucket;
    const double began = tsr_seconds();
    tsr_partition_plan plan;
    tsr_status st;

    plan_partition(d->collect, bucket, &plan);
    TSR_TRY(tsr_partition_open(folder, d->info, partition, &plan, &d->writer));
    for (int64_t b = bucket; b < bucket + d->collect->fine; b++) {
        TSR_TRY(write_bucket(d, b));
        tsr_progress("ingest: write", b + 1, d->collect->buckets);
        if (tsr_interrupt_wanted()) break; /* the check behind makes it a decision of all, and nothing is committed */
    }
    TSR_TRY(tsr_partition_finish(d->writer, digest));
    tsr_trace_add(TSR_SPAN_STEP, "write partition", began);
done:
    tsr_partition_close(&d->writer);
    return st;
}

static tsr_status write_partitions(delivery *d, const char *folder, tsr_digest_sum *digest)
{
    const tsr_collect *collect = d->collect;
    tsr_status st = TSR_OK;

    for (int32_t p = 0; st == TSR_OK && p < collect->partitions && !tsr_interrupt_wanted(); p++)
        if (tsr_partition_rank(p, collect->partitions, collect->size) == collect->rank)
            st = write_partition(d, folder, p, digest);
    return st;
}

static int32_t longest_row(const tsr_collect *collect)
{
    int32_t longest = 0;

    for (int32_t s = 0; s < TSR_STREAMS; s++)
        if (collect->layout[s].bytes > longest) longest = collect->layout[s].bytes;
    return longest;
}

tsr_status tsr_deliver(tsr_collect *collect, const int32_t *const *code, const char *folder,
                       const tsr_dataset_info *info, tsr_digest_sum *digest)
{
    delivery *d = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&d, 1, sizeof *d));
    d->collect = collect;
    d->code = code;
    d->info = info;
    TSR_TRY(tsr_alloc(&d->attribute, info->attributes_n, sizeof *d->attribute));
    TSR_TRY(tsr_alloc(&d->batch, BATCH, (size_t)longest_row(collect)));
    TSR_TRY(write_partitions(d, folder, digest));
done:
    if (d != NULL) {
        for (int32_t s = 0; s < TSR_STREAMS; s++) tsr_sorted_clear(&d->sorted[s]);
        tsr_sorter_clear(&d->sorter);
        tsr_free(&d->group);
        tsr_free(&d->attribute);
        tsr_free(&d->candidate);
        tsr_free(&d->batch);
    }
    tsr_free(&d);
    return st;
}
