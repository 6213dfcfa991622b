#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "ingest/mapping_parts.h"

/* One row on its way: a reason is set by the first check that fails, and the rest is not looked at. */
typedef struct taking {
    const tsr_mapping *mapping;
    const tsr_row *row;
    tsr_collect *collect;
    tsr_seen *seen;
    tsr_slice id;
    tsr_decimal amount;
    bool has_amount; /* the amount can be read */
    int64_t money;   /* in units; 0 where it cannot be read */
    tsr_parsed money_parsed;
    tsr_field money_field; /* to blame where it cannot */
    tsr_transaction made;
    char reason[TSR_REASON_BYTES]; /* empty: the row is fine so far */
    const char *column;
} taking;

static tsr_slice field_text(const taking *t, int32_t slot)
{
    if (slot < 0 || slot >= t->row->fields) return (tsr_slice){"", 0};
    return tsr_trim(t->row->field[slot]);
}

static tsr_slice text_of(const taking *t, tsr_field field)
{
    return field_text(t, t->mapping->field[field].slot);
}

static bool is_mapped(const taking *t, tsr_field field)
{
    return t->mapping->field[field].slot >= 0;
}

static void refuse(taking *t, const char *column, const char *format, const char *name)
{
    if (t->reason[0] != '\0') return;
    snprintf(t->reason, sizeof t->reason, format, name);
    t->column = column;
}

/* Reasons name the field of the job; the column is named beside them as the file has it. */
static void refuse_field(taking *t, tsr_field field, const char *format)
{
    refuse(t, t->mapping->field[field].column, format, tsr_field_name[field]);
}

static bool fine(const taking *t)
{
    return t->reason[0] == '\0';
}

/* ---- money: read first, so that refused rows are accounted for too ---- */

static tsr_parsed read_field(taking *t, tsr_field field, tsr_decimal *value)
{
    tsr_parsed parsed = tsr_parse_decimal(text_of(t, field), value);

    if (parsed != TSR_PARSED) t->money_field = field;
    return parsed;
}

static tsr_parsed read_amount(taking *t)
{
    tsr_decimal quantity, price;
    tsr_parsed parsed;

    t->money_field = TSR_FIELD_AMOUNT;
    if (is_mapped(t, TSR_FIELD_AMOUNT)) {
        parsed = read_field(t, TSR_FIELD_AMOUNT, &t->amount);
        if (parsed != TSR_PARSED) return parsed;
    } else if (is_mapped(t, TSR_FIELD_PRICE)) {
        parsed = read_field(t, TSR_FIELD_QUANTITY, &quantity);
        if (parsed == TSR_PARSED) parsed = read_field(t, TSR_FIELD_PRICE, &price);
        if (parsed != TSR_PARSED) return parsed;
        t->amount = tsr_decimal_product(&quantity, &price);
        t->money_field = TSR_FIELD_PRICE;
    } else {
        return TSR_PARSED; /* no money in this source: 0 */
    }
    t->has_amount = true;
    return tsr_decimal_units(&t->amount, t->mapping->money_scale, &t->money);
}

static void check_money(taking *t)
{
    const char *column = t->mapping->field[t->money_field].column;
    char decimals[64];

    switch (t->money_parsed) {
    case TSR_PARSED: return;
    case TSR_PARSED_EMPTY: refuse_field(t, t->money_field, "missing %s"); return;
    case TSR_PARSED_NOT: refuse_field(t, t->money_field, "%s is not a number"); return;
    case TSR_PARSED_RANGE: refuse(t, column, "%s out of range", "amount"); return;
    case TSR_PARSED_DECIMALS:
        snprintf(decimals, sizeof decimals, "amount has more than %d decimals", t->mapping->money_scale);
        refuse(t, column, "%s", decimals);
        return;
    }
}

/* ---- checks that all kinds share ---- */

static void check_place(taking *t, const tsr_place *place)
{
    if (place->slot >= t->row->fields) refuse(t, place->column, "missing column %s", place->column);
}

