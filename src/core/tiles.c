#include "tessera/tiles.h"

#include <math.h>
#include <string.h>

#include "core/kernels.h"
#include "tessera/memory.h"

static tsr_status create(const tsr_span *span, int32_t cols, double step, const uint64_t *key, bool zeroed,
                         tsr_tiles **tiles)
{
    tsr_status st;
    tsr_tiles *t = NULL;

    *tiles = NULL;
    TSR_TRY(tsr_alloc(&t, 1, sizeof *t));
    t->span = *span;
    t->tiles = (span->rows + TSR_TILE_ROWS - 1) / TSR_TILE_ROWS;
    t->cols = cols;
    t->step = step;
    t->key = key;
    t->quantum = 1;
    if (zeroed)
        TSR_TRY(tsr_alloc_aligned(&t->value, t->tiles * cols, TSR_TILE_ROWS * sizeof *t->value));
    else
        TSR_TRY(tsr_alloc_unset(&t->value, t->tiles * cols, TSR_TILE_ROWS * sizeof *t->value));
    *tiles = t;
    t = NULL;
done:
    tsr_tiles_destroy(&t);
    return st;
}

tsr_status tsr_tiles_create(const tsr_span *span, int32_t cols, double step, const uint64_t *key, tsr_tiles **tiles)
{
    return create(span, cols, step, key, true, tiles);
}

tsr_status tsr_tiles_create_unset(const tsr_span *span, int32_t cols, double step, const uint64_t *key,
                                  tsr_tiles **tiles)
{
    return create(span, cols, step, key, false, tiles);
}

void tsr_tiles_destroy(tsr_tiles **tiles)
{
    if (*tiles == NULL) return;
    tsr_free(&(*tiles)->value);
    tsr_free(&(*tiles)->map);
    tsr_free(&(*tiles)->weight);
    tsr_free(tiles);
}

int64_t tsr_tiles_put(tsr_tiles *tiles, int64_t first, int64_t rows, int32_t col, const double *column)
{
    const tsr_kernels *kernels = tsr_kernels_of(tsr_isa_here());
    int64_t clipped = 0;

    TSR_ASSERT(tiles->map == NULL && col >= 0 && col < tiles->cols);
    TSR_ASSERT(first >= 0 && rows >= 0 && first + rows <= tiles->span.rows);
    for (int64_t done = 0; done < rows;) {
        int64_t slot = first + done, lane = slot % TSR_TILE_ROWS, n = TSR_TILE_ROWS - lane;
        int16_t *to = tiles->value + (slot / TSR_TILE_ROWS * tiles->cols + col) * TSR_TILE_ROWS + lane;

        if (n > rows - done) n = rows - done;
        clipped += kernels->put(column + done, (int)n, tiles->step, to);
        done += n;
    }
    return clipped;
}

void tsr_tiles_shuffle(tsr_tiles *tiles, int64_t tile, int64_t rows, const uint16_t *from, int16_t *work)
{
    uint32_t old[TSR_SHUFFLE_ROWS], *map = tiles->map + tile * TSR_TILE_ROWS;

    TSR_ASSERT(tiles->map != NULL && rows <= TSR_SHUFFLE_ROWS);
    tsr_kernels_of(tsr_isa_here())
        ->shuffle(tiles->value + tile * tiles->cols * TSR_TILE_ROWS, rows, tiles->cols, from, work);
    memcpy(old, map, (size_t)rows * sizeof *old);
    for (int64_t i = 0; i < rows; i++) map[i] = old[from[i]];
}

void tsr_tiles_slot(const tsr_tiles *tiles, int64_t slot, int16_t *steps)
{
    const int16_t *tile = tiles->value + slot / TSR_TILE_ROWS * tiles->cols * TSR_TILE_ROWS;

    TSR_ASSERT(slot >= 0 && slot < tiles->span.rows);
    for (int32_t j = 0; j < tiles->cols; j++) steps[j] = tile[(int64_t)j * TSR_TILE_ROWS + slot % TSR_TILE_ROWS];
}

void tsr_tiles_row(const tsr_tiles *tiles, int64_t row, int16_t *steps)
{
    TSR_ASSERT(tiles->map == NULL);
    tsr_tiles_slot(tiles, row, steps);
}

static int64_t row_of(const tsr_tiles *tiles, int64_t slot)
{
    return tiles->map == NULL ? slot : tiles->map[slot];
}

int64_t tsr_tiles_number(const tsr_tiles *tiles, int64_t slot)
{
    return tiles->span.first + row_of(tiles, slot);
}

uint64_t tsr_tiles_key(const tsr_tiles *tiles, int64_t slot)
{
    return tiles->key == NULL ? (uint64_t)tsr_tiles_number(tiles, slot) : tiles->key[row_of(tiles, slot)];
}

int64_t tsr_tiles_weight(const tsr_tiles *tiles, int64_t slot)
{
    return tiles->weight == NULL ? 1 : tiles->weight[row_of(tiles, slot)];
}

int64_t tsr_tiles_weight_sum(const tsr_tiles *tiles)
{
    int64_t sum = 0;

    if (tiles->weight == NULL) return tiles->span.rows;
    for (int64_t i = 0; i < tiles->span.rows; i++) sum += tiles->weight[i];
    return sum;
}

int tsr_tile_rows(const tsr_tiles *tiles, int64_t tile)
{
    int64_t left = tiles->span.rows - tile * TSR_TILE_ROWS;

    return left < TSR_TILE_ROWS ? (int)left : TSR_TILE_ROWS;
}

void tsr_tiles_norms(const tsr_tiles *tiles, int64_t tile, int64_t *norm)
{
    const int16_t *value = tiles->value + tile * tiles->cols * TSR_TILE_ROWS;

    for (int i = 0; i < TSR_TILE_ROWS; i++) norm[i] = 0;
    for (int32_t j = 0; j < tiles->cols; j++, value += TSR_TILE_ROWS)
        for (int i = 0; i < TSR_TILE_ROWS; i++) norm[i] += (int32_t)value[i] * value[i];
}

void tsr_tiles_sums(const tsr_tiles *tiles, int64_t *sum)
{
    const int16_t *value = tiles->value;

    for (int64_t t = 0; t < tiles->tiles; t++) {
        int64_t weight[TSR_TILE_ROWS] = {0};

        for (int i = 0; i < tsr_tile_rows(tiles, t); i++) weight[i] = tsr_tiles_weight(tiles, t * TSR_TILE_ROWS + i);
        for (int32_t j = 0; j < tiles->cols; j++, value += TSR_TILE_ROWS)
            for (int i = 0; i < TSR_TILE_ROWS; i++) sum[j] += weight[i] * value[i];
    }
}

tsr_int128 tsr_tiles_square_sum(const tsr_tiles *tiles)
{
    tsr_int128 sum = 0;

    for (int64_t t = 0; t < tiles->tiles; t++) {
        int64_t norm[TSR_TILE_ROWS];
        tsr_tiles_norms(tiles, t, norm);
        for (int i = 0; i < tsr_tile_rows(tiles, t); i++)
            sum += (tsr_int128)tsr_tiles_weight(tiles, t * TSR_TILE_ROWS + i) * norm[i];
    }
    return sum;
}

double tsr_step_for(double largest)
{
    int exponent;

    if (!(largest > 0)) return 1;
    double fraction = frexp(largest, &exponent); /* in [1/2, 1): the step 2^(exponent - 15) gives at most 32768 */
    return ldexp(1, fraction * 32768 <= TSR_STEPS_MAX ? exponent - 15 : exponent - 14);
}
