/**
 * @file calendar.h
 * Purchase days of all customers by calendar day: what happened when.
 * Stage: reads a dataset; the days are those that the value models count (returns by the same policy).
 */
#ifndef TSR_CALENDAR_H
#define TSR_CALENDAR_H

#include "tessera/features.h"

typedef struct tsr_calendar {
    int64_t first_day; /* of the first transaction, counted from 1970-01-01 */
    int64_t days;      /* up to the last day looked at */
    int64_t *births;   /* [days] customers by the day of their first purchase */
    int64_t *repeats;  /* [days] later purchase days */
} tsr_calendar;

/**
 * Collective. Count over all customers; with a calibration_end those whose first purchase lies up to it.
 * Same on all ranks: observation.
 * @param[out] calendar  same on all ranks; tsr_calendar_clear(), also after a failure
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Cost: one pass over the transactions, one reduction of 16 bytes a day.
 */
tsr_status tsr_calendar_run(const tsr_comm *comm, const tsr_observation *observation, const tsr_dataset *dataset,
                            tsr_calendar *calendar) TSR_NODISCARD;
/** Local. */
void tsr_calendar_clear(tsr_calendar *calendar);

#endif
