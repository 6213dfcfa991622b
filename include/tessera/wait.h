/**
 * @file wait.h
 * How long this process has waited for others, and the end of a wait that lasts for ever: over TCP, MPI does not notice
 * that a host is gone. Who makes the calls that wait says so: the program does it in MPI's profiling interface
 * (cli/profile_mpi.c), so that MPI-IO counts as well. Where nobody says so, no wait is seen and none ends.
 */
#ifndef TSR_WAIT_H
#define TSR_WAIT_H

#include "tessera/status.h"

/** Local. A call begins or ends that returns only after other ranks have done their part. From the main thread; may be
 * nested. A trace (trace.h) shows it under the name of the outermost one. @param name  lives as long as the program */
void tsr_wait_begin(const char *name);
void tsr_wait_end(void);

/** Local. Seconds that this process has spent in such calls since it began. */
double tsr_wait_seconds(void);

/**
 * Local. From now on a wait of more than @p seconds ends this process at once, with a message and the status
 * TSR_EPEER: there is nobody left with whom to agree. Rank 0 speaks first; the others only where the launcher has not
 * ended them a moment later, for then they are cut off from it. Files keep their temporary names and a later run
 * finds the last checkpoint. One thread of its own; it makes no MPI calls.
 * @param seconds  must be longer than the longest time in which one rank computes alone; <= 0: wait for ever
 * @return TSR_OK; TSR_ENOMEM (no thread)
 */
tsr_status tsr_wait_limit(int rank, double seconds) TSR_NODISCARD;

#endif
