#include "ingest/collect/append.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "tessera/log.h"
#include "tessera/memory.h"

#define BLOCK_CUSTOMERS 4096
#define OLD_SOURCE      65535 /* behind all of the job: it only settles ties of equal records */
#define NUMBER_BYTES    32

uint64_t tsr_absent_cell(int32_t kind, int32_t column)
{
    switch (tsr_kind_of(kind)->column[column].cell) {
    case TSR_CELL_CODE: return UINT32_MAX;   /* the bits of -1 */
    case TSR_CELL_VALUE: return 0x7fc00000u; /* NaN */
    case TSR_CELL_COUNT: return 1;
    default: return 0;
    }
}

uint64_t tsr_own_order(tsr_customer_ref customer, uint32_t time)
{
    uint64_t own[2] = {customer.key, time};

    return XXH3_64bits(own, sizeof own);
}

/* ---- the shape of both ---- */

static int32_t find_name(const tsr_joined_shape *joined, const char *name)
{
    for (int32_t a = 0; a < joined->shape.attributes; a++)
        if (strcmp(joined->name[a], name) == 0) return a;
    return -1;
}

/* Sorted by name, as the collection wants them. */
static void add_attribute(tsr_joined_shape *joined, const char *name, int32_t form)
{
    int32_t at = joined->shape.attributes++;

    for (; at > 0 && strcmp(joined->name[at - 1], name) > 0; at--) {
        joined->name[at] = joined->name[at - 1];
        joined->form[at] = joined->form[at - 1];
    }
    joined->name[at] = name;
    joined->form[at] = form;
}

/* A category stays one; a number must stay one, since its texts are gone: the rows that do not fit are rejected. */
static tsr_status join_attribute(const tsr_attribute *old, tsr_joined_shape *joined)
{
    int32_t form = old->categorical ? TSR_FORM_CATEGORY : TSR_FORM_NUMBER, a = find_name(joined, old->name);

    if (old->empty) form = a < 0 ? TSR_FORM_AUTO : joined->form[a];

    if (a < 0) {
        add_attribute(joined, old->name, form);
        return TSR_OK;
    }
    if (joined->form[a] != TSR_FORM_AUTO && joined->form[a] != form)
        return TSR_FAIL(TSR_EDATA, "attribute %s is a %s in the dataset, and now declared a %s", old->name,
                        old->categorical ? "category" : "number", old->categorical ? "number" : "category");
    joined->form[a] = form;
    return TSR_OK;
}

tsr_status tsr_append_shape(const tsr_dataset_info *there, const tsr_collect_shape *shape, tsr_joined_shape *joined)
{
    int32_t most = there->attributes_n + shape->attributes;
    tsr_status st;

    *joined = (tsr_joined_shape){.shape = {.has = there->has | shape->has}};
    TSR_TRY(tsr_alloc(&joined->name, most, sizeof *joined->name));
    TSR_TRY(tsr_alloc(&joined->form, most, sizeof *joined->form));
    for (int32_t a = 0; a < shape->attributes; a++)
        add_attribute(joined, shape->attribute_name[a], shape->attribute_form[a]);
    for (int32_t a = 0; a < there->attributes_n; a++) TSR_TRY(join_attribute(&there->attributes[a], joined));
    joined->shape.attribute_name = joined->name;
    joined->shape.attribute_form = joined->form;
done:
    return st;
}

void tsr_joined_shape_clear(tsr_joined_shape *joined)
{
    tsr_free(&joined->name);
    tsr_free(&joined->form);
    *joined = (tsr_joined_shape){0};
}

/* ---- rows ---- */

typedef struct appending {
    const tsr_dataset *dataset;
    const tsr_dataset_info *info;
    tsr_collect *collect;
    tsr_block block;
    int64_t next, end;               /* customers of this rank */
    int64_t at;                      /* next one in the block */
    int32_t *place;                  /* [attributes of the dataset] in the shape */
    tsr_slice *text;                 /* [attributes of the shape] */
    char (*number)[NUMBER_BYTES];    /* [attributes of the dataset] */
    int32_t *code[TSR_DICTIONARIES]; /* [texts] of the dataset, by those of the collection */
} appending;

static tsr_status prepare_codes(appending *a)
{
    tsr_status st = TSR_OK;

    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) {
        const tsr_dictionary *dictionary = &a->info->dictionary[d];
        TSR_TRY(tsr_alloc(&a->code[d], dictionary->n, sizeof *a->code[d]));
        for (int32_t i = 0; i < dictionary->n; i++) {
            tsr_slice text = {dictionary->text[i], (int32_t)strlen(dictionary->text[i])};
            TSR_TRY(tsr_collect_code(a->collect, d, text, &a->code[d][i]));
        }
    }
done:
    return st;
}

static tsr_status prepare(appending *a, const tsr_collect_shape *shape)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&a->place, a->info->attributes_n, sizeof *a->place));
    TSR_TRY(tsr_alloc(&a->text, shape->attributes, sizeof *a->text));
    TSR_TRY(tsr_alloc(&a->number, a->info->attributes_n, sizeof *a->number));
    for (int32_t i = 0; i < a->info->attributes_n; i++)
        while (strcmp(shape->attribute_name[a->place[i]], a->info->attributes[i].name) != 0) a->place[i]++;
    TSR_TRY(prepare_codes(a));
