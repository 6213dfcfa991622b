#include "tessera/comm.h"

#include <limits.h>
#include <string.h>
#include <xxhash.h>

#include "tessera/interrupt.h"
#include "tessera/memory.h"

_Static_assert(TSR_CHUNK_BYTES >= 64 && TSR_CHUNK_BYTES <= INT_MAX, "a piece is counted in an int");

tsr_comm tsr_comm_open(MPI_Comm mpi)
{
    tsr_comm comm;

    MPI_Comm_dup(mpi, &comm.mpi);
    MPI_Comm_set_errhandler(comm.mpi, MPI_ERRORS_ARE_FATAL); /* the copy's own; so calls are not checked one by one */
    MPI_Comm_rank(comm.mpi, &comm.rank);
    MPI_Comm_size(comm.mpi, &comm.size);
    return comm;
}

void tsr_comm_close(tsr_comm *comm)
{
    MPI_Comm_free(&comm->mpi);
}

/* The record belongs to this failure: it may be of an older one where a function returned a status without a text. */
static void complete_record(tsr_status status, int rank)
{
    tsr_error *last = tsr_error_last();

    if (last->status != status) tsr_fail(status, "", 0, "%s", tsr_status_text(status));
    if (last->rank < 0) last->rank = rank; /* kept where it was agreed before */
}

tsr_status tsr_agree(const tsr_comm *comm, tsr_status local)
{
    struct {
        int status, rank;
    } mine = {(int)local, comm->rank}, worst;

    MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MAXLOC, comm->mpi);
    if (worst.status == TSR_OK) return TSR_OK;

    /* All leave with the record of the lowest rank that holds the worst status: that text is printed, once. */
    if (comm->rank == worst.rank) complete_record(local, comm->rank);
    tsr_bcast(comm, tsr_error_last(), sizeof(tsr_error), worst.rank);
    return (tsr_status)worst.status;
}

tsr_status tsr_same(const tsr_comm *comm, const void *bytes, size_t n, const char *what)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, n);
    uint64_t mine[3] = {hash.low64, hash.high64, n}, root[3];
    tsr_status st = TSR_OK;

    memcpy(root, mine, sizeof root);
    tsr_bcast(comm, root, sizeof root, 0);
    if (memcmp(root, mine, sizeof root) != 0)
        st = TSR_FAIL(TSR_ECONF, "%s of rank %d differs from that of rank 0", what, comm->rank);
    return tsr_agree(comm, st);
}

tsr_status tsr_interrupt_check(const tsr_comm *comm)
{
    tsr_status st = TSR_OK;

    if (tsr_interrupt_wanted()) st = TSR_FAIL(TSR_EINTR, "stopped as asked by a signal or the time limit");
    return tsr_agree(comm, st);
}

void tsr_bcast(const tsr_comm *comm, void *data, int64_t bytes, int root)
{
    for (int64_t at = 0; at < bytes; at += TSR_CHUNK_BYTES) {
        int64_t piece = bytes - at < TSR_CHUNK_BYTES ? bytes - at : TSR_CHUNK_BYTES;
        MPI_Bcast((char *)data + at, (int)piece, MPI_BYTE, root, comm->mpi);
    }
}

tsr_status tsr_bcast_block(const tsr_comm *comm, void **data, int64_t *bytes, int root)
{
    tsr_status st = TSR_OK;

    tsr_bcast(comm, bytes, sizeof *bytes, root);
    if (comm->rank != root) st = tsr_alloc(data, *bytes, 1);
    TSR_TRY(tsr_agree(comm, st));
    tsr_bcast(comm, *data, *bytes, root);
done:
    if (st != TSR_OK && comm->rank != root) {
        tsr_free(data);
        *bytes = 0;
    }
    return st;
}
