/**
 * @file ingest/blob.h
 * Bytes that grow, and one heap of them for each rank.
 */
#ifndef TSR_INGEST_BLOB_H
#define TSR_INGEST_BLOB_H

#include "tessera/comm.h"

typedef struct tsr_blob {
    char *bytes;
    int64_t n, room;
} tsr_blob;

/** Local. Append. */
tsr_status tsr_blob_add(tsr_blob *to, const void *bytes, int64_t n) TSR_NODISCARD;

/**
 * Collective. Send blob[r] to rank r; the blobs are emptied.
 * @param blob           [comm->size]
 * @param[out] received  what came, in the order of ranks; tsr_free() its bytes
 * @param[out] from      [comm->size], bytes from each rank; NULL: not asked
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_blobs_exchange(const tsr_comm *comm, tsr_blob *blob, tsr_blob *received, int64_t *from) TSR_NODISCARD;

/** Local. Free n blobs, and the array. */
void tsr_blobs_destroy(tsr_blob **blob, int n);

#endif
