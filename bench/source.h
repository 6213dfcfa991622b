/**
 * @file source.h
 * float32 rows in memory, and the tiles they become.
 */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include "measure.h"
#include "npy.h"

/* Rows of one rank, as they lie in memory before anything is measured. */
typedef struct source {
    tsr_span span;
    int32_t cols;
    npy_map map; /* float [span.rows][cols] */
} source;

/** Collective. Map this rank's share of a float32 matrix. @return TSR_OK; TSR_EIO; TSR_EDATA */
tsr_status source_open(const bench *b, const char *path, source *s) TSR_NODISCARD;

/** Local. Unmap it: from then on it counts in nobody's memory. */
void source_close(source *s);

/**
 * Collective. Tiles as `scale: none` makes them: columns centred, one step that holds the largest |value|, nothing
 * clipped. Two passes over the rows.
 * @param[out] centre  new [cols] real units, a whole number of steps: what was taken away; tsr_free()
 * @param[out] tiles   new; tsr_tiles_destroy()
 * @return TSR_OK; TSR_EDATA (not finite, or far too large); TSR_ENOMEM
 */
tsr_status source_tiles(const bench *b, const source *s, double **centre, tsr_tiles **tiles) TSR_NODISCARD;

#endif
