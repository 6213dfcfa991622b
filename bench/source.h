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

/* What it took to make tiles. */
typedef struct tiles_cost {
    double seconds, peak_mb; /* the source counts in it */
} tiles_cost;

/**
 * Collective. Tiles of a float32 matrix that is mapped before anything is timed. The source is unmapped then, and the
 * peak of memory begins anew: what follows is the stage that is measured. The path is what --data says.
 * @param[out] centre  new [cols] real units, a whole number of steps: what was taken away; tsr_free()
 * @param[out] tiles   new; tsr_tiles_destroy()
 * @return TSR_OK; TSR_EIO; TSR_EDATA (not finite); TSR_ENOMEM
 */
tsr_status source_read(const bench *b, double **centre, tsr_tiles **tiles, tiles_cost *cost) TSR_NODISCARD;

/** Local. Into the line of JSON: --workload, the algorithm, the shape of the tiles and what it took to make them. */
void source_line(const bench *b, const char *algorithm, const tsr_tiles *tiles, const tiles_cost *cost);

#endif
