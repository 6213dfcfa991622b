/**
 * @file ingest/settle/clean.h
 * The records of one customer between sorting and writing: repeats are counted, those of a declared key dropped,
 * returns set off against purchases of their day. What comes out depends on the records alone, not on their order.
 *
 * Of rows of a source with equal keys the first one in the order of records stays (the earliest, then the smallest
 * amount, ...). Of returns set off: each day, in the order of time, they take from purchases of that day until one of
 * both is used up; what is left of either stays, and the sum of the day is what it was.
 *
 * Memory, of kinds for which a source has a key or returns are set off: 16 bytes for each record of the customer with
 * the most of them, and 24 to 48 with keys.
 */
#ifndef TSR_INGEST_CLEAN_H
#define TSR_INGEST_CLEAN_H

#include "ingest/sort/sorted.h"
#include "tessera/comm.h"
#include "tessera/exact.h"

/* What was found in the records of one source. Plain data: it travels. */
typedef struct tsr_cleaned {
    tsr_int128 duplicate_money, return_money;
    int64_t repeated;   /* equal to another one of the source, beyond the first, before returns are set off: kept */
    int64_t duplicates; /* dropped by the key of the source */
    int64_t returns;    /* negative amounts, duplicates left out */
    int64_t netted;     /* purchases and returns that were set off against each other and are gone */
} tsr_cleaned;

typedef struct tsr_clean_plan {
    int32_t sources;     /* of the job; records of other numbers were in the dataset before, and are not counted */
    const uint32_t *key; /* [sources] bit per column of the source's kind; 0: no key. Borrowed; NULL: none at all */
    uint32_t kinds;      /* bit per kind that has a source with a key */
    bool net;            /* returns are set off per day */
} tsr_clean_plan;

typedef struct tsr_cleaner tsr_cleaner;

/** Local. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_cleaner_create(const tsr_clean_plan *plan, tsr_cleaner **cleaner) TSR_NODISCARD;
void tsr_cleaner_destroy(tsr_cleaner **cleaner);

/** Local. The next customer's records of a kind (of each, before their rows are asked for): rows first .. first + n
 * - 1. @param[out] kept  how many are to be written
 *  @return TSR_OK; TSR_ENOMEM; TSR_EIO */
tsr_status tsr_clean_customer(tsr_cleaner *cleaner, int32_t kind, tsr_sorted *sorted, int64_t first, int64_t n,
                              int64_t *kept) TSR_NODISCARD;

/** Local. Rows at .. at + n - 1 of that customer and kind, in order and without a gap, as they are to be written.
 *  @param row  [n] as sorted. @param[in,out] n  rows; how many are left. @param room  [n] rows
 *  @return the rows: @p row, or @p room where some may have changed */
const char *tsr_clean_rows(tsr_cleaner *cleaner, int32_t kind, int64_t at, const char *row, int64_t *n, char *room);

/** Local. [sources] what was found so far. Borrowed. */
const tsr_cleaned *tsr_cleaner_found(const tsr_cleaner *cleaner);

/** Collective. Add up over ranks. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_cleaner_sum(const tsr_comm *comm, tsr_cleaner *cleaner) TSR_NODISCARD;

#endif
