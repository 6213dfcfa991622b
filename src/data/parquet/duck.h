/**
 * @file data/parquet/duck.h
 * DuckDB's library, loaded when a job asks for Parquet: queries and their answers, row by row as text or in vectors.
 *
 * The library is an optional component: it is looked for in the folder $TESSERA_DUCKDB_ROOT (or its lib/), where CMake
 * found it (-DTESSERA_DUCKDB_ROOT=...), then where the system looks. Tried with 1.4 and 1.5.
 */
#ifndef TSR_DATA_DUCK_H
#define TSR_DATA_DUCK_H

#include <stdbool.h>
#include <stddef.h>
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

/** Local. Ask. @param what  for messages; borrowed as long as the rows live */
tsr_status tsr_duck_query(tsr_duck *duck, const char *what, const char *sql, tsr_duck_rows **rows) TSR_NODISCARD;
void tsr_duck_rows_close(tsr_duck_rows **rows);

/** Local. Columns of the answer. */
int32_t tsr_duck_columns(const tsr_duck_rows *rows);

/** Local. The next row, where all columns are VARCHAR: valid until the next call; *field is NULL at the end. @return
 * TSR_OK; TSR_EDATA (damaged) */
tsr_status tsr_duck_next(tsr_duck_rows *rows, const tsr_duck_text **field) TSR_NODISCARD;

/* A column of some rows, as DuckDB holds it. */
typedef struct tsr_duck_vector {
    const void *value;     /* [rows] of the column's type */
    const uint64_t *valid; /* a bit per row; NULL: no value is null */
} tsr_duck_vector;

/** Local. The next rows, all columns: valid until the next call; *n is 0 at the end. @return as tsr_duck_next(), which
 * is not called for the same answer */
tsr_status tsr_duck_next_vectors(tsr_duck_rows *rows, const tsr_duck_vector **vector, int64_t *n) TSR_NODISCARD;

/** Local. */
static inline bool tsr_duck_is_null(const tsr_duck_vector *vector, int64_t i)
{
    return vector->valid != NULL && (vector->valid[i / 64] >> (i % 64) & 1) == 0;
}

/* A VARCHAR as a vector holds it: up to 12 bytes are held in place, and zeros behind them. */
typedef union tsr_duck_string {
    uint64_t word[2]; /* where they are the same, and `n` is that of a text held in place, so is the text */
    struct {
        uint32_t n;
        char head[12];
    } here;
    struct {
        uint32_t n;
        char prefix[4];
        const char *at;
    } there;
} tsr_duck_string;

/** Local. A value of a column of VARCHAR: twelve bytes from where it begins can be read, however short it is. */
static inline tsr_duck_text tsr_duck_text_at(const tsr_duck_vector *vector, int64_t i)
{
    const tsr_duck_string *s = (const tsr_duck_string *)vector->value + i;

    if (tsr_duck_is_null(vector, i)) return (tsr_duck_text){NULL, 0};
    return (tsr_duck_text){s->here.n <= sizeof s->here.head ? s->here.head : s->there.at, (int32_t)s->here.n};
}

/* Types of which one value can be made text. */
typedef enum tsr_duck_type {
    TSR_DUCK_FLOAT,
    TSR_DUCK_DOUBLE,
    TSR_DUCK_DATE,
    TSR_DUCK_TIMESTAMP,
    TSR_DUCK_TIMESTAMP_NS
} tsr_duck_type;

/** Local. One value of a vector as SQL's CAST writes it. Takes a microsecond or two: for many, ask for VARCHAR.
 *  @param[out] text  [room], cut off there; not terminated @param[out] n  its bytes */
tsr_status tsr_duck_cast(tsr_duck_type type, const void *value, char *text, int32_t room, int32_t *n) TSR_NODISCARD;

/** Local. @p text in SQL quotes: ' or ", doubled where it holds them. New, tsr_free(). */
tsr_status tsr_duck_quote(const char *text, char quote, char **quoted) TSR_NODISCARD;

/** Local. "v1.5.6", or NULL where there is no library. */
const char *tsr_duck_version(void);

#endif
