#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "ingest/collect/append.h"
#include "ingest/mapping/embedding.h"
#include "ingest/settle/identities.h"
#include "ingest/take/taking.h"

/* ---- checks that all kinds share ---- */

static void check_place(tsr_taking *t, const tsr_place *place)
{
    if (place->slot >= t->row->fields) tsr_taking_refuse(t, place->column, "missing column %s", place->column);
}

static void check_form(tsr_taking *t)
{
    const tsr_mapping *mapping = t->mapping;

    if (t->row->defect == TSR_DEFECT_NUL) tsr_taking_refuse(t, "", "%s", "NUL byte in the row");
    if (t->row->defect == TSR_DEFECT_QUOTE) tsr_taking_refuse(t, "", "%s", "text after a closing quote");
    if (t->row->defect == TSR_DEFECT_FIELDS) tsr_taking_refuse(t, "", "%s", "more fields than the header names");
    if (t->row->fields >= mapping->format.fields) return;
    check_place(t, &mapping->id);
    for (int32_t c = 0; c < mapping->columns; c++) check_place(t, &mapping->column[c]);
    check_place(t, &mapping->price);
    check_place(t, &mapping->currency);
    check_place(t, &mapping->since);
    check_place(t, &mapping->vector);
    check_place(t, &mapping->other);
    for (int32_t a = 0; a < mapping->attributes; a++) check_place(t, &mapping->attribute[a].place);
}

static void check_text(tsr_taking *t, tsr_slice text, int32_t longest, const char *column, const char *name)
{
    char reason[TSR_REASON_BYTES];

    if (text.n > longest) {
        snprintf(reason, sizeof reason, "%s is longer than %d bytes", name, longest);
        tsr_taking_refuse(t, column, "%s", reason);
    }
    if (!tsr_utf8_valid(text)) tsr_taking_refuse(t, column, "%s is not UTF-8", name);
}

static void check_id(tsr_taking *t)
{
    t->id = tsr_taking_text(t, &t->mapping->id);
    if (t->id.n == 0) tsr_taking_refuse(t, t->mapping->id.column, "missing %s", "id");
    check_text(t, t->id, TSR_ID_MAX, t->mapping->id.column, "id");
}

static void check_rules(tsr_taking *t)
{
    const tsr_mapping *mapping = t->mapping;

    for (int32_t i = 0; i < mapping->rules && tsr_taking_fine(t); i++) {
        const tsr_rule_place *at = &mapping->rule[i];
        if (tsr_reject_matches(at->rule, t->row->field, t->row->fields, t->has_amount ? &t->amount : NULL))
            tsr_taking_refuse(t, at->column, "%s", at->reason);
    }
}

/* ---- cells of records ---- */

static bool is_word(tsr_slice text, const char *word)
{
    return text.n == (int32_t)strlen(word) && strncasecmp(text.at, word, (size_t)text.n) == 0;
}

/* Campaigns may tell that something happened without telling when: 1 stands for the moment of the assignment. Tables
 * with truth values write true, and those that make numbers of them to have room for what is missing 1.0. */
static bool read_flag(tsr_taking *t, int32_t column, tsr_slice text, uint32_t *time)
{
    if (t->mapping->kind != TSR_CAMPAIGNS || column == TSR_CAMPAIGN_ASSIGNED) return false;
    *time = 0;
    if (text.n == 0 || is_word(text, "0") || is_word(text, "false") || is_word(text, "0.0")) return true;
    *time = (uint32_t)t->made.cell[TSR_CAMPAIGN_ASSIGNED];
    return is_word(text, "1") || is_word(text, "true") || is_word(text, "1.0");
}

static void read_time(tsr_taking *t, const tsr_place *place, const char *name, uint32_t *time, bool *clock_seen)
{
    tsr_parsed parsed = tsr_clock_parse(&t->mapping->clock, tsr_taking_text(t, place), time, clock_seen);

    if (parsed == TSR_PARSED_EMPTY)
        tsr_taking_refuse(t, place->column, "missing %s", name);
    else if (parsed == TSR_PARSED_RANGE)
        tsr_taking_refuse(t, place->column, "%s out of range (1970 to 2106)", name);
    else if (parsed != TSR_PARSED)
        tsr_taking_refuse(t, place->column, "%s is no date in time_format", name);
}

