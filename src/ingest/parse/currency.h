/**
 * @file ingest/parse/currency.h
 * Money in other currencies than the dataset's: converted by a declared rate, exactly, and rounded once.
 */
#ifndef TSR_INGEST_CURRENCY_H
#define TSR_INGEST_CURRENCY_H

#include "ingest/parse/parse.h"
#include "tessera/job.h"

#define TSR_CURRENCY_BYTES 8

/* Units of the dataset's currency for one unit of another. */
typedef struct tsr_rate {
    char code[TSR_CURRENCY_BYTES];
    tsr_decimal rate;
} tsr_rate;

/* The dataset's own currency first, at 1. All zero: none is declared. */
typedef struct tsr_rates {
    int32_t n;
    tsr_rate *rate; /* [n] */
} tsr_rates;

/** Local. @param own  the dataset's currency; NULL: not said. @param map  code -> decimal number
 *  @param[out] rates  new: tsr_rates_clear(). @return TSR_OK; TSR_ECONF (no ISO 4217 code, no positive number of at
 * most 12 digits, rates without a currency of the dataset's own); TSR_ENOMEM */
tsr_status tsr_rates_read(const char *own, const tsr_map *map, tsr_rates *rates) TSR_NODISCARD;
void tsr_rates_clear(tsr_rates *rates);

/** Local. Three capital letters? */
bool tsr_is_currency(tsr_slice code);

/** Local. The rate of a currency; NULL: none is declared. */
const tsr_decimal *tsr_rates_find(const tsr_rates *rates, tsr_slice code);

/** Local. value x rate in units of 10^-scale, to the nearest, halves to the even one. @return PARSED; RANGE */
tsr_parsed tsr_decimal_convert(const tsr_decimal *value, const tsr_decimal *rate, int32_t scale, int64_t *units);

#endif
