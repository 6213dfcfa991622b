/**
 * @file ingest/sort/store.h
 * The rows that the owner of partitions received, by bucket (a range of keys) and stream, in bounded memory: what does
 * not fit is spilled.
 */
#ifndef TSR_INGEST_STORE_H
#define TSR_INGEST_STORE_H

#include "ingest/sort/spill.h"

typedef struct tsr_store tsr_store;

/**
 * Local. @param memory  bytes for rows; at least one small chunk for each bucket and stream in use is taken
 * @param row_bytes  [streams]; 0: the stream is not used
 */
tsr_status tsr_store_create(tsr_spill *spill, int64_t memory, int64_t buckets, int32_t streams,
                            const int32_t *row_bytes, tsr_store **store) TSR_NODISCARD;
void tsr_store_destroy(tsr_store **store);

/** Local. Room for one more row, to be filled before the next call. @return TSR_OK; TSR_ENOMEM; TSR_EIO (spilling) */
tsr_status tsr_store_place(tsr_store *store, int64_t bucket, int32_t stream, char **row) TSR_NODISCARD;

/** Local. Put n rows into their buckets. @param bucket, which  [n]: row which[i] of @p rows goes to bucket[i]
 *  @return TSR_OK; TSR_ENOMEM; TSR_EIO (spilling) */
tsr_status tsr_store_put(tsr_store *store, int32_t stream, const char *rows, int32_t n, const int32_t *bucket,
                         const int32_t *which) TSR_NODISCARD;

/** Local. Rows of a bucket that were not taken yet. */
int64_t tsr_store_rows(const tsr_store *store, int64_t bucket, int32_t stream);

/** Local. Take the next n rows of a bucket, in any order; their memory is free afterwards. No rows come any more. */
tsr_status tsr_store_take(tsr_store *store, int64_t bucket, int32_t stream, int64_t n, char *to) TSR_NODISCARD;

#endif
