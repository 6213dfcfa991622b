#include "ingest/deliver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/log.h"
#include "tessera/memory.h"

#define SMALL_SORT 24

/* One customer as one rank saw it. */
typedef struct seen_customer {
    uint64_t key;
    const char *row;      /* as packed */
    const char *id;       /* [id_width] */
    int64_t first, count; /* its transactions */
} seen_customer;

typedef struct merge {
    const tsr_delivery *in;
    const tsr_dataset_info *info;
    seen_customer *seen;      /* [in->customers] by (key, id): those of one customer stand together */
    tsr_transaction *scratch; /* the records of one customer */
    int64_t scratch_room;
} merge;

/* ---- customers in order ---- */

static _Thread_local int32_t compared_width; /* of ids: qsort hands on no context */

static int by_key_and_id(const void *left, const void *right)
{
    const seen_customer *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return memcmp(a->id, b->id, (size_t)compared_width);
}

static tsr_status sort_customers(merge *m)
{
    const tsr_customer_plan *plan = m->in->customer_plan;
    int64_t first = 0, n = m->in->customers;
    bool sorted = true;
    tsr_status st = tsr_alloc(&m->seen, n, sizeof *m->seen);

    if (st != TSR_OK) return st;
    compared_width = plan->id_width;
    for (int64_t i = 0; i < n; i++) {
        seen_customer *seen = &m->seen[i];
        seen->row = (const char *)m->in->customer + i * plan->bytes;
        seen->id = seen->row + plan->at_id;
        memcpy(&seen->key, seen->row, 8);
        memcpy(&seen->count, seen->row + 8, 8);
        seen->first = first;
        first += seen->count;
        sorted = sorted && (i == 0 || by_key_and_id(seen - 1, seen) <= 0);
    }
    if (!sorted) qsort(m->seen, (size_t)n, sizeof *m->seen, by_key_and_id); /* one sender alone sends them in order */
    return TSR_OK;
}

/* Behind the last entry of the customer that begins at @p i. */
static int64_t end_of_customer(const merge *m, int64_t i, int64_t end)
{
    int64_t next = i + 1;

    while (next < end && by_key_and_id(&m->seen[i], &m->seen[next]) == 0) next++;
    return next;
}

/* ---- one partition ---- */

static void size_block(const merge *m, int64_t begin, int64_t end, tsr_block *block)
{
    for (int64_t i = begin, next; i < end; i = next) {
        next = end_of_customer(m, i, end);
        block->customers++;
        for (int64_t j = i; j < next; j++) block->transactions += m->seen[j].count;
    }
}

static tsr_status allocate_attributes(const merge *m, tsr_block *block)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&block->number, m->info->attributes_n, sizeof *block->number));
    TSR_TRY(tsr_alloc(&block->code, m->info->attributes_n, sizeof *block->code));
    for (; block->attributes_n < m->info->attributes_n; block->attributes_n++) {
        int32_t a = block->attributes_n;
        if (m->info->attributes[a].categorical)
            TSR_TRY(tsr_alloc(&block->code[a], block->customers, sizeof *block->code[a]));
        else
            TSR_TRY(tsr_alloc(&block->number[a], block->customers, sizeof *block->number[a]));
    }
done:
    return st;
}

static tsr_status allocate_block(const merge *m, tsr_block *block)
{
    uint32_t has = m->info->has;
    int64_t n = block->customers, rows = block->transactions;
    tsr_status st;

    block->id_width = m->info->id_width;
    TSR_TRY(tsr_alloc(&block->key, n, sizeof *block->key));
    TSR_TRY(tsr_alloc(&block->id, n, (size_t)block->id_width));
    TSR_TRY(allocate_attributes(m, block));
    TSR_TRY(tsr_alloc(&block->offset, n + 1, sizeof *block->offset));
    TSR_TRY(tsr_alloc(&block->time, rows, sizeof *block->time));
    TSR_TRY(tsr_alloc(&block->amount, rows, sizeof *block->amount));
    if (has & TSR_HAS_ORDER) TSR_TRY(tsr_alloc(&block->order, rows, sizeof *block->order));
    if (has & TSR_HAS_ITEM) TSR_TRY(tsr_alloc(&block->item, rows, sizeof *block->item));
    if (has & TSR_HAS_QUANTITY) TSR_TRY(tsr_alloc(&block->quantity, rows, sizeof *block->quantity));
    if (has & TSR_HAS_CATEGORY) TSR_TRY(tsr_alloc(&block->category, rows, sizeof *block->category));
    if (has & TSR_HAS_PROMOTION) TSR_TRY(tsr_alloc(&block->promotion, rows, sizeof *block->promotion));
done:
    return st;
}

