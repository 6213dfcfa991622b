/**
 * @file serve.h
 * Small serial problems over distributed data: the root runs a solver, every evaluation is collective.
 *
 * The other ranks wait for EVALUATE(parameters) or STOP(status, result), so that a failure on the root releases them
 * too. Also: many small independent tasks, dealt over ranks and collected by number.
 */
#ifndef TSR_SERVE_H
#define TSR_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "tessera/comm.h"

#define TSR_SERVE_MAX     64  /* parameters of an evaluation, and what comes out of one, at the most */
#define TSR_SERVE_RESULTS 640 /* numbers of a result at the most */

typedef struct tsr_server tsr_server;

/**
 * Collective: called on every rank with the same @p x [n]; leaves the same out [nout] on every rank (at least on the
 * root). A failure ends tsr_serve() with that status; it must be agreed (the same on all ranks).
 */
typedef tsr_status (*tsr_serve_evaluate)(const tsr_comm *comm, void *context, const double *x, int32_t n, double *out,
                                         int32_t nout);

/** Root only: the solver. Calls tsr_server_evaluate(), writes result [nresult]. */
typedef tsr_status (*tsr_serve_solve)(tsr_server *server, void *context, double *result, int32_t nresult);

/**
 * Root only, inside a solver. One evaluation on all ranks. After a failure every further call returns it at once;
 * tsr_serve() ends with it even if the solver's library swallows it.
 */
tsr_status tsr_server_evaluate(tsr_server *server, const double *x, int32_t n, double *out, int32_t nout) TSR_NODISCARD;

/**
 * Collective. Run @p solve on rank 0 and @p evaluate on all whenever it asks.
 * @param[out] result  [nresult <= TSR_SERVE_RESULTS], the same on all ranks
 * @return the same on all ranks: what solve or evaluate returned
 */
tsr_status tsr_serve(const tsr_comm *comm, tsr_serve_solve solve, void *solve_context, tsr_serve_evaluate evaluate,
                     void *evaluate_context, double *result, int32_t nresult) TSR_NODISCARD;

/** Local. Task @p task writes its result (result_bytes, zeroed before). Depends on the task's number alone. */
typedef tsr_status (*tsr_task)(void *context, int64_t task, void *result);

/**
 * Collective. Run tasks 0..tasks-1, task t on rank t mod size; every rank gets all results in order of number.
 * All tasks run, whatever others come to. Same on all ranks: tasks, result_bytes.
 * @param[out] results  [tasks][result_bytes], the caller's
 * @return TSR_OK; the worst status of any task, with the text of the lowest task that came to it
 */
tsr_status tsr_tasks_run(const tsr_comm *comm, int64_t tasks, tsr_task run, void *context, void *results,
                         size_t result_bytes) TSR_NODISCARD;

#endif
