/**
 * @file ingest/collect/deliver.h
 * From the buckets of this rank to its partition files: sort, settle attributes, write, one bucket at a time.
 */
#ifndef TSR_INGEST_DELIVER_H
#define TSR_INGEST_DELIVER_H

#include "ingest/collect/collect_parts.h"

/**
 * Local. Write the partitions of this rank. What is written depends on the rows, not on their order.
 * @param code  [collect->dictionaries] final codes by those in the rows
 * @param info  complete but for its totals
 * @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_deliver(tsr_collect *collect, const int32_t *const *code, const char *folder,
                       const tsr_dataset_info *info, tsr_digest_sum *digest) TSR_NODISCARD;

#endif
