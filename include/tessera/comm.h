/**
 * @file comm.h
 * The group of ranks that work together, and agreement among them.
 *
 * A function whose first parameter is a tsr_comm is collective: every rank of the group calls it. Others never
 * communicate. MPI errors end the program; data, memory and file errors become the same status on every rank.
 */
#ifndef TSR_COMM_H
#define TSR_COMM_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "tessera/status.h"

/* No single transfer is larger than this; a build setting, so that tests force many small pieces. */
#ifndef TSR_CHUNK_BYTES
#define TSR_CHUNK_BYTES (1LL << 30)
#endif

typedef struct tsr_comm {
    MPI_Comm mpi;
    int rank, size;
} tsr_comm;

/**
 * Collective. A group over a copy of @p mpi (the caller's communicator and its error handler stay as they are).
 * Release with tsr_comm_close() before MPI_Finalize.
 */
tsr_comm tsr_comm_open(MPI_Comm mpi);

/** Collective. Free the copy. */
void tsr_comm_close(tsr_comm *comm);

/**
 * Collective. Turn local statuses into one: the worst of all ranks, with the record of the lowest rank that holds it.
 * A failure that was agreed before keeps its record. Cost: one 8-byte allreduce when all is well.
 */
tsr_status tsr_agree(const tsr_comm *comm, tsr_status local) TSR_NODISCARD;

/* Expects a local `st` and a label `done`. Local call -> collective status. */
#define TSR_AGREE(comm, call) TSR_TRY(tsr_agree((comm), (call)))

/**
 * Collective. Are these bytes the same on all ranks?
 * @return TSR_OK; TSR_ECONF naming @p what and a rank that differs
 */
tsr_status tsr_same(const tsr_comm *comm, const void *bytes, size_t n, const char *what) TSR_NODISCARD;

/**
 * Collective. Has any rank been asked to stop (interrupt.h)?
 * @return TSR_OK; TSR_EINTR on all ranks
 */
tsr_status tsr_interrupt_check(const tsr_comm *comm) TSR_NODISCARD;

/** Collective. @p bytes of @p data from rank @p root to all, in pieces. Same on all ranks: bytes, root. */
void tsr_bcast(const tsr_comm *comm, void *data, int64_t bytes, int root);

/**
 * Collective. A block whose size only the root knows.
 * @param[in,out] data   root: owned by the caller; others: new, free with tsr_free()
 * @param[in,out] bytes  root: its size; others: set
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_bcast_block(const tsr_comm *comm, void **data, int64_t *bytes, int root) TSR_NODISCARD;

#endif
