/**
 * @file ingest/identities.h
 * Which ids are one person, as the sources of kind `identities` say: pairs of ids, or ids that share a mark (an e-mail
 * address, a phone number, ...). The smallest id of a person, by bytes, is kept; records of the others become its own.
 *
 * Every rank holds all ids that pairs name, since any rank may read records of any of them.
 */
#ifndef TSR_INGEST_IDENTITIES_H
#define TSR_INGEST_IDENTITIES_H

#include "ingest/parse.h"
#include "tessera/comm.h"
#include "tessera/ingest.h"

typedef struct tsr_identities tsr_identities;
struct tsr_inputs;

/**
 * Collective. Read the pairs and find the persons. Rows that cannot be used are left out here, and counted where all
 * rows are read. @param[out] identities  new, the same on all ranks; NULL: the job has no such source
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_identities_read(const tsr_comm *comm, const tsr_ingest_params *params, const struct tsr_inputs *inputs,
                               tsr_identities **identities) TSR_NODISCARD;
void tsr_identities_destroy(tsr_identities **identities);

/** Local. The id that stands for @p id (trimmed): itself where nothing is known of it, or @p identities is NULL. */
tsr_slice tsr_identities_kept(const tsr_identities *identities, tsr_slice id);

/** Local. Ids that became another one; persons with more ids than the limit, who were not merged. */
int64_t tsr_identities_merged(const tsr_identities *identities);
int64_t tsr_identities_refused(const tsr_identities *identities);

/** Local. Write the merges (kept id, merged id, rule) of a generation into @p folder, for its owner only: they count
 * when that generation is committed. @return TSR_OK; TSR_EIO */
tsr_status tsr_identities_write(const tsr_identities *identities, const char *folder, int32_t generation) TSR_NODISCARD;

/**
 * Local. The mark that @p text stands for: what @p match makes of it (tsr_match), behind a byte that no id begins with.
 * @param mark  [TSR_MARK_BYTES]. @return its bytes; 0: the text is no such mark (no @ in an e-mail address, fewer than
 * seven digits in a phone number, too long)
 */
#define TSR_MARK_BYTES 1100
int32_t tsr_identity_mark(int32_t match, tsr_slice text, char *mark);

#endif
