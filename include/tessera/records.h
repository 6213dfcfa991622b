/**
 * @file records.h
 * The kinds of records that customers have: one table names the columns of each, and files, digests, sorting and ingest
 * read that table. A further kind is a further entry.
 */
#ifndef TSR_RECORDS_H
#define TSR_RECORDS_H

#include <stddef.h>
#include <stdint.h>

typedef enum tsr_kind { TSR_TRANSACTIONS, TSR_EVENTS, TSR_CAMPAIGNS, TSR_CONSENT, TSR_KINDS } tsr_kind;

/* What a dataset has: optional columns of transactions, other kinds, and their optional columns. */
enum {
    TSR_HAS_ORDER = 1,
    TSR_HAS_ITEM = 2,
    TSR_HAS_QUANTITY = 4,
    TSR_HAS_CATEGORY = 8,
    TSR_HAS_PROMOTION = 16,
    TSR_HAS_EVENTS = 32,
    TSR_HAS_EVENT_CHANNEL = 64,
    TSR_HAS_EVENT_VALUE = 128,
    TSR_HAS_CAMPAIGNS = 256,
    TSR_HAS_CONSENT = 512
};

/* Dictionaries of the columns that hold codes. */
typedef enum tsr_dictionary_number {
    TSR_ITEMS,
    TSR_CATEGORIES,
    TSR_PROMOTIONS,
    TSR_EVENT_TYPES,
    TSR_CHANNELS,
    TSR_CAMPAIGN_NAMES,
    TSR_ARMS,
    TSR_PURPOSES,
    TSR_STATUSES,
    TSR_DICTIONARIES
} tsr_dictionary_number;

/* What a cell holds, and its type in memory. */
typedef enum tsr_cell {
    TSR_CELL_TIME,  /* uint32: civil seconds; 0 never, where it is not the first column */
    TSR_CELL_MONEY, /* int64: money units */
    TSR_CELL_HASH,  /* uint64 */
    TSR_CELL_COUNT, /* int32 */
    TSR_CELL_CODE,  /* int32: -1 missing */
    TSR_CELL_VALUE  /* float: NaN missing */
} tsr_cell;

typedef struct tsr_kind_column {
    const char *name; /* /<kind>/<name> in the file */
    tsr_cell cell;
    uint32_t bit;       /* TSR_HAS_*; 0: whatever has the kind has the column */
    int32_t dictionary; /* of codes; else -1 */
    const char *description;
} tsr_kind_column;

/* Records of a customer are sorted by the columns as they stand here; the first is a time. */
typedef struct tsr_kind_about {
    const char *name; /* /<name> in the file */
    uint32_t bit;     /* TSR_HAS_*; 0: every dataset has it */
    int32_t columns;
    const tsr_kind_column *column; /* [columns] */
} tsr_kind_about;

#define TSR_KIND_COLUMNS 9 /* the most that a kind has */

enum {
    TSR_TRANSACTION_TIME,
    TSR_TRANSACTION_AMOUNT,
    TSR_TRANSACTION_ORDER,
    TSR_TRANSACTION_ITEM,
    TSR_TRANSACTION_QUANTITY,
    TSR_TRANSACTION_CATEGORY,
    TSR_TRANSACTION_PROMOTION
};
enum { TSR_EVENT_TIME, TSR_EVENT_TYPE, TSR_EVENT_CHANNEL, TSR_EVENT_VALUE };
enum {
    TSR_CAMPAIGN_ASSIGNED,
    TSR_CAMPAIGN_CAMPAIGN,
    TSR_CAMPAIGN_ARM,
    TSR_CAMPAIGN_SENT,
    TSR_CAMPAIGN_OPENED,
    TSR_CAMPAIGN_CLICKED,
    TSR_CAMPAIGN_CONVERTED,
    TSR_CAMPAIGN_REVENUE,
    TSR_CAMPAIGN_COST
};
enum { TSR_CONSENT_TIME, TSR_CONSENT_PURPOSE, TSR_CONSENT_STATUS };

/** Local. The table's entry. */
const tsr_kind_about *tsr_kind_of(int32_t kind);

/** Local. Bytes of a cell in memory. */
size_t tsr_cell_bytes(tsr_cell cell);

/** Local. Does a dataset that has @p has (TSR_HAS_*) have the kind, or the column of it? */
int tsr_has_kind(uint32_t has, int32_t kind);
int tsr_has_column(uint32_t has, int32_t kind, int32_t column);

#endif
