/*
 * What more ranks cost and bring.
 *   bench_scaling --measure kmeans --rows N [--cols 16] [--k 8] [--updates 20] [--mode strong|weak|huge]
 *   bench_scaling --measure network [--repeats 7]
 * kmeans: rows are made in tiles, each a function of its number: no file, no source in memory, any number of rows; the
 * labels' digest and the counts must be the same on any number of ranks. network: half a round trip between rank 0 and
 * the last rank, an allreduce of 64-bit sums over all, adding up without sending, and the scatter of times for equal
 * work: what the LogGP model needs (scaling.py). One line of JSON per result.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "tessera/kmeans.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define SEED        106
#define KEY_CENTRES (1ULL << 62) /* rows are keyed by their number */
#define CENTRES     12000        /* centroids lie within +- this, in steps */
#define NOISE       8192
#define LARGEST     (4 << 20) /* message, in bytes */
#define BATCH_BYTES (16 << 20)
#define WORK_ROUNDS 4000000 /* of equal work: about ten milliseconds */

static volatile double sink; /* so that no result is unused */

/* ---- rows ---- */

static int16_t centre_of(int32_t component, int32_t col)
{
    return (int16_t)((int64_t)(tsr_draw(SEED, TSR_STREAM_SYNTH, KEY_CENTRES + (uint64_t)component, (uint64_t)col) %
                               (2 * CENTRES + 1)) -
                     CENTRES);
}

/* One draw serves a component and two columns: 16 bits each, and 32 for the component. */
static void make_row(int64_t number, int32_t cols, int32_t k, const int16_t *centre, int16_t *value)
{
    uint64_t bits = tsr_draw(SEED, TSR_STREAM_SYNTH, (uint64_t)number, 0);
    int32_t component = (int32_t)((bits >> 32) * (uint64_t)k >> 32);

    for (int32_t j = 0; j < cols; j++) {
        if (j > 0 && j % 2 == 0) bits = tsr_draw(SEED, TSR_STREAM_SYNTH, (uint64_t)number, (uint64_t)j);
        int noise = (int)(bits >> 16 * (j % 2) & 0xffff);
        value[(int64_t)j * TSR_TILE_ROWS] = (int16_t)(centre[component * cols + j] + noise % NOISE - NOISE / 2);
    }
}

static tsr_status make_tiles(const bench *b, int64_t rows, int32_t cols, int32_t k, tsr_tiles **tiles, double **start)
{
    tsr_status st;
    int16_t *centre = NULL;
    tsr_span span = tsr_span_even(rows, TSR_TILE_ROWS, b->comm.rank, b->comm.size);

    TSR_AGREE(&b->comm, tsr_tiles_create(&span, cols, 1, NULL, tiles));
    TSR_AGREE(&b->comm, tsr_alloc(&centre, (int64_t)k * cols, sizeof *centre));
    TSR_AGREE(&b->comm, tsr_alloc(start, (int64_t)k * cols, sizeof **start));
    for (int32_t i = 0; i < k * cols; i++) {
        centre[i] = centre_of(i / cols, i % cols);
        (*start)[i] = centre[i] * 0.8 + 500; /* beside the truth */
    }
    for (int64_t i = 0; i < span.rows; i++)
        make_row(span.first + i, cols, k, centre,
                 (*tiles)->value + i / TSR_TILE_ROWS * cols * TSR_TILE_ROWS + i % TSR_TILE_ROWS);
done:
    tsr_free(&centre);
    return st;
}

/* ---- K-means ---- */

static uint64_t digest_labels(const bench *b, const tsr_span *span, const uint16_t *label)
{
    uint64_t sum = 0, all = 0;

    for (int64_t i = 0; i < span->rows; i++)
        sum += ((uint64_t)(span->first + i) * 2 + 1) * (label[i] + 0x9e3779b97f4a7c15ULL);
    MPI_Allreduce(&sum, &all, 1, MPI_UINT64_T, MPI_SUM, b->comm.mpi);
    return all;
}