static void check_form(taking *t)
{
    const tsr_mapping *mapping = t->mapping;

    if (t->row->defect == TSR_DEFECT_NUL) refuse(t, "", "%s", "NUL byte in the row");
    if (t->row->defect == TSR_DEFECT_QUOTE) refuse(t, "", "%s", "text after a closing quote");
    if (t->row->fields >= mapping->format.fields) return;
    for (int32_t f = 0; f < TSR_FIELDS; f++) check_place(t, &mapping->field[f]);
    for (int32_t a = 0; a < mapping->attributes; a++) check_place(t, &mapping->attribute[a].place);
}

static void check_text(taking *t, tsr_slice text, int32_t longest, const char *column, const char *name)
{
    char reason[TSR_REASON_BYTES];

    if (text.n > longest) {
        snprintf(reason, sizeof reason, "%s is longer than %d bytes", name, longest);
        refuse(t, column, "%s", reason);
    }
    if (!tsr_utf8_valid(text)) refuse(t, column, "%s is not UTF-8", name);
}

static void check_id(taking *t)
{
    t->id = text_of(t, TSR_FIELD_ID);
    if (t->id.n == 0) refuse_field(t, TSR_FIELD_ID, "missing %s");
    check_text(t, t->id, TSR_ID_MAX, t->mapping->field[TSR_FIELD_ID].column, "id");
}

static void check_rules(taking *t)
{
    const tsr_mapping *mapping = t->mapping;

    for (int32_t i = 0; i < mapping->rules && fine(t); i++) {
        const tsr_rule_place *at = &mapping->rule[i];
        if (tsr_reject_matches(at->rule, t->row->field, t->row->fields, t->has_amount ? &t->amount : NULL))
            refuse(t, at->column, "%s", tsr_reject_text(at->rule));
    }
}

/* ---- transactions ---- */

static void check_time(taking *t)
{
    tsr_parsed parsed = tsr_clock_parse(&t->mapping->clock, text_of(t, TSR_FIELD_TIME), &t->made.time, &t->seen->clock);

    if (parsed == TSR_PARSED_EMPTY)
        refuse_field(t, TSR_FIELD_TIME, "missing %s");
    else if (parsed == TSR_PARSED_RANGE)
        refuse_field(t, TSR_FIELD_TIME, "%s out of range (1970 to 2106)");
    else if (parsed != TSR_PARSED)
        refuse_field(t, TSR_FIELD_TIME, "%s is no date in time_format");
    if (t->mapping->days) t->made.time -= t->made.time % TSR_SECONDS_PER_DAY;
}

static void check_quantity(taking *t)
{
    tsr_decimal value;
    int64_t whole;

    t->made.quantity = 1;
    if (!is_mapped(t, TSR_FIELD_QUANTITY)) return;
    tsr_parsed parsed = tsr_parse_decimal(text_of(t, TSR_FIELD_QUANTITY), &value);
    if (parsed == TSR_PARSED) parsed = tsr_decimal_units(&value, 0, &whole);
    switch (parsed) {
    case TSR_PARSED_EMPTY: refuse_field(t, TSR_FIELD_QUANTITY, "missing %s"); return;
    case TSR_PARSED_NOT: refuse_field(t, TSR_FIELD_QUANTITY, "%s is not a number"); return;
    case TSR_PARSED_DECIMALS:
        t->seen->quantity_decimals = true;
        t->made.quantity = 0;
        return;
    default: break;
    }
    if (parsed == TSR_PARSED_RANGE || whole > INT32_MAX || whole < -INT32_MAX)
        refuse_field(t, TSR_FIELD_QUANTITY, "%s out of range");
    else
        t->made.quantity = (int32_t)whole;
}

static void check_texts(taking *t)
{
    for (int32_t f = TSR_FIELD_ORDER; f <= TSR_FIELD_PROMOTION; f++)
        check_text(t, text_of(t, f), TSR_TEXT_MAX, t->mapping->field[f].column, tsr_field_name[f]);
}

/* A row without an order belongs to the order of its customer and moment, where other rows of the dataset have orders.
 */
static uint64_t order_of(const taking *t)
{
    tsr_slice order = text_of(t, TSR_FIELD_ORDER);
    uint64_t own[2] = {XXH3_64bits(t->id.at, (size_t)t->id.n), t->made.time};

    return order.n > 0 ? XXH3_64bits(order.at, (size_t)order.n) : XXH3_64bits(own, sizeof own);
}

