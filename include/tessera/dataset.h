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
#include "tessera/records.h"

/* Strings by code: sorted by bytes, so that codes do not depend on how the data was read. */
typedef struct tsr_dictionary {
    int32_t n;
    char **text; /* [n] */
} tsr_dictionary;

/** Local. Free what it owns; it is empty afterwards. */
void tsr_dictionary_clear(tsr_dictionary *dictionary);

/* One attribute of customers: a number (float32, NaN missing), or a code (int32, -1 missing) with its dictionary. */
typedef struct tsr_attribute {
    char name[TSR_NAME_BYTES];
    bool categorical;
    bool empty; /* nobody has a value, and no source says what it is: a number until the first value comes */
    tsr_dictionary dictionary; /* empty for numbers */
} tsr_attribute;

/* A ready vector per customer: numeric attributes `name.0000` ... and `name.day`, the day from which it holds, counted
 * from 1970-01-01 (0: not said). Other attributes have no dot in their names. */
typedef struct tsr_embedding {
    char name[TSR_NAME_BYTES];
    int32_t first, dimensions; /* attributes first .. first + dimensions - 1; the day is the next one */
} tsr_embedding;

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
    int64_t records[TSR_KINDS]; /* of the other kinds: events, campaigns, consent */
    uint32_t has;               /* TSR_HAS_* */
    int32_t attributes_n;
    tsr_attribute *attributes; /* sorted by name */
    tsr_dictionary dictionary[TSR_DICTIONARIES];
    uint8_t digest[TSR_DIGEST_SIZE]; /* order-free over customers and their records */
    char
        *sources; /* JSON text of the balance: rows and money read, used, rejected, by source and reason; may be NULL */
} tsr_dataset_info;

/** Local. Is an attribute part of an embedding? By its name. */
bool tsr_in_embedding(const char *attribute);

/** Local. Is it the day from which on a customer has the vector of an embedding (NaN: none)? By its name. */
bool tsr_is_vector_day(const char *attribute);

/** Local. The next embedding behind *embedding (all zero: the first). @return false: there is none */
bool tsr_embedding_next(const tsr_dataset_info *info, tsr_embedding *embedding);

/** Local. Free what the struct owns. */
void tsr_dataset_info_clear(tsr_dataset_info *info);

/* Records of one kind, compressed sparse rows. */
typedef struct tsr_records {
    int64_t rows;
    int64_t *offset;                /* [customers + 1], from 0 */
    void *column[TSR_KIND_COLUMNS]; /* [rows] of the type of its cells (records.h); NULL where absent */
} tsr_records;

/* Customers in (key, id) order and their records, compressed sparse rows. A block owns its arrays. */
typedef struct tsr_block {
    int64_t first; /* global row of the first customer */
    int64_t customers;
    int64_t transactions;
    uint64_t *key; /* [customers] */
    char *id;      /* [customers][id_width], padded with zeros */
    int32_t id_width;
    int32_t attributes_n;
    float **number;  /* [attributes_n] -> [customers]; NULL for categorical attributes and where not asked for */
    int32_t **code;  /* [attributes_n] -> [customers]; NULL for numbers and where not asked for */
    int64_t *offset; /* [customers + 1], from 0: transactions of customer i are offset[i] .. offset[i+1] - 1 */
    uint32_t *time;  /* [transactions], civil seconds since 1970-01-01 00:00, rising within a customer */
    int64_t *amount; /* money units; negative = return */
    uint64_t *order; /* the optional columns are NULL where absent or not asked for */
    int32_t *item, *quantity, *category, *promotion;
    tsr_records records[TSR_KINDS]; /* of the other kinds, where asked for; transactions stand above */
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
    TSR_READ_EVENTS = 32,
    TSR_READ_CAMPAIGNS = 64,
    TSR_READ_CONSENT = 128,
    TSR_READ_EMBEDDINGS = 256,
    TSR_READ_VECTOR_DAYS = 512, /* of embeddings only since when vectors hold */
    TSR_READ_ALL = 511
};

