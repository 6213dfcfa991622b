/*
 * Source data of the workloads: an overlapping, skewed mixture as float32 rows, and k of them as starting centroids.
 *   bench_generate --workload A [--rows N] --folder DIR
 * prints the paths of both files; files that are there already are kept. A row is a function of its number and the
 * workload's seed: the same bytes on any number of ranks.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure.h"
#include "npy.h"
#include "tessera/file.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/rng.h"

#define EDITION     2            /* in the files' names: count up with any change of what a row is */
#define KEY_MIXTURE (1ULL << 62) /* rows are keyed by their number; components from here on */
#define KEY_START   (1ULL << 63)
#define SKEWED      4 /* every so many columns one is log-normal, of skewness about 1 */
#define SKEW        0.3
#define BUFFER_ROWS 4096

typedef struct workload {
    const char *name;
    int64_t rows;
    int32_t cols, k;
    uint64_t seed;
    double distance; /* typical one of two components, in their standard deviations: they overlap. So that a fit to
                        convergence takes about 100 iterations */
} workload;

static const workload workloads[] = {
    {"A", 8000000, 16, 8, 101, 3.6}, {"B", 2000000, 32, 64, 102, 7}, {"C", 500000, 64, 256, 103, 8},
    {"D", 10000000, 8, 6, 104, 3},   {"W", 1000000, 256, 8, 105, 4},
};

typedef struct mixture {
    workload w;
    double *centre, *sd; /* [k][cols] */
    double *share;       /* [k] cumulative */
    tsr_span span;
} mixture;

static tsr_status mixture_make(const workload *w, mixture *m)
{
    tsr_status st;
    double total = 0, spread = w->distance / sqrt(2.0 * w->cols);

    *m = (mixture){.w = *w};
    TSR_TRY(tsr_alloc(&m->centre, (int64_t)w->k * w->cols, sizeof *m->centre));
    TSR_TRY(tsr_alloc(&m->sd, (int64_t)w->k * w->cols, sizeof *m->sd));
    TSR_TRY(tsr_alloc(&m->share, w->k, sizeof *m->share));
    for (int32_t c = 0; c < w->k; c++) {
        tsr_rng rng = {.seed = w->seed, .key = KEY_MIXTURE + (uint64_t)c, .stream = TSR_STREAM_SYNTH};
        for (int32_t j = 0; j < w->cols; j++) {
            m->centre[c * w->cols + j] = spread * tsr_rng_normal(&rng);
            m->sd[c * w->cols + j] = 0.6 + 0.8 * tsr_rng_open(&rng);
        }
        total += 1 / sqrt(1.0 + c); /* segments are of unequal size */
        m->share[c] = total;
    }
    for (int32_t c = 0; c < w->k; c++) m->share[c] /= total;
done:
    return st;
}

static void mixture_clear(mixture *m)
{
    tsr_free(&m->share);
    tsr_free(&m->sd);
    tsr_free(&m->centre);
}

/* Returns the component that the row belongs to. */
static int32_t draw_row(const mixture *m, int64_t number, float *row)
{
    tsr_rng rng = {.seed = m->w.seed, .key = (uint64_t)number, .stream = TSR_STREAM_SYNTH};
    double u = tsr_rng_open(&rng);
    int32_t c = 0;

    while (c + 1 < m->w.k && u > m->share[c]) c++;
    for (int32_t j = 0; j < m->w.cols; j++) {
        int32_t at = c * m->w.cols + j;
        double v = m->centre[at] + m->sd[at] * tsr_rng_normal(&rng);
        row[j] = (float)(j % SKEWED == SKEWED - 1 ? tsr_exp(SKEW * v) : v);
    }
    return c;
}

static tsr_status write_rows(int file, void *context)
{
    const mixture *m = context;
    tsr_status st;
    float *rows = NULL;
    int64_t width = m->w.cols * (int64_t)sizeof *rows, end = m->span.first + m->span.rows;

    TSR_TRY(tsr_alloc(&rows, BUFFER_ROWS * (int64_t)m->w.cols, sizeof *rows));
    for (int64_t first = m->span.first; first < end; first += BUFFER_ROWS) {
        int64_t n = end - first < BUFFER_ROWS ? end - first : BUFFER_ROWS;
        for (int64_t i = 0; i < n; i++) (void)draw_row(m, first + i, rows + i * m->w.cols);
        TSR_TRY(npy_write(file, first * width, rows, n * width));
    }
done:
    tsr_free(&rows);
    return st;
}

/* One row of each component, at drawn places: about what careful seeding finds. Rank 0 writes, the others have nothing
 * to. */
static tsr_status write_start(int file, void *context)
{
    const mixture *m = context;
    tsr_status st = TSR_OK;
    float *rows = NULL;
    int64_t cols = m->w.cols;
    uint64_t draw = 0;

    if (m->span.first > 0 || m->span.rows == 0) return TSR_OK;
    TSR_TRY(tsr_alloc(&rows, m->w.k * cols, sizeof *rows));
    for (int32_t c = 0; c < m->w.k; draw++) {
        uint64_t number = tsr_draw(m->w.seed, TSR_STREAM_SEED, KEY_START, draw) % (uint64_t)m->w.rows;
        c += draw_row(m, (int64_t)number, rows + c * cols) == c;
    }
    TSR_TRY(npy_write(file, 0, rows, m->w.k * cols * (int64_t)sizeof *rows));
done:
    tsr_free(&rows);
    return st;
}

static tsr_status choose(const bench *b, workload *w)
{
    const char *name = bench_option(b, "workload", "");

    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        if (strcmp(workloads[i].name, name) != 0) continue;
        *w = workloads[i];
        w->rows = bench_number(b, "rows", w->rows);
        if (w->rows >= w->k) return TSR_OK;
        return TSR_FAIL(TSR_ECONF, "--rows: workload %s needs at least %d", name, w->k);
    }
    return TSR_FAIL(TSR_ECONF, "--workload %s: use A, B, C, D or W", name);
}

static tsr_status generate(const bench *b, const workload *w, const char *folder)
{
    tsr_status st;
    mixture m = {0};
    char rows[4096], start[4096];

    snprintf(rows, sizeof rows, "%s/%s-%" PRId64 "x%d-v%d.npy", folder, w->name, w->rows, w->cols, EDITION);
    snprintf(start, sizeof start, "%s/%s-%" PRId64 "x%d-k%d-v%d.npy", folder, w->name, w->rows, w->cols, w->k, EDITION);
    TSR_AGREE(&b->comm, b->comm.rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_AGREE(&b->comm, mixture_make(w, &m));
    m.span = tsr_span_even(w->rows, BUFFER_ROWS, b->comm.rank, b->comm.size);
    if (!tsr_file_exists(rows)) TSR_TRY(npy_create(&b->comm, rows, "<f4", w->rows, w->cols, write_rows, &m));
    m.span = (tsr_span){.rows = b->comm.rank == 0 ? w->rows : 0, .rows_global = w->rows};
    if (!tsr_file_exists(start)) TSR_TRY(npy_create(&b->comm, start, "<f4", w->k, w->cols, write_start, &m));
    if (b->comm.rank == 0) printf("%s\n%s\n", rows, start);
done:
    mixture_clear(&m);
    return st;
}

int main(int argc, char **argv)
{
    bench b;
    workload w = {0};
    tsr_status st;

    TSR_TRY(bench_open(argc, argv, &b));
    TSR_AGREE(&b.comm, choose(&b, &w));
    TSR_TRY(generate(&b, &w, bench_option(&b, "folder", ".")));
done:
    return bench_close(&b, st);
}
