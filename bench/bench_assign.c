/*
 * How long does one iteration of K-means take? From given centroids, the whole update included, for rows x cols in k
 * segments that overlap.
 *
 *     mpirun -np 2 bench_assign ROWS COLS K ITERATIONS [REPEATS]
 *
 * ITERATIONS 0: until no row moves. Prints one line of JSON: seconds per iteration of the slowest rank, smallest and
 * median over the repeats. TESSERA_ISA forces a variant of the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tessera/kmeans.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/rng.h"

enum { REPEATS_MAX = 99 };

typedef struct question {
    int64_t rows, iterations;
    int32_t cols, k, repeats;
} question;

/* A row depends on its number alone: centres on a lattice, noise about as wide as they lie apart. */
static double value_of(const question *q, int64_t row, int32_t col)
{
    uint64_t u = tsr_draw(1, TSR_STREAM_SYNTH, (uint64_t)row, (uint64_t)col);
    double noise = 0;

    for (int i = 0; i < 4; i++) noise += (double)((u >> 16 * i) & 0xffff) / 65536 - 0.5;
    uint64_t cloud = tsr_draw(2, TSR_STREAM_SYNTH, (uint64_t)row, 0) % (uint64_t)q->k;
    return noise * 1.7 + (double)((cloud * 7 + (uint64_t)col * 13 * (cloud + 1)) % 11) * 0.4 - 2;
}

static tsr_status make_data(const tsr_comm *comm, const question *q, tsr_tiles **tiles, double *start)
{
    tsr_status st;
    tsr_span span = tsr_span_even(q->rows, TSR_TILE_ROWS, comm->rank, comm->size);

    TSR_TRY(tsr_tiles_create(&span, q->cols, 8.0 / TSR_STEPS_MAX, NULL, tiles));
    for (int64_t i = 0; i < span.rows; i++) {
        for (int32_t j = 0; j < q->cols; j++) {
            double v = value_of(q, span.first + i, j);
            (void)tsr_tiles_put(*tiles, i, 1, j, &v);
        }
    }
    for (int32_t c = 0; c < q->k; c++)
        for (int32_t j = 0; j < q->cols; j++) start[(int64_t)c * q->cols + j] = value_of(q, c, j);
done:
    return st;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static void processor(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(name, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL) continue;
        snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file != NULL) fclose(file);
}

static void print(const tsr_comm *comm, const question *q, const tsr_kmeans *m, tsr_isa isa, double *seconds)
{
    char name[128], date[32];
    const char *threads = getenv("OPENBLAS_NUM_THREADS");
    time_t now = time(NULL);

    if (comm->rank != 0) return;
    qsort(seconds, (size_t)q->repeats, sizeof *seconds, compare);
    processor(name, sizeof name);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    printf("{\"bench\": \"assign\", \"rows\": %lld, \"cols\": %d, \"k\": %d, \"ranks\": %d, \"isa\": \"%s\", "
           "\"iterations\": %lld, \"stop\": \"%s\", \"seconds_per_iteration\": {\"min\": %.6f, \"median\": %.6f}, "
           "\"repeats\": %d, \"peak_rss_mb\": %.0f, \"commit\": \"%s\", \"compiler\": \"%s\", \"cpu\": \"%s\", "
           "\"OPENBLAS_NUM_THREADS\": \"%s\", \"date\": \"%s\"}\n",
           (long long)q->rows, q->cols, q->k, comm->size, tsr_isa_name(isa), (long long)m->iterations,
           tsr_stop_name(m->stop), seconds[0], seconds[q->repeats / 2], q->repeats, (double)tsr_memory_peak() / 1e6,
           BENCH_COMMIT, BENCH_COMPILER, name, threads == NULL ? "" : threads, date);
}

/* The first run warms up and is not counted. */
static tsr_status answer(const tsr_comm *comm, const question *q)
{
    tsr_status st;
    tsr_cluster_params params = {.restarts = 1, .sample = 1, .max_iter = q->iterations > 0 ? q->iterations : 1000000};
    tsr_isa isa = TSR_ISA_BASELINE;
    tsr_tiles *tiles = NULL;
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    double *start = NULL, seconds[REPEATS_MAX];

    TSR_TRY(tsr_isa_agree(comm, &isa));
    TSR_AGREE(comm, tsr_alloc(&start, (int64_t)q->k * q->cols, sizeof *start));
    TSR_AGREE(comm, make_data(comm, q, &tiles, start));
    for (int32_t r = -1; r < q->repeats; r++) {
        tsr_kmeans_destroy(&model);
        tsr_free(&label);
        TSR_TRY(tsr_kmeans_run(comm, &params, 1, tiles, start, q->k, &model, &label));
        if (r >= 0) seconds[r] = model->seconds / (double)model->iterations;
    }
    print(comm, q, model, isa, seconds);
done:
    tsr_kmeans_destroy(&model);
    tsr_free(&label);
    tsr_tiles_destroy(&tiles);
    tsr_free(&start);
    return st;
}

int main(int argc, char **argv)
{
    question q = {.repeats = argc > 5 ? atoi(argv[5]) : 5};

    if (strcmp(BENCH_BUILD, "Release") != 0) {
        fprintf(stderr, "bench_assign: this is a %s build; timings are for Release builds\n", BENCH_BUILD);
        return 2;
    }
    if (argc > 4) {
        q.rows = atoll(argv[1]);
        q.cols = atoi(argv[2]);
        q.k = atoi(argv[3]);
        q.iterations = atoll(argv[4]);
    }
    if (q.cols < 1 || q.k < 1 || q.rows < q.k || q.iterations < 0 || q.repeats < 1 || q.repeats > REPEATS_MAX) {
        fprintf(stderr, "usage: bench_assign ROWS COLS K ITERATIONS [REPEATS]\n");
        return 2;
    }
    MPI_Init(&argc, &argv);
    tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
    tsr_log_init(comm.rank, TSR_LOG_QUIET);
    tsr_status st = answer(&comm, &q);
    if (st != TSR_OK && comm.rank == 0) fprintf(stderr, "bench_assign: %s\n", tsr_error_last()->text);
    tsr_comm_close(&comm);
    MPI_Finalize();
    return (int)st;
}
