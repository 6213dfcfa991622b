#include "tessera/exchange.h"

#include <inttypes.h>
#include <string.h>

#include "tessera/memory.h"

#define WINDOW 4 /* pieces in flight to one rank and from one rank */
#define TAG    1

/* The piece number `index` of a block: its place and size; 0 bytes behind the end. */
static int piece_of(int64_t bytes, int64_t index, int64_t *at)
{
    *at = index * TSR_CHUNK_BYTES;
    if (*at >= bytes) return 0;
    return (int)(bytes - *at < TSR_CHUNK_BYTES ? bytes - *at : TSR_CHUNK_BYTES);
}

static void swap_blocks(const tsr_comm *comm, const char *out, int64_t out_bytes, int to, char *in, int64_t in_bytes,
                        int from)
{
    int64_t most = out_bytes > in_bytes ? out_bytes : in_bytes;
    int64_t pieces = most / TSR_CHUNK_BYTES + (most % TSR_CHUNK_BYTES != 0);

    for (int64_t first = 0; first < pieces; first += WINDOW) {
        MPI_Request open[2 * WINDOW];
        int n = 0;
        for (int64_t i = first; i < first + WINDOW; i++) {
            int64_t at;
            int bytes = piece_of(in_bytes, i, &at);
            if (bytes > 0) MPI_Irecv(in + at, bytes, MPI_BYTE, from, TAG, comm->mpi, &open[n++]);
            bytes = piece_of(out_bytes, i, &at);
            if (bytes > 0) MPI_Isend(out + at, bytes, MPI_BYTE, to, TAG, comm->mpi, &open[n++]);
        }
        MPI_Waitall(n, open, MPI_STATUSES_IGNORE);
    }
}

/* Where the block of each rank starts, in bytes, and behind the last one the end. */
static void starts_of(const int64_t *rows, int size, size_t row_bytes, int64_t *start)
{
    start[0] = 0;
    for (int r = 0; r < size; r++) start[r + 1] = start[r] + rows[r] * (int64_t)row_bytes;
}

/* All ranks tell all ranks their row counts, and the size of a row: another size there would be read as other rows. */
static tsr_status tell_rows(const tsr_comm *comm, const int64_t *send_rows, size_t row_bytes, int64_t *pairs,
                            int64_t *received_rows)
{
    int64_t *in = pairs + 2 * (int64_t)comm->size;
    tsr_status st = TSR_OK;

    for (int r = 0; r < comm->size; r++) {
        pairs[2 * r] = send_rows[r];
        pairs[2 * r + 1] = (int64_t)row_bytes;
    }
    MPI_Alltoall(pairs, 2, MPI_INT64_T, in, 2, MPI_INT64_T, comm->mpi);
    for (int r = 0; r < comm->size; r++) {
        received_rows[r] = in[2 * r];
        if (in[2 * r + 1] != (int64_t)row_bytes)
            st = TSR_FAIL(TSR_EBUG, "rows of %" PRId64 " bytes came from rank %d where rank %d has %zu", in[2 * r + 1],
                          r, comm->rank, row_bytes);
    }
    return st;
}

static tsr_status make_room(char **room, int64_t *room_bytes, int64_t bytes)
{
    if (*room != NULL && bytes <= *room_bytes) return TSR_OK;
    tsr_free(room);
    *room_bytes = 0;
    tsr_status st = tsr_alloc_unset(room, bytes, 1);
    if (st == TSR_OK) *room_bytes = bytes;
    return st;
}

