/**
 * @file ingest/read/parquet_facts.h
 * What a file of Parquet holds, told by its footer, and how it is asked for.
 *
 * A file is what its bytes say, wherever it lies: a folder named id=7 says nothing about its rows, though DuckDB would
 * put that in place of the file's own column.
 */
#ifndef TSR_INGEST_PARQUET_FACTS_H
#define TSR_INGEST_PARQUET_FACTS_H

#include <stdint.h>

#include "data/parquet/duck.h"

/* What a column holds, as far as it matters before it is read. */
typedef enum tsr_holds {
    TSR_HOLDS_TEXT, /* or what is read like text */
    TSR_HOLDS_NUMBERS,
    TSR_HOLDS_LISTS,
    TSR_HOLDS_RECORDS, /* of several fields each */
} tsr_holds;

/** Local. */
static inline bool tsr_holds_nested(char holds)
{
    return holds == TSR_HOLDS_LISTS || holds == TSR_HOLDS_RECORDS;
}

typedef struct tsr_parquet_facts {
    int32_t columns, groups;
    char *names; /* [columns] each with a zero behind it */
    int64_t names_bytes;
    char *holds;    /* [columns] tsr_holds */
    int64_t *first; /* [groups + 1] first row of each row group, then the number of rows */
} tsr_parquet_facts;

/** Local. @return TSR_OK; TSR_ECONF (its name); TSR_EDATA (not Parquet, damaged); TSR_EIO; TSR_ENOMEM */
tsr_status tsr_parquet_look(tsr_duck *duck, const char *path, tsr_parquet_facts *facts) TSR_NODISCARD;
void tsr_parquet_facts_clear(tsr_parquet_facts *facts);

/** Local. The file as SQL has it: "read_parquet('path', ...", to which arguments may be added, and ")". New. */
tsr_status tsr_parquet_source(const char *path, char **sql) TSR_NODISCARD;

/** Local. What to say where DuckDB failed to read the file, whose words are the last error. @param row  from 1, that or
 *  one behind it; 0: the footer. @return TSR_EDATA */
tsr_status tsr_parquet_damaged(const char *path, int64_t row) TSR_NODISCARD;

/** Local. A row of name and type for each column. @param path  borrowed as long as the rows live */
tsr_status tsr_parquet_describe(tsr_duck *duck, const char *path, tsr_duck_rows **rows) TSR_NODISCARD;

#endif
