/**
 * @file launch.h
 * What the launcher (mpirun, srun) told this process in its environment. Known before MPI starts and without it.
 */
#ifndef TSR_LAUNCH_H
#define TSR_LAUNCH_H

#include <stdbool.h>

/** Local. The rank the launcher gave this process; 0 where it runs alone. */
int tsr_launch_rank(void);

/** Local. Did a launcher start this process, maybe with others? To be asked before MPI starts; then at any time. */
bool tsr_launch_is_parallel(void);

/**
 * Local. Does a person see what is written to standard output (1) or standard error (2), on a terminal that knows how
 * to move its cursor? Under mpirun, whose ranks write to it, where mpirun itself writes to one.
 */
bool tsr_launch_is_terminal(int stream);

#endif
