#include "pipeline/steps/number.h"

#include <stdlib.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

typedef struct total {
    tsr_int128 revenue;
    int64_t customers;
    int32_t old;
} total;

static int64_t row_of_slot(const tsr_tiles *tiles, int64_t slot)
{
    return tiles->map != NULL ? (int64_t)tiles->map[slot] : slot;
}

/* Slots may be in another order than rows, so the money of this rank's rows is held while they are counted. */
static tsr_status add_up(const char *features, const tsr_tiles *space, const uint16_t *label, tsr_int128 *sums)
{
    tsr_table *table = NULL;
    int64_t *revenue = NULL, rows = space->span.rows;
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &table));
    TSR_TRY(tsr_alloc(&revenue, rows, sizeof *revenue));
    if (tsr_table_find(table, "revenue") != NULL)
        TSR_TRY(tsr_table_read(table, "revenue", space->span.first, rows, TSR_I64, revenue));
    for (int64_t i = 0; i < rows; i++) {
        sums[2 * label[i]] += revenue[row_of_slot(space, i)];
        sums[2 * label[i] + 1] += 1;
    }
done:
    tsr_free(&revenue);
    tsr_table_close(&table);
    return st;
}

/* Quotient rounded down and remainder: a comparison of ratios without overflow. */
static int compare_ratios(const total *a, const total *b)
{
    tsr_int128 na = a->customers, nb = b->customers;
    tsr_int128 ra = ((a->revenue % na) + na) % na, rb = ((b->revenue % nb) + nb) % nb;
    tsr_int128 qa = (a->revenue - ra) / na, qb = (b->revenue - rb) / nb;

    if (qa != qb) return qa > qb ? -1 : 1;
    if (ra * nb != rb * na) return ra * nb > rb * na ? -1 : 1;
    return 0;
}

static int compare_totals(const void *left, const void *right)
{
    const total *a = left, *b = right;

    if (a->customers > 0 && b->customers > 0) {
        int ratio = compare_ratios(a, b);
        if (ratio != 0) return ratio;
    }
    if (a->customers != b->customers) return a->customers > b->customers ? -1 : 1;
    return a->old < b->old ? -1 : a->old > b->old;
}

static tsr_status sort_segments(const tsr_int128 *sums, int32_t k, int32_t **order)
{
    total *totals = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&totals, k, sizeof *totals));
    TSR_TRY(tsr_alloc(order, k, sizeof **order));
    for (int32_t c = 0; c < k; c++) totals[c] = (total){sums[2 * c], (int64_t)sums[2 * c + 1], c};
    qsort(totals, (size_t)k, sizeof *totals, compare_totals);
    for (int32_t c = 0; c < k; c++) (*order)[totals[c].old] = c;
done:
    tsr_free(&totals);
    return st;
}

tsr_status tsr_number_segments(const tsr_comm *comm, const char *features, const tsr_tiles *space,
                               const uint16_t *label, int32_t k, int32_t **order)
{
    tsr_int128 *sums = NULL; /* [k] revenue, customers */
    tsr_status st;

    *order = NULL;
    TSR_AGREE(comm, tsr_alloc_aligned(&sums, 2 * (int64_t)k, sizeof *sums));
    TSR_AGREE(comm, add_up(features, space, label, sums));
    TSR_TRY(tsr_sum_int128(comm, sums, 2 * (int64_t)k));
    TSR_AGREE(comm, sort_segments(sums, k, order));
done:
    if (st != TSR_OK) tsr_free(order);
    tsr_free(&sums);
    return st;
}
