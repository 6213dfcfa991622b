#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/collect_parts.h"
#include "ingest/unify.h"
#include "tessera/exchange.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define PARTITION_BYTES (512LL << 20)
#define SKETCH_KEYS     1024
#define SMALL_SORT      24

/* What travels from the readers of rows to the owners of partitions. */
typedef struct parcel {
    int32_t id_width;
    int32_t at_position, at_value, at_id; /* offsets in a customer's row; key u64 at 0, records i64 at 8 */
    int32_t customer_bytes;
    uint32_t **value;   /* [attributes] -> [texts]: bits of a float, or a code */
    int64_t *customers; /* [size] to each rank */
    int64_t *rows;      /* [size] */
    char *customer;     /* [sum of customers][customer_bytes], by (key, id) */
    char *row;          /* [sum of rows][plan.bytes], in the order of customers */
} parcel;

/* ---- one set of codes for all ranks ---- */

static tsr_dictionary *dictionary_of(tsr_dataset_info *info, tsr_code_kind kind)
{
    tsr_dictionary *dictionaries[TSR_CODE_KINDS] = {&info->items, &info->categories, &info->promotions};

    return dictionaries[kind];
}

static void recode_rows(tsr_collect *collect, tsr_code_kind kind, const int32_t *code)
{
    int32_t offset = collect->plan.code[kind], old;

    for (int64_t i = 0; i < collect->rows; i++) {
        char *at = collect->row + i * collect->plan.bytes + offset;
        memcpy(&old, at, sizeof old);
        if (old >= 0) memcpy(at, &code[old], sizeof old);
    }
}

static tsr_status unify_codes(const tsr_comm *comm, tsr_collect *collect, tsr_dataset_info *info)
{
    int32_t *code = NULL;
    tsr_status st = TSR_OK;

    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++) {
        if (collect->plan.code[kind] == 0) continue;
        TSR_TRY(tsr_unify_texts(comm, &collect->codes[kind], dictionary_of(info, kind), &code));
        recode_rows(collect, kind, code);
        tsr_free(&code);
    }
done:
    tsr_free(&code);
    return st;
}

static tsr_status unify_attributes(const tsr_comm *comm, tsr_collect *collect, tsr_dataset_info *info, parcel *out)
{
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&out->value, collect->attributes, sizeof *out->value));
    TSR_AGREE(comm, tsr_alloc(&info->attributes, collect->attributes, sizeof *info->attributes));
    info->attributes_n = collect->attributes;
    for (int32_t a = 0; a < collect->attributes; a++)
        TSR_TRY(tsr_unify_attribute(comm, &collect->attribute[a], &info->attributes[a], &out->value[a]));
done:
    return st;
}

/* ---- customers in order ---- */

typedef struct sorted_customer {
    uint64_t key;
    tsr_slice id;
    int32_t number;
} sorted_customer;

static int by_key_and_id(const void *left, const void *right)
{
    const sorted_customer *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    int order = memcmp(a->id.at, b->id.at, (size_t)(a->id.n < b->id.n ? a->id.n : b->id.n));
    return order != 0 ? order : (a->id.n > b->id.n) - (a->id.n < b->id.n);
}

static tsr_status sort_customers(const tsr_strings *ids, sorted_customer **out)
{
    tsr_status st = tsr_alloc(out, ids->n, sizeof **out);

    if (st != TSR_OK) return st;
    for (int32_t i = 0; i < ids->n; i++) (*out)[i] = (sorted_customer){ids->hash[i], tsr_strings_get(ids, i), i};
    qsort(*out, (size_t)ids->n, sizeof **out, by_key_and_id);
    return TSR_OK;
}

/* ---- how many partitions ---- */

