/**
 * @file data/dataset/dataset_balance.h
 * The balance that dataset.json tells, against itself and against the stored records.
 */
#ifndef TSR_DATA_DATASET_BALANCE_H
#define TSR_DATA_DATASET_BALANCE_H

#include "data/dataset/dataset_parts.h"
#include "tessera/exact.h"

/* What the records themselves come to. Plain data: it travels. */
typedef struct tsr_stored {
    tsr_int128 money[TSR_KINDS]; /* of the first column of money of the kind; 0 where it has none */
    int64_t rows[TSR_KINDS];
} tsr_stored;

/** Local. Add the records of a block. */
void tsr_stored_add(tsr_stored *stored, const tsr_block *block);

/** Collective. Add up over ranks. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_stored_sum(const tsr_comm *comm, tsr_stored *stored) TSR_NODISCARD;

/**
 * Local. Each source: rows read = used + duplicates + rejected, and money likewise. All sources of a kind: rows used,
 * without those that returns were set off against, are the records, and their money is that of the records, to the
 * smallest unit. A dataset that was not made from files has no balance.
 * @return TSR_OK; TSR_EDATA (names the source or the kind, and both figures)
 */
tsr_status tsr_stored_check(const tsr_dataset *dataset, const tsr_stored *stored) TSR_NODISCARD;

#endif