static void check_time(tsr_taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    uint32_t time = 0;

    if (!read_flag(t, column, tsr_taking_text(t, place), &time))
        read_time(t, place, tsr_taking_about(t, column)->name, &time, &t->seen->clock);
    if (column == 0 && time < t->mapping->earliest) tsr_taking_refuse(t, place->column, "%s", TSR_LATE_REASON);
    t->made.cell[column] = t->mapping->days ? time - time % TSR_SECONDS_PER_DAY : time;
}

static void check_count(tsr_taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    tsr_decimal value;
    int64_t whole = 0;
    tsr_parsed parsed = tsr_parse_decimal(tsr_taking_text(t, place), &value);

    if (parsed == TSR_PARSED) parsed = tsr_decimal_units(&value, 0, &whole);
    if (parsed == TSR_PARSED && (whole > INT32_MAX || whole < -INT32_MAX)) parsed = TSR_PARSED_RANGE;
    if (parsed == TSR_PARSED_DECIMALS) {
        t->seen->quantity_decimals = true;
        parsed = TSR_PARSED;
        whole = 0;
    }
    tsr_taking_refuse_number(t, place, tsr_taking_about(t, column)->name, parsed, 0);
    t->made.cell[column] = (uint32_t)(int32_t)whole;
}

static void check_value(tsr_taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    float number = NAN;
    uint32_t bits;
    tsr_parsed parsed = tsr_parse_float(tsr_taking_text(t, place), &number);

    if (parsed != TSR_PARSED_EMPTY) tsr_taking_refuse_number(t, place, tsr_taking_about(t, column)->name, parsed, 0);
    memcpy(&bits, &number, sizeof bits);
    t->made.cell[column] = bits;
}

/* Codes come last: what is refused shall not make an entry of a dictionary. */
static void check_cell(tsr_taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    const tsr_kind_column *is = tsr_taking_about(t, column);

    if (is->cell == TSR_CELL_MONEY && column == tsr_taking_money_column(t->mapping->kind)) return; /* it is there */
    if (!TSR_IS_MAPPED(place)) {
        t->made.cell[column] = tsr_absent_cell(t->mapping->kind, column);
        return;
    }
    switch (is->cell) {
    case TSR_CELL_TIME: check_time(t, column); return;
    case TSR_CELL_COUNT: check_count(t, column); return;
    case TSR_CELL_MONEY: tsr_taking_check_other_money(t, column); return;
    case TSR_CELL_VALUE: check_value(t, column); return;
    case TSR_CELL_HASH:
    case TSR_CELL_CODE: check_text(t, tsr_taking_text(t, place), TSR_TEXT_MAX, place->column, is->name); return;
    }
}

/* A row without an order belongs to the order of its customer and moment, where other rows of the dataset have orders.
 */
static uint64_t order_of(const tsr_taking *t, tsr_customer_ref customer)
{
    tsr_slice order = tsr_taking_text(t, &t->mapping->column[TSR_TRANSACTION_ORDER]);
    return order.n > 0 ? XXH3_64bits(order.at, (size_t)order.n)
                       : tsr_own_order(customer, (uint32_t)t->made.cell[TSR_TRANSACTION_TIME]);
}

static tsr_status code_cells(tsr_taking *t)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; st == TSR_OK && c < t->mapping->columns; c++) {
        const tsr_kind_column *is = tsr_taking_about(t, c);
        int32_t code = -1;
        if (is->cell != TSR_CELL_CODE || !TSR_IS_MAPPED(&t->mapping->column[c])) continue;
        tsr_slice text = tsr_taking_text(t, &t->mapping->column[c]);
        if (text.n > 0) st = tsr_collect_code(t->collect, is->dictionary, text, &code);
        t->made.cell[c] = (uint32_t)code;
    }
    return st;
}

static tsr_status find_customer(const tsr_taking *t, tsr_customer_ref *customer)
{
    return tsr_collect_customer(t->collect, t->id, customer);
}

static tsr_status keep_record(tsr_taking *t)
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
static void check_needed(tsr_taking *t)
{
    for (int32_t c = 1; c < t->mapping->needed; c++)
        if (tsr_taking_text(t, &t->mapping->column[c]).n == 0)
            tsr_taking_refuse(t, t->mapping->column[c].column, "missing %s", tsr_taking_about(t, c)->name);
}

