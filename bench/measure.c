#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

static tsr_status check_build(void)
{
    if (strcmp(BENCH_BUILD, "Release") == 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "this is a %s build: only a Release build may be measured (bench/run makes one)",
                    BENCH_BUILD[0] == '\0' ? "nameless" : BENCH_BUILD);
}

tsr_status bench_open(int argc, char **argv, bench *b)
{
    tsr_status st;

    MPI_Init(&argc, &argv);
    *b = (bench){.comm = tsr_comm_open(MPI_COMM_WORLD), .argc = argc, .argv = argv};
    tsr_log_init(b->comm.rank, TSR_LOG_QUIET);
    TSR_AGREE(&b->comm, check_build());
    TSR_TRY(tsr_isa_agree(&b->comm, &b->isa));
done:
    return st;
}

int bench_close(bench *b, tsr_status st)
{
    if (st != TSR_OK) tsr_log_error();
    tsr_comm_close(&b->comm);
    MPI_Finalize();
    return (int)st;
}

const char *bench_option(const bench *b, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < b->argc; i++)
        if (strncmp(b->argv[i], "--", 2) == 0 && strcmp(b->argv[i] + 2, name) == 0) return b->argv[i + 1];
    return fallback;
}

int64_t bench_number(const bench *b, const char *name, int64_t fallback)
{
    const char *text = bench_option(b, name, NULL);

    return text == NULL ? fallback : (int64_t)strtoll(text, NULL, 10);
}

double bench_now(const bench *b)
{
    MPI_Barrier(b->comm.mpi);
    return MPI_Wtime();
}

double bench_since(const bench *b, double start)
{
    double seconds = bench_now(b) - start;

    tsr_max_double(&b->comm, &seconds, 1);
    return seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *seconds, int64_t n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, ascending);
    return seconds[n / 2];
}

double bench_peak_mb(const bench *b)
{
    int64_t bytes = tsr_memory_peak();

    tsr_sum_int64(&b->comm, &bytes, 1);
    return (double)bytes * 1e-6;
}

void bench_line_begin(const bench *b, const char *question)
{
    if (b->comm.rank == 0) printf("{\"question\": \"%s\", \"tool\": \"tessera\"", question);
    bench_line_int(b, "ranks", b->comm.size);
    bench_line_text(b, "isa", tsr_isa_name(b->isa));
    bench_line_text(b, "compiler", BENCH_COMPILER);
}

void bench_line_text(const bench *b, const char *key, const char *value)
{
    if (b->comm.rank == 0) printf(", \"%s\": \"%s\"", key, value);
}

void bench_line_int(const bench *b, const char *key, int64_t value)
{
    if (b->comm.rank == 0) printf(", \"%s\": %" PRId64, key, value);
}

void bench_line_real(const bench *b, const char *key, double value)
{
    if (b->comm.rank == 0) printf(", \"%s\": %.12g", key, value);
}

void bench_line_end(const bench *b)
{
    if (b->comm.rank == 0) printf("}\n");
}