static void print_kmeans(const bench *b, const tsr_tiles *tiles, const tsr_kmeans *m, uint64_t digest)
{
    int64_t counted = 0, most = 0;
    char text[32];

    for (int32_t c = 0; c < m->k; c++) {
        counted += m->count[c];
        most = m->count[c] > most ? m->count[c] : most;
    }
    snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
    bench_line_begin(b, "scaling");
    bench_line_text(b, "mode", bench_option(b, "mode", "strong"));
    bench_line_int(b, "rows", tiles->span.rows_global);
    bench_line_int(b, "cols", tiles->cols);
    bench_line_int(b, "k", m->k);
    bench_line_int(b, "iterations", m->iterations);
    bench_line_real(b, "seconds", m->seconds);
    bench_line_real(b, "seconds_per_iteration", m->seconds / (double)m->iterations);
    bench_line_int(b, "counted", counted);
    bench_line_int(b, "largest", most);
    bench_line_real(b, "peak_mb", bench_peak_mb(b));
    bench_line_text(b, "digest", text);
    bench_line_end(b);
}

static tsr_status measure_kmeans(const bench *b)
{
    tsr_tiles *tiles = NULL;
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    double *start = NULL;
    int64_t rows = bench_number(b, "rows", 0), cols = bench_number(b, "cols", 16), k = bench_number(b, "k", 8);
    tsr_cluster_params params = {.k = {2, 2},
                                 .restarts = 1,
                                 .sample = 1,
                                 .max_iter = bench_number(b, "updates", 20) + 1};
    tsr_status st = TSR_OK;

    if (rows < 1 || cols < 1 || cols > 1024 || k < 2 || k > 1024 || params.max_iter < 2)
        TSR_TRY(TSR_FAIL(TSR_ECONF, "--rows from 1, --cols from 1 to 1024, --k from 2 to 1024, --updates from 1"));
    TSR_TRY(make_tiles(b, rows, (int32_t)cols, (int32_t)k, &tiles, &start));
    TSR_TRY(tsr_kmeans_run(&b->comm, &params, 1, tiles, start, (int32_t)k, &model, &label));
    print_kmeans(b, tiles, model, digest_labels(b, &tiles->span, label));
done:
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    tsr_tiles_destroy(&tiles);
    tsr_free(&start);
    return st;
}

/* ---- the network ---- */

typedef struct probe {
    const bench *b;
    int64_t *in, *out;
    int64_t repeats;
} probe;

typedef void (*probed)(const probe *p, int bytes);

static void ping_pong(const probe *p, int bytes)
{
    const int last = p->b->comm.size - 1, rank = p->b->comm.rank;

    if (rank != 0 && rank != last) return;
    if (rank == 0) MPI_Send(p->in, bytes, MPI_BYTE, last, 0, p->b->comm.mpi);
    MPI_Recv(p->out, bytes, MPI_BYTE, rank == 0 ? last : 0, 0, p->b->comm.mpi, MPI_STATUS_IGNORE);
    if (rank != 0) MPI_Send(p->in, bytes, MPI_BYTE, 0, 0, p->b->comm.mpi);
}

static void allreduce(const probe *p, int bytes)
{
    MPI_Allreduce(p->in, p->out, bytes / 8, MPI_INT64_T, MPI_SUM, p->b->comm.mpi);
}

static void add_up(const probe *p, int bytes)
{
    MPI_Reduce_local(p->in, p->out, bytes / 8, MPI_INT64_T, MPI_SUM);
}

