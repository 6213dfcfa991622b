/**
 * @file ingest/sort/sorted.h
 * The rows of one bucket and stream in order, whatever their number: sorted in memory, or in pieces that are spilled
 * and merged.
 */
#ifndef TSR_INGEST_SORTED_H
#define TSR_INGEST_SORTED_H

#include "ingest/sort/order.h"
#include "ingest/sort/store.h"

/* Rows in order, or a window of them. All zero: none. */
typedef struct tsr_sorted {
    const tsr_layout *layout;
    int64_t n;         /* rows */
    char *row;         /* rows first .. first + have - 1 */
    int64_t row_bytes; /* size of `row` */
    int64_t first, have;
    const tsr_spill *spill; /* where all of them stand; NULL: they are all in memory */
    int64_t at;
} tsr_sorted;

/**
 * Local. Take the rows of a bucket from the store and put them in order.
 * @param code    [dictionaries] the final codes, for tsr_row_recode(). @param memory  bytes for rows, twice
 * @return TSR_OK; TSR_ENOMEM; TSR_EIO
 */
tsr_status tsr_sort_bucket(tsr_sorter *sorter, tsr_store *store, tsr_spill *spill, const tsr_layout *layout,
                           int64_t bucket, const int32_t *const *code, int64_t memory,
                           tsr_sorted *sorted) TSR_NODISCARD;

/** Local. Rows from i on: at least one, valid until the next call for these rows. @return TSR_OK; TSR_EIO */
tsr_status tsr_sorted_view(tsr_sorted *sorted, int64_t i, const char **row, int64_t *n) TSR_NODISCARD;

void tsr_sorted_clear(tsr_sorted *sorted);

#endif
