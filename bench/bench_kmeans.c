/*
 * How long does K-means take from float32 rows in memory to final labels, and what does it need?
 *   bench_kmeans --data ROWS.npy --start START.npy [--updates 20] [--labels OUT.npy] [--workload NAME]
 * --updates U: U updates of the centroids and the labels that follow, as the peers count them (U + 1 passes of
 * assignment). 0: until no row moves.
 *
 * The source is mapped before anything is timed. It is unmapped, and the peak of memory begins anew, before the K-means
 * stage starts: what counts is tiles, labels and what K-means itself takes. peak_mb_tiles is the peak while the source
 * still counted.
 */
#include <stdio.h>

#include "measure.h"
#include "source.h"
#include "tessera/kmeans.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define NO_END 100000

typedef struct result {
    tsr_kmeans *model;
    uint16_t *label;
    tiles_cost tiles;
    double seconds_run, peak_mb;
    double inertia; /* around the means of the final labels, in units of the source */
    uint64_t digest;
} result;

/* Rows are numbered over all ranks, so neither their number nor the order of adding matters. */
static uint64_t digest_labels(const tsr_span *span, const uint16_t *label)
{
    uint64_t sum = 0;

    for (int64_t i = 0; i < span->rows; i++) {
        uint64_t x = ((uint64_t)(span->first + i) << 16 | label[i]) * 0x9e3779b97f4a7c15ULL;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL; /* the finaliser of splitmix64 */
        x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
        sum += x ^ x >> 31;
    }
    return sum;
}

static tsr_status inertia(const bench *b, const tsr_tiles *tiles, const tsr_kmeans *model, double *value)
{
    tsr_int128 squares = tsr_tiles_square_sum(tiles);
    tsr_status st = tsr_sum_int128(&b->comm, &squares, 1);

    if (st != TSR_OK) return st;
    *value = tsr_int128_scaled(squares, 0);
    for (int32_t c = 0; c < model->k; c++) {
        tsr_int128 square = 0;
        for (int32_t j = 0; j < model->cols; j++) {
            tsr_int128 sum = model->sums[(int64_t)c * model->cols + j];
            square += sum * sum;
        }
        *value -= tsr_int128_scaled(square, 0) / (double)model->count[c];
    }
    *value *= tiles->step * tiles->step;
    return TSR_OK;
}

/* Starting centroids in the units of the tiles: centred as the rows are. */
static tsr_status read_start(const char *path, int32_t cols, const double *centre, double **start, int32_t *k)
{
    tsr_status st;
    npy_map map = {0};
    int64_t rows = 0;
    int32_t start_cols = 0;

    TSR_TRY(npy_shape(path, &rows, &start_cols));
    if (start_cols != cols || rows < 1 || rows > TSR_K_MAX)
        return TSR_FAIL(TSR_EDATA, "%s: not starting centroids of %d columns", path, cols);
    TSR_TRY(npy_map_rows(path, 0, rows, &map));
    TSR_TRY(tsr_alloc(start, rows * cols, sizeof **start));
    for (int64_t i = 0; i < rows * cols; i++) (*start)[i] = (double)((const float *)map.rows)[i] - centre[i % cols];
    *k = (int32_t)rows;
done:
    npy_unmap(&map);
    return st;
}

typedef struct part {
    const tsr_span *span;
    const uint16_t *label;
} part;

static tsr_status write_labels(int file, void *context)
{
    const part *p = context;

    return npy_write(file, p->span->first * (int64_t)sizeof *p->label, p->label,
                     p->span->rows * (int64_t)sizeof *p->label);
}

static tsr_status measure(const bench *b, tsr_tiles **tiles, result *r)
{
    tsr_status st;
    double *centre = NULL, *start = NULL;
    int32_t k = 0;
    const int64_t updates = bench_number(b, "updates", 20);
    tsr_cluster_params params = {.k = {2, 2},
                                 .restarts = 1,
                                 .sample = 1,
                                 .max_iter = updates > 0 ? updates + 1 : NO_END};

    TSR_TRY(source_read(b, &centre, tiles, &r->tiles));
    TSR_AGREE(&b->comm, read_start(bench_option(b, "start", ""), (*tiles)->cols, centre, &start, &k));
    tsr_memory_peak_reset();
    const double began = bench_now(b);
    TSR_TRY(tsr_kmeans_run(&b->comm, &params, 1, *tiles, start, k, &r->model, &r->label));
    r->seconds_run = bench_since(b, began);
    r->peak_mb = bench_peak_mb(b);
done:
    tsr_free(&start);
    tsr_free(&centre);
    return st;
}

static tsr_status examine(const bench *b, const tsr_tiles *tiles, const char *labels_path, result *r)
{
    tsr_status st;
    part p = {.span = &tiles->span, .label = r->label};
    uint64_t digest = digest_labels(&tiles->span, r->label);

    MPI_Allreduce(&digest, &r->digest, 1, MPI_UINT64_T, MPI_SUM, b->comm.mpi);
    TSR_TRY(inertia(b, tiles, r->model, &r->inertia));
    if (labels_path != NULL)
        TSR_TRY(npy_create(&b->comm, labels_path, "<u2", tiles->span.rows_global, 0, write_labels, &p));
done:
    return st;
}

static void print(const bench *b, const tsr_tiles *tiles, const result *r)
{
    const tsr_kmeans *m = r->model;
    char digest[32];

    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)r->digest);
    bench_line_begin(b, "kmeans");
    source_line(b, "lloyd", tiles, &r->tiles);
    bench_line_int(b, "updates", bench_number(b, "updates", 20));
    bench_line_int(b, "k", m->k);
    bench_line_int(b, "iterations", m->iterations);
    bench_line_text(b, "stop", tsr_stop_name(m->stop));
    bench_line_real(b, "seconds_iterations", m->seconds);
    bench_line_real(b, "seconds_per_iteration", m->seconds / (double)m->iterations);
    bench_line_real(b, "seconds_total", r->tiles.seconds + r->seconds_run);
    bench_line_real(b, "peak_mb", r->peak_mb);
    bench_line_real(b, "inertia", r->inertia);
    bench_line_text(b, "digest", digest);
    bench_line_end(b);
}

int main(int argc, char **argv)
{
    bench b;
    tsr_status st;
    tsr_tiles *tiles = NULL;
    result r = {0};

    TSR_TRY(bench_open(argc, argv, &b));
    TSR_TRY(measure(&b, &tiles, &r));
    TSR_TRY(examine(&b, tiles, bench_option(&b, "labels", NULL), &r));
    print(&b, tiles, &r);
done:
    tsr_free(&r.label);
    tsr_kmeans_destroy(&r.model);
    tsr_tiles_destroy(&tiles);
    return bench_close(&b, st);
}
