#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "ingest/append.h"
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
    const tsr_place *money_place; /* to blame where it cannot */
    const char *money_name;
    tsr_cells made;
    char reason[TSR_REASON_BYTES]; /* empty: the row is fine so far */
    const char *column;
} taking;

static tsr_slice text_at(const taking *t, const tsr_place *place)
{
    if (place->constant != NULL) return (tsr_slice){place->constant, (int32_t)strlen(place->constant)};
    if (place->slot < 0 || place->slot >= t->row->fields) return (tsr_slice){"", 0};
    return tsr_trim(t->row->field[place->slot]);
}

static const tsr_kind_column *about(const taking *t, int32_t column)
{
    return &tsr_kind_of(t->mapping->kind)->column[column];
}

static void refuse(taking *t, const char *column, const char *format, const char *name)
{
    if (t->reason[0] != '\0') return;
    snprintf(t->reason, sizeof t->reason, format, name);
    t->column = column;
}

static bool fine(const taking *t)
{
    return t->reason[0] == '\0';
}

/* ---- money: read first, so that refused rows are accounted for too ---- */

static tsr_parsed read_number(taking *t, const tsr_place *place, const char *name, tsr_decimal *value)
{
    t->money_place = place;
    t->money_name = name;
    return tsr_parse_decimal(text_at(t, place), value);
}

static tsr_parsed read_product(taking *t)
{
    tsr_decimal quantity, price;
    tsr_parsed parsed = read_number(t, &t->mapping->column[TSR_TRANSACTION_QUANTITY], "quantity", &quantity);

    if (parsed == TSR_PARSED) parsed = read_number(t, &t->mapping->price, "price", &price);
    if (parsed == TSR_PARSED) t->amount = tsr_decimal_product(&quantity, &price);
    return parsed;
}

/* The money that the balance accounts for: the first column of money that the kind has. */
static int32_t money_column(int32_t kind)
{
    int32_t c = 0;

    while (c < tsr_kind_of(kind)->columns && tsr_kind_of(kind)->column[c].cell != TSR_CELL_MONEY) c++;
    return c;
}

static tsr_parsed read_money(taking *t)
{
    int32_t c = money_column(t->mapping->kind);
    tsr_parsed parsed;

    if (TSR_IS_MAPPED(&t->mapping->price))
        parsed = read_product(t);
    else if (c < t->mapping->columns && TSR_IS_MAPPED(&t->mapping->column[c]))
        parsed = read_number(t, &t->mapping->column[c], about(t, c)->name, &t->amount);
    else
        return TSR_PARSED; /* no money in this source: 0 */
    if (parsed != TSR_PARSED) return parsed;
    t->has_amount = true;
    return tsr_decimal_units(&t->amount, t->mapping->money_scale, &t->money);
}

static void refuse_number(taking *t, const tsr_place *place, const char *name, tsr_parsed parsed, int32_t decimals)
{
    char reason[TSR_REASON_BYTES];

    switch (parsed) {
    case TSR_PARSED: return;
    case TSR_PARSED_EMPTY: refuse(t, place->column, "missing %s", name); return;
    case TSR_PARSED_NOT: refuse(t, place->column, "%s is not a number", name); return;
    case TSR_PARSED_RANGE: refuse(t, place->column, "%s out of range", name); return;
    case TSR_PARSED_DECIMALS:
        snprintf(reason, sizeof reason, "%s has more than %d decimals", name, decimals);
        refuse(t, place->column, "%s", reason);
        return;
    }
}

