#include "ingest/take/taking.h"

static tsr_parsed read_number(tsr_taking *t, const tsr_place *place, const char *name, tsr_decimal *value)
{
    t->money_place = place;
    t->money_name = name;
    return tsr_parse_decimal(tsr_taking_text(t, place), value);
}

static tsr_parsed read_product(tsr_taking *t)
{
    tsr_decimal quantity, price;
    tsr_parsed parsed = read_number(t, &t->mapping->column[TSR_TRANSACTION_QUANTITY], "quantity", &quantity);

    if (parsed == TSR_PARSED) parsed = read_number(t, &t->mapping->price, "price", &price);
    if (parsed == TSR_PARSED) t->amount = tsr_decimal_product(&quantity, &price);
    return parsed;
}

int32_t tsr_taking_money_column(int32_t kind)
{
    int32_t c = 0;

    while (c < tsr_kind_of(kind)->columns && tsr_kind_of(kind)->column[c].cell != TSR_CELL_MONEY) c++;
    return c;
}

/* Money of another currency is rounded, its own must be exact. Without a known rate it is not money of the dataset. */
static tsr_parsed money_units(const tsr_taking *t, const tsr_decimal *value, int64_t *units)
{
    const tsr_place *place = &t->mapping->currency;

    if (!TSR_IS_MAPPED(place) || t->rate == &t->mapping->rates->rate[0].rate)
        return tsr_decimal_units(value, t->mapping->money_scale, units);
    *units = 0;
    return t->rate != NULL ? tsr_decimal_convert(value, t->rate, t->mapping->money_scale, units) : TSR_PARSED;
}

static tsr_parsed read_amount(tsr_taking *t)
{
    int32_t c = tsr_taking_money_column(t->mapping->kind);
    tsr_parsed parsed;

    if (TSR_IS_MAPPED(&t->mapping->price))
        parsed = read_product(t);
    else if (c < t->mapping->columns && TSR_IS_MAPPED(&t->mapping->column[c]))
        parsed = read_number(t, &t->mapping->column[c], tsr_taking_about(t, c)->name, &t->amount);
    else
        return TSR_PARSED; /* no money in this source: 0 */
    if (parsed == TSR_PARSED_EMPTY && t->mapping->kind != TSR_TRANSACTIONS) return TSR_PARSED; /* it brought nothing */
    if (parsed != TSR_PARSED) return parsed;
    t->has_amount = true;
    return money_units(t, &t->amount, &t->money);
}

static void check_currency(tsr_taking *t)
{
    const tsr_place *place = &t->mapping->currency;
    tsr_slice code = tsr_taking_text(t, place);
    char name[TSR_CURRENCY_BYTES];

    if (!TSR_IS_MAPPED(place) || t->rate != NULL) return;
    snprintf(name, sizeof name, "%.*s", (int)code.n, code.at);
    if (code.n == 0)
        tsr_taking_refuse(t, place->column, "missing %s", "currency");
    else if (tsr_is_currency(code))
        tsr_taking_refuse(t, place->column, "currency %s has no rate", name);
    else
        tsr_taking_refuse(t, place->column, "%s is no ISO 4217 code", "currency");
}

void tsr_taking_refuse_number(tsr_taking *t, const tsr_place *place, const char *name, tsr_parsed parsed,
                              int32_t decimals)
{
    char reason[TSR_REASON_BYTES];

    switch (parsed) {
    case TSR_PARSED: return;
    case TSR_PARSED_EMPTY: tsr_taking_refuse(t, place->column, "missing %s", name); return;
    case TSR_PARSED_NOT: tsr_taking_refuse(t, place->column, "%s is not a number", name); return;
    case TSR_PARSED_RANGE: tsr_taking_refuse(t, place->column, "%s out of range", name); return;
    case TSR_PARSED_DECIMALS:
        snprintf(reason, sizeof reason, "%s has more than %d decimals", name, decimals);
        tsr_taking_refuse(t, place->column, "%s", reason);
        return;
    }
}

/* What is wrong with a product is said of the amount. */
void tsr_taking_check_money(tsr_taking *t)
{
    bool unreadable = t->money_parsed == TSR_PARSED_EMPTY || t->money_parsed == TSR_PARSED_NOT;
    bool product = TSR_IS_MAPPED(&t->mapping->price);

    check_currency(t);
    tsr_taking_refuse_number(t, t->money_place, product && !unreadable ? "amount" : t->money_name, t->money_parsed,
                             t->mapping->money_scale);
    if (tsr_taking_money_column(t->mapping->kind) < t->mapping->columns)
        t->made.cell[tsr_taking_money_column(t->mapping->kind)] = (uint64_t)t->money;
}

void tsr_taking_read_money(tsr_taking *t)
{
    if (TSR_IS_MAPPED(&t->mapping->currency))
        t->rate = tsr_rates_find(t->mapping->rates, tsr_taking_text(t, &t->mapping->currency));
    t->money_parsed = read_amount(t);
}

void tsr_taking_check_other_money(tsr_taking *t, int32_t column)
{
    const tsr_place *place = &t->mapping->column[column];
    tsr_decimal value;
    int64_t units = 0;
    tsr_parsed parsed = tsr_parse_decimal(tsr_taking_text(t, place), &value);

    if (parsed == TSR_PARSED) parsed = money_units(t, &value, &units);
    if (parsed == TSR_PARSED_EMPTY) parsed = TSR_PARSED; /* no cost is known: 0 */
    tsr_taking_refuse_number(t, place, tsr_taking_about(t, column)->name, parsed, t->mapping->money_scale);
    t->made.cell[column] = (uint64_t)units;
}
