/**
 * @file measure.h
 * What every program of bench/ begins and ends with: MPI, options, time, memory, one line of JSON.
 *
 * Times are wall time between two barriers: the slowest rank's. Memory is the sum over ranks.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "tessera/assign.h"

typedef struct bench {
    tsr_comm comm;
    tsr_isa isa;
    int argc;
    char **argv;
} bench;

/** Collective. Start MPI. @return TSR_OK; TSR_ECONF where this is no Release build or the ranks' kernels disagree */
tsr_status bench_open(int argc, char **argv, bench *b) TSR_NODISCARD;

/** Collective. Say what went wrong, end MPI; the exit status of the program. */
int bench_close(bench *b, tsr_status st);

/** Local. The text after --name; @p fallback where it is not given. */
const char *bench_option(const bench *b, const char *name, const char *fallback);

/** Local. The same as a number. */
int64_t bench_number(const bench *b, const char *name, int64_t fallback);

/** Collective. Wait for all; the time now. */
double bench_now(const bench *b);

/** Collective. Seconds from @p start to when the last rank gets here. */
double bench_since(const bench *b, double start);

/** Local. Sort @p seconds [n]; the middle one. The first is the best. */
double bench_median(double *seconds, int64_t n);

/** Collective. Peak resident memory since each rank's last reset, summed over ranks, in MB (10^6 bytes). */
double bench_peak_mb(const bench *b);

/** Local. Begin the line of JSON: program, ranks, kernels, compiler. Rank 0 prints it, the others print nothing. */
void bench_line_begin(const bench *b, const char *question);

/** Local. One more key. */
void bench_line_text(const bench *b, const char *key, const char *value);
void bench_line_int(const bench *b, const char *key, int64_t value);
void bench_line_real(const bench *b, const char *key, double value);

/** Local. End of the line. */
void bench_line_end(const bench *b);

#endif