/* What is wrong with a product is said of the amount. */
static void check_money(taking *t)
{
    bool unreadable = t->money_parsed == TSR_PARSED_EMPTY || t->money_parsed == TSR_PARSED_NOT;
    bool product = TSR_IS_MAPPED(&t->mapping->price);

    refuse_number(t, t->money_place, product && !unreadable ? "amount" : t->money_name, t->money_parsed,
                  t->mapping->money_scale);
    if (money_column(t->mapping->kind) < t->mapping->columns)
        t->made.cell[money_column(t->mapping->kind)] = (uint64_t)t->money;
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
    check_place(t, &mapping->id);
    for (int32_t c = 0; c < mapping->columns; c++) check_place(t, &mapping->column[c]);
    check_place(t, &mapping->price);
    check_place(t, &mapping->other);
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
    t->id = text_at(t, &t->mapping->id);
    if (t->id.n == 0) refuse(t, t->mapping->id.column, "missing %s", "id");
    check_text(t, t->id, TSR_ID_MAX, t->mapping->id.column, "id");
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

/* ---- cells of records ---- */

/* Campaigns may tell that something happened without telling when: 1 stands for the moment of the assignment. */
static bool read_flag(taking *t, int32_t column, tsr_slice text, uint32_t *time)
{
    if (t->mapping->kind != TSR_CAMPAIGNS || column == TSR_CAMPAIGN_ASSIGNED) return false;
    *time = 0;
    if (text.n == 0 || (text.n == 1 && *text.at == '0')) return true;
    *time = (uint32_t)t->made.cell[TSR_CAMPAIGN_ASSIGNED];
    return text.n == 1 && *text.at == '1';
}

static void check_time(taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    const char *name = about(t, column)->name;
    tsr_slice text = text_at(t, place);
    uint32_t time = 0;

    if (!read_flag(t, column, text, &time)) {
        tsr_parsed parsed = tsr_clock_parse(&t->mapping->clock, text, &time, &t->seen->clock);
        if (parsed == TSR_PARSED_EMPTY)
            refuse(t, place->column, "missing %s", name);
        else if (parsed == TSR_PARSED_RANGE)
            refuse(t, place->column, "%s out of range (1970 to 2106)", name);
        else if (parsed != TSR_PARSED)
            refuse(t, place->column, "%s is no date in time_format", name);
    }
    t->made.cell[column] = t->mapping->days ? time - time % TSR_SECONDS_PER_DAY : time;
}

static void check_count(taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    tsr_decimal value;
    int64_t whole = 0;
    tsr_parsed parsed = tsr_parse_decimal(text_at(t, place), &value);

    if (parsed == TSR_PARSED) parsed = tsr_decimal_units(&value, 0, &whole);
    if (parsed == TSR_PARSED && (whole > INT32_MAX || whole < -INT32_MAX)) parsed = TSR_PARSED_RANGE;
    if (parsed == TSR_PARSED_DECIMALS) {
        t->seen->quantity_decimals = true;
        parsed = TSR_PARSED;
        whole = 0;
    }
    refuse_number(t, place, about(t, column)->name, parsed, 0);
    t->made.cell[column] = (uint32_t)(int32_t)whole;
}

static void check_other_money(taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    tsr_decimal value;
    int64_t units = 0;
    tsr_parsed parsed = tsr_parse_decimal(text_at(t, place), &value);

    if (parsed == TSR_PARSED) parsed = tsr_decimal_units(&value, t->mapping->money_scale, &units);
    if (parsed == TSR_PARSED_EMPTY) parsed = TSR_PARSED; /* no cost is known: 0 */
    refuse_number(t, place, about(t, column)->name, parsed, t->mapping->money_scale);
    t->made.cell[column] = (uint64_t)units;
}

static void check_value(taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    float number = NAN;
    uint32_t bits;
    tsr_parsed parsed = tsr_parse_float(text_at(t, place), &number);

    if (parsed != TSR_PARSED_EMPTY) refuse_number(t, place, about(t, column)->name, parsed, 0);
    memcpy(&bits, &number, sizeof bits);
    t->made.cell[column] = bits;
}

/* Codes come last: what is refused shall not make an entry of a dictionary. */
static void check_cell(taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    const tsr_kind_column *is = about(t, column);

    if (is->cell == TSR_CELL_MONEY && column == money_column(t->mapping->kind)) return; /* it is there */
    if (!TSR_IS_MAPPED(place)) {
        t->made.cell[column] = tsr_absent_cell(t->mapping->kind, column);
        return;
    }
    switch (is->cell) {
    case TSR_CELL_TIME: check_time(t, column); return;
    case TSR_CELL_COUNT: check_count(t, column); return;
    case TSR_CELL_MONEY: check_other_money(t, column); return;
    case TSR_CELL_VALUE: check_value(t, column); return;
    case TSR_CELL_HASH:
    case TSR_CELL_CODE: check_text(t, text_at(t, place), TSR_TEXT_MAX, place->column, is->name); return;
    }
}

/* A row without an order belongs to the order of its customer and moment, where other rows of the dataset have orders.
 */
static uint64_t order_of(const taking *t, tsr_customer_ref customer)
{
    tsr_slice order = text_at(t, &t->mapping->column[TSR_TRANSACTION_ORDER]);
    return order.n > 0 ? XXH3_64bits(order.at, (size_t)order.n)
                       : tsr_own_order(customer, (uint32_t)t->made.cell[TSR_TRANSACTION_TIME]);
}

static tsr_status code_cells(taking *t)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; st == TSR_OK && c < t->mapping->columns; c++) {
        const tsr_kind_column *is = about(t, c);
        int32_t code = -1;
        if (is->cell != TSR_CELL_CODE || !TSR_IS_MAPPED(&t->mapping->column[c])) continue;
        tsr_slice text = text_at(t, &t->mapping->column[c]);
        if (text.n > 0) st = tsr_collect_code(t->collect, is->dictionary, text, &code);
        t->made.cell[c] = (uint32_t)code;
    }
    return st;
}

