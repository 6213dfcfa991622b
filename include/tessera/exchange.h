/**
 * @file exchange.h
 * Rows from every rank to every rank, with 64-bit counts, in pieces of at most TSR_CHUNK_BYTES.
 */
#ifndef TSR_EXCHANGE_H
#define TSR_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "tessera/comm.h"

/**
 * Collective. Send send_rows[r] rows to rank r; they stand in @p send in the order of ranks.
 * Same on all ranks: row_bytes. May differ: everything else (0 is allowed).
 *
 * @param[out] received       new, the rows in the order of their sending ranks; free with tsr_free(); NULL on failure
 * @param[out] received_rows  [comm->size], rows from each rank
 * @return TSR_OK; TSR_ENOMEM; TSR_EBUG (row_bytes differ)
 * Cost: each rank talks to each other one in turn, at most four pieces each way in flight.
 */
tsr_status tsr_exchange(const tsr_comm *comm, const void *send, const int64_t *send_rows, size_t row_bytes,
                        void **received, int64_t *received_rows) TSR_NODISCARD;

/** Collective. The same, where the rows to each rank stand by themselves. @param block  [comm->size]; NULL: no rows */
tsr_status tsr_exchange_blocks(const tsr_comm *comm, const void *const *block, const int64_t *send_rows,
                               size_t row_bytes, void **received, int64_t *received_rows) TSR_NODISCARD;

/**
 * Collective. The same into room that is kept from one exchange to the next and grows where it must.
 * @param[in,out] room, room_bytes  NULL and 0 at first; free with tsr_free(), also after a failure
 */
tsr_status tsr_exchange_into(const tsr_comm *comm, const void *const *block, const int64_t *send_rows, size_t row_bytes,
                             char **room, int64_t *room_bytes, int64_t *received_rows) TSR_NODISCARD;

/**
 * Collective. All rows of all ranks on every rank, in the order of ranks. Same on all ranks: row_bytes.
 * @param[out] all       new; free with tsr_free(); NULL on failure
 * @param[out] rows_all  their number
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_gather_all(const tsr_comm *comm, const void *mine, int64_t rows, size_t row_bytes, void **all,
                          int64_t *rows_all) TSR_NODISCARD;

#endif
