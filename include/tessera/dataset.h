/**
 * @file dataset.h
 * The unified customer view on disk: partition files and dataset.json (DESIGN section 4), read and written.
 *
 * Partition = floor(key x P / 2^64), and customers of a partition are sorted by (key, id): so the global row number of
 * a customer is its place in (key, id) order, whatever the number of partitions.
 */
#ifndef TSR_DATASET_H
#define TSR_DATASET_H

#include "tessera/digest.h"

/* Strings by code: sorted by bytes, so that codes do not depend on how the data was read. */
typedef struct tsr_dictionary {
    int32_t n;
    char **text; /* [n] */
} tsr_dictionary;

/* One attribute of customers: a number (float32, NaN missing), or a code (int32, -1 missing) with its dictionary. */
typedef struct tsr_attribute {
    char name[TSR_NAME_BYTES];
    bool categorical;
    tsr_dictionary dictionary; /* empty for numbers */
} tsr_attribute;

/* Which optional columns the transactions have. */
enum { TSR_HAS_ORDER = 1, TSR_HAS_ITEM = 2, TSR_HAS_QUANTITY = 4, TSR_HAS_CATEGORY = 8, TSR_HAS_PROMOTION = 16 };

/* What holds for the whole dataset: the content of dataset.json. */
typedef struct tsr_dataset_info {
    int32_t partitions, generation;
    int32_t id_width;               /* bytes of the longest id */
    char id_kind[16];               /* "given" or "pseudonym" */
    int32_t money_scale;            /* amounts are in units of 10^-money_scale */
    char currency[8];               /* ISO 4217; empty: not said */
    char time_zone[64];             /* IANA name */
    int32_t resolution;             /* seconds: 1 or 86400 */
    uint32_t time_first, time_last; /* of transactions; civil seconds; first > last: none */
    int64_t customers, transactions;
    uint32_t has; /* TSR_HAS_* */
    int32_t attributes_n;
    tsr_attribute *attributes; /* sorted by name */
    tsr_dictionary items, categories, promotions;
    uint8_t digest[TSR_DIGEST_SIZE]; /* order-free over customers and their records */
    char
        *sources; /* JSON text of the balance: rows and money read, used, rejected, by source and reason; may be NULL */
} tsr_dataset_info;

/** Local. Free what the struct owns. */
void tsr_dataset_info_clear(tsr_dataset_info *info);

/* Customers in (key, id) order and their records, compressed sparse rows. A block owns its arrays. */
typedef struct tsr_block {
    int64_t first; /* global row of the first customer */
    int64_t customers;
    int64_t transactions;
    uint64_t *key; /* [customers] */
    char *id;      /* [customers][id_width], padded with zeros */
    int32_t id_width;
    int32_t attributes_n;
    float **number;  /* [attributes_n] -> [customers]; NULL for categorical attributes */
    int32_t **code;  /* [attributes_n] -> [customers]; NULL for numbers */
    int64_t *offset; /* [customers + 1], from 0: transactions of customer i are offset[i] .. offset[i+1] - 1 */
    uint32_t *time;  /* [transactions], civil seconds since 1970-01-01 00:00, rising within a customer */
    int64_t *amount; /* money units; negative = return */
    uint64_t *order; /* the optional columns are NULL where absent or not asked for */
    int32_t *item, *quantity, *category, *promotion;
} tsr_block;

/** Local. Free the arrays; the block is empty afterwards and may be filled again. */
void tsr_block_clear(tsr_block *block);

/* ---- reading ---- */

typedef struct tsr_dataset tsr_dataset;

/** Collective. The root reads dataset.json, all check that the partition files are there with the right size.
 *  @return TSR_OK; TSR_EIO; TSR_EDATA (names the file and what is wrong) */
tsr_status tsr_dataset_open(const tsr_comm *comm, const char *folder, tsr_dataset **dataset) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_dataset_close(tsr_dataset **dataset);

/** Local. Borrowed. */
const tsr_dataset_info *tsr_dataset_about(const tsr_dataset *dataset);

/** Collective. Deal customers to ranks in contiguous ranges of about equal cost (customers + transactions). */
tsr_status tsr_dataset_deal(const tsr_comm *comm, const tsr_dataset *dataset, tsr_span *span) TSR_NODISCARD;

/* What to read. */
enum {
    TSR_READ_ID = 1,
    TSR_READ_ATTRIBUTES = 2,
    TSR_READ_TIME = 4,
    TSR_READ_AMOUNT = 8,
    TSR_READ_OPTIONAL = 16,
    TSR_READ_ALL = 31
};

/**
 * Local. Read customers first .. first + rows - 1 (global rows; any range, also across partitions) with their records.
 * Keys and offsets are always read. @return TSR_OK; TSR_EIO; TSR_EDATA (checksum, order, offsets: names the file)
 */
tsr_status tsr_dataset_read(const tsr_dataset *dataset, int64_t first, int64_t rows, uint32_t what,
                            tsr_block *block) TSR_NODISCARD;

/** Collective. Recompute row counts, order, time range and the digest from the files. @return TSR_OK; TSR_EDATA */
tsr_status tsr_dataset_verify(const tsr_comm *comm, const tsr_dataset *dataset) TSR_NODISCARD;

/* ---- writing ---- */

/**
 * Local. Write one partition file of a generation: customers sorted by (key, id), records sorted. Nothing is visible
 * until tsr_dataset_commit(). Adds its rows to @p digest. info: money_scale, id_width, has, attributes are used.
 * @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_partition_write(const char *folder, const tsr_dataset_info *info, int32_t partition,
                               const tsr_block *block, tsr_digest_sum *digest) TSR_NODISCARD;

/**
 * Collective. Gather what each rank wrote, fill the totals of @p info (customers, transactions, time range, digest)
 * and rename dataset.json into place: one rename commits all partitions. Removes files of older generations.
 * Same on all ranks: folder, info but for its totals. @param digest  this rank's sum over its partitions
 * @return TSR_OK; TSR_EIO
 */
tsr_status tsr_dataset_commit(const tsr_comm *comm, const char *folder, tsr_dataset_info *info,
                              const tsr_digest_sum *digest) TSR_NODISCARD;

/** Local. The partition of a key. */
int32_t tsr_partition_of(uint64_t key, int32_t partitions);

/** Local. The rank that writes a partition: contiguous ranges. */
int tsr_partition_rank(int32_t partition, int32_t partitions, int size);

#endif