static tsr_status take_record(tsr_taking *t)
{
    tsr_taking_read_money(t);
    check_form(t);
    if (tsr_taking_fine(t)) check_id(t);
    if (tsr_taking_fine(t)) check_rules(t);
    if (tsr_taking_fine(t)) tsr_taking_check_money(t);
    for (int32_t c = 0; c < t->mapping->columns && tsr_taking_fine(t); c++) check_cell(t, c);
    if (tsr_taking_fine(t)) check_needed(t);
    return tsr_taking_fine(t) ? keep_record(t) : TSR_OK;
}

/* ---- customers ---- */

static void check_attribute(tsr_taking *t, const tsr_attribute_place *at)
{
    tsr_slice text = tsr_taking_text(t, &at->place);
    float number;

    check_text(t, text, TSR_TEXT_MAX, at->place.column, at->name);
    if (at->form != TSR_FORM_NUMBER || text.n == 0) return;
    tsr_parsed parsed = tsr_parse_float(text, &number);
    if (parsed == TSR_PARSED_RANGE)
        tsr_taking_refuse(t, at->place.column, "%s out of range", at->name);
    else if (parsed != TSR_PARSED)
        tsr_taking_refuse(t, at->place.column, "%s is not a number", at->name);
}

/* Before a decimal comma was made a point: what turns out to be a category stays as it is. */
static tsr_slice written_text(const tsr_taking *t, const tsr_place *place)
{
    const tsr_marked *marked = t->mapping->marked;

    if (marked == NULL || place->constant != NULL || place->piece != NULL || place->slot < 0)
        return tsr_taking_text(t, place);
    return tsr_trim(marked->written[place->slot]);
}

static tsr_status keep_customer(tsr_taking *t)
{
    int64_t position = ((int64_t)t->mapping->file << 44) + t->row->offset + 1;
    tsr_slice *text = t->mapping->attribute_text;
    tsr_slice *number = t->mapping->marked != NULL ? t->mapping->marked->attribute : text;
    tsr_customer_ref customer;
    bool any = false;
    tsr_status st = find_customer(t, &customer);

    for (int32_t a = 0; a < t->mapping->attributes; a++) {
        const tsr_attribute_place *at = &t->mapping->attribute[a];
        number[at->attribute] = tsr_taking_text(t, &at->place);
        text[at->attribute] = written_text(t, &at->place);
        any = any || text[at->attribute].n > 0;
    }
    if (st == TSR_OK && any)
        st = tsr_collect_attributes(t->collect, customer, t->mapping->source, position, t->since, text, number);
    return st;
}

/* The time of a row of attributes decides nothing about the dataset's resolution. */
static void check_since(tsr_taking *t)
{
    const tsr_place *place = &t->mapping->since;
    bool clock = false;

    if (!TSR_IS_MAPPED(place) || tsr_taking_text(t, place).n == 0) return;
    read_time(t, place, "time", &t->since, &clock);
    if (t->mapping->as_of > 0 && (int64_t)t->since >= t->mapping->as_of)
        tsr_taking_refuse(t, place->column, "%s", TSR_EARLY_REASON);
}

static tsr_status take_customer(tsr_taking *t)
{
    check_form(t);
    if (tsr_taking_fine(t)) check_id(t);
    if (tsr_taking_fine(t)) check_rules(t);
    if (tsr_taking_fine(t)) check_since(t);
    for (int32_t a = 0; a < t->mapping->attributes && tsr_taking_fine(t); a++)
        check_attribute(t, &t->mapping->attribute[a]);
    return tsr_taking_fine(t) ? keep_customer(t) : TSR_OK;
}

/* ---- embeddings ---- */

static void check_vector(tsr_taking *t)
{
    const tsr_mapping *mapping = t->mapping;
    const tsr_place *place = &mapping->vector;

    if (TSR_IS_MAPPED(place) &&
        tsr_embedding_split(tsr_taking_text(t, place), mapping->dimensions, mapping->piece) != mapping->dimensions)
        tsr_taking_refuse(t, place->column, "%s has another number of dimensions", "vector");
    for (int32_t c = 0; c < mapping->dimensions && tsr_taking_fine(t); c++) {
        const tsr_attribute_place *at = &mapping->attribute[c];
        if (tsr_taking_text(t, &at->place).n == 0) tsr_taking_refuse(t, at->place.column, "missing %s", at->name);
        check_attribute(t, at);
    }
}

