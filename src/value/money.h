/**
 * @file value/money.h
 * Money units and currency units.
 */
#ifndef TSR_VALUE_MONEY_H
#define TSR_VALUE_MONEY_H

#include <stdint.h>

/** Local. Money units per currency unit, 10^scale: exact, so that a division by it rounds once. */
static inline double tsr_money_units(int32_t scale)
{
    double units = 1;

    for (int32_t i = 0; i < scale; i++) units *= 10;
    return units;
}

#endif
