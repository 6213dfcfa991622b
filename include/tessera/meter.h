/**
 * @file meter.h
 * What the stages of a command cost: time, waiting, bytes, memory, over all ranks. For run.json, the table of
 * --verbose, and the trace.
 */
#ifndef TSR_METER_H
#define TSR_METER_H

#include "tessera/comm.h"
#include "tessera/trace.h"

#define TSR_METER_STAGES 32 /* that one command may have */

/* A stage over all ranks. Seconds are those of a clock that only moves forward; ranks compare durations, never times.
 */
typedef struct tsr_figures {
    const char *name; /* lives as long as the program */
    int ranks;
    int64_t rows, rows_most;              /* worked through: sum, and the rank with the most */
    double seconds;                       /* of the slowest rank */
    double waited_mean, waited_max;       /* seconds inside MPI calls that need other ranks (wait.h) */
    double worked_mean, worked_max;       /* the rest */
    int64_t bytes[TSR_BYTES_KINDS];       /* sums over ranks */
    int64_t peak_min, peak_max, peak_sum; /* resident bytes of a rank at most */
} tsr_figures;

/** Local. A stage begins; the peak of memory starts anew. One at a time: a stage that never ended is forgotten.
 *  @param name  lives as long as the program */
void tsr_meter_begin(const char *name);

/**
 * Collective. The stage that began last ends: one line for people, and a line of the table to come.
 * @param rows          of this rank
 * @param[out] figures  same on all ranks; NULL: not wanted
 */
void tsr_meter_end(const tsr_comm *comm, int64_t rows, tsr_figures *figures);

/** Local. Work is dealt well at 1: the most time that a rank worked, waiting left out, over the mean. */
double tsr_figures_imbalance(const tsr_figures *figures);

/** Local. Bytes read and written per second of the stage, in units of 10^6. */
double tsr_figures_bandwidth(const tsr_figures *figures);

/** Local. All stages since the process began as a table, one line per stage, on rank 0 at debug level. */
void tsr_meter_print(void);

#endif
