/*
 * How long do principal components take, from tiles and from float32 rows in memory?
 *   bench_pca --data ROWS.npy [--workload NAME]
 * All components are found. The source is unmapped before the stage's memory is measured.
 */
#include "measure.h"
#include "source.h"
#include "tessera/memory.h"
#include "tessera/pca.h"

typedef struct result {
    tsr_pca *pca;
    tiles_cost tiles;
    double seconds_fit, peak_mb;
} result;

static tsr_status measure(const bench *b, tsr_tiles **tiles, result *r)
{
    tsr_status st;
    double *centre = NULL;

    TSR_TRY(source_read(b, &centre, tiles, &r->tiles));
    const tsr_reduce_params params = {.variance = 1, .components = (*tiles)->cols};
    const double began = bench_now(b);
    TSR_TRY(tsr_pca_fit(&b->comm, &params, *tiles, &r->pca));
    r->seconds_fit = bench_since(b, began);
    r->peak_mb = bench_peak_mb(b);
done:
    tsr_free(&centre);
    return st;
}

static void print(const bench *b, const tsr_tiles *tiles, const result *r)
{
    double total = 0;

    for (int32_t j = 0; j < r->pca->cols; j++) total += r->pca->variance[j];
    bench_line_begin(b, "pca");
    source_line(b, "covariance", tiles, &r->tiles);
    bench_line_real(b, "seconds_fit", r->seconds_fit);
    bench_line_real(b, "seconds_total", r->tiles.seconds + r->seconds_fit);
    bench_line_real(b, "peak_mb", r->peak_mb);
    bench_line_real(b, "variance_first", r->pca->variance[0]);
    bench_line_real(b, "variance_total", total);
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
    print(&b, tiles, &r);
done:
    tsr_pca_destroy(&r.pca);
    tsr_tiles_destroy(&tiles);
    return bench_close(&b, st);
}
