#include "mpi_test.h"

#include <string.h>

#include "tessera/reduce.h"
#include "tessera/serve.h"

/* The data of a rank, and how an evaluation goes wrong. */
typedef struct problem {
    int evaluations;
    int fail_at;   /* the evaluation that fails; 0: none */
    int fail_rank; /* there */
} problem;

/* Sum over ranks of (x - rank)^2, its derivative beside it. */
static tsr_status evaluate(const tsr_comm *comm, void *context, const double *x, int32_t n, double *out, int32_t nout)
{
    problem *p = context;
    tsr_status st = TSR_OK;
    tsr_fixed sums[2] = {tsr_fixed_zero(30), tsr_fixed_zero(30)};

    p->evaluations++;
    tsr_fixed_add(&sums[0], (x[0] - comm->rank) * (x[0] - comm->rank), 1);
    tsr_fixed_add(&sums[1], 2 * (x[0] - comm->rank), 1);
    if (p->evaluations == p->fail_at && comm->rank == p->fail_rank)
        st = TSR_FAIL(TSR_EDATA, "evaluation %d on rank %d", p->evaluations, comm->rank);
    TSR_AGREE(comm, st);
    TSR_TRY(tsr_sum_fixed(comm, sums, 2));
    out[0] = tsr_fixed_value(&sums[0]);
    if (nout > 1) out[1] = tsr_fixed_value(&sums[1]);
    if (n > 1 && nout > 2) out[2] = x[n - 1];
done:
    return st;
}

typedef struct solver {
    int steps, ranks;
    tsr_status own; /* what the solver itself comes to */
    bool deaf;      /* goes on after a failed evaluation, and says all is well */
} solver;

/* Newton's method: the second derivative is twice the number of ranks, so one step is exact. */
static tsr_status solve(tsr_server *server, void *context, double *result, int32_t nresult)
{
    const solver *s = context;
    double x = 100.0, out[2] = {0, 0};

    for (int i = 0; i < s->steps; i++) {
        tsr_status st = tsr_server_evaluate(server, &x, 1, out, 2);
        if (st != TSR_OK && !s->deaf) return st;
        x -= out[1] / (2.0 * s->ranks);
    }
    if (nresult > 0) result[0] = x;
    if (s->own != TSR_OK) return TSR_FAIL(s->own, "the solver gave up");
    return TSR_OK;
}

static void result_of_the_root_reaches_all(void **state)
{
    const tsr_comm *comm = *state;
    problem p = {0};
    solver s = {.steps = 3, .ranks = comm->size};
    double result = -1;
    tsr_status st = tsr_serve(comm, solve, &s, evaluate, &p, &result, 1);

    CHECK_ALL(comm, st == TSR_OK && p.evaluations == 3);
    CHECK_ALL(comm, result == (comm->size - 1) / 2.0); /* the mean of the ranks */
}

static tsr_status use_all_places(tsr_server *server, void *context, double *result, int32_t nresult)
{
    double x[TSR_SERVE_MAX] = {0}, out[TSR_SERVE_MAX];
    tsr_status st;

    (void)context;
    x[TSR_SERVE_MAX - 1] = 42.5;
    TSR_TRY(tsr_server_evaluate(server, x, TSR_SERVE_MAX, out, TSR_SERVE_MAX));
    for (int i = 0; i < nresult; i++) result[i] = out[2] + i;
done:
    return st;
}

static void as_many_numbers_as_allowed_travel(void **state)
{
    const tsr_comm *comm = *state;
    problem p = {0};
    double result[TSR_SERVE_MAX] = {0};
    bool right = true;
    tsr_status st = tsr_serve(comm, use_all_places, NULL, evaluate, &p, result, TSR_SERVE_MAX);

    for (int i = 0; i < TSR_SERVE_MAX; i++) right &= result[i] == 42.5 + i;
    CHECK_ALL(comm, st == TSR_OK && right);
}

static void solver_without_evaluations_or_results_is_fine(void **state)
{
    const tsr_comm *comm = *state;
    problem p = {0};
    solver s = {.steps = 0};
    tsr_status st = tsr_serve(comm, solve, &s, evaluate, &p, NULL, 0);

    CHECK_ALL(comm, st == TSR_OK && p.evaluations == 0);
}