done:
    return st;
}

static void clear(appending *a)
{
    tsr_block_clear(&a->block);
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) tsr_free(&a->code[d]);
    tsr_free(&a->number);
    tsr_free(&a->text);
    tsr_free(&a->place);
}

/* Nine digits bring a float back as it was. */
static tsr_status add_attributes(appending *a, int64_t i, tsr_customer_ref customer)
{
    bool any = false;

    for (int32_t k = 0; k < a->info->attributes_n; k++) {
        const tsr_attribute *about = &a->info->attributes[k];
        tsr_slice text = {"", 0};
        if (about->categorical && a->block.code[k][i] >= 0) text.at = about->dictionary.text[a->block.code[k][i]];
        if (!about->categorical && !isnan(a->block.number[k][i])) {
            snprintf(a->number[k], NUMBER_BYTES, "%.9g", (double)a->block.number[k][i]);
            text.at = a->number[k];
        }
        text.n = (int32_t)strlen(text.at);
        any = any || text.n > 0;
        a->text[a->place[k]] = text;
    }
    return any ? tsr_collect_attributes(a->collect, customer, OLD_SOURCE, 0, 0, a->text, a->text) : TSR_OK;
}

static uint64_t cell_of(const appending *a, int32_t kind, int32_t c, int64_t record)
{
    const tsr_kind_column *about = &tsr_kind_of(kind)->column[c];
    const void *cells = kind == TSR_TRANSACTIONS ? NULL : a->block.records[kind].column[c];
    uint32_t bits;

    if (kind == TSR_TRANSACTIONS) {
        const void *own[] = {a->block.time,     a->block.amount,   a->block.order,    a->block.item,
                             a->block.quantity, a->block.category, a->block.promotion};
        cells = own[c];
    }
    if (cells == NULL) return tsr_absent_cell(kind, c);
    if (tsr_cell_bytes(about->cell) == 8) return ((const uint64_t *)cells)[record];
    memcpy(&bits, (const uint32_t *)cells + record, sizeof bits);
    if (about->cell == TSR_CELL_CODE && (int32_t)bits >= 0) return (uint32_t)a->code[about->dictionary][bits];
    return bits;
}

static tsr_status add_records(appending *a, int32_t kind, int64_t i, tsr_customer_ref customer)
{
    const int64_t *offset = kind == TSR_TRANSACTIONS ? a->block.offset : a->block.records[kind].offset;
    tsr_cells cells;
    tsr_status st = TSR_OK;

    for (int64_t r = offset[i]; st == TSR_OK && r < offset[i + 1]; r++) {
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) cells.cell[c] = cell_of(a, kind, c, r);
        if (kind == TSR_TRANSACTIONS && a->block.order == NULL)
            cells.cell[TSR_TRANSACTION_ORDER] = tsr_own_order(customer, a->block.time[r]);
        st = tsr_collect_record(a->collect, kind, customer, OLD_SOURCE, &cells);
    }
    return st;
}

static tsr_status add_customer(appending *a, int64_t i)
{
    const char *id = a->block.id + i * a->block.id_width;
    tsr_customer_ref customer;
    tsr_status st;

    TSR_TRY(
        tsr_collect_customer(a->collect, (tsr_slice){id, (int32_t)strnlen(id, (size_t)a->block.id_width)}, &customer));
    TSR_TRY(add_attributes(a, i, customer));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (tsr_has_kind(a->info->has, kind)) TSR_TRY(add_records(a, kind, i, customer));
done:
    return st;
}

/* Go on until the collection is full or nothing is left. */
static tsr_status add_some(appending *a)
{
    tsr_status st = TSR_OK;

    while (!tsr_collect_full(a->collect)) {
        if (a->at == a->block.customers) {
            int64_t n = a->end - a->next < BLOCK_CUSTOMERS ? a->end - a->next : BLOCK_CUSTOMERS;
            if (n == 0) break;
            TSR_TRY(tsr_dataset_read(a->dataset, a->next, n, TSR_READ_ALL, &a->block));
            a->next += n;
            a->at = 0;
        }
        TSR_TRY(add_customer(a, a->at++));
    }
    tsr_progress("ingest: read what is there", a->next, a->end);
done:
    return st;
}

tsr_status tsr_append_dataset(const tsr_comm *comm, const tsr_dataset *dataset, const tsr_collect_shape *shape,
                              tsr_collect *collect)
{
    appending a = {.dataset = dataset, .info = tsr_dataset_about(dataset), .collect = collect};
    bool done = false;
    tsr_span span;
    tsr_status st;

    TSR_TRY(tsr_dataset_deal(comm, dataset, &span));
    a.next = span.first;
    a.end = span.first + span.rows;
    TSR_AGREE(comm, prepare(&a, shape));
    while (!done) {
        TSR_AGREE(comm, add_some(&a));
        TSR_TRY(tsr_interrupt_check(comm));
        TSR_TRY(tsr_collect_round(comm, collect, a.next == a.end && a.at == a.block.customers, &done));
    }
done:
    tsr_progress_end();
    clear(&a);
    return st;
}
