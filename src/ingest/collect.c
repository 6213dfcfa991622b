#include "ingest/collect.h"

#include <string.h>

#include "ingest/collect_parts.h"
#include "tessera/memory.h"

/* ---- packed rows ---- */

#define AT_TIME   4
#define AT_AMOUNT 8
#define BASE      16

tsr_packing_plan tsr_packing_plan_of(uint32_t has)
{
    static const uint32_t code_flag[TSR_CODE_KINDS] = {TSR_HAS_ITEM, TSR_HAS_CATEGORY, TSR_HAS_PROMOTION};
    tsr_packing_plan plan = {.bytes = BASE};

    if (has & TSR_HAS_ORDER) {
        plan.order = plan.bytes;
        plan.bytes += 8;
    }
    if (has & TSR_HAS_QUANTITY) {
        plan.quantity = plan.bytes;
        plan.bytes += 4;
    }
    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++) {
        if (!(has & code_flag[kind])) continue;
        plan.code[kind] = plan.bytes;
        plan.bytes += 4;
    }
    plan.bytes = (plan.bytes + 7) / 8 * 8;
    return plan;
}

void tsr_row_pack(const tsr_packing_plan *plan, uint32_t customer, const tsr_transaction *from, char *row)
{
    memcpy(row, &customer, sizeof customer);
    memcpy(row + AT_TIME, &from->time, sizeof from->time);
    memcpy(row + AT_AMOUNT, &from->amount, sizeof from->amount);
    if (plan->order) memcpy(row + plan->order, &from->order, sizeof from->order);
    if (plan->quantity) memcpy(row + plan->quantity, &from->quantity, sizeof from->quantity);
    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++)
        if (plan->code[kind]) memcpy(row + plan->code[kind], &from->code[kind], sizeof from->code[kind]);
}

void tsr_row_unpack(const tsr_packing_plan *plan, const char *row, tsr_transaction *to)
{
    *to = (tsr_transaction){.code = {-1, -1, -1}};
    memcpy(&to->time, row + AT_TIME, sizeof to->time);
    memcpy(&to->amount, row + AT_AMOUNT, sizeof to->amount);
    if (plan->order) memcpy(&to->order, row + plan->order, sizeof to->order);
    if (plan->quantity) memcpy(&to->quantity, row + plan->quantity, sizeof to->quantity);
    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++)
        if (plan->code[kind]) memcpy(&to->code[kind], row + plan->code[kind], sizeof to->code[kind]);
}

uint32_t tsr_row_customer(const char *row)
{
    uint32_t customer;

    memcpy(&customer, row, sizeof customer);
    return customer;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

int tsr_transaction_compare(const void *left, const void *right)
{
    const tsr_transaction *a = left, *b = right;
    int order = ORDER(a->time, b->time);

    if (order == 0) order = ORDER(a->amount, b->amount);
    if (order == 0) order = ORDER(a->order, b->order);
    if (order == 0) order = ORDER(a->code[TSR_CODE_ITEM], b->code[TSR_CODE_ITEM]);
    if (order == 0) order = ORDER(a->quantity, b->quantity);
    if (order == 0) order = ORDER(a->code[TSR_CODE_CATEGORY], b->code[TSR_CODE_CATEGORY]);
    if (order == 0) order = ORDER(a->code[TSR_CODE_PROMOTION], b->code[TSR_CODE_PROMOTION]);
    return order;
}

/* ---- the collection ---- */

tsr_status tsr_collect_create(const tsr_collect_shape *shape, tsr_collect **out)
{
    tsr_collect *collect = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&collect, 1, sizeof *collect));
    collect->has = shape->has;
    collect->plan = tsr_packing_plan_of(shape->has);
    TSR_TRY(tsr_alloc(&collect->attribute, shape->attributes, sizeof *collect->attribute));
    collect->attributes = shape->attributes;
    for (int32_t a = 0; a < shape->attributes; a++) {
        tsr_attribute_values *attribute = &collect->attribute[a];
        TSR_ASSERT(strlen(shape->attribute_name[a]) < sizeof attribute->name);
        strcpy(attribute->name, shape->attribute_name[a]);
        attribute->form = shape->attribute_form[a];
    }
    *out = collect;
    collect = NULL;
