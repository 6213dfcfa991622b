#include "pipeline/summary/tsne_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/table.h"

#define ROWS 8192

/* Customers of the sample whom a bin holds on the average, at least. */
#define PER_BIN 20

/* One of the sample, to be met in the order of rows. */
typedef struct member {
    int64_t row, at;
} member;

static int by_row(const void *left, const void *right)
{
    const member *a = left, *b = right;

    return (a->row > b->row) - (a->row < b->row);
}

static void choose_bins(const tsr_tsne *tsne, tsr_tsne_map *map)
{
    map->columns = 8;
    while (map->columns < TSR_MAP_COLUMNS && PER_BIN * map->columns * map->columns < tsne->rows) map->columns++;
    map->rows = map->columns * TSR_MAP_ROWS / TSR_MAP_COLUMNS;
    for (int a = 0; a < 2; a++) {
        map->low[a] = INFINITY;
        map->high[a] = -INFINITY;
        for (int64_t i = 0; i < tsne->rows; i++) {
            map->low[a] = fmin(map->low[a], floor(tsne->place[2 * i + a]));
            map->high[a] = fmax(map->high[a], floor(tsne->place[2 * i + a]) + 1);
        }
    }
}

static int32_t bin_of(const tsr_tsne *tsne, const tsr_tsne_map *map, int64_t i)
{
    const double at[] = {(tsne->place[2 * i] - map->low[0]) / (map->high[0] - map->low[0]),
                         (tsne->place[2 * i + 1] - map->low[1]) / (map->high[1] - map->low[1])};

    return (int32_t)(at[1] * map->rows) * map->columns + (int32_t)(at[0] * map->columns);
}

static tsr_status sort_members(const tsr_tsne *tsne, member **sorted)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(sorted, tsne->rows, sizeof **sorted));
    for (int64_t i = 0; i < tsne->rows; i++) (*sorted)[i] = (member){tsne->row[i], i};
    qsort(*sorted, (size_t)tsne->rows, sizeof **sorted, by_row);
done:
    return st;
}

/* This rank's members: count [bins][k]. Blocks without any are not read. */
static tsr_status count_here(const tsr_tsne *tsne, const tsr_tsne_map *map, const char *customers, const tsr_span *span,
                             int32_t k, int64_t *count)
{
    tsr_table *table = NULL;
    member *sorted = NULL;
    int32_t *segment = NULL;
    int64_t first = 0, rows = 0; /* of the block that was read */
    tsr_status st;

    TSR_TRY(sort_members(tsne, &sorted));
    TSR_TRY(tsr_alloc(&segment, ROWS, sizeof *segment));
    TSR_TRY(tsr_table_open(customers, &table));
    for (int64_t i = 0; i < tsne->rows; i++) {
        int64_t row = sorted[i].row - span->first;
        if (row < 0 || row >= span->rows) continue;
        if (row >= first + rows) {
            first = row;
            rows = span->rows - first < ROWS ? span->rows - first : ROWS;
            TSR_TRY(tsr_table_read(table, "segment", span->first + first, rows, TSR_I32, segment));
        }
        count[(int64_t)bin_of(tsne, map, sorted[i].at) * k + segment[row - first]]++;
    }
done:
    tsr_table_close(&table);
    tsr_free(&segment);
    tsr_free(&sorted);
    return st;
}

tsr_status tsr_tsne_map_run(const tsr_comm *comm, const tsr_tsne *tsne, const char *customers, const tsr_span *span,
                            int32_t k, tsr_tsne_map *map)
{
    int64_t *count = NULL;
    tsr_status st;

    memset(map, 0, sizeof *map);
    if (tsne->rows == 0) return TSR_OK;
    choose_bins(tsne, map);
    const int32_t bins = map->columns * map->rows;
    TSR_AGREE(comm, tsr_alloc(&count, (int64_t)bins * k, sizeof *count));
    TSR_AGREE(comm, count_here(tsne, map, customers, span, k, count));
    tsr_sum_int64(comm, count, (int64_t)bins * k);
    for (int32_t b = 0; b < bins; b++) {
        const int64_t *here = count + (int64_t)b * k;
        for (int32_t s = 0; s < k; s++) {
            map->customers[b] += here[s];
            if (here[s] > here[map->segment[b]]) map->segment[b] = s;
        }
    }
done:
    tsr_free(&count);
    return st;
}

json_t *tsr_tsne_map_json(const tsr_tsne *tsne, const tsr_tsne_map *map)
{
    json_t *cells;

    if (map->columns == 0) return json_null();
    cells = json_array();
    for (int32_t b = 0; b < map->columns * map->rows; b++)
        if (map->customers[b] > 0)
            json_array_append_new(cells, json_pack("[i, i, I, i]", b % map->columns, b / map->columns,
                                                   (json_int_t)map->customers[b], map->segment[b]));
    return json_pack("{s:I, s:f, s:f, s:i, s:f, s:{s:i, s:i, s:[f, f], s:[f, f], s:o}}", "sample",
                     (json_int_t)tsne->rows, "perplexity", tsne->perplexity, "divergence", tsne->divergence,
                     "neighbours", TSR_TSNE_NEAR, "neighbours_kept", tsne->kept, "map", "columns", map->columns, "rows",
                     map->rows, "x", map->low[0], map->high[0], "y", map->low[1], map->high[1], "cells", cells);
}
