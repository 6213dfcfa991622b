/**
 * @file ingest/settle/identities.h
 * Which ids are one person, as the sources of kind `identities` say: pairs of ids, or ids that share a mark (an e-mail
 * address, a phone number, ...). The smallest id of a person, by bytes, is kept; records of the others become its own.
 *
 * Each text that pairs name lies on the rank of its hash of 128 bits, which stands for it in the components; the
 * smallest text of a component is found at the rank of its root. No rank holds more than its share of the pairs.
 */
#ifndef TSR_INGEST_IDENTITIES_H
#define TSR_INGEST_IDENTITIES_H

#include "ingest/settle/merges.h"
#include "tessera/comm.h"
#include "tessera/ingest.h"

/* What is found: the merges that this rank tells. */
typedef struct tsr_identities {
    bool any;         /* the job has such a source */
    tsr_merge *merge; /* [merges], of ids whose hashes are this rank's; they point into the bytes below */
    int64_t merges;
    int64_t merged;  /* ids that became another one, of all ranks */
    int64_t refused; /* persons with more ids than the limit, who were not merged; of all ranks */
    tsr_blob texts, answers;
    tsr_blob refusals; /* the refused persons whose roots are this rank's, packed as merges */
} tsr_identities;

struct tsr_inputs;

/**
 * Collective. Read the pairs and find the persons. Rows that cannot be used are left out here, and counted where all
 * rows are read. @param[out] identities  tsr_identities_clear(); cleared on failure
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 * Cost: see tsr_components_find(), and two exchanges of the texts.
 */
tsr_status tsr_identities_read(const tsr_comm *comm, const tsr_ingest_params *params, const struct tsr_inputs *inputs,
                               tsr_identities *identities) TSR_NODISCARD;
/** Local. Put the refused persons behind the merges: the list for people names both. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_identities_list(tsr_identities *identities) TSR_NODISCARD;
void tsr_identities_clear(tsr_identities *identities);

/**
 * Local. The mark that @p text stands for: what @p match makes of it (tsr_match), behind a byte that no id begins with.
 * @param mark  [TSR_MARK_BYTES]. @return its bytes; 0: the text is no such mark (no @ in an e-mail address, fewer than
 * seven digits in a phone number, too long)
 */
#define TSR_MARK_BYTES 1100
int32_t tsr_identity_mark(int32_t match, tsr_slice text, char *mark);

#endif