static void failure_of_the_solver_releases_all(void **state)
{
    const tsr_comm *comm = *state;
    problem p = {0};
    solver s = {.steps = 2, .ranks = comm->size, .own = TSR_EDATA};
    double result = 0;
    tsr_status st = tsr_serve(comm, solve, &s, evaluate, &p, &result, 1);

    CHECK_ALL(comm, st == TSR_EDATA && strcmp(tsr_error_last()->text, "the solver gave up") == 0);
    CHECK_ALL(comm, tsr_error_last()->rank == 0);
}

static void failure_of_one_evaluation_ends_the_solver_everywhere(void **state)
{
    const tsr_comm *comm = *state;
    char text[64];

    for (int variant = 0; variant < 3; variant++) {
        problem p = {.fail_at = 2, .fail_rank = comm->size - 1};
        solver s = {.steps = 5, .ranks = comm->size, .deaf = variant == 1, .own = variant == 2 ? TSR_ENOMEM : TSR_OK};
        double result = 0;
        tsr_error_clear();
        tsr_status st = tsr_serve(comm, solve, &s, evaluate, &p, &result, 1);
        snprintf(text, sizeof text, "evaluation 2 on rank %d", comm->size - 1);
        CHECK_ALL(comm, st == TSR_EDATA && strcmp(tsr_error_last()->text, text) == 0);
        CHECK_ALL(comm, tsr_error_last()->rank == comm->size - 1);
        CHECK_ALL(comm, p.evaluations == 2); /* nothing is evaluated after a failure */
    }
}

/* ---- tasks ---- */

typedef struct deal {
    int64_t fail_from, fail_to; /* tasks in this range fail */
    int64_t worse;              /* and this one fails worse; -1: none */
} deal;

static tsr_status square(void *context, int64_t task, void *result)
{
    const deal *d = context;
    int64_t cells[3];

    memcpy(cells, result, sizeof cells);
    if (cells[0] != 0 || cells[1] != 0 || cells[2] != 0) return TSR_FAIL(TSR_EBUG, "result is not zeroed");
    if (task == d->worse) return TSR_FAIL(TSR_ENOMEM, "task %d is worse", (int)task);
    if (task >= d->fail_from && task < d->fail_to) return TSR_FAIL(TSR_EDATA, "task %d fails", (int)task);
    cells[0] = task * task;
    cells[1] = -task;
    cells[2] = (int64_t)1 << (task % 63);
    memcpy(result, cells, sizeof cells);
    return TSR_OK;
}

static void results_of_tasks_stand_by_number_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t counts[] = {0, 1, 2, 101};
    static int64_t results[101][3];
    deal d = {.worse = -1};

    for (int c = 0; c < 4; c++) {
        bool right = true;
        memset(results, 0x55, sizeof results);
        tsr_status st = tsr_tasks_run(comm, counts[c], square, &d, results, sizeof results[0]);
        for (int64_t t = 0; t < counts[c]; t++)
            right &= results[t][0] == t * t && results[t][1] == -t && results[t][2] == (int64_t)1 << (t % 63);
        CHECK_ALL(comm, st == TSR_OK && right);
    }
}

/* Whoever runs it: the same text for any number of ranks. */
static void worst_failure_of_the_lowest_task_is_reported(void **state)
{
    const tsr_comm *comm = *state;
    static int64_t results[50][3];
    deal some = {.fail_from = 13, .fail_to = 20, .worse = -1}, worse = {.fail_from = 3, .fail_to = 50, .worse = 31};

    tsr_status st = tsr_tasks_run(comm, 50, square, &some, results, sizeof results[0]);
    CHECK_ALL(comm, st == TSR_EDATA && strcmp(tsr_error_last()->text, "task 13 fails") == 0);
    st = tsr_tasks_run(comm, 50, square, &worse, results, sizeof results[0]);
    CHECK_ALL(comm, st == TSR_ENOMEM && strcmp(tsr_error_last()->text, "task 31 is worse") == 0);
    CHECK_ALL(comm, tsr_error_last()->rank == 31 % comm->size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_of_the_root_reaches_all),
        cmocka_unit_test(as_many_numbers_as_allowed_travel),
        cmocka_unit_test(solver_without_evaluations_or_results_is_fine),
        cmocka_unit_test(failure_of_the_solver_releases_all),
        cmocka_unit_test(failure_of_one_evaluation_ends_the_solver_everywhere),
        cmocka_unit_test(results_of_tasks_stand_by_number_on_all),
        cmocka_unit_test(worst_failure_of_the_lowest_task_is_reported),
    };
    return RUN_MPI_TESTS(tests);
}
