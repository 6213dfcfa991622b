/**
 * @file ingest/collect.h
 * Where rows go: customers by id, their attributes and transactions, until they are written as a dataset.
 *
 * Rows arrive on any rank in any order. tsr_collect_write() brings each customer with all its records to the rank that
 * owns its partition, sorts and writes: what comes out depends on the rows alone.
 */
#ifndef TSR_INGEST_COLLECT_H
#define TSR_INGEST_COLLECT_H

#include "ingest/strings.h"
#include "tessera/dataset.h"

#define TSR_ID_MAX   255  /* bytes of an id */
#define TSR_TEXT_MAX 1024 /* bytes of an entry of a dictionary */

/* AUTO: a number where every value of every rank is one. */
typedef enum tsr_attribute_form { TSR_FORM_AUTO, TSR_FORM_NUMBER, TSR_FORM_CATEGORY } tsr_attribute_form;

/* The dictionaries of transactions. */
typedef enum tsr_code_kind { TSR_CODE_ITEM, TSR_CODE_CATEGORY, TSR_CODE_PROMOTION, TSR_CODE_KINDS } tsr_code_kind;

/* What the customers and their transactions have. The same on all ranks. */
typedef struct tsr_collect_shape {
    uint32_t has; /* TSR_HAS_* */
    int32_t attributes;
    const char *const *attribute_name; /* [attributes], sorted by bytes, distinct */
    const int32_t *attribute_form;     /* [attributes] */
} tsr_collect_shape;

/* One row: codes are those of tsr_collect_code(), -1 missing. Fields that the shape does not have are ignored. */
typedef struct tsr_transaction {
    uint32_t time;
    int64_t amount;
    uint64_t order;
    int32_t code[TSR_CODE_KINDS], quantity;
} tsr_transaction;

typedef struct tsr_collect tsr_collect;

/** Local. An empty collection. The shape is copied. */
tsr_status tsr_collect_create(const tsr_collect_shape *shape, tsr_collect **collect) TSR_NODISCARD;
void tsr_collect_destroy(tsr_collect **collect);

/** Local. The number of a customer on this rank; the id is trimmed, not empty and at most TSR_ID_MAX bytes. */
tsr_status tsr_collect_customer(tsr_collect *collect, tsr_slice id, int32_t *customer) TSR_NODISCARD;

/** Local. The code of a text on this rank. */
tsr_status tsr_collect_code(tsr_collect *collect, tsr_code_kind kind, tsr_slice text, int32_t *code) TSR_NODISCARD;

tsr_status tsr_collect_transaction(tsr_collect *collect, int32_t customer, const tsr_transaction *row) TSR_NODISCARD;

/** Local. The value of an attribute, as text (trimmed, not empty). Of several, the one with the largest @p position
 *  stands; positions (from 1) rise in the order of sources, files and lines. */
tsr_status tsr_collect_attribute(tsr_collect *collect, int32_t customer, int32_t attribute, int64_t position,
                                 tsr_slice text) TSR_NODISCARD;

/** Local. Leave an optional column (TSR_HAS_*) out after all. The same on all ranks. */
void tsr_collect_drop(tsr_collect *collect, uint32_t has);

/** Local. Bytes that the rows take now. */
int64_t tsr_collect_bytes(const tsr_collect *collect);

/**
 * Collective. Exchange, sort, write the partitions and commit the dataset. The collection is empty afterwards.
 * Same on all ranks: folder, info, partitions.
 *
 * @param partitions  0: about 512 MiB each, whatever the number of ranks
 * @param info  in: generation, id_kind, money_scale, currency, time_zone, resolution, sources; the rest is filled here
 * @return TSR_OK; TSR_EDATA (no customer at all); TSR_EIO; TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_collect_write(const tsr_comm *comm, tsr_collect *collect, const char *folder, int64_t partitions,
                             tsr_dataset_info *info) TSR_NODISCARD;

#endif