static tsr_status code_of(taking *t, tsr_field field, tsr_code_kind kind)
{
    tsr_slice text = text_of(t, field);

    t->made.code[kind] = -1;
    return text.n > 0 ? tsr_collect_code(t->collect, kind, text, &t->made.code[kind]) : TSR_OK;
}

static tsr_status keep_transaction(taking *t)
{
    int32_t customer;
    tsr_status st;

    t->made.amount = t->money;
    if (t->mapping->has & TSR_HAS_ORDER) t->made.order = order_of(t);
    TSR_TRY(code_of(t, TSR_FIELD_ITEM, TSR_CODE_ITEM));
    TSR_TRY(code_of(t, TSR_FIELD_CATEGORY, TSR_CODE_CATEGORY));
    TSR_TRY(code_of(t, TSR_FIELD_PROMOTION, TSR_CODE_PROMOTION));
    TSR_TRY(tsr_collect_customer(t->collect, t->id, &customer));
    TSR_TRY(tsr_collect_transaction(t->collect, customer, &t->made));
done:
    return st;
}

static tsr_status take_transaction(taking *t)
{
    t->money_parsed = read_amount(t);
    check_form(t);
    if (fine(t)) check_id(t);
    if (fine(t)) check_rules(t);
    if (fine(t)) check_money(t);
    if (fine(t)) check_time(t);
    if (fine(t)) check_quantity(t);
    if (fine(t)) check_texts(t);
    return fine(t) ? keep_transaction(t) : TSR_OK;
}

/* ---- customers ---- */

static void check_attribute(taking *t, const tsr_attribute_place *at)
{
    tsr_slice text = field_text(t, at->place.slot);
    float number;

    check_text(t, text, TSR_TEXT_MAX, at->place.column, at->name);
    if (at->form != TSR_FORM_NUMBER || text.n == 0) return;
    tsr_parsed parsed = tsr_parse_float(text, &number);
    if (parsed == TSR_PARSED_RANGE)
        refuse(t, at->place.column, "%s out of range", at->name);
    else if (parsed != TSR_PARSED)
        refuse(t, at->place.column, "%s is not a number", at->name);
}

static tsr_status keep_customer(taking *t)
{
    int64_t position = ((int64_t)t->mapping->file << 44) + t->row->offset + 1;
    int32_t customer;
    tsr_status st = tsr_collect_customer(t->collect, t->id, &customer);

    for (int32_t a = 0; st == TSR_OK && a < t->mapping->attributes; a++) {
        const tsr_attribute_place *at = &t->mapping->attribute[a];
        tsr_slice text = field_text(t, at->place.slot);
        if (text.n > 0) st = tsr_collect_attribute(t->collect, customer, at->attribute, position, text);
    }
    return st;
}

static tsr_status take_customer(taking *t)
{
    check_form(t);
    if (fine(t)) check_id(t);
    if (fine(t)) check_rules(t);
    for (int32_t a = 0; a < t->mapping->attributes && fine(t); a++) check_attribute(t, &t->mapping->attribute[a]);
    return fine(t) ? keep_customer(t) : TSR_OK;
}

tsr_status tsr_mapping_take(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_balance *balance,
                            tsr_seen *seen)
{
    taking t;
    tsr_seen before = *seen;
    tsr_status st;

    memset(&t, 0, offsetof(taking, reason) + 1); /* the text of a reason is long and seldom needed */
    t.mapping = mapping;
    t.row = row;
    t.collect = collect;
    t.seen = seen;
    st = mapping->kind == TSR_SOURCE_TRANSACTIONS ? take_transaction(&t) : take_customer(&t);
    if (st != TSR_OK) return st;
    if (fine(&t)) {
        tsr_balance_use(balance, mapping->source, t.money);
        return TSR_OK;
    }
    *seen = before; /* a refused row decides nothing */
    return tsr_balance_refuse(balance, mapping->source, mapping->file, row->breaks, t.reason, t.column, t.money);
}
