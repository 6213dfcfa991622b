#include "ingest/blob.h"

#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"

tsr_status tsr_blob_add(tsr_blob *to, const void *bytes, int64_t n)
{
    if (to->n + n > to->room) {
        int64_t room = 2 * (to->n + n) + 256;
        tsr_status st = tsr_resize(&to->bytes, room, 1);
        if (st != TSR_OK) return st;
        to->room = room;
    }
    memcpy(to->bytes + to->n, bytes, (size_t)n);
    to->n += n;
    return TSR_OK;
}

tsr_status tsr_blobs_exchange(const tsr_comm *comm, tsr_blob *blob, tsr_blob *received, int64_t *from)
{
    const void **block = NULL;
    int64_t *bytes = NULL, *came = NULL;
    tsr_status st;

    *received = (tsr_blob){0};
    TSR_AGREE(comm, tsr_alloc(&block, comm->size, sizeof *block));
    TSR_AGREE(comm, tsr_alloc(&bytes, comm->size, sizeof *bytes));
    TSR_AGREE(comm, tsr_alloc(&came, comm->size, sizeof *came));
    for (int r = 0; r < comm->size; r++) {
        block[r] = blob[r].bytes;
        bytes[r] = blob[r].n;
    }
    TSR_TRY(tsr_exchange_blocks(comm, block, bytes, 1, (void **)&received->bytes, came));
    for (int r = 0; r < comm->size; r++) {
        received->n += came[r];
        if (from != NULL) from[r] = came[r];
        tsr_free(&blob[r].bytes);
        blob[r] = (tsr_blob){0};
    }
    received->room = received->n;
done:
    tsr_free(&came);
    tsr_free(&bytes);
    tsr_free(&block);
    return st;
}

void tsr_blobs_destroy(tsr_blob **blob, int n)
{
    for (int r = 0; *blob != NULL && r < n; r++) tsr_free(&(*blob)[r].bytes);
    tsr_free(blob);
}
