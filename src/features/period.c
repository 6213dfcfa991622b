#include "features/period.h"

/* Months since 1970-01 (H. Hinnant's civil_from_days: years begin in March, so that February is last). */
static int64_t month_of(int64_t day)
{
    int64_t z = day + 719468, era = tsr_floor_div(z, 146097), of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153; /* 0 is March */

    return (year + era * 400 - 1970) * 12 + month + 2;
}

int64_t tsr_period_number(int32_t period, int64_t day)
{
    switch (period) {
    case TSR_PERIOD_WEEK: return tsr_floor_div(day + 3, 7); /* 1970-01-01 was a Thursday */
    case TSR_PERIOD_MONTH: return month_of(day);
    case TSR_PERIOD_YEAR: return tsr_floor_div(month_of(day), 12);
    default: return day;
    }
}

int64_t tsr_period_days(int32_t period, int64_t count)
{
    switch (period) {
    case TSR_PERIOD_WEEK: return 7 * count;
    case TSR_PERIOD_MONTH: return count * 1461 / 48;
    case TSR_PERIOD_YEAR: return count * 1461 / 4;
    default: return count;
    }
}