done:
    tsr_collect_destroy(&collect);
    return st;
}

void tsr_collect_destroy(tsr_collect **at)
{
    tsr_collect *collect = *at;

    if (collect == NULL) return;
    for (int32_t a = 0; a < collect->attributes; a++) {
        tsr_strings_clear(&collect->attribute[a].texts);
        tsr_free(&collect->attribute[a].text);
        tsr_free(&collect->attribute[a].position);
    }
    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++) tsr_strings_clear(&collect->codes[kind]);
    tsr_strings_clear(&collect->ids);
    tsr_free(&collect->attribute);
    tsr_free(&collect->row);
    tsr_free(at);
}

/* Resize an array and zero what is new. */
static tsr_status extend(void *array, int64_t from, int64_t to, size_t size)
{
    char *bytes;
    tsr_status st = tsr_resize(array, to, size);

    if (st != TSR_OK) return st;
    memcpy(&bytes, array, sizeof bytes);
    memset(bytes + (size_t)from * size, 0, (size_t)(to - from) * size);
    return TSR_OK;
}

static tsr_status make_room(tsr_collect *collect)
{
    int64_t from = collect->customers_room, to = from > 0 ? 2 * from : 1024;
    tsr_status st = TSR_OK;

    for (int32_t a = 0; a < collect->attributes; a++) {
        tsr_attribute_values *attribute = &collect->attribute[a];
        TSR_TRY(extend(&attribute->text, from, to, sizeof *attribute->text));
        TSR_TRY(extend(&attribute->position, from, to, sizeof *attribute->position));
    }
    collect->customers_room = to;
done:
    return st;
}

tsr_status tsr_collect_customer(tsr_collect *collect, tsr_slice id, int32_t *customer)
{
    tsr_status st = tsr_strings_add(&collect->ids, id, customer);

    if (st == TSR_OK && *customer >= collect->customers_room) st = make_room(collect);
    return st;
}

tsr_status tsr_collect_code(tsr_collect *collect, tsr_code_kind kind, tsr_slice text, int32_t *code)
{
    return tsr_strings_add(&collect->codes[kind], text, code);
}

tsr_status tsr_collect_transaction(tsr_collect *collect, int32_t customer, const tsr_transaction *row)
{
    if (collect->rows == collect->rows_room) {
        int64_t room = collect->rows_room + collect->rows_room / 2 + 4096;
        tsr_status st = tsr_resize(&collect->row, room, (size_t)collect->plan.bytes);
        if (st != TSR_OK) return st;
        collect->rows_room = room;
    }
    tsr_row_pack(&collect->plan, (uint32_t)customer, row, collect->row + collect->rows * collect->plan.bytes);
    collect->rows++;
    return TSR_OK;
}

tsr_status tsr_collect_attribute(tsr_collect *collect, int32_t customer, int32_t attribute, int64_t position,
                                 tsr_slice text)
{
    tsr_attribute_values *values = &collect->attribute[attribute];
    int32_t number;
    tsr_status st = tsr_strings_add(&values->texts, text, &number);

    if (st != TSR_OK || position <= values->position[customer]) return st;
    values->position[customer] = position;
    values->text[customer] = number + 1;
    return TSR_OK;
}

void tsr_collect_drop(tsr_collect *collect, uint32_t has)
{
    collect->has &= ~has;
}

int64_t tsr_collect_bytes(const tsr_collect *collect)
{
    int64_t bytes = tsr_strings_bytes(&collect->ids) + collect->rows_room * collect->plan.bytes +
                    collect->customers_room * 12 * collect->attributes;

    for (int32_t kind = 0; kind < TSR_CODE_KINDS; kind++) bytes += tsr_strings_bytes(&collect->codes[kind]);
    for (int32_t a = 0; a < collect->attributes; a++) bytes += tsr_strings_bytes(&collect->attribute[a].texts);
    return bytes;
}