tsr_status tsr_exchange_into(const tsr_comm *comm, const void *const *block, const int64_t *send_rows, size_t row_bytes,
                             char **room, int64_t *room_bytes, int64_t *received_rows)
{
    int size = comm->size, rank = comm->rank;
    int64_t *work = NULL; /* pairs out and in [4 size], then starts in [size + 1] */
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&work, 5 * (int64_t)size + 1, sizeof *work));
    int64_t *in = work + 4 * (int64_t)size, bytes = (int64_t)row_bytes;
    TSR_AGREE(comm, tell_rows(comm, send_rows, row_bytes, work, received_rows));
    starts_of(received_rows, size, row_bytes, in);
    TSR_AGREE(comm, make_room(room, room_bytes, in[size]));

    char *to = *room;
    if (send_rows[rank] > 0) memcpy(to + in[rank], block[rank], (size_t)send_rows[rank] * row_bytes);
    for (int step = 1; step < size; step++) {
        int next = (rank + step) % size, before = (rank - step + size) % size;
        swap_blocks(comm, block[next], send_rows[next] * bytes, next, to + in[before], in[before + 1] - in[before],
                    before);
    }
done:
    tsr_free(&work);
    return st;
}

tsr_status tsr_exchange_blocks(const tsr_comm *comm, const void *const *block, const int64_t *send_rows,
                               size_t row_bytes, void **received, int64_t *received_rows)
{
    int64_t room_bytes = 0;
    char *room = NULL;
    tsr_status st = tsr_exchange_into(comm, block, send_rows, row_bytes, &room, &room_bytes, received_rows);

    if (st != TSR_OK) tsr_free(&room);
    *received = room;
    return st;
}

tsr_status tsr_exchange(const tsr_comm *comm, const void *send, const int64_t *send_rows, size_t row_bytes,
                        void **received, int64_t *received_rows)
{
    const char *at = send;
    const void **block = NULL;
    tsr_status st;

    *received = NULL;
    TSR_AGREE(comm, tsr_alloc(&block, comm->size, sizeof *block));
    for (int r = 0; r < comm->size; r++) {
        block[r] = at;
        if (send_rows[r] > 0) at += (size_t)send_rows[r] * row_bytes; /* without rows, send may be NULL */
    }
    TSR_TRY(tsr_exchange_blocks(comm, block, send_rows, row_bytes, received, received_rows));
done:
    tsr_free(&block);
    return st;
}

/* Few bytes in one call; else each rank in turn sends its block to all, in pieces. */
static void gather_blocks(const tsr_comm *comm, const void *mine, char *all, const int64_t *start, int *counts)
{
    int size = comm->size;

    if (start[size] <= TSR_CHUNK_BYTES) {
        int *places = counts + size;
        for (int r = 0; r < size; r++) {
            counts[r] = (int)(start[r + 1] - start[r]);
            places[r] = (int)start[r];
        }
        MPI_Allgatherv(mine, counts[comm->rank], MPI_BYTE, all, counts, places, MPI_BYTE, comm->mpi);
        return;
    }
    int64_t own = start[comm->rank + 1] - start[comm->rank];
    if (own > 0) memcpy(all + start[comm->rank], mine, (size_t)own);
    for (int r = 0; r < size; r++) tsr_bcast(comm, all + start[r], start[r + 1] - start[r], r);
}

tsr_status tsr_gather_all(const tsr_comm *comm, const void *mine, int64_t rows, size_t row_bytes, void **all,
                          int64_t *rows_all)
{
    int64_t *work = NULL; /* bytes of each rank [size], their starts [size + 1], then counts and places as int */
    int64_t size = comm->size;
    tsr_status st;

    *all = NULL;
    *rows_all = 0;
    TSR_AGREE(comm, tsr_alloc(&work, 3 * size + 1, sizeof *work));
    int64_t bytes = rows * (int64_t)row_bytes, *start = work + size;
    MPI_Allgather(&bytes, 1, MPI_INT64_T, work, 1, MPI_INT64_T, comm->mpi);
    starts_of(work, comm->size, 1, start);
    TSR_AGREE(comm, tsr_alloc(all, start[size], 1));
    gather_blocks(comm, mine, *all, start, (int *)(start + size + 1));
    *rows_all = row_bytes > 0 ? start[size] / (int64_t)row_bytes : 0;
done:
    if (st != TSR_OK) tsr_free(all);
    tsr_free(&work);
    return st;
}
