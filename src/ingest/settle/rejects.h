/**
 * @file ingest/settle/rejects.h
 * The list of refused rows beside a dataset, and what is said about them.
 */
#ifndef TSR_INGEST_REJECTS_H
#define TSR_INGEST_REJECTS_H

#include "ingest/settle/balance.h"
#include "ingest/take/inputs.h"
#include "tessera/dataset.h"

/**
 * Local, on the root, after settling. Write rejects.csv of a dataset to be; where @p info is of a later generation, it
 * waits under a name of its own for the commit. @param added  the lines of the dataset that is there stand before
 */
tsr_status tsr_rejects_write(const tsr_balance *balance, const tsr_inputs *inputs, const char *folder,
                             const tsr_dataset_info *info, bool added) TSR_NODISCARD;

/** Local, after settling. The list as text. @param[out] text  new, tsr_free(). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_rejects_text(const tsr_balance *balance, const tsr_inputs *inputs, char **text,
                            int64_t *bytes) TSR_NODISCARD;

/** Local, after settling. Warn of reasons about which something can be done, and where most rows were refused.
 *  @param so_far  rows, added up. @param added  to a dataset that is there: a night may bring no row
 *  @return TSR_OK; TSR_EDATA (no row, or none that can be used) */
tsr_status tsr_rejects_judge(const tsr_balance *balance, const tsr_ingest_result *so_far, const char *folder,
                             const tsr_dataset_info *info, bool added) TSR_NODISCARD;

/** Local. What can be done about rows that are refused for this reason; NULL: the reason says it. */
const char *tsr_reject_advice(const char *reason);

#endif
