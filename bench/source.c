#include "source.h"

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

tsr_status source_tiles(const bench *b, const source *s, double **centre, tsr_tiles **tiles)
{
    return tsr_tiles_quantise(&b->comm, &s->span, s->map.rows, s->cols, NULL, centre, tiles);
}
