#include "source.h"

#include "tessera/memory.h"
#include "tessera/quantise.h"

tsr_status source_open(const bench *b, const char *path, source *s)
{
    tsr_status st;
    int64_t rows = 0;

    *s = (source){0};
    TSR_AGREE(&b->comm, npy_shape(path, &rows, &s->cols));
    s->span = tsr_span_even(rows, TSR_QUANTISE_ROWS, b->comm.rank, b->comm.size);
    TSR_AGREE(&b->comm, npy_map_rows(path, s->span.first, s->span.rows, &s->map));
done:
    return st;
}

void source_close(source *s)
{
    npy_unmap(&s->map);
}

tsr_status source_read(const bench *b, double **centre, tsr_tiles **tiles, tiles_cost *cost)
{
    tsr_status st;
    source s = {0};

    TSR_TRY(source_open(b, bench_option(b, "data", ""), &s));
    tsr_memory_peak_reset();
    const double began = bench_now(b);
    TSR_TRY(tsr_tiles_quantise(&b->comm, &s.span, s.map.rows, s.cols, NULL, centre, tiles));
    cost->seconds = bench_since(b, began);
    cost->peak_mb = bench_peak_mb(b);
done:
    source_close(&s);
    tsr_memory_peak_reset();
    return st;
}

void source_line(const bench *b, const char *algorithm, const tsr_tiles *tiles, const tiles_cost *cost)
{
    bench_line_text(b, "workload", bench_option(b, "workload", ""));
    bench_line_text(b, "algorithm", algorithm);
    bench_line_int(b, "rows", tiles->span.rows_global);
    bench_line_int(b, "cols", tiles->cols);
    bench_line_real(b, "seconds_tiles", cost->seconds);
    bench_line_real(b, "peak_mb_tiles", cost->peak_mb);
}
