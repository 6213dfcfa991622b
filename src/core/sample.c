#include "tessera/sample.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define DIGIT_BITS 16
#define BINS       ((int64_t)1 << DIGIT_BITS)

/* One customer on its way into the sample: this head, then its steps. */
typedef struct pick {
    uint64_t draw, key;
    int64_t row; /* of the whole matrix: two customers may share a key */
    int32_t weight;
    int16_t steps[];
} pick;

static uint64_t draw_of(const tsr_tiles *tiles, uint64_t seed, int64_t slot)
{
    return tsr_draw(seed, TSR_STREAM_SAMPLE, tsr_tiles_key(tiles, slot), 0);
}

static int compare(const void *left, const void *right)
{
    const pick *a = left, *b = right;

    if (a->draw != b->draw) return a->draw < b->draw ? -1 : 1;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/*
 * A bound that at least `size` draws do not exceed, and seldom many more: digit by digit from the top, the bin in which
 * the size-th smallest draw lies. Draws are spread evenly, so that the first digit is nearly always enough.
 */
static uint64_t bound_on_draws(const tsr_comm *comm, const tsr_tiles *tiles, uint64_t seed, int64_t size, int64_t *bins)
{
    uint64_t prefix = 0; /* the digits above this one */
    int64_t below = 0;   /* draws with smaller digits */

    for (int shift = 64 - DIGIT_BITS;; shift -= DIGIT_BITS) {
        int64_t bin = 0;

        memset(bins, 0, (size_t)BINS * sizeof *bins);
        for (int64_t i = 0; i < tiles->span.rows; i++) {
            uint64_t digits = draw_of(tiles, seed, i) >> shift;
            if (digits >> DIGIT_BITS == prefix) bins[digits & (uint64_t)(BINS - 1)]++;
        }
        tsr_sum_int64(comm, bins, BINS);
        while (below + bins[bin] < size) below += bins[bin++];
        prefix = prefix << DIGIT_BITS | (uint64_t)bin;
        if (shift == 0) return prefix;
        if (below + bins[bin] <= 2 * size) return prefix << shift | (((uint64_t)1 << shift) - 1);
    }
}

/* This rank's customers within the bound, in order; no more than can be wanted. */
static tsr_status pick_rows(const tsr_tiles *tiles, uint64_t seed, uint64_t bound, int64_t size, size_t bytes,
                            char **picks, int64_t *n)
{
    tsr_status st;
    int64_t within = 0, done = 0;

    for (int64_t i = 0; i < tiles->span.rows; i++) within += draw_of(tiles, seed, i) <= bound;
    TSR_TRY(tsr_alloc(picks, within, bytes));
    for (int64_t i = 0; i < tiles->span.rows && done < within; i++) {
        uint64_t draw = draw_of(tiles, seed, i);
        if (draw > bound) continue;
        pick *p = (pick *)(*picks + (size_t)done++ * bytes);
        *p = (pick){.draw = draw,
                    .key = tsr_tiles_key(tiles, i),
                    .row = tsr_tiles_number(tiles, i),
                    .weight = (int32_t)tsr_tiles_weight(tiles, i)};
        tsr_tiles_slot(tiles, i, p->steps);
    }
    qsort(*picks, (size_t)within, bytes, compare);
    *n = within < size ? within : size;
done:
    return st;
}

static int16_t *place(const tsr_tiles *tiles, int64_t row)
{
    return tiles->value + row / TSR_TILE_ROWS * tiles->cols * TSR_TILE_ROWS + row % TSR_TILE_ROWS;
}

/* Tiles for some of the rows, with room for their weights. */
static tsr_status create_like(const tsr_tiles *tiles, int64_t rows, tsr_tiles **some)
{
    tsr_status st;

    TSR_TRY(tsr_tiles_create(&(tsr_span){0, rows, rows}, tiles->cols, tiles->step, NULL, some));
    (*some)->quantum = tiles->quantum;
    if (tiles->weight != NULL) TSR_TRY(tsr_alloc(&(*some)->weight, rows, sizeof *tiles->weight));
done:
    if (st != TSR_OK) tsr_tiles_destroy(some);
    return st;
}

static tsr_status to_tiles(char *picks, int64_t picked, size_t bytes, int64_t size, const tsr_tiles *tiles,
                           int64_t **row, tsr_tiles **sample)
{
    tsr_status st;
    int64_t rows = picked < size ? picked : size;

    qsort(picks, (size_t)picked, bytes, compare);
    TSR_TRY(create_like(tiles, rows, sample));
    if (row != NULL) TSR_TRY(tsr_alloc(row, rows, sizeof **row));
    for (int64_t i = 0; i < rows; i++) {
        const pick *p = (const pick *)(picks + (size_t)i * bytes);
        int16_t *tile = place(*sample, i);
        if (tiles->weight != NULL) (*sample)->weight[i] = p->weight;
        if (row != NULL) (*row)[i] = p->row;
        for (int32_t j = 0; j < tiles->cols; j++) tile[(int64_t)j * TSR_TILE_ROWS] = p->steps[j];
    }
done:
    return st;
}

tsr_status tsr_sample_draw(const tsr_comm *comm, const tsr_tiles *tiles, uint64_t seed, int64_t size, int64_t **row,
                           tsr_tiles **sample)
{
    tsr_status st;
    size_t bytes = (sizeof(pick) + (size_t)tiles->cols * sizeof(int16_t) + 7) & ~(size_t)7;
    int64_t *bins = NULL, mine = 0, picked = 0;
    uint64_t bound = UINT64_MAX;
    char *picks = NULL;
    void *all = NULL;

    *sample = NULL;
    if (row != NULL) *row = NULL;
    TSR_AGREE(comm, tsr_alloc(&bins, BINS, sizeof *bins));
    if (tiles->span.rows_global > size) bound = bound_on_draws(comm, tiles, seed, size, bins);
    TSR_AGREE(comm, pick_rows(tiles, seed, bound, size, bytes, &picks, &mine));
    TSR_TRY(tsr_gather_all(comm, picks, mine, bytes, &all, &picked));
    tsr_free(&picks);
    TSR_AGREE(comm, to_tiles(all, picked, bytes, size, tiles, row, sample));
done:
    tsr_free(&all);
    tsr_free(&picks);
    tsr_free(&bins);
    if (st != TSR_OK) tsr_tiles_destroy(sample);
    if (st != TSR_OK && row != NULL) tsr_free(row);
    return st;
}

tsr_status tsr_sample_part(const tsr_tiles *sample, int64_t rows, bool (*keep)(const void *context, int64_t row),
                           const void *context, tsr_tiles **part)
{
    tsr_status st;
    int64_t all = rows < sample->span.rows ? rows : sample->span.rows, kept = 0, to = 0;

    for (int64_t i = 0; i < all; i++) kept += keep == NULL || keep(context, i);
    TSR_TRY(create_like(sample, kept, part));
    for (int64_t i = 0; i < all; i++) {
        if (keep != NULL && !keep(context, i)) continue;
        const int16_t *from = place(sample, i);
        int16_t *into = place(*part, to);
        if (sample->weight != NULL) (*part)->weight[to] = sample->weight[i];
        to++;
        for (int32_t j = 0; j < sample->cols; j++) into[(int64_t)j * TSR_TILE_ROWS] = from[(int64_t)j * TSR_TILE_ROWS];
    }
done:
    return st;
}
