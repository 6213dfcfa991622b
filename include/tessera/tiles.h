/**
 * @file tiles.h
 * The matrix of all computation: 16-bit steps, 16 rows a tile, column by column (DESIGN section 2).
 */
#ifndef TSR_TILES_H
#define TSR_TILES_H

#include "tessera/exact.h"
#include "tessera/rows.h"

#define TSR_TILE_ROWS 16
#define TSR_STEPS_MAX 32767 /* a value is -32767 .. 32767 steps */

typedef struct tsr_tiles {
    tsr_span span; /* rows of this rank */
    int64_t tiles; /* ceil(rows / 16) */
    int32_t cols;
    double step;         /* of all columns: real value = steps x step */
    int16_t *value;      /* [tiles][cols][16]; rows past the end are 0 */
    const uint64_t *key; /* [rows], by row, not by slot; borrowed; NULL: none */
    uint32_t *map;       /* [rows] slot -> row; NULL: slot i is row i. Owned */
    int32_t *weight;     /* [rows], by row: of each row in quanta, >= 1 (weights.h); NULL: all 1. Owned */
    double quantum;      /* real weight = weight x quantum; 1 where none were given */
} tsr_tiles;

/** Local. Zeroed tiles in huge pages, without a map and without weights. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_tiles_create(const tsr_span *span, int32_t cols, double step, const uint64_t *key,
                            tsr_tiles **tiles) TSR_NODISCARD;
/** Local. As tsr_tiles_create(), with values not yet set: for who sets all of them, those of padding rows to 0. */
tsr_status tsr_tiles_create_unset(const tsr_span *span, int32_t cols, double step, const uint64_t *key,
                                  tsr_tiles **tiles) TSR_NODISCARD;
void tsr_tiles_destroy(tsr_tiles **tiles);

/**
 * Local. Quantise rows of tiles without a map: steps = round-half-even(value / step), kept within +-32767.
 * @param first    row within the span
 * @param column   values [rows] of column @p col (real units, centred and scaled); a NaN counts as clipped
 * @return how many values were clipped
 */
int64_t tsr_tiles_put(tsr_tiles *tiles, int64_t first, int64_t rows, int32_t col, const double *column);

/** Local. Row @p row of the span as steps, [cols]; tiles without a map. */
void tsr_tiles_row(const tsr_tiles *tiles, int64_t row, int16_t *steps);

/** Local. The row in slot @p slot as steps, [cols]. */
void tsr_tiles_slot(const tsr_tiles *tiles, int64_t slot, int16_t *steps);

#define TSR_SHUFFLE_ROWS 4096 /* whole tiles */

/**
 * Local. Rows of a block of tiles in another order, values and map: slot i of the block gets what slot from[i] of it
 * held. What pads the last tile stays there.
 * @param tile  first of the block; @param rows of it, at most TSR_SHUFFLE_ROWS, less than whole tiles only at the end
 * @param work  [TSR_SHUFFLE_ROWS][cols, rounded up to a multiple of 16]
 */
void tsr_tiles_shuffle(tsr_tiles *tiles, int64_t tile, int64_t rows, const uint16_t *from, int16_t *work);

/** Local. Number of a slot's row in the whole matrix, and its key (that number, where the tiles have no keys). */
int64_t tsr_tiles_number(const tsr_tiles *tiles, int64_t slot);
uint64_t tsr_tiles_key(const tsr_tiles *tiles, int64_t slot);

/** Local. Weight of a slot's row in quanta; of all rows of this rank together. */
int64_t tsr_tiles_weight(const tsr_tiles *tiles, int64_t slot);
int64_t tsr_tiles_weight_sum(const tsr_tiles *tiles);

/** Local. Rows of one tile: 16, or what is left in the last one. */
int tsr_tile_rows(const tsr_tiles *tiles, int64_t tile);

/** Local. Squared lengths, in steps^2, of the rows of one tile: norm [16], exact. */
void tsr_tiles_norms(const tsr_tiles *tiles, int64_t tile, int64_t *norm);

/** Local. Add this rank's rows, each times its weight: sum [cols], exact. */
void tsr_tiles_sums(const tsr_tiles *tiles, int64_t *sum);

/** Local. The sum of the squared lengths of this rank's rows, each times its weight, in steps^2, exact. */
tsr_int128 tsr_tiles_square_sum(const tsr_tiles *tiles);

/** Local. The smallest power of two that, as a step, holds values up to @p largest: largest / step <= 32767. 0: 1. */
double tsr_step_for(double largest);

#endif