static int by_key(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Customers of all ranks, each counted once: exact below SKETCH_KEYS, else within some percent, from the smallest keys
 * (Bar-Yossef et al., 2002). The smallest keys of all are the same, however rows are dealt; counts of ranks are not. */
static tsr_status estimate_customers(const tsr_comm *comm, const sorted_customer *sorted, int32_t n, double *customers)
{
    uint64_t smallest[SKETCH_KEYS];
    void *all = NULL;
    int64_t mine = 0, total, distinct = 0;
    tsr_status st;

    for (int32_t i = 0; i < n && mine < SKETCH_KEYS; i++)
        if (mine == 0 || smallest[mine - 1] != sorted[i].key) smallest[mine++] = sorted[i].key;
    TSR_TRY(tsr_gather_all(comm, smallest, mine, sizeof smallest[0], &all, &total));
    uint64_t *key = all;
    qsort(key, (size_t)total, sizeof *key, by_key);
    for (int64_t i = 0; i < total; i++)
        if (i == 0 || key[i] != key[distinct - 1]) key[distinct++] = key[i];
    *customers = (double)distinct;
    if (distinct >= SKETCH_KEYS) *customers = (SKETCH_KEYS - 1) / ((double)key[SKETCH_KEYS - 1] * 0x1p-64);
done:
    tsr_free(&all);
    return st;
}

static tsr_status choose_partitions(const tsr_comm *comm, const tsr_collect *collect, const sorted_customer *sorted,
                                    int64_t wanted, tsr_dataset_info *info)
{
    int64_t rows = collect->rows;
    double customers;
    tsr_status st;

    MPI_Allreduce(MPI_IN_PLACE, &rows, 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    TSR_TRY(estimate_customers(comm, sorted, collect->ids.n, &customers));
    if (customers == 0.0) {
        st = TSR_FAIL(TSR_EDATA, "no customer: nothing to write");
        goto done;
    }
    double bytes =
        customers * (16.0 + info->id_width + 4.0 * collect->attributes) + (double)rows * (collect->plan.bytes - 4);
    info->partitions = wanted > 0 ? (int32_t)wanted : (int32_t)ceil(bytes / (double)PARTITION_BYTES);
done:
    return st;
}

/* ---- packing ---- */

static void lay_out_customer(const tsr_collect *collect, int32_t id_width, parcel *out)
{
    out->id_width = id_width;
    out->at_position = 16;
    out->at_value = out->at_position + 8 * collect->attributes;
    out->at_id = out->at_value + 4 * collect->attributes;
    out->customer_bytes = (out->at_id + id_width + 7) / 8 * 8;
}

static void pack_customer(const tsr_collect *collect, const parcel *out, const sorted_customer *from, char *to)
{
    memcpy(to, &from->key, 8);
    memcpy(to + 8, &collect->records[from->number], 8);
    for (int32_t a = 0; a < collect->attributes; a++) {
        const tsr_attribute_values *values = &collect->attribute[a];
        int32_t text = values->text[from->number];
        uint32_t value = text > 0 ? out->value[a][text - 1] : 0;
        memcpy(to + out->at_position + 8 * a, &values->position[from->number], 8);
        memcpy(to + out->at_value + 4 * a, &value, 4);
    }
    memcpy(to + out->at_id, from->id.at, (size_t)from->id.n);
}

/* Rows in the order of their customers, by counting: next[number] is where the next row of that customer goes. */
static tsr_status pack_rows(const tsr_collect *collect, const sorted_customer *sorted, parcel *out)
{
    int64_t *next = NULL, at = 0;
    size_t bytes = (size_t)collect->plan.bytes;
    tsr_status st;

    TSR_TRY(tsr_alloc(&next, collect->ids.n, sizeof *next));
    TSR_TRY(tsr_alloc(&out->row, collect->rows, bytes));
    for (int32_t i = 0; i < collect->ids.n; i++) {
        next[sorted[i].number] = at;
        at += collect->records[sorted[i].number];
    }
    for (int64_t i = 0; i < collect->rows; i++) {
        const char *row = collect->row + i * (int64_t)bytes;
        memcpy(out->row + next[tsr_row_customer(row)]++ * (int64_t)bytes, row, bytes);
    }
done:
    tsr_free(&next);
    return st;
}

static tsr_status pack_all(const tsr_comm *comm, tsr_collect *collect, const sorted_customer *sorted,
                           int32_t partitions, parcel *out)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&out->customers, comm->size, sizeof *out->customers));
    TSR_TRY(tsr_alloc(&out->rows, comm->size, sizeof *out->rows));
    TSR_TRY(tsr_alloc(&out->customer, collect->ids.n, (size_t)out->customer_bytes));
    for (int32_t i = 0; i < collect->ids.n; i++) {
        int owner = tsr_partition_rank(tsr_partition_of(sorted[i].key, partitions), partitions, comm->size);
        out->customers[owner]++;
        out->rows[owner] += collect->records[sorted[i].number];
        pack_customer(collect, out, &sorted[i], out->customer + (int64_t)i * out->customer_bytes);
    }
    TSR_TRY(pack_rows(collect, sorted, out));
