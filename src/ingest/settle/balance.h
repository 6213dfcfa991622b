/**
 * @file ingest/settle/balance.h
 * The account of every row: read = used + duplicates + refused, by source and reason, with the money of each.
 */
#ifndef TSR_INGEST_BALANCE_H
#define TSR_INGEST_BALANCE_H

#include "ingest/settle/clean.h"
#include "tessera/comm.h"
#include "tessera/exact.h"

#define TSR_REASON_BYTES 256
#define TSR_COLUMN_BYTES 64

/* What one source came to. */
typedef struct tsr_source_total {
    int64_t rows_read, rows_used;
    tsr_int128 money_used;
    tsr_cleaned cleaned; /* what was found when all rows were there; duplicates are not among the used ones */
} tsr_source_total;

/* Refused rows of one source, for one reason, in one column. Plain data: it travels. */
typedef struct tsr_refusal {
    tsr_int128 money; /* where it can be read */
    int64_t rows;
    int64_t kept; /* rows whose lines are kept */
    int32_t source;
    char reason[TSR_REASON_BYTES];
    char column[TSR_COLUMN_BYTES];
} tsr_refusal;

typedef struct tsr_balance tsr_balance;

/** Local. @param limit  rows per reason whose lines are kept */
tsr_status tsr_balance_create(int32_t sources, int64_t limit, tsr_balance **balance) TSR_NODISCARD;
void tsr_balance_destroy(tsr_balance **balance);

/** Local. Rows were used. @param money  of all of them */
void tsr_balance_use(tsr_balance *balance, int32_t source, int64_t rows, tsr_int128 money);

/** Local. A row was refused. @param line  of this rank's part of the file, from 0; see tsr_balance_settle() */
tsr_status tsr_balance_refuse(tsr_balance *balance, int32_t source, int32_t file, int64_t line, const char *reason,
                              const char *column, int64_t money) TSR_NODISCARD;

/**
 * Collective. Add up over ranks: all ranks hold the same totals afterwards, the root the refused rows.
 * @param first_line  [files] number of the line at which this rank's part of each file begins
 */
tsr_status tsr_balance_settle(const tsr_comm *comm, tsr_balance *balance, const int64_t *first_line) TSR_NODISCARD;

/** Local. After settling: what was found in the used rows. @param cleaned  [sources], over all ranks */
void tsr_balance_clean(tsr_balance *balance, const tsr_cleaned *cleaned);

/** Local. After settling: borrowed; refusals sorted by source, reason, column. */
const tsr_source_total *tsr_balance_total(const tsr_balance *balance, int32_t source);
const tsr_refusal *tsr_balance_refusals(const tsr_balance *balance, int32_t *n);

/** Local, on the root, after settling: the text of rejects.csv; new, tsr_free(). @param name  [files] names of files */
tsr_status tsr_balance_csv(const tsr_balance *balance, const char *const *name, char **text,
                           int64_t *bytes) TSR_NODISCARD;

#endif
