/**
 * @file dataset_parts.h
 * What the files that make up a dataset's reader and writer share.
 */
#ifndef TSR_DATA_DATASET_PARTS_H
#define TSR_DATA_DATASET_PARTS_H

#include <sodium.h>

#include "tessera/dataset.h"

/* One partition file, as dataset.json tells of it. Plain bytes, so that ranks can exchange it. */
typedef struct tsr_part {
    char file[64]; /* name within the folder */
    int64_t bytes, customers, transactions;
    int64_t records[TSR_KINDS];        /* of the other kinds */
    tsr_digest_sum digest;             /* over its customers */
    int64_t customer_0, transaction_0; /* of all: where this partition begins */
    int64_t time_first, time_last;     /* of transactions; not kept in dataset.json */
} tsr_part;

/* The files of a dataset that is read. A rank works its way through its rows: two are enough, also at the border of two
 * partitions. */
#define TSR_OPEN_FILES 2
typedef struct tsr_open_files {
    int32_t partition[TSR_OPEN_FILES]; /* -1: none */
    int64_t file[TSR_OPEN_FILES];      /* hid_t */
    int next;                          /* to be replaced */
} tsr_open_files;

struct tsr_dataset {
    char *folder;
    tsr_dataset_info info;
    tsr_part *parts;      /* [info.partitions] */
    tsr_open_files *open; /* the only thing that changes after opening */
};

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

/* The digests of customers with all records, fed in order. Several are hashed together; one of any length goes through
 * the same room. */
#define TSR_HASHED_TOGETHER 512 /* customers at most */
typedef struct tsr_text_frame tsr_text_frame;
typedef struct tsr_customer_hash {
    const tsr_dataset_info *info;
    tsr_text_frame *frame[TSR_DICTIONARIES]; /* [texts] */
    int32_t widest;                          /* bytes of a cell */
    uint8_t *bytes;
    int64_t n, start[TSR_HASHED_TOGETHER + 1]; /* bytes so far, and where customers begin */
    int32_t customers;                         /* that are complete */
    bool is_long;                              /* the one at hand is in `state` */
    crypto_generichash_state state;
    tsr_digest_sum sum;
} tsr_customer_hash;

/** Local. Get ready for the customers of a dataset; tsr_customer_hash_clear() afterwards, also where this fails. */
tsr_status tsr_customer_hash_open(tsr_customer_hash *hash, const tsr_dataset_info *info) TSR_NODISCARD;
void tsr_customer_hash_clear(tsr_customer_hash *hash);

/** Local. Begin a customer. @param attribute  [attributes_n] floats, or codes (their bits) */
void tsr_customer_hash_begin(tsr_customer_hash *hash, uint64_t key, const char *id, const uint32_t *attribute);

/** Local. The number of records of the next kind, then the records. Codes count as their strings, so the digest depends
 *  neither on partitions nor on dictionaries. */
void tsr_customer_hash_kind(tsr_customer_hash *hash, uint64_t records);
void tsr_customer_hash_records(tsr_customer_hash *hash, int32_t kind, int64_t first, int64_t n,
                               const void *const *column);

/** Local. The customer is complete. */
void tsr_customer_hash_end(tsr_customer_hash *hash);

/** Local. Add all customers to @p sum. */
void tsr_customer_hash_finish(tsr_customer_hash *hash, tsr_digest_sum *sum);

/** Local. The attributes of one customer of a block, as above. */
void tsr_block_attributes(const tsr_block *block, int64_t customer, uint32_t *attribute);

/** Local. Add the customers of a block to @p sum. The block has all that @p info says there is. */
tsr_status tsr_records_hash(const tsr_dataset_info *info, const tsr_block *block, tsr_digest_sum *sum) TSR_NODISCARD;

/** Local. The digest of a dataset: of the sum and of what its numbers mean. */
void tsr_dataset_digest_of(const tsr_dataset_info *info, const tsr_digest_sum *sum, uint8_t digest[TSR_DIGEST_SIZE]);

/**
 * Local. Are the customers first .. first + customers - 1 of a block sorted, and their records, and codes in range?
 * Checks what is there: id, time, attributes and the optional columns may be NULL.
 * @param status, file  for the message: a corrupt file, or a caller's bug
 */
tsr_status tsr_block_check(const tsr_dataset_info *info, const tsr_block *block, int64_t first, int64_t customers,
                           tsr_status status, const char *file) TSR_NODISCARD;

/* One way to what stands in several places: transactions have members of their own. */
int64_t *tsr_info_records(tsr_dataset_info *info, int32_t kind);
int64_t *tsr_part_records(tsr_part *part, int32_t kind);
int64_t *tsr_block_records(tsr_block *block, int32_t kind);
int64_t **tsr_block_offset(tsr_block *block, int32_t kind);

/** Local. Column @p column of a kind in a block: get and set the array, whatever its type. */
void *tsr_block_column(const tsr_block *block, int32_t kind, int32_t column);
void tsr_block_set_column(tsr_block *block, int32_t kind, int32_t column, void *values);

/** Local. All columns of a kind. */
void tsr_block_columns(const tsr_block *block, int32_t kind, const void *column[TSR_KIND_COLUMNS]);

#endif