done:
    return st;
}

static void parcel_clear(const tsr_collect *collect, parcel *out)
{
    for (int32_t a = 0; out->value != NULL && a < collect->attributes; a++) tsr_free(&out->value[a]);
    tsr_free(&out->value);
    tsr_free(&out->customers);
    tsr_free(&out->rows);
    tsr_free(&out->customer);
    tsr_free(&out->row);
}

/* ---- what an owner receives ---- */

/* One customer as one rank saw it. */
typedef struct seen_customer {
    uint64_t key;
    const char *row;      /* as packed */
    const char *id;       /* [id_width] */
    int64_t first, count; /* its transactions */
} seen_customer;

typedef struct delivery {
    const tsr_collect *collect;
    const parcel *plan;
    void *customer, *row;
    seen_customer *seen; /* [seen_n] by (key, id): those of one customer stand together */
    int64_t seen_n;
    tsr_transaction *scratch; /* the records of one customer */
    int64_t scratch_room;
} delivery;

static _Thread_local int32_t compared_width; /* of ids: qsort hands on no context */

static int by_key_and_padded_id(const void *left, const void *right)
{
    const seen_customer *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return memcmp(a->id, b->id, (size_t)compared_width);
}

static tsr_status exchange_all(const tsr_comm *comm, tsr_collect *collect, parcel *out, delivery *in)
{
    int64_t *received = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&received, comm->size, sizeof *received));
    TSR_TRY(tsr_exchange(comm, out->row, out->rows, (size_t)collect->plan.bytes, &in->row, received));
    tsr_free(&out->row);
    TSR_TRY(tsr_exchange(comm, out->customer, out->customers, (size_t)out->customer_bytes, &in->customer, received));
    tsr_free(&out->customer);
    for (int r = 0; r < comm->size; r++) in->seen_n += received[r];
done:
    tsr_free(&received);
    return st;
}

static tsr_status sort_seen(delivery *in)
{
    int64_t first = 0;
    tsr_status st = tsr_alloc(&in->seen, in->seen_n, sizeof *in->seen);

    if (st != TSR_OK) return st;
    for (int64_t i = 0; i < in->seen_n; i++) {
        seen_customer *seen = &in->seen[i];
        seen->row = (const char *)in->customer + i * in->plan->customer_bytes;
        seen->id = seen->row + in->plan->at_id;
        memcpy(&seen->key, seen->row, 8);
        memcpy(&seen->count, seen->row + 8, 8);
        seen->first = first;
        first += seen->count;
    }
    compared_width = in->plan->id_width;
    qsort(in->seen, (size_t)in->seen_n, sizeof *in->seen, by_key_and_padded_id);
    return TSR_OK;
}

static void delivery_clear(delivery *in)
{
    tsr_free(&in->customer);
    tsr_free(&in->row);
    tsr_free(&in->seen);
    tsr_free(&in->scratch);
}

/* ---- from what was received to partitions ---- */

static bool same_customer(const delivery *in, int64_t a, int64_t b)
{
    return in->seen[a].key == in->seen[b].key &&
           memcmp(in->seen[a].id, in->seen[b].id, (size_t)in->plan->id_width) == 0;
}

/* Behind the last entry of the customer that begins at @p i. */
static int64_t end_of_customer(const delivery *in, int64_t i, int64_t end)
{
    int64_t next = i + 1;

    while (next < end && same_customer(in, i, next)) next++;
    return next;
}

static void size_block(const delivery *in, int64_t begin, int64_t end, tsr_block *block)
{
    for (int64_t i = begin, next; i < end; i = next) {
        next = end_of_customer(in, i, end);
        block->customers++;
        for (int64_t j = i; j < next; j++) block->transactions += in->seen[j].count;
    }
}

