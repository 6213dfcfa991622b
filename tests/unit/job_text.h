/* Job files that stand in a test, read with the keys of job_keys.h. */
#ifndef TSR_TEST_JOB_TEXT_H
#define TSR_TEST_JOB_TEXT_H

#include "unit_test.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "job_keys.h"

static tsr_comm comm;

typedef struct params {
    first_params first;
    second_params second;
} params;

static inline void write_job(const char *text)
{
    FILE *file = fopen(JOB, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline tsr_status read_with(const char *text, const char *const *overrides, int32_t n, params *p, tsr_job **job)
{
    const tsr_section sections[] = {{first_keys, &p->first}, {second_keys, &p->second}};
    write_job(text);
    tsr_status st = tsr_job_read(&comm, JOB, overrides, n, sections, 2, job);
    remove(JOB);
    return st;
}

static inline tsr_job *read_well(const char *text, params *p)
{
    tsr_job *job = NULL;
    tsr_status st = read_with(text, NULL, 0, p, &job);
    if (st != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    assert_int_equal(st, TSR_OK);
    return job;
}

/* The whole message, after the name of the file. */
static inline void expect_error(const char *text, const char *message)
{
    params p;
    tsr_job *job = NULL;
    assert_int_equal(read_with(text, NULL, 0, &p, &job), TSR_ECONF);
    assert_null(job);
    assert_int_equal(strncmp(tsr_error_last()->text, JOB, strlen(JOB)), 0);
    assert_string_equal(tsr_error_last()->text + strlen(JOB), message);
}

/* The tests of one program, with `comm` open. */
static inline int run_job_tests(const char *group, const struct CMUnitTest *tests, size_t n)
{
    MPI_Init(NULL, NULL);
    comm = tsr_comm_open(MPI_COMM_WORLD);
    int failed = run_unit_tests(group, tests, n);
    tsr_comm_close(&comm);
    MPI_Finalize();
    return failed;
}

#define RUN_JOB_TESTS(tests) run_job_tests(__FILE__, (tests), sizeof(tests) / sizeof((tests)[0]))

#endif
