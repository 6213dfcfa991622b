#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/deliver.h"
#include "ingest/unify.h"
#include "tessera/exchange.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define PARTITION_BYTES (512LL << 20)
#define SKETCH_KEYS     1024

/* What travels from the readers of rows to the owners of partitions. */
typedef struct parcel {
    tsr_customer_plan plan;
    uint32_t **value;   /* [attributes] -> [texts]: bits of a float, or a code */
    int64_t *customers; /* [size] to each rank */
    int64_t *rows;      /* [size] */
    char *customer;     /* [sum of customers][plan.bytes], by (key, id) */
    char *row;          /* [sum of rows][bytes of a row], in the order of customers */
} parcel;

/* ---- one set of codes for all ranks ---- */

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
        TSR_TRY(tsr_unify_texts(comm, &collect->codes[kind], &info->dictionary[kind], &code));
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
    for (int32_t i = 0; i < ids->n; i++) (*out)[i] = (sorted_customer){ids->entry[i].hash, tsr_strings_get(ids, i), i};
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

static tsr_customer_plan plan_customers(int32_t attributes, int32_t id_width)
{
    tsr_customer_plan plan = {.attributes = attributes, .id_width = id_width, .at_position = 16};

    plan.at_value = plan.at_position + 8 * attributes;
    plan.at_id = plan.at_value + 4 * attributes;
    plan.bytes = (plan.at_id + id_width + 7) / 8 * 8;
    return plan;
}

static void pack_customer(const tsr_collect *collect, const parcel *out, const sorted_customer *from, int64_t rows,
                          char *to)
{
    memcpy(to, &from->key, 8);
    memcpy(to + 8, &rows, 8);
    for (int32_t a = 0; a < collect->attributes; a++) {
        const tsr_attribute_values *values = &collect->attribute[a];
        int32_t text = values->text[from->number];
        uint32_t value = text > 0 ? out->value[a][text - 1] : 0;
        memcpy(to + out->plan.at_position + 8 * a, &values->position[from->number], 8);
        memcpy(to + out->plan.at_value + 4 * a, &value, 4);
    }
    memcpy(to + out->plan.at_id, from->id.at, (size_t)from->id.n);
}

/* Customers in order, and how much goes to whom. @param rows  [customers] of each, by number */
static void pack_customers(const tsr_collect *collect, const sorted_customer *sorted, const int64_t *rows,
                           int32_t partitions, int size, parcel *out)
{
    for (int32_t i = 0; i < collect->ids.n; i++) {
        int owner = tsr_partition_rank(tsr_partition_of(sorted[i].key, partitions), partitions, size);
        int64_t own_rows = rows[sorted[i].number];
        out->customers[owner]++;
        out->rows[owner] += own_rows;
        pack_customer(collect, out, &sorted[i], own_rows, out->customer + (int64_t)i * out->plan.bytes);
    }
}

/* Rows in the order of their customers, by counting. @param next  in: rows of each customer, by number; used up */
static void pack_rows(const tsr_collect *collect, const sorted_customer *sorted, int64_t *next, parcel *out)
{
    int64_t bytes = collect->plan.bytes, at = 0;

    for (int32_t i = 0; i < collect->ids.n; i++) {
        int64_t rows = next[sorted[i].number];
        next[sorted[i].number] = at;
        at += rows;
    }
    for (int64_t i = 0; i < collect->rows; i++) {
        const char *row = collect->row + i * bytes;
        memcpy(out->row + next[tsr_row_customer(row)]++ * bytes, row, (size_t)bytes);
    }
}

static tsr_status pack_all(const tsr_collect *collect, const sorted_customer *sorted, int32_t partitions, int size,
                           parcel *out)
{
    int64_t *rows = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&out->customers, size, sizeof *out->customers));
    TSR_TRY(tsr_alloc(&out->rows, size, sizeof *out->rows));
    TSR_TRY(tsr_alloc(&out->customer, collect->ids.n, (size_t)out->plan.bytes));
    TSR_TRY(tsr_alloc(&out->row, collect->rows, (size_t)collect->plan.bytes));
    TSR_TRY(tsr_alloc(&rows, collect->ids.n, sizeof *rows));
    for (int64_t i = 0; i < collect->rows; i++) rows[tsr_row_customer(collect->row + i * collect->plan.bytes)]++;
    pack_customers(collect, sorted, rows, partitions, size, out);
    pack_rows(collect, sorted, rows, out);
done:
    tsr_free(&rows);
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

/* ---- the whole way ---- */

static tsr_status exchange(const tsr_comm *comm, const tsr_collect *collect, parcel *out, tsr_delivery *in)
{
    int64_t *received = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&received, comm->size, sizeof *received));
    TSR_TRY(tsr_exchange(comm, out->row, out->rows, (size_t)collect->plan.bytes, &in->row, received));
    tsr_free(&out->row);
    TSR_TRY(tsr_exchange(comm, out->customer, out->customers, (size_t)out->plan.bytes, &in->customer, received));
    tsr_free(&out->customer);
    for (int r = 0; r < comm->size; r++) in->customers += received[r];
done:
    tsr_free(&received);
    return st;
}

static tsr_status pack_and_exchange(const tsr_comm *comm, tsr_collect *collect, int64_t partitions,
                                    tsr_dataset_info *info, parcel *out, tsr_delivery *in)
{
    sorted_customer *sorted = NULL;
    tsr_status st;

    TSR_AGREE(comm, sort_customers(&collect->ids, &sorted));
    TSR_TRY(choose_partitions(comm, collect, sorted, partitions, info));
    TSR_AGREE(comm, pack_all(collect, sorted, info->partitions, comm->size, out));
    tsr_free(&collect->row);
    collect->rows = collect->rows_room = 0;
    TSR_TRY(exchange(comm, collect, out, in));
done:
    tsr_free(&sorted);
    return st;
}

tsr_status tsr_collect_write(const tsr_comm *comm, tsr_collect *collect, const char *folder, int64_t partitions,
                             tsr_dataset_info *info)
{
    tsr_digest_sum digest = {{0}};
    parcel out = {.value = NULL};
    tsr_delivery in = {.plan = &collect->plan, .customer_plan = &out.plan, .rank = comm->rank, .size = comm->size};
    tsr_status st;

    info->has = collect->has;
    info->id_width = collect->ids.widest;
    MPI_Allreduce(MPI_IN_PLACE, &info->id_width, 1, MPI_INT32_T, MPI_MAX, comm->mpi);
    out.plan = plan_customers(collect->attributes, info->id_width);
    TSR_TRY(unify_codes(comm, collect, info));
    TSR_TRY(unify_attributes(comm, collect, info, &out));
    TSR_TRY(pack_and_exchange(comm, collect, partitions, info, &out, &in));
    TSR_TRY(tsr_interrupt_check(comm));
    TSR_AGREE(comm, tsr_deliver(&in, folder, info, &digest));
    TSR_TRY(tsr_interrupt_check(comm));
    TSR_TRY(tsr_dataset_commit(comm, folder, info, &digest));
done:
    tsr_progress_end();
    tsr_free(&in.customer);
    tsr_free(&in.row);
    parcel_clear(collect, &out);
    return st;
}
