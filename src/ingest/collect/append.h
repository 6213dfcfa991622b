/**
 * @file ingest/collect/append.h
 * A dataset that is there already as one more source: its customers and records go the same way as new rows.
 */
#ifndef TSR_INGEST_APPEND_H
#define TSR_INGEST_APPEND_H

#include "ingest/collect/collect.h"

/* What a collection has, and what a dataset has beside it. Owns its lists. */
typedef struct tsr_joined_shape {
    const char **name; /* borrowed texts */
    int32_t *form;
    tsr_collect_shape shape;
} tsr_joined_shape;

/** Local. The columns and attributes of both. @return TSR_OK; TSR_EDATA (a category that is now declared a number);
 *  TSR_ENOMEM */
tsr_status tsr_append_shape(const tsr_dataset_info *there, const tsr_collect_shape *shape,
                            tsr_joined_shape *joined) TSR_NODISCARD;
void tsr_joined_shape_clear(tsr_joined_shape *joined);

/** Collective. Put the whole dataset into the collection, each rank its share. @param shape  of the collection
 *  @return TSR_OK; TSR_EDATA (a damaged file); TSR_EIO; TSR_ENOMEM; TSR_EINTR */
tsr_status tsr_append_dataset(const tsr_comm *comm, const tsr_dataset *dataset, const tsr_collect_shape *shape,
                              tsr_collect *collect) TSR_NODISCARD;

/** Local. What a record holds in a column that its source does not have. */
uint64_t tsr_absent_cell(int32_t kind, int32_t column);

/** Local. The order of a transaction that has none: that of its customer and moment. */
uint64_t tsr_own_order(tsr_customer_ref customer, uint32_t time);

#endif