static tsr_status find_customer(const taking *t, tsr_customer_ref *customer)
{
    return tsr_collect_customer(t->collect, tsr_identities_kept(t->mapping->identities, t->id), customer);
}

static tsr_status keep_record(taking *t)
{
    tsr_customer_ref customer;
    tsr_status st;

    TSR_TRY(find_customer(t, &customer));
    if (t->mapping->kind == TSR_TRANSACTIONS && (t->mapping->has & TSR_HAS_ORDER) != 0)
        t->made.cell[TSR_TRANSACTION_ORDER] = order_of(t, customer);
    TSR_TRY(code_cells(t));
    TSR_TRY(tsr_collect_record(t->collect, t->mapping->kind, customer, t->mapping->source, &t->made));
done:
    return st;
}

/* What a record is about must be there: the type of an event, the campaign, purpose and status. */
static void check_needed(taking *t)
{
    for (int32_t c = 1; c < t->mapping->needed; c++)
        if (text_at(t, &t->mapping->column[c]).n == 0)
            refuse(t, t->mapping->column[c].column, "missing %s", about(t, c)->name);
}

static tsr_status take_record(taking *t)
{
    t->money_parsed = read_money(t);
    check_form(t);
    if (fine(t)) check_id(t);
    if (fine(t)) check_rules(t);
    if (fine(t)) check_money(t);
    for (int32_t c = 0; c < t->mapping->columns && fine(t); c++) check_cell(t, c);
    if (fine(t)) check_needed(t);
    return fine(t) ? keep_record(t) : TSR_OK;
}

/* ---- customers ---- */

static void check_attribute(taking *t, const tsr_attribute_place *at)
{
    tsr_slice text = text_at(t, &at->place);
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
    tsr_slice *text = t->mapping->attribute_text;
    tsr_customer_ref customer;
    bool any = false;
    tsr_status st = find_customer(t, &customer);

    for (int32_t a = 0; a < t->mapping->attributes; a++) {
        const tsr_attribute_place *at = &t->mapping->attribute[a];
        text[at->attribute] = text_at(t, &at->place);
        any = any || text[at->attribute].n > 0;
    }
    if (st == TSR_OK && any) st = tsr_collect_attributes(t->collect, customer, t->mapping->source, position, text);
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

/* ---- identities ---- */

static void check_pair(taking *t)
{
    check_form(t);
    if (fine(t)) check_id(t);
    if (fine(t)) check_rules(t);
    tsr_slice other = text_at(t, &t->mapping->other);
    if (fine(t) && other.n == 0) refuse(t, t->mapping->other.column, "missing %s", "other");
    if (fine(t)) check_text(t, other, TSR_ID_MAX, t->mapping->other.column, "other");
}

bool tsr_mapping_pair(const tsr_mapping *mapping, const tsr_row *row, tsr_slice *id, tsr_slice *other)
{
    taking t;

    memset(&t, 0, offsetof(taking, reason) + 1);
    t.mapping = mapping;
    t.row = row;
    check_pair(&t);
    *id = t.id;
    *other = text_at(&t, &mapping->other);
    return fine(&t);
}

/* Its pairs were read before all other rows; here it is accounted for. */
static tsr_status take_pair(taking *t)
{
    check_pair(t);
    return TSR_OK;
}

tsr_status tsr_mapping_take(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_balance *balance,
                            tsr_seen *seen)
{
    taking t;
    tsr_seen before = *seen;
    tsr_row marked;
    tsr_status st;

    if (mapping->marked != NULL) {
        st = tsr_marked_row(mapping->marked, row, &marked);
        if (st != TSR_OK) return st;
        row = &marked;
    }
    if (mapping->is_plain) {
        bool taken;
        st = tsr_mapping_take_plain(mapping, row, collect, balance, seen, &taken);
        if (taken) return st;
        *seen = before;
    }
    memset(&t, 0, offsetof(taking, reason) + 1); /* the text of a reason is long and seldom needed */
    t.mapping = mapping;
    t.row = row;
    t.collect = collect;
    t.seen = seen;
    st = mapping->pairs ? take_pair(&t) : mapping->kind >= 0 ? take_record(&t) : take_customer(&t);
    if (st != TSR_OK) return st;
    if (fine(&t)) {
        tsr_balance_use(balance, mapping->source, t.money);
        return TSR_OK;
    }
    *seen = before; /* a refused row decides nothing */
    return tsr_balance_refuse(balance, mapping->source, mapping->file, row->breaks, t.reason, t.column, t.money);
}
