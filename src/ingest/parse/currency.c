#include "ingest/parse/currency.h"

#include <string.h>

#include "tessera/memory.h"

#define RATE_MOST 1000000000000LL /* digits of a rate: a product with 19 digits fits */

bool tsr_is_currency(tsr_slice code)
{
    for (int32_t i = 0; i < code.n; i++)
        if (code.at[i] < 'A' || code.at[i] > 'Z') return false;
    return code.n == 3;
}

static tsr_slice slice_of(const char *text)
{
    return (tsr_slice){text, (int32_t)strlen(text)};
}

static tsr_status read_rate(const char *code, const char *text, tsr_rate *rate)
{
    if (!tsr_is_currency(slice_of(code)))
        return TSR_FAIL(TSR_ECONF, "ingest.money.rates: \"%s\" is not an ISO 4217 code like EUR", code);
    strcpy(rate->code, code);
    if (tsr_parse_decimal(slice_of(text), &rate->rate) != TSR_PARSED || rate->rate.mantissa <= 0 ||
        rate->rate.mantissa >= RATE_MOST)
        return TSR_FAIL(TSR_ECONF, "ingest.money.rates.%s: \"%s\" is not a positive number of at most 12 digits", code,
                        text);
    return TSR_OK;
}

tsr_status tsr_rates_read(const char *own, const tsr_map *map, tsr_rates *rates)
{
    tsr_status st = TSR_OK;

    *rates = (tsr_rates){.n = 0};
    if (own == NULL && map->n > 0)
        return TSR_FAIL(TSR_ECONF, "ingest.money.rates: say in ingest.money.currency what they convert to");
    if (own == NULL) return TSR_OK;
    TSR_TRY(tsr_alloc(&rates->rate, map->n + 1LL, sizeof *rates->rate));
    strncpy(rates->rate[0].code, own, TSR_CURRENCY_BYTES - 1);
    rates->rate[0].rate = (tsr_decimal){1, 0};
    for (rates->n = 1; rates->n <= map->n; rates->n++) {
        if (strcmp(map->name[rates->n - 1], own) == 0)
            TSR_TRY(TSR_FAIL(TSR_ECONF, "ingest.money.rates.%s: is the dataset's own currency", own));
        TSR_TRY(read_rate(map->name[rates->n - 1], map->text[rates->n - 1], &rates->rate[rates->n]));
    }
done:
    if (st != TSR_OK) tsr_rates_clear(rates);
    return st;
}

void tsr_rates_clear(tsr_rates *rates)
{
    tsr_free(&rates->rate);
    rates->n = 0;
}

const tsr_decimal *tsr_rates_find(const tsr_rates *rates, tsr_slice code)
{
    for (int32_t i = 0; i < rates->n; i++)
        if (strlen(rates->rate[i].code) == (size_t)code.n && memcmp(rates->rate[i].code, code.at, (size_t)code.n) == 0)
            return &rates->rate[i].rate;
    return NULL;
}

/* One decimal less: the last digit goes, and what went before it is remembered as more than nothing. */
static void drop_digit(tsr_int128 *v, int32_t *last, bool *below)
{
    *below = *below || *last != 0;
    *last = (int32_t)(*v % 10);
    *v /= 10;
}

tsr_parsed tsr_decimal_convert(const tsr_decimal *value, const tsr_decimal *rate, int32_t scale, int64_t *units)
{
    bool negative = value->mantissa < 0, below = false;
    int32_t decimals = value->decimals + rate->decimals, last = 0;
    tsr_int128 v;

    if (__builtin_mul_overflow(negative ? -value->mantissa : value->mantissa, rate->mantissa, &v))
        return TSR_PARSED_RANGE;
    for (; decimals > scale; decimals--) drop_digit(&v, &last, &below);
    if (last > 5 || (last == 5 && (below || v % 2 != 0))) v++;
    for (; decimals < scale; decimals++)
        if (__builtin_mul_overflow(v, (tsr_int128)10, &v)) return TSR_PARSED_RANGE;
    if (v > INT64_MAX) return TSR_PARSED_RANGE;
    *units = negative ? -(int64_t)v : (int64_t)v;
    return TSR_PARSED;
}