/* The value that stands is the one with the largest position: the last one written. */
static void put_attributes(const merge *m, int64_t i, int64_t next, int64_t customer, tsr_block *block)
{
    const tsr_customer_plan *plan = m->in->customer_plan;

    for (int32_t a = 0; a < block->attributes_n; a++) {
        int64_t last = 0, position;
        uint32_t value = 0;
        for (int64_t j = i; j < next; j++) {
            memcpy(&position, m->seen[j].row + plan->at_position + 8 * a, 8);
            if (position <= last) continue;
            last = position;
            memcpy(&value, m->seen[j].row + plan->at_value + 4 * a, 4);
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

static tsr_status take_records(merge *m, int64_t i, int64_t next, int64_t *n)
{
    const tsr_packing_plan *plan = m->in->plan;

    *n = 0;
    for (int64_t j = i; j < next; j++) *n += m->seen[j].count;
    if (*n > m->scratch_room) {
        tsr_status st = tsr_resize(&m->scratch, 2 * *n, sizeof *m->scratch);
        if (st != TSR_OK) return st;
        m->scratch_room = 2 * *n;
    }
    *n = 0;
    for (int64_t j = i; j < next; j++) {
        const char *row = (const char *)m->in->row + m->seen[j].first * plan->bytes;
        for (int64_t k = 0; k < m->seen[j].count; k++, row += plan->bytes)
            tsr_row_unpack(plan, row, &m->scratch[(*n)++]);
    }
    sort_records(m->scratch, *n);
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

static tsr_status fill_block(merge *m, int64_t begin, int64_t end, tsr_block *block)
{
    int64_t customer = 0, at = 0, n;

    for (int64_t i = begin, next; i < end; i = next, customer++) {
        next = end_of_customer(m, i, end);
        block->key[customer] = m->seen[i].key;
        memcpy(block->id + customer * block->id_width, m->seen[i].id, (size_t)block->id_width);
        put_attributes(m, i, next, customer, block);
        tsr_status st = take_records(m, i, next, &n);
        if (st != TSR_OK) return st;
        put_records(m->scratch, n, at, block);
        at += n;
        block->offset[customer + 1] = at;
    }
    return TSR_OK;
}

static tsr_status write_partition(merge *m, const char *folder, int32_t partition, int64_t *begin,
                                  tsr_digest_sum *digest)
{
    tsr_block block = {0};
    int64_t end = *begin;
    tsr_status st;

    while (end < m->in->customers && tsr_partition_of(m->seen[end].key, m->info->partitions) == partition) end++;
    size_block(m, *begin, end, &block);
    TSR_TRY(allocate_block(m, &block));
    TSR_TRY(fill_block(m, *begin, end, &block));
    TSR_TRY(tsr_partition_write(folder, m->info, partition, &block, digest));
    *begin = end;
done:
    tsr_block_clear(&block);
    return st;
}

tsr_status tsr_deliver(const tsr_delivery *delivery, const char *folder, const tsr_dataset_info *info,
                       tsr_digest_sum *digest)
{
    merge m = {.in = delivery, .info = info};
    int64_t begin = 0;
    tsr_status st = sort_customers(&m);

    for (int32_t p = 0; st == TSR_OK && p < info->partitions; p++) {
        if (tsr_partition_rank(p, info->partitions, delivery->size) != delivery->rank) continue;
        st = write_partition(&m, folder, p, &begin, digest);
        tsr_progress("ingest: write", begin, delivery->customers);
    }
    TSR_ASSERT(st != TSR_OK || begin == delivery->customers);
    tsr_free(&m.scratch);
    tsr_free(&m.seen);
    return st;
}
