#include "tessera/serve.h"

#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

/* ---- one solver on the root ---- */

/* What the root tells the others; plain bytes. */
typedef struct command {
    int32_t evaluate; /* 0: stop */
    int32_t n, nout;
    double x[TSR_SERVE_MAX];
} command;

struct tsr_server {
    const tsr_comm *comm;
    tsr_serve_evaluate evaluate;
    void *context;
    tsr_status status; /* the first failure of an evaluation: nothing is evaluated after it */
    tsr_error record;
};

tsr_status tsr_server_evaluate(tsr_server *server, const double *x, int32_t n, double *out, int32_t nout)
{
    command next = {.evaluate = 1, .n = n, .nout = nout};

    TSR_ASSERT(n >= 0 && n <= TSR_SERVE_MAX && nout >= 0 && nout <= TSR_SERVE_MAX);
    if (server->status != TSR_OK) return server->status;
    memcpy(next.x, x, (size_t)n * sizeof *x);
    tsr_bcast(server->comm, &next, sizeof next, 0);
    server->status = server->evaluate(server->comm, server->context, x, n, out, nout);
    if (server->status != TSR_OK) server->record = *tsr_error_last();
    return server->status;
}

/* The solver's library may swallow a failure, or answer it with a text of its own: the cause goes first. */
static tsr_status run_root(tsr_server *server, tsr_serve_solve solve, void *context, double *result, int32_t nresult)
{
    command stop = {.evaluate = 0};
    tsr_status st = solve(server, context, result, nresult);

    if (server->status != TSR_OK) {
        *tsr_error_last() = server->record;
        st = server->status;
    }
    tsr_bcast(server->comm, &stop, sizeof stop, 0);
    return st;
}

/* A failed evaluation does not end the loop: the root's STOP does, always. */
static tsr_status run_others(tsr_server *server)
{
    command next;
    double out[TSR_SERVE_MAX];

    for (;;) {
        tsr_bcast(server->comm, &next, sizeof next, 0);
        if (!next.evaluate) return server->status;
        tsr_status st = server->evaluate(server->comm, server->context, next.x, next.n, out, next.nout);
        if (st != TSR_OK) server->status = st;
    }
}

tsr_status tsr_serve(const tsr_comm *comm, tsr_serve_solve solve, void *solve_context, tsr_serve_evaluate evaluate,
                     void *evaluate_context, double *result, int32_t nresult)
{
    tsr_server server = {.comm = comm, .evaluate = evaluate, .context = evaluate_context};
    tsr_status st;

    TSR_ASSERT(nresult >= 0 && nresult <= TSR_SERVE_RESULTS);
    if (comm->rank == 0)
        st = run_root(&server, solve, solve_context, result, nresult);
    else
        st = run_others(&server);
    TSR_TRY(tsr_agree(comm, st));
    tsr_bcast(comm, result, nresult * (int64_t)sizeof *result, 0);
done:
    return st;
}

/* ---- many independent tasks ---- */

/* The worst failure and, among equals, the lowest task: the same whoever ran it. */
typedef struct worst_task {
    tsr_status status;
    int64_t task;
    tsr_error record;
} worst_task;

static void run_mine(const tsr_comm *comm, int64_t tasks, tsr_task run, void *context, char *results,
                     size_t result_bytes, worst_task *worst)
{
    for (int64_t task = comm->rank; task < tasks; task += comm->size) {
        tsr_status st = run(context, task, results + (size_t)task * result_bytes);
        if (st <= worst->status) continue;
        worst->status = st;
        worst->task = task;
        worst->record = *tsr_error_last();
    }
}

/* Of all ranks only the one with the lowest task of the worst status brings its failure to the agreement. */
static tsr_status agree_worst(const tsr_comm *comm, int64_t tasks, const worst_task *worst)
{
    int64_t order = (int64_t)(UINT8_MAX - (int)worst->status) * tasks + worst->task;
    int64_t first = order;

    tsr_min_int64(comm, &first, 1);
    if (worst->status == TSR_OK || first != order) return tsr_agree(comm, TSR_OK);
    *tsr_error_last() = worst->record;
    return tsr_agree(comm, worst->status);
}

tsr_status tsr_tasks_run(const tsr_comm *comm, int64_t tasks, tsr_task run, void *context, void *results,
                         size_t result_bytes)
{
    worst_task worst = {.status = TSR_OK};
    int64_t bytes = tasks * (int64_t)result_bytes;
    tsr_status st;

    memset(results, 0, (size_t)bytes);
    run_mine(comm, tasks, run, context, results, result_bytes, &worst);
    TSR_TRY(agree_worst(comm, tasks, &worst));

    /* Each byte is zero but on the rank that made it: OR collects. */
    for (int64_t at = 0; at < bytes; at += TSR_CHUNK_BYTES) {
        int64_t piece = bytes - at < TSR_CHUNK_BYTES ? bytes - at : TSR_CHUNK_BYTES;
        MPI_Allreduce(MPI_IN_PLACE, (char *)results + at, (int)piece, MPI_BYTE, MPI_BOR, comm->mpi);
    }
done:
    return st;
}
