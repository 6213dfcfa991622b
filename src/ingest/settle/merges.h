/**
 * @file ingest/settle/merges.h
 * Ids that become another one: on their way between ranks, and the list of them that people read.
 */
#ifndef TSR_INGEST_MERGES_H
#define TSR_INGEST_MERGES_H

#include "ingest/blob.h"
#include "ingest/parse/parse.h"
#include "tessera/ingest.h"

typedef struct tsr_merge {
    tsr_slice merged, kept;
    int32_t source; /* the first source that pairs the merged id; -N: N ids of one person, refused, of which `merged` is
                     * the smallest and none is kept */
} tsr_merge;

/** Local. Order of bytes; what begins another text comes before it. */
int tsr_slice_compare(const tsr_slice *a, const tsr_slice *b);

/** Local. Append a merge to bytes that travel. */
tsr_status tsr_merge_pack(const tsr_merge *merge, tsr_blob *to) TSR_NODISCARD;

/** Local. The merges in such bytes. @param[out] merge  new, pointing into @p packed; tsr_free() */
tsr_status tsr_merges_unpack(const tsr_blob *packed, tsr_merge **merge, int64_t *merges) TSR_NODISCARD;

/**
 * Collective. Write the merges of all ranks (kept id, merged id, rule), by merged id, into merges.gN.csv in @p folder,
 * for its owner only. Same on all ranks: params, folder, generation.
 * @param merge  [n], distinct over ranks; sorted here. @return TSR_OK; TSR_EIO; TSR_ENOMEM
 * Cost: each merge goes to the rank that holds its range of ids, and from there to the root, a piece at a time.
 */
tsr_status tsr_merges_write(const tsr_comm *comm, const tsr_ingest_params *params, tsr_merge *merge, int64_t n,
                            const char *folder, int32_t generation) TSR_NODISCARD;

#endif
