/**
 * @file ingest.h
 * Sources -> dataset: read, clean, exchange, sort, partition.
 * Stage: every rank reads its byte range of plain files; a compressed or multi-line file is read whole by one rank;
 * of Parquet, ranks read row groups.
 *
 * A row is refused for the first reason that holds, in this order: its form (NUL bytes, quotes, missing columns), a
 * missing id, the rules of the source, its money, its other columns in the order of records.h, what it must have. Every
 * refused row is counted by reason, with its money where that can be read. Rows of a source with equal keys, where it
 * declares one, are duplicates beyond the first; equal rows are kept and counted otherwise (as they are read, before
 * returns are set off). Rows read = used + duplicates + refused, and money likewise. Money in another currency is
 * converted by its declared rate and rounded once, halves to even. Of several values of an attribute the last one
 * stands, in the order of sources, files and lines, unless the job declares another rule for it; an empty field is no
 * value. What is added by a job that does not name the files of before comes after them. Of several vectors of a
 * customer the last one stands, whole. A row without an order, where others have one, belongs to the order of its
 * customer and moment.
 */
#ifndef TSR_INGEST_H
#define TSR_INGEST_H

#include "tessera/dataset.h"
#include "tessera/exact.h"
#include "tessera/job.h"

/* Behind the customers, the kinds of records in the order of tsr_kind. */
typedef enum tsr_source_kind {
    TSR_SOURCE_CUSTOMERS,
    TSR_SOURCE_TRANSACTIONS,
    TSR_SOURCE_EVENTS,
    TSR_SOURCE_CAMPAIGNS,
    TSR_SOURCE_CONSENT,
    TSR_SOURCE_IDENTITIES, /* no records: which ids are one person */
    TSR_SOURCE_EMBEDDINGS  /* no records: one vector per customer */
} tsr_source_kind;

/* What `other` is in a source of identities: an id, or a mark that ids share, compared as it is, without case (of A to
 * Z), as an e-mail address (without case, with an @), as a phone number (its digits, at least seven; 00 for +). A row
 * with a text that is no such mark is refused. */
typedef enum tsr_match { TSR_MATCH_ID, TSR_MATCH_EXACT, TSR_MATCH_CASE, TSR_MATCH_EMAIL, TSR_MATCH_PHONE } tsr_match;

typedef enum tsr_source_format { TSR_FORMAT_TEXT, TSR_FORMAT_PARQUET } tsr_source_format;

/* 1234.56, or 1.234,56. */
typedef enum tsr_decimal_mark { TSR_DECIMAL_POINT, TSR_DECIMAL_COMMA } tsr_decimal_mark;

/* One entry of ingest.sources. Column maps: field -> name in the header, or number from 1. */
typedef struct tsr_source {
    int32_t kind; /* tsr_source_kind */
    tsr_texts files;
    int32_t format;  /* tsr_source_format; of Parquet, delimiter, header and multiline mean nothing */
    char *delimiter; /* "," ";" "tab" "blank" or one character */
    bool header;
    bool multiline;       /* quoted fields may hold line breaks: read by one rank */
    tsr_map columns;      /* id, the columns of the kind (records.h), price; attributes by own name */
    tsr_map types;        /* of attributes: number | category; default: number where every value is one */
    char *time_format;    /* strptime pattern, or "iso", "epoch", "epoch_ms" */
    char *time_zone;      /* IANA zone that the text is in; NULL: the dataset's (civil time as it stands) */
    tsr_texts reject;     /* rules */
    int32_t match;        /* tsr_match; of identities */
    char *name;           /* of embeddings; else NULL */
    int64_t dimensions;   /* of embeddings: numbers of a vector */
    tsr_texts key;        /* fields whose values, with the id, make a row a repeat of another: dropped. None: kept */
    int32_t decimal_mark; /* tsr_decimal_mark */
} tsr_source;

typedef enum tsr_resolution { TSR_RESOLUTION_AUTO, TSR_RESOLUTION_DAY, TSR_RESOLUTION_SECOND } tsr_resolution;

/* What becomes of negative amounts. */
typedef enum tsr_returns { TSR_RETURNS_KEEP, TSR_RETURNS_NET_PER_DAY, TSR_RETURNS_DROP } tsr_returns;

/* Which of several values of an attribute stands: the last in the order of sources, files and lines; the one of the
 * latest row; of the first source that has one; the one that most rows have. */
typedef enum tsr_reconcile_rule {
    TSR_RECONCILE_LAST,
    TSR_RECONCILE_LATEST,
    TSR_RECONCILE_PRIORITY,
    TSR_RECONCILE_MOST_FREQUENT,
    TSR_RECONCILE_RULES
} tsr_reconcile_rule;

typedef struct tsr_ingest_params {
    int64_t partitions; /* 0: auto, about 512 MiB each */
    int64_t memory;     /* bytes per rank */
    char *scratch;      /* folder for rows that do not fit in memory; NULL: the dataset's */
    int64_t money_scale;
    char *currency;
    tsr_map rates; /* currency -> units of the dataset's own for one of it */
    char *time_zone;
    int32_t resolution;     /* tsr_resolution; auto: day where no used row has a time of day */
    int64_t reject_limit;   /* rows kept in rejects.csv per reason */
    int64_t identity_limit; /* ids of one person; more are not merged */
    tsr_map reconcile;      /* attribute -> name of a tsr_reconcile_rule */
    int32_t returns;        /* tsr_returns */
    int64_t late_days;      /* rows added later may lie so far before the last transaction that is there; 0: any */
    tsr_groups sources;     /* of tsr_source */
    int64_t as_of;          /* of the job, in civil seconds: attributes and vectors of then or later are not known yet,
                             * and rejected; 0: all count */
} tsr_ingest_params;

extern const tsr_key tsr_ingest_keys[];

/** Local. Check the settings as they stand, without a look at any file. @return TSR_OK; TSR_ECONF */
tsr_status tsr_ingest_check(const tsr_ingest_params *params) TSR_NODISCARD;

/* What came of it: for the summary on the terminal. All global. */
typedef struct tsr_ingest_result {
    int64_t rows_read, rows_used, rows_rejected, customers, transactions;
    int64_t rows_duplicate;     /* dropped by the key of their source; read = used + duplicate + rejected */
    int64_t rows_repeated;      /* used rows that are equal to another one of their source, beyond the first */
    int64_t records[TSR_KINDS]; /* of the other kinds */
    int64_t spilled;            /* bytes that did not fit in memory */
    tsr_int128 money;           /* of the used rows, in money units */
    int32_t money_scale;
    int64_t merged; /* ids that became another id of the same person */
    int64_t bytes_read;
    bool unchanged; /* the dataset was there already, from the same job and the same files */
    bool grown;     /* it was there and grew: rows and money are those of the new files, the rest is of the whole */
} tsr_ingest_result;

/**
 * Collective. Write the dataset in folder @p output.
 * @return TSR_OK; TSR_ECONF (columns, rules); TSR_EDATA (file, line, column); TSR_EIO; TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_ingest_run(const tsr_comm *comm, const tsr_ingest_params *params, const char *output,
                          tsr_ingest_result *result) TSR_NODISCARD;

#endif
