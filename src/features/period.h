/**
 * @file features/period.h
 * Calendar periods in which purchases count as one: days, weeks from Monday, months, years.
 */
#ifndef TSR_FEATURES_PERIOD_H
#define TSR_FEATURES_PERIOD_H

#include <stdint.h>

enum { TSR_PERIOD_DAY, TSR_PERIOD_WEEK, TSR_PERIOD_MONTH, TSR_PERIOD_YEAR };

/** Local. Quotient rounded down, also below 0; b > 0. */
static inline int64_t tsr_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/** Local. Number of the period in which a day lies; successive ones differ by 1. @param day  since 1970-01-01 */
int64_t tsr_period_number(int32_t period, int64_t day);

/** Local. Whole days in so many periods, rounded down: a month is 365.25 / 12 days, a year 365.25. */
int64_t tsr_period_days(int32_t period, int64_t count);

#endif