/**
 * Local. Read customers first .. first + rows - 1 (global rows; any range, also across partitions) with their records.
 * Keys and offsets are always read. @return TSR_OK; TSR_EIO; TSR_EDATA (checksum, order, offsets: names the file)
 */
tsr_status tsr_dataset_read(const tsr_dataset *dataset, int64_t first, int64_t rows, uint32_t what,
                            tsr_block *block) TSR_NODISCARD;

/** Collective. Recompute row counts, order, time range and the digest from the files, and hold the balance of its
 *  sources against the records: rows and money to the smallest unit. @return TSR_OK; TSR_EDATA (says where it fails) */
tsr_status tsr_dataset_verify(const tsr_comm *comm, const tsr_dataset *dataset) TSR_NODISCARD;

/* ---- writing ---- */

/* What is known of a partition before it is written: the most rows, and the range of numbers over all partitions, which
 * decides the types in the file. */
typedef struct tsr_partition_plan {
    int64_t customers, records[TSR_KINDS];
    int64_t low[TSR_KINDS][TSR_KIND_COLUMNS], high[TSR_KINDS][TSR_KIND_COLUMNS]; /* of MONEY and COUNT cells */
} tsr_partition_plan;

typedef struct tsr_partition_writer tsr_partition_writer;

/**
 * Local. Begin the file of one partition of a generation; it is written column by column in blocks of 65,536 rows, so
 * memory does not grow with its size, and equal content makes equal files. Nothing is visible until
 * tsr_dataset_commit(). Of info: money_scale, id_width, has, attributes and dictionaries are used.
 * @param folder, info  borrowed until the writer is closed. @return TSR_OK; TSR_EIO; TSR_ENOMEM; TSR_ECONF (names)
 */
tsr_status tsr_partition_open(const char *folder, const tsr_dataset_info *info, int32_t partition,
                              const tsr_partition_plan *plan, tsr_partition_writer **writer) TSR_NODISCARD;

/**
 * Local. The next customer, in (key, id) order, who has rows[kind] records of each kind.
 * @param id  [id_width], padded with zeros. @param attribute  [attributes_n], floats, or codes (their bits)
 */
tsr_status tsr_partition_customer(tsr_partition_writer *writer, uint64_t key, const char *id, const uint32_t *attribute,
                                  const int64_t rows[TSR_KINDS]) TSR_NODISCARD;

/** Local. The next n records of that customer, kinds and records in order; those announced, in any pieces.
 *  @param column  [columns of the kind] arrays of n cells; NULL where the dataset does not have it */
tsr_status tsr_partition_records(tsr_partition_writer *writer, int32_t kind, int64_t n,
                                 const void *const *column) TSR_NODISCARD;

/** Local. Complete the file. Adds its customers to @p digest. */
tsr_status tsr_partition_finish(tsr_partition_writer *writer, tsr_digest_sum *digest) TSR_NODISCARD;

/** Local. Free it; a file that is not finished is removed. NULL is fine. */
void tsr_partition_close(tsr_partition_writer **writer);

/**
 * Local. Write one partition from a block that holds all of it.
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

/* Lists for people that stand beside a dataset: ids that became another one, where there are any; refused rows. */
#define TSR_MERGES  "merges"
#define TSR_REJECTS "rejects"

/** Local. The name of a list until its generation is committed, and from then on (0). @p name holds 64 bytes. */
void tsr_list_name(const char *list, int32_t generation, char *name);

/**
 * Local, one rank of all. What follows the commit of a dataset and could not be part of it: its lists get their
 * names, files of other generations go. The dataset is complete without; what fails now is done by the next ingest.
 */
void tsr_dataset_tidy(const char *folder, const tsr_dataset_info *info);

/** Local. The partition of a key. */
int32_t tsr_partition_of(uint64_t key, int32_t partitions);

/** Local. The rank that writes a partition: contiguous ranges. */
int tsr_partition_rank(int32_t partition, int32_t partitions, int size);

#endif
