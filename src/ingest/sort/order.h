/**
 * @file ingest/sort/order.h
 * Rows of one stream in memory, put in their full order (tsr_row_compare).
 *
 * By a radix sort of one 64-bit number per row: leading bits of its key, then its time (in days where all are whole
 * days), then where it stands. What these bits do not tell apart is seldom, and compared row by row.
 */
#ifndef TSR_INGEST_ORDER_H
#define TSR_INGEST_ORDER_H

#include "ingest/sort/layout.h"
#include "tessera/status.h"

/* Buffers that serve bucket after bucket. All zero: none yet. */
typedef struct tsr_sorter {
    uint64_t *entry[2]; /* [entries] */
    int64_t entries;
    char *raw; /* rows as they come */
    int64_t raw_bytes;
} tsr_sorter;

/** Local. Room for @p bytes of rows in sorter->raw. */
tsr_status tsr_sorter_room(tsr_sorter *sorter, int64_t bytes) TSR_NODISCARD;

/** Local. The n rows in sorter->raw, in order, to @p out [n]; raw is used up. n < 2^32. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_order_rows(tsr_sorter *sorter, const tsr_layout *layout, int64_t n, char *out) TSR_NODISCARD;

void tsr_sorter_clear(tsr_sorter *sorter);

#endif
