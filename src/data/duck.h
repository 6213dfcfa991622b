/**
 * @file data/duck.h
 * DuckDB's library, loaded when a job asks for Parquet: queries whose columns are all text, row by row.
 *
 * The library is an optional component: it is looked for in the folder $TESSERA_DUCKDB_ROOT (or its lib/), where CMake
 * found it (-DTESSERA_DUCKDB_ROOT=...), then where the system looks. Tried with 1.4 and 1.5.
 */
#ifndef TSR_DATA_DUCK_H
#define TSR_DATA_DUCK_H

#include <stdbool.h>
#include <stdint.h>

#include "tessera/status.h"

/* A text field of a row: not terminated; at == NULL: the value is null. */
typedef struct tsr_duck_text {
    const char *at;
    int32_t n;
} tsr_duck_text;

typedef struct tsr_duck tsr_duck;           /* a database in memory, one thread: ranks are what works in parallel */
typedef struct tsr_duck_rows tsr_duck_rows; /* the answer to one query, as it streams */

/** Local. @return TSR_OK; TSR_ECONF (no library: says how to get it); TSR_EDATA (a library that does not fit) */
tsr_status tsr_duck_open(tsr_duck **duck) TSR_NODISCARD;
void tsr_duck_close(tsr_duck **duck);

/** Local. A statement without an answer. @param what  for the message: what cannot be done */
tsr_status tsr_duck_run(tsr_duck *duck, const char *what, const char *sql) TSR_NODISCARD;

/** Local. Ask. All columns are VARCHAR. @param what  for messages; borrowed as long as the rows live */
tsr_status tsr_duck_query(tsr_duck *duck, const char *what, const char *sql, tsr_duck_rows **rows) TSR_NODISCARD;
void tsr_duck_rows_close(tsr_duck_rows **rows);

/** Local. Columns of the answer. */
int32_t tsr_duck_columns(const tsr_duck_rows *rows);

/** Local. The next row: valid until the next call; *field is NULL at the end. @return TSR_OK; TSR_EDATA (damaged) */
tsr_status tsr_duck_next(tsr_duck_rows *rows, const tsr_duck_text **field) TSR_NODISCARD;

/** Local. @p text in SQL quotes: ' or ", doubled where it holds them. New, tsr_free(). */
tsr_status tsr_duck_quote(const char *text, char quote, char **quoted) TSR_NODISCARD;

/** Local. "v1.5.6", or NULL where there is no library: for --version. */
const char *tsr_duck_version(void);

#endif
