/**
 * @file ingest/collect/redirect.h
 * Rows of merged ids become rows of the ids that are kept: at the rank that owns the merged id, on their way to the one
 * that owns the kept one. So each rank knows no more merged ids than it owns.
 */
#ifndef TSR_INGEST_REDIRECT_H
#define TSR_INGEST_REDIRECT_H

#include "ingest/blob.h"
#include "ingest/sort/layout.h"

/* An id of this rank that became another one. */
typedef struct tsr_redirection {
    tsr_customer_ref from, to;
    tsr_slice id; /* that is kept; n = 0: an empty slot */
} tsr_redirection;

typedef struct tsr_redirect {
    bool active;           /* on all ranks alike, also where there are no merged ids */
    tsr_blob merges;       /* that this rank was told */
    tsr_redirection *slot; /* [slots], a power of two; by the key of `from` */
    int64_t slots;
} tsr_redirect;

struct tsr_collect;

/** Local. What became of a customer; NULL: nothing that this rank knows of. */
const tsr_redirection *tsr_redirect_find(const tsr_redirect *redirect, tsr_customer_ref customer);

/** Local. A row that came for this rank: it is stored, or goes on to the owner of the kept id. */
tsr_status tsr_redirect_row(struct tsr_collect *collect, int32_t stream, const char *row) TSR_NODISCARD;

void tsr_redirect_clear(tsr_redirect *redirect);

#endif
