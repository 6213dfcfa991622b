/**
 * @file mpi_test.h
 * What every test of several ranks includes. Each test gets the group of all ranks in *state:
 *
 *     static void sum_over_ranks_is_exact(void **state)
 *     {
 *         const tsr_comm *comm = *state;
 *         ... collective calls ...
 *         CHECK_ALL(comm, sum == expected);
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(sum_over_ranks_is_exact)};
 *         return RUN_MPI_TESTS(tests);
 *     }
 *
 * cmocka's own assert_* jump out of the test: on one rank alone that leaves the others waiting. So ranks vote first.
 */
#ifndef TSR_MPI_TEST_H
#define TSR_MPI_TEST_H

/* cmocka.h wants these four first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tessera/comm.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/status.h"

/* Collective. Fails the test on every rank unless the condition holds on every rank. */
#define CHECK_ALL(comm, condition) assert_true(all_ranks((comm), (condition), #condition, __FILE__, __LINE__))

static inline bool all_ranks(const tsr_comm *comm, bool mine, const char *what, const char *file, int line)
{
    int here = mine, everywhere = 0;

    if (!mine) print_error("rank %d: %s:%d: not so: %s\n", comm->rank, file, line, what);
    MPI_Allreduce(&here, &everywhere, 1, MPI_INT, MPI_LAND, comm->mpi);
    return everywhere != 0;
}

/* Local. The nth time (from 1) the last rank passes this point ("alloc", "file", ...) it fails, until the test ends. */
static inline void fail_last_rank(const tsr_comm *comm, const char *point, int nth)
{
    char plan[128];

    snprintf(plan, sizeof plan, "point=%s,rank=%d,nth=%d", point, comm->size - 1, nth);
    tsr_fault_set(plan);
}

/* Collective. Are these bytes the same on every rank? */
static inline bool same_on_all(const tsr_comm *comm, const void *bytes, size_t n)
{
    bool same = tsr_same(comm, bytes, n, "a result of a test") == TSR_OK;

    tsr_error_clear();
    return same;
}

static int64_t mpi_blocks_before;

static int mpi_setup(void **state)
{
    (void)state;
    tsr_fault_set(NULL);
    tsr_error_clear();
    tsr_interrupt_clear();
    mpi_blocks_before = tsr_memory_blocks();
    return 0;
}

static int mpi_teardown(void **state)
{
    int64_t left = tsr_memory_blocks() - mpi_blocks_before;

    (void)state;
    tsr_fault_set(NULL);
    if (left != 0) print_error("%" PRId64 " blocks of memory were not given back\n", left);
    return left != 0;
}

/* Rank 0 reports as it goes; the others keep what they say, and say it where their test failed. */
static int run_quietly(const struct CMUnitTest *test, int rank)
{
    char text[4096];
    FILE *file = tmpfile();

    if (file == NULL) return _cmocka_run_group_tests(test->name, test, 1, NULL, NULL);
    fflush(NULL);
    int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int failed = _cmocka_run_group_tests(test->name, test, 1, NULL, NULL);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    close(out);
    close(error);
    if (failed != 0) {
        rewind(file);
        fprintf(stderr, "---- rank %d, %s ----\n", rank, test->name);
        for (size_t n; (n = fread(text, 1, sizeof text, file)) > 0;) fwrite(text, 1, n, stderr);
    }
    fclose(file);
    return failed;
}

/* Every test is a group of its own, so that ranks agree after each one and the exit status is the same on all. */
static int run_mpi_tests(const struct CMUnitTest *tests, size_t n)
{
    int any = 0;

    MPI_Init(NULL, NULL);
    tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
    for (size_t i = 0; i < n; i++) {
        struct CMUnitTest test = tests[i];
        test.setup_func = mpi_setup;
        test.teardown_func = mpi_teardown;
        test.initial_state = &comm;
        int failed =
            comm.rank == 0 ? _cmocka_run_group_tests(test.name, &test, 1, NULL, NULL) : run_quietly(&test, comm.rank);
        fflush(NULL);
        MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, comm.mpi);
        any |= failed;
    }
    tsr_comm_close(&comm);
    MPI_Finalize();
    return any != 0;
}

#define RUN_MPI_TESTS(tests) run_mpi_tests((tests), sizeof(tests) / sizeof((tests)[0]))

#endif
