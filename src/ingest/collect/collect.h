/**
 * @file ingest/collect/collect.h
 * Where rows go: customers by id, their attributes and records of all kinds, until they are written as a dataset.
 *
 * Rows arrive on any rank in any order. Each goes to the rank that owns its partition, where it waits in a bucket (a
 * range of keys), in memory or spilled; tsr_collect_write() sorts bucket after bucket and writes. What comes out
 * depends on the rows alone: not on ranks, on memory, or on the order in which they came.
 *
 *   readers -> [ rows for other ranks ] -> tsr_collect_round(): exchange -> buckets -> tsr_collect_write(): files
 */
#ifndef TSR_INGEST_COLLECT_H
#define TSR_INGEST_COLLECT_H

#include "ingest/settle/clean.h"
#include "ingest/sort/layout.h"
#include "tessera/comm.h"

#define TSR_ID_MAX         255   /* bytes of an id */
#define TSR_TEXT_MAX       1024  /* bytes of an entry of a dictionary */
#define TSR_CATEGORIES_MAX 65536 /* different texts of an attribute that is not declared a category */
#define TSR_MEMORY_LEAST   (1 << 20)

/* AUTO: a number where every value of every rank is one. */
typedef enum tsr_attribute_form { TSR_FORM_AUTO, TSR_FORM_NUMBER, TSR_FORM_CATEGORY } tsr_attribute_form;

/* What the customers and their records have. The same on all ranks. */
typedef struct tsr_collect_shape {
    uint32_t has; /* TSR_HAS_* */
    int32_t attributes;
    const char *const *attribute_name; /* [attributes], sorted by bytes, distinct */
    const int32_t *attribute_form;     /* [attributes] */
    const int32_t *attribute_rule;     /* [attributes] tsr_reconcile_rule; NULL: LAST for all */
} tsr_collect_shape;

/* How it is done; nothing of it but the number of partitions shows in the result. The same on all ranks. */
typedef struct tsr_collect_plan {
    int64_t partitions;     /* 0: about 512 MiB of expected_bytes each */
    int64_t expected_bytes; /* of all rows: a guess */
    int64_t memory;         /* bytes per rank for rows; dictionaries come on top */
    const char *scratch;    /* folder for what does not fit; borrowed */
    tsr_clean_plan clean;   /* this does show in the result */
} tsr_collect_plan;

typedef struct tsr_collect tsr_collect;

/** Collective. An empty collection. The shape is copied. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_collect_create(const tsr_comm *comm, const tsr_collect_shape *shape, const tsr_collect_plan *plan,
                              tsr_collect **collect) TSR_NODISCARD;
void tsr_collect_destroy(tsr_collect **collect);

struct tsr_merge;

/**
 * Collective, before the first row. Rows of merged ids become rows of the kept ones. May differ: merge, n: each merge
 * is told by one rank. @param merge  [n]; borrowed for the call. @return TSR_OK; TSR_ENOMEM Memory: what a rank keeps
 * are the merges of ids that it owns.
 */
tsr_status tsr_collect_merge(const tsr_comm *comm, tsr_collect *collect, const struct tsr_merge *merge,
                             int64_t n) TSR_NODISCARD;

/** Local. A customer is there, with or without records; the id is trimmed, 1 to TSR_ID_MAX bytes. */
tsr_status tsr_collect_customer(tsr_collect *collect, tsr_slice id, tsr_customer_ref *customer) TSR_NODISCARD;

/** Local. The code of a text on this rank, for a cell of that dictionary (tsr_dictionary_number). */
tsr_status tsr_collect_code(tsr_collect *collect, int32_t dictionary, tsr_slice text, int32_t *code) TSR_NODISCARD;

/** Local. One record. Cells that the shape does not have are ignored. @param source  0 .. 65535 */
tsr_status tsr_collect_record(tsr_collect *collect, int32_t kind, tsr_customer_ref customer, int32_t source,
                              const tsr_cells *cells) TSR_NODISCARD;

/** Local. Many customers at once. @param id  [n] @param[out] customer  [n] */
tsr_status tsr_collect_customers(tsr_collect *collect, int64_t n, const tsr_slice *id,
                                 tsr_customer_ref *customer) TSR_NODISCARD;

/** Local. Many records of one kind and source. @param cell  [columns of the kind][n] */
tsr_status tsr_collect_records(tsr_collect *collect, int32_t kind, int64_t n, const tsr_customer_ref *customer,
                               int32_t source, const uint64_t *const *cell) TSR_NODISCARD;

/**
 * Local. The attributes that one input row has. Of several values of one the row with the largest @p position stands,
 * unless the shape has another rule for it; @p time of the row, civil seconds, 0: not said;
 * positions (from 1; 0: from an older dataset) rise in the order of sources, files and lines.
 * @param text  [attributes], trimmed; n = 0: the row has none
 * @param number  [attributes] the same where it is a number, with a decimal point; may be @p text
 */
tsr_status tsr_collect_attributes(tsr_collect *collect, tsr_customer_ref customer, int32_t source, int64_t position,
                                  uint32_t time, const tsr_slice *text, const tsr_slice *number) TSR_NODISCARD;

/** Local. Is it time for tsr_collect_round()? More rows may still come. */
bool tsr_collect_full(const tsr_collect *collect);

/**
 * Collective. Hand on what waits for other ranks. To be called whenever one rank is full, by all ranks, until all are
 * done. @param done  this rank has no more rows. @param[out] all_done  nobody has, and nothing waits
 * @return TSR_OK; TSR_ENOMEM; TSR_EIO (spilling)
 */
tsr_status tsr_collect_round(const tsr_comm *comm, tsr_collect *collect, bool done, bool *all_done) TSR_NODISCARD;

/** Local. Leave an optional column (TSR_HAS_*) out after all. The same on all ranks. */
void tsr_collect_drop(tsr_collect *collect, uint32_t has);

/* What was found on the way out. Global. */
typedef struct tsr_collect_result {
    const tsr_cleaned *cleaned; /* [plan->clean.sources]; borrowed from the collection */
    int64_t spilled;            /* bytes */
    tsr_digest_sum digest;      /* of this rank's partitions, for tsr_dataset_commit() */
} tsr_collect_result;

/**
 * Collective, after the last round. Sort, clean and write the partitions; tsr_dataset_commit() then makes them a
 * dataset. The collection is used up.
 * Same on all ranks: folder, info.
 *
 * @param info  in: generation, id_kind, money_scale, currency, time_zone, resolution, sources; the rest is filled here
 * @return TSR_OK; TSR_EDATA (no customer at all; an attribute that is neither number nor category); TSR_EIO;
 *         TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_collect_write(const tsr_comm *comm, tsr_collect *collect, const char *folder, tsr_dataset_info *info,
                             tsr_collect_result *result) TSR_NODISCARD;

#endif