static tsr_status allocate_block(const delivery *in, const tsr_dataset_info *info, tsr_block *block)
{
    uint32_t has = info->has;
    int64_t n = block->customers, m = block->transactions;
    tsr_status st;

    block->id_width = info->id_width;
    TSR_TRY(tsr_alloc(&block->key, n, sizeof *block->key));
    TSR_TRY(tsr_alloc(&block->id, n, (size_t)block->id_width));
    TSR_TRY(tsr_alloc(&block->number, info->attributes_n, sizeof *block->number));
    TSR_TRY(tsr_alloc(&block->code, info->attributes_n, sizeof *block->code));
    for (block->attributes_n = 0; block->attributes_n < in->collect->attributes; block->attributes_n++) {
        int32_t a = block->attributes_n;
        if (info->attributes[a].categorical)
            TSR_TRY(tsr_alloc(&block->code[a], n, sizeof *block->code[a]));
        else
            TSR_TRY(tsr_alloc(&block->number[a], n, sizeof *block->number[a]));
    }
    TSR_TRY(tsr_alloc(&block->offset, n + 1, sizeof *block->offset));
    TSR_TRY(tsr_alloc(&block->time, m, sizeof *block->time));
    TSR_TRY(tsr_alloc(&block->amount, m, sizeof *block->amount));
    if (has & TSR_HAS_ORDER) TSR_TRY(tsr_alloc(&block->order, m, sizeof *block->order));
    if (has & TSR_HAS_ITEM) TSR_TRY(tsr_alloc(&block->item, m, sizeof *block->item));
    if (has & TSR_HAS_QUANTITY) TSR_TRY(tsr_alloc(&block->quantity, m, sizeof *block->quantity));
    if (has & TSR_HAS_CATEGORY) TSR_TRY(tsr_alloc(&block->category, m, sizeof *block->category));
    if (has & TSR_HAS_PROMOTION) TSR_TRY(tsr_alloc(&block->promotion, m, sizeof *block->promotion));
done:
    return st;
}

/* The value that stands is the one with the largest position: the last one written. */
static void take_attributes(const delivery *in, int64_t i, int64_t next, int64_t customer, tsr_block *block)
{
    for (int32_t a = 0; a < block->attributes_n; a++) {
        int64_t last = 0, position;
        uint32_t value = 0;
        for (int64_t j = i; j < next; j++) {
            memcpy(&position, in->seen[j].row + in->plan->at_position + 8 * a, 8);
            if (position <= last) continue;
            last = position;
            memcpy(&value, in->seen[j].row + in->plan->at_value + 4 * a, 4);
        }
        if (block->code[a] != NULL)
            block->code[a][customer] = last > 0 ? (int32_t)value : -1;
        else if (last > 0)
            memcpy(&block->number[a][customer], &value, 4);
        else
            block->number[a][customer] = NAN;
    }
}

/* Most customers have a handful of records that are nearly in order. */
static void sort_records(tsr_transaction *record, int64_t n)
{
    if (n > SMALL_SORT) {
        qsort(record, (size_t)n, sizeof *record, tsr_transaction_compare);
        return;
    }
    for (int64_t i = 1; i < n; i++) {
        tsr_transaction moved = record[i];
        int64_t j = i;
        for (; j > 0 && tsr_transaction_compare(&record[j - 1], &moved) > 0; j--) record[j] = record[j - 1];
        record[j] = moved;
    }
}

static tsr_status take_records(delivery *in, int64_t i, int64_t next, int64_t *n)
{
    const tsr_packing_plan *plan = &in->collect->plan;

    *n = 0;
    for (int64_t j = i; j < next; j++) *n += in->seen[j].count;
    if (*n > in->scratch_room) {
        tsr_status st = tsr_resize(&in->scratch, 2 * *n, sizeof *in->scratch);
        if (st != TSR_OK) return st;
        in->scratch_room = 2 * *n;
    }
    *n = 0;
    for (int64_t j = i; j < next; j++)
        for (int64_t k = 0; k < in->seen[j].count; k++)
            tsr_row_unpack(plan, (const char *)in->row + (in->seen[j].first + k) * plan->bytes, &in->scratch[(*n)++]);
    sort_records(in->scratch, *n);
    return TSR_OK;
}

static void put_records(const tsr_transaction *record, int64_t n, int64_t at, tsr_block *block)
{
    for (int64_t i = 0; i < n; i++, at++) {
        block->time[at] = record[i].time;
        block->amount[at] = record[i].amount;
        if (block->order) block->order[at] = record[i].order;
        if (block->quantity) block->quantity[at] = record[i].quantity;
        if (block->item) block->item[at] = record[i].code[TSR_CODE_ITEM];
        if (block->category) block->category[at] = record[i].code[TSR_CODE_CATEGORY];
        if (block->promotion) block->promotion[at] = record[i].code[TSR_CODE_PROMOTION];
    }
}