static tsr_status take_embedding(tsr_taking *t)
{
    const tsr_mapping *mapping = t->mapping;

    check_form(t);
    if (tsr_taking_fine(t)) check_id(t);
    if (tsr_taking_fine(t)) check_rules(t);
    if (tsr_taking_fine(t)) check_since(t);
    if (tsr_taking_fine(t)) check_vector(t);
    if (!tsr_taking_fine(t)) return TSR_OK;
    int n = snprintf(mapping->day, TSR_DAY_BYTES, "%u", (unsigned)(t->since / TSR_SECONDS_PER_DAY));
    mapping->piece[mapping->dimensions] = (tsr_slice){mapping->day, n};
    return keep_customer(t);
}

/* ---- identities ---- */

static void check_pair(tsr_taking *t)
{
    char mark[TSR_MARK_BYTES];

    check_form(t);
    if (tsr_taking_fine(t)) check_id(t);
    if (tsr_taking_fine(t)) check_rules(t);
    tsr_slice other = tsr_taking_text(t, &t->mapping->other);
    if (tsr_taking_fine(t) && other.n == 0) tsr_taking_refuse(t, t->mapping->other.column, "missing %s", "other");
    if (tsr_taking_fine(t)) check_text(t, other, TSR_ID_MAX, t->mapping->other.column, "other");
    if (tsr_taking_fine(t) && t->mapping->match != TSR_MATCH_ID &&
        tsr_identity_mark(t->mapping->match, other, mark) == 0)
        tsr_taking_refuse(t, t->mapping->other.column, "other is no %s",
                          t->mapping->match == TSR_MATCH_EMAIL ? "e-mail address" : "phone number");
}

bool tsr_mapping_pair(const tsr_mapping *mapping, const tsr_row *row, tsr_slice *id, tsr_slice *other)
{
    tsr_taking t;

    memset(&t, 0, offsetof(tsr_taking, reason) + 1);
    t.mapping = mapping;
    t.row = row;
    check_pair(&t);
    *id = t.id;
    *other = tsr_taking_text(&t, &mapping->other);
    return tsr_taking_fine(&t);
}

/* Its pairs were read before all other rows; here it is accounted for. */
static tsr_status take_pair(tsr_taking *t)
{
    check_pair(t);
    return TSR_OK;
}

tsr_status tsr_mapping_take_closely(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect,
                                    tsr_balance *balance, tsr_seen *seen)
{
    tsr_taking t;
    tsr_seen before = *seen;
    tsr_status st;

    memset(&t, 0, offsetof(tsr_taking, reason) + 1); /* the text of a reason is long and seldom needed */
    t.mapping = mapping;
    t.row = row;
    t.collect = collect;
    t.seen = seen;
    st = mapping->pairs            ? take_pair(&t)
         : mapping->kind >= 0      ? take_record(&t)
         : mapping->dimensions > 0 ? take_embedding(&t)
                                   : take_customer(&t);
    if (st != TSR_OK) return st;
    if (tsr_taking_fine(&t)) {
        tsr_balance_use(balance, mapping->source, 1, t.money);
        return TSR_OK;
    }
    *seen = before; /* a refused row decides nothing */
    return tsr_balance_refuse(balance, mapping->source, mapping->file, row->breaks, t.reason, t.column, t.money);
}

tsr_status tsr_mapping_take(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_balance *balance,
                            tsr_seen *seen)
{
    tsr_row marked;

    if (mapping->marked != NULL) {
        tsr_status st = tsr_marked_row(mapping->marked, row, &marked);
        if (st != TSR_OK) return st;
        row = &marked;
    }
    if (!mapping->is_plain || row->fields < mapping->format.fields || row->defect != TSR_DEFECT_NONE)
        return tsr_mapping_take_closely(mapping, row, collect, balance, seen);
    const tsr_row_block one = {1,          row->fields, row->field, row->offset, row->breaks,
                               row->roomy, row->ascii,  false,      NULL};
    return tsr_mapping_take_plain(mapping, &one, collect, balance, seen);
}

tsr_status tsr_mapping_take_block(const tsr_mapping *mapping, const tsr_row_block *block, tsr_collect *collect,
                                  tsr_balance *balance, tsr_seen *seen)
{
    tsr_status st = TSR_OK;

    if (mapping->is_plain && mapping->marked == NULL)
        return tsr_mapping_take_plain(mapping, block, collect, balance, seen);
    for (int32_t i = 0; i < block->rows; i++) {
        tsr_row row;
        TSR_TRY(tsr_row_of_block(block, i, &row));
        TSR_TRY(tsr_mapping_take(mapping, &row, collect, balance, seen));
    }
done:
    return st;
}
