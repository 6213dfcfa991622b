/**
 * @file interrupt.h
 * The wish to stop: USR1, TERM or a time limit set a flag; a run ends at its next checkpoint with status 6.
 */
#ifndef TSR_INTERRUPT_H
#define TSR_INTERRUPT_H

#include <stdbool.h>

/** Local. Catch USR1 and TERM from now on; stop by itself after @p seconds_limit (<= 0: never). */
void tsr_interrupt_install(double seconds_limit);

/** Local. Has this process been asked to stop? */
bool tsr_interrupt_wanted(void);

/** Local. Forget the wish and the time limit: it was handled, and this process goes on. */
void tsr_interrupt_clear(void);

/** Local. Seconds on a clock that only moves forward. */
double tsr_seconds(void);

#endif