/* Seconds of one call: the median of batches, each long enough for the clock. */
static tsr_status print_probe(const probe *p, const char *kind, probed call, int bytes, double share)
{
    double *seconds = NULL;
    int64_t calls = BATCH_BYTES / (bytes + 4096) + 1;
    tsr_status st;

    TSR_AGREE(&p->b->comm, tsr_alloc(&seconds, p->repeats, sizeof *seconds));
    call(p, bytes);
    for (int64_t i = 0; i < p->repeats; i++) {
        double began = bench_now(p->b);
        for (int64_t n = 0; n < calls; n++) call(p, bytes);
        seconds[i] = bench_since(p->b, began) / (double)calls * share;
    }
    double median = bench_median(seconds, p->repeats);
    bench_line_begin(p->b, "network");
    bench_line_text(p->b, "kind", kind);
    bench_line_int(p->b, "bytes", bytes);
    bench_line_real(p->b, "seconds", median);
    bench_line_real(p->b, "seconds_best", seconds[0]);
    bench_line_end(p->b);
done:
    tsr_free(&seconds);
    return st;
}

static double work(void)
{
    double x = 0;

    for (int i = 0; i < WORK_ROUNDS; i++) x = fma(x, 0.999, 0.5);
    return x;
}

/* How much the times of equal work differ, as a share of them: the standard deviation over all ranks and repeats, and,
 * blind to outliers, that of a normal distribution with the quartiles of the rank that differs most. */
static tsr_status print_jitter(const bench *b)
{
    enum { REPEATS = 150 };
    double *seconds = NULL, sums[2] = {0, 0};
    tsr_status st;

    TSR_AGREE(&b->comm, tsr_alloc(&seconds, REPEATS, sizeof *seconds));
    sink = work();
    (void)bench_now(b);
    for (int i = 0; i < REPEATS; i++) {
        double then = MPI_Wtime();
        sink = work();
        seconds[i] = MPI_Wtime() - then;
        sums[0] += seconds[i];
        sums[1] += seconds[i] * seconds[i];
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, b->comm.mpi);
    double n = (double)REPEATS * b->comm.size, mean = sums[0] / n, middle = bench_median(seconds, REPEATS);
    double typical = (seconds[REPEATS * 3 / 4] - seconds[REPEATS / 4]) / 1.349 / middle;
    tsr_max_double(&b->comm, &typical, 1);
    bench_line_begin(b, "network");
    bench_line_text(b, "kind", "jitter");
    bench_line_real(b, "seconds", mean);
    bench_line_real(b, "share", sqrt(fmax(0, sums[1] / n - mean * mean)) / mean);
    bench_line_real(b, "share_typical", typical);
    bench_line_end(b);
done:
    tsr_free(&seconds);
    return st;
}

static tsr_status measure_network(const bench *b)
{
    probe p = {.b = b, .repeats = bench_number(b, "repeats", 7)};
    tsr_status st = TSR_OK;

    if (b->comm.size < 2 || p.repeats < 1) TSR_TRY(TSR_FAIL(TSR_ECONF, "a network needs two ranks and one repeat"));
    TSR_AGREE(&b->comm, tsr_alloc(&p.in, LARGEST / 8, sizeof *p.in));
    TSR_AGREE(&b->comm, tsr_alloc(&p.out, LARGEST / 8, sizeof *p.out));
    for (int bytes = 8; bytes <= LARGEST; bytes *= 4) {
        TSR_TRY(print_probe(&p, "ping-pong", ping_pong, bytes, 0.5));
        TSR_TRY(print_probe(&p, "allreduce", allreduce, bytes, 1));
        TSR_TRY(print_probe(&p, "sum", add_up, bytes, 1));
    }
    TSR_TRY(print_jitter(b));
done:
    tsr_free(&p.out);
    tsr_free(&p.in);
    return st;
}

int main(int argc, char **argv)
{
    bench b;
    tsr_status st;

    TSR_TRY(bench_open(argc, argv, &b));
    if (strcmp(bench_option(&b, "measure", ""), "network") == 0)
        TSR_TRY(measure_network(&b));
    else
        TSR_TRY(measure_kmeans(&b));
done:
    return bench_close(&b, st);
}
