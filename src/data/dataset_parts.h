/**
 * @file dataset_parts.h
 * What the files that make up a dataset's reader and writer share.
 */
#ifndef TSR_DATA_DATASET_PARTS_H
#define TSR_DATA_DATASET_PARTS_H

#include "tessera/dataset.h"

/* One partition file, as dataset.json tells of it. Plain bytes, so that ranks can exchange it. */
typedef struct tsr_part {
    char file[64]; /* name within the folder */
    int64_t bytes, customers, transactions;
    tsr_digest_sum digest;             /* over its customers */
    int64_t customer_0, transaction_0; /* of all: where this partition begins */
    int64_t time_first, time_last;     /* not kept in dataset.json */
} tsr_part;

/** Local. The name of a partition's file; @p name holds 64 bytes. */
void tsr_part_name(int32_t partition, int32_t generation, char *name);

/** Local. dataset.json as text; new, tsr_free(). @param parts  [info->partitions]; NULL: without them */
tsr_status tsr_dataset_print(const tsr_dataset_info *info, const tsr_part *parts, char **text,
                             int64_t *n) TSR_NODISCARD;

/**
 * Local. The other way round. @param name  of the file, for messages
 * @param[out] info   new content: tsr_dataset_info_clear(); @param[out] parts  new: tsr_free()
 */
tsr_status tsr_dataset_parse(const char *name, const char *text, int64_t n, tsr_dataset_info *info,
                             tsr_part **parts) TSR_NODISCARD;

/**
 * Local. Add the customers of a block to @p sum, each with all its records; codes count as their strings, so the sum
 * depends neither on partitions nor on dictionaries. The block has all that @p info says there is.
 */
void tsr_records_hash(const tsr_dataset_info *info, const tsr_block *block, tsr_digest_sum *sum);

/** Local. The digest of a dataset: of the sum and of what its numbers mean. */
void tsr_dataset_digest_of(const tsr_dataset_info *info, const tsr_digest_sum *sum, uint8_t digest[TSR_DIGEST_SIZE]);

/**
 * Local. Are the customers first .. first + customers - 1 of a block sorted, and their records, and codes in range?
 * Checks what is there: id, time, attributes and the optional columns may be NULL.
 * @param status, file  for the message: a corrupt file, or a caller's bug
 */
tsr_status tsr_block_check(const tsr_dataset_info *info, const tsr_block *block, int64_t first, int64_t customers,
                           tsr_status status, const char *file) TSR_NODISCARD;

/* The optional columns of transactions, as a table: bit and name. */
typedef struct tsr_optional {
    uint32_t bit;
    const char *name;
} tsr_optional;

/** Local. The dictionary of a code column (TSR_HAS_ITEM, _CATEGORY, _PROMOTION), or NULL. */
const tsr_dictionary *tsr_dictionary_of(const tsr_dataset_info *info, uint32_t bit);

/** Local. The array of an optional int32 column (not order) in a block. */
int32_t **tsr_optional_of(tsr_block *block, uint32_t bit);

/* order, item, quantity, category, promotion */
#define TSR_OPTIONAL_N 5
extern const tsr_optional tsr_optionals[TSR_OPTIONAL_N];

#endif
