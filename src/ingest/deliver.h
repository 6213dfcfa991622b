/**
 * @file ingest/deliver.h
 * From the customers and records that the owner of partitions received to partition files.
 */
#ifndef TSR_INGEST_DELIVER_H
#define TSR_INGEST_DELIVER_H

#include "ingest/collect_parts.h"

/* A customer as it travels: key u64, transactions i64, then per attribute its position i64 (0: missing) and its value
 * (bits of a float, or a code), then the id, padded with zeros. */
typedef struct tsr_customer_plan {
    int32_t attributes, id_width;
    int32_t at_position, at_value, at_id;
    int32_t bytes; /* of a row, a multiple of 8 */
} tsr_customer_plan;

/* What one owner received. Customers that several ranks saw are there several times. */
typedef struct tsr_delivery {
    const tsr_packing_plan *plan;
    const tsr_customer_plan *customer_plan;
    void *customer; /* [customers][customer_plan->bytes] */
    void *row;      /* [transactions][plan->bytes] in the order of `customer` */
    int64_t customers;
    int rank, size; /* whose partitions to write */
} tsr_delivery;

/**
 * Local. Write the partitions of this rank. What is written depends on the rows, not on their order.
 * @param info  the same on all ranks, complete but for its totals
 * @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_deliver(const tsr_delivery *delivery, const char *folder, const tsr_dataset_info *info,
                       tsr_digest_sum *digest) TSR_NODISCARD;

#endif
