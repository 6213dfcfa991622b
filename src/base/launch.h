/**
 * @file launch.h
 * What the launcher (mpirun, srun) told this process in its environment. Known before MPI starts and without it.
 */
#ifndef TSR_LAUNCH_H
#define TSR_LAUNCH_H

#include <stdbool.h>

/** Local. The rank the launcher gave this process; 0 where it runs alone. */
int tsr_launch_rank(void);

/** Local. Did a launcher start this process, maybe with others? */
bool tsr_launch_is_parallel(void);

#endif