static tsr_status fill_block(delivery *in, int64_t begin, int64_t end, tsr_block *block)
{
    int64_t customer = 0, at = 0, n;

    for (int64_t i = begin, next; i < end; i = next, customer++) {
        next = end_of_customer(in, i, end);
        block->key[customer] = in->seen[i].key;
        memcpy(block->id + customer * block->id_width, in->seen[i].id, (size_t)block->id_width);
        take_attributes(in, i, next, customer, block);
        tsr_status st = take_records(in, i, next, &n);
        if (st != TSR_OK) return st;
        put_records(in->scratch, n, at, block);
        at += n;
        block->offset[customer + 1] = at;
    }
    return TSR_OK;
}

static tsr_status write_partition(delivery *in, const char *folder, const tsr_dataset_info *info, int32_t partition,
                                  int64_t *begin, tsr_digest_sum *digest)
{
    tsr_block block = {0};
    int64_t end = *begin;
    tsr_status st;

    while (end < in->seen_n && tsr_partition_of(in->seen[end].key, info->partitions) == partition) end++;
    size_block(in, *begin, end, &block);
    TSR_TRY(allocate_block(in, info, &block));
    TSR_TRY(fill_block(in, *begin, end, &block));
    TSR_TRY(tsr_partition_write(folder, info, partition, &block, digest));
    *begin = end;
done:
    tsr_block_clear(&block);
    return st;
}

static tsr_status write_partitions(delivery *in, int rank, int size, const char *folder, const tsr_dataset_info *info,
                                   tsr_digest_sum *digest)
{
    int64_t begin = 0;

    for (int32_t p = 0; p < info->partitions; p++) {
        if (tsr_partition_rank(p, info->partitions, size) != rank) continue;
        tsr_status st = write_partition(in, folder, info, p, &begin, digest);
        if (st != TSR_OK) return st;
        tsr_progress("ingest: write", begin, in->seen_n);
    }
    TSR_ASSERT(begin == in->seen_n);
    return TSR_OK;
}

/* ---- the whole way ---- */

static tsr_status deliver(const tsr_comm *comm, tsr_collect *collect, int64_t partitions, tsr_dataset_info *info,
                          parcel *out, delivery *in)
{
    sorted_customer *sorted = NULL;
    tsr_status st;

    TSR_AGREE(comm, sort_customers(&collect->ids, &sorted));
    TSR_TRY(choose_partitions(comm, collect, sorted, partitions, info));
    TSR_AGREE(comm, pack_all(comm, collect, sorted, info->partitions, out));
    tsr_free(&collect->row);
    collect->rows = collect->rows_room = 0;
    TSR_TRY(exchange_all(comm, collect, out, in));
    TSR_AGREE(comm, sort_seen(in));
done:
    tsr_free(&sorted);
    return st;
}

tsr_status tsr_collect_write(const tsr_comm *comm, tsr_collect *collect, const char *folder, int64_t partitions,
                             tsr_dataset_info *info)
{
    tsr_digest_sum digest = {{0}};
    parcel out = {0};
    delivery in = {.collect = collect, .plan = &out};
    tsr_status st;

    info->has = collect->has;
    info->id_width = collect->ids.widest;
    MPI_Allreduce(MPI_IN_PLACE, &info->id_width, 1, MPI_INT32_T, MPI_MAX, comm->mpi);
    lay_out_customer(collect, info->id_width, &out);
    TSR_TRY(unify_codes(comm, collect, info));
    TSR_TRY(unify_attributes(comm, collect, info, &out));
    TSR_TRY(deliver(comm, collect, partitions, info, &out, &in));
    TSR_TRY(tsr_interrupt_check(comm));
    TSR_AGREE(comm, write_partitions(&in, comm->rank, comm->size, folder, info, &digest));
    TSR_TRY(tsr_interrupt_check(comm));
    TSR_TRY(tsr_dataset_commit(comm, folder, info, &digest));
done:
    tsr_progress_end();
    delivery_clear(&in);
    parcel_clear(collect, &out);
    return st;
}
