/**
 * @file quantise.h
 * Tiles of float32 rows that lie in memory, as fast as memory gives them.
 */
#ifndef TSR_QUANTISE_H
#define TSR_QUANTISE_H

#include "tessera/comm.h"
#include "tessera/tiles.h"

#define TSR_QUANTISE_ROWS 65536 /* a rank's first row is a multiple of this: what is summed together, on any number */

/**
 * Collective. Tiles as `scale: none` makes them: columns centred, the smallest power of two as the step that holds the
 * largest |value|, nothing clipped. Two passes over the rows: where the columns lie, and steps.
 * Same on all ranks: cols. May differ: span->rows (0 is allowed).
 *
 * @param rows         [span->rows][cols]; borrowed
 * @param key          [span->rows] or NULL; borrowed by the tiles
 * @param[out] centre  new [cols] in the units of the rows, a whole number of steps: what was taken away; tsr_free()
 * @param[out] tiles   new; tsr_tiles_destroy(); both NULL on failure
 * @return TSR_OK; TSR_EDATA (a value is not finite: names row and column; no rows at all); TSR_ENOMEM
 * Cost: the rows are read twice, the tiles written once; bound by memory.
 */
tsr_status tsr_tiles_quantise(const tsr_comm *comm, const tsr_span *span, const float *rows, int32_t cols,
                              const uint64_t *key, double **centre, tsr_tiles **tiles) TSR_NODISCARD;

#endif
