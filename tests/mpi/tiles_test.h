/**
 * @file tiles_test.h
 * Tiles for tests of several ranks: a value depends on its row in the whole matrix alone, whichever rank holds it.
 */
#ifndef TSR_TILES_TEST_H
#define TSR_TILES_TEST_H

#include <math.h>

#include "tessera/rng.h"
#include "tessera/tiles.h"

typedef double (*test_value)(int64_t row, int32_t col);

/* How rows are dealt: evenly, or all to the last rank. */
typedef enum test_deal { DEAL_EVENLY, DEAL_LAST } test_deal;

static inline tsr_span test_span(const tsr_comm *comm, int64_t rows, test_deal deal)
{
    if (deal == DEAL_EVENLY) return tsr_span_even(rows, 1, comm->rank, comm->size);
    return comm->rank == comm->size - 1 ? (tsr_span){0, rows, rows} : (tsr_span){0, 0, rows};
}

/* Local. New tiles with keys; free with test_tiles_free(). NULL on failure. */
static inline tsr_tiles *test_tiles(const tsr_comm *comm, int64_t rows, int32_t cols, double step, test_deal deal,
                                    test_value value)
{
    tsr_span span = test_span(comm, rows, deal);
    uint64_t *key = NULL;
    tsr_tiles *tiles = NULL;
    double v;

    if (tsr_alloc(&key, span.rows, sizeof *key) != TSR_OK) return NULL;
    if (tsr_tiles_create(&span, cols, step, key, &tiles) != TSR_OK) return NULL;
    for (int64_t i = 0; i < span.rows; i++) {
        key[i] = tsr_draw(99, TSR_STREAM_SYNTH, (uint64_t)(span.first + i), 1);
        for (int32_t j = 0; j < cols; j++) {
            v = value(span.first + i, j);
            tsr_tiles_put(tiles, i, 1, j, &v);
        }
    }
    return tiles;
}

static inline void test_tiles_free(tsr_tiles **tiles)
{
    const uint64_t *key = *tiles == NULL ? NULL : (*tiles)->key;

    tsr_tiles_destroy(tiles);
    tsr_free(&key);
}

static inline double test_uniform(int64_t row, int32_t col)
{
    return tsr_draw_uniform(5, TSR_STREAM_SYNTH, (uint64_t)row, (uint64_t)col + 100);
}

/* Five clouds that overlap a little, more or less wide by column. */
static inline double test_clouds(int64_t row, int32_t col)
{
    double noise = test_uniform(row, col) + test_uniform(row, col + 1000) + test_uniform(row, col + 2000) - 1.5;
    int cloud = (int)(tsr_draw(5, TSR_STREAM_SYNTH, (uint64_t)row, 7) % 5);

    return ((cloud * 7 + col * 3) % 5 - 2) * 1.1 + noise * (1 + col % 3 * 0.4);
}

/* Bytes in one number, for results that must be the same at any number of ranks. */
static inline uint64_t test_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < n; i++) hash = (hash ^ b[i]) * 0x100000001b3u;
    return hash;
}

#endif
