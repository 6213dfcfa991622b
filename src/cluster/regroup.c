#include "cluster/regroup.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"

#define BLOCK_TILES (TSR_SHUFFLE_ROWS / TSR_TILE_ROWS)
#define CLASSES     2048 /* of squared gaps: eight to an octave */
#define CLASS_SHIFT 20

tsr_status tsr_regroup_make(const tsr_tiles *tiles, tsr_regroup **regroup)
{
    tsr_status st;
    tsr_regroup *g = NULL;
    const int64_t rows = tiles->span.rows < TSR_SHUFFLE_ROWS ? tiles->tiles * TSR_TILE_ROWS : TSR_SHUFFLE_ROWS;

    *regroup = NULL;
    TSR_TRY(tsr_alloc(&g, 1, sizeof *g));
    TSR_TRY(tsr_alloc_unset(&g->map, tiles->span.rows, sizeof *g->map));
    TSR_TRY(tsr_alloc(&g->work, rows * ((tiles->cols + 15) / 16 * 16), sizeof *g->work));
    *regroup = g;
    g = NULL;
done:
    tsr_regroup_free(&g);
    return st;
}

void tsr_regroup_free(tsr_regroup **regroup)
{
    if (*regroup == NULL) return;
    tsr_free(&(*regroup)->work);
    tsr_free(&(*regroup)->map);
    tsr_free(regroup);
}

/* The block that begins with a tile, as tiles of their own. Weights stay where they are: the map finds them. */
static tsr_tiles block_at(const tsr_tiles *tiles, int64_t tile)
{
    tsr_tiles block = *tiles;
    const int64_t left = tiles->span.rows - tile * TSR_TILE_ROWS;

    block.tiles = tiles->tiles - tile < BLOCK_TILES ? tiles->tiles - tile : BLOCK_TILES;
    block.span.rows = left < TSR_SHUFFLE_ROWS ? left : TSR_SHUFFLE_ROWS;
    block.value += tile * tiles->cols * TSR_TILE_ROWS;
    block.map += tile * TSR_TILE_ROWS;
    return block;
}

/* The order of squared gaps, roughly: squares are not negative, so their bits are in order. */
static void find_order(tsr_regroup *g, int64_t rows)
{
    uint16_t start[CLASSES + 1] = {0}, class[TSR_SHUFFLE_ROWS];

    for (int64_t i = 0; i < rows; i++) {
        uint32_t bits;
        memcpy(&bits, &g->square[i], sizeof bits);
        class[i] = (uint16_t)(bits >> CLASS_SHIFT);
        start[class[i] + 1]++;
    }
    for (int c = 0; c < CLASSES; c++) start[c + 1] = (uint16_t)(start[c + 1] + start[c]);
    for (int64_t i = 0; i < rows; i++) g->from[start[class[i]]++] = (uint16_t)i;
}

static void move_labels(tsr_regroup *g, int64_t rows, uint16_t *label)
{
    memcpy(g->old, label, (size_t)rows * sizeof *label);
    for (int64_t i = 0; i < rows; i++) label[i] = g->old[g->from[i]];
}

/* Gaps of the tiles of a block whose rows have changed places. */
static void find_gaps(const tsr_regroup *g, int64_t rows, tsr_gaps *gaps)
{
    for (int64_t first = 0; first < rows; first += TSR_TILE_ROWS) {
        float least = INFINITY;

        for (int64_t i = first; i < rows && i < first + TSR_TILE_ROWS; i++) {
            const float square = g->square[g->from[i]];
            least = square < least ? square : least;
        }
        gaps->gap[first / TSR_TILE_ROWS] = tsr_gap_from_square(gaps, least);
    }
}

int64_t tsr_regroup_assign(tsr_regroup *g, tsr_isa isa, tsr_tiles *tiles, const float *centroids, int32_t k,
                           uint16_t *label, int64_t *sums, int64_t *count, tsr_gaps *gaps)
{
    int64_t moved = 0;

    for (int64_t i = 0; tiles->map == NULL && i < tiles->span.rows; i++) g->map[i] = (uint32_t)i;
    tiles->map = g->map;
    gaps->looked = tiles->tiles;
    for (int64_t tile = 0; tile < tiles->tiles; tile += BLOCK_TILES) {
        const tsr_tiles block = block_at(tiles, tile);
        uint16_t *const here = label + tile * TSR_TILE_ROWS;
        tsr_gaps some = *gaps;

        some.gap = gaps->gap + tile;
        some.square = g->square;
        some.limit = INFINITY;
        moved += tsr_assign_gaps(isa, &block, centroids, k, here, sums, count, &some);
        find_order(g, block.span.rows);
        find_gaps(g, block.span.rows, &some);
        tsr_tiles_shuffle(tiles, tile, block.span.rows, g->from, g->work);
        move_labels(g, block.span.rows, here);
    }
    return moved;
}

void tsr_regroup_undo(tsr_regroup *g, tsr_tiles *tiles, uint16_t *label)
{
    if (tiles->map == NULL) return;
    for (int64_t tile = 0; tile < tiles->tiles; tile += BLOCK_TILES) {
        const tsr_tiles block = block_at(tiles, tile);

        for (int64_t i = 0; i < block.span.rows; i++)
            g->from[block.map[i] - (uint32_t)(tile * TSR_TILE_ROWS)] = (uint16_t)i;
        tsr_tiles_shuffle(tiles, tile, block.span.rows, g->from, g->work);
        move_labels(g, block.span.rows, label + tile * TSR_TILE_ROWS);
    }
    tiles->map = NULL;
}
