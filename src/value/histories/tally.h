/**
 * @file value/histories/tally.h
 * Equal records counted: a bag of (a, b, c) -> customers that compacts itself as it fills.
 */
#ifndef TSR_VALUE_TALLY_H
#define TSR_VALUE_TALLY_H

#include <stdint.h>

#include "tessera/comm.h"

typedef struct tsr_tally_item {
    int64_t key[3];
    int64_t count;
} tsr_tally_item;

typedef struct tsr_tally {
    tsr_tally_item *item; /* [capacity] */
    int64_t n, capacity;
} tsr_tally;

/** Local. Count one record. Memory: at most about twice the distinct records. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_tally_add(tsr_tally *tally, int64_t a, int64_t b, int64_t c) TSR_NODISCARD;

/**
 * Collective. Merge equal records of all ranks; each distinct one stays on one rank, chosen by its hash. Afterwards
 * items are distinct and rise by key. @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_tally_merge(const tsr_comm *comm, tsr_tally *tally) TSR_NODISCARD;

/** Local. */
void tsr_tally_clear(tsr_tally *tally);

#endif
