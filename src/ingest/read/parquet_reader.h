/**
 * @file ingest/read/parquet_reader.h
 * Parquet: rows of row groups as text fields, so that they go the way that rows of text go; times and numbers of
 * blocks as values where that is asked for (typed.h).
 *
 * Values become text as SQL's CAST writes them (parquet_text.h): dates and timestamps in ISO form (those with a time
 * zone in UTC, with Z), decimals exactly, null as an empty field. Rows are counted from 0; offset and breaks of a row
 * are row numbers.
 */
#ifndef TSR_INGEST_PARQUET_READER_H
#define TSR_INGEST_PARQUET_READER_H

#include "ingest/read/typed.h"

typedef struct tsr_parquet_reader tsr_parquet_reader;

/**
 * Local. Read rows begin .. end - 1; those of whole row groups cost least.
 * @param duck  borrowed as long as the reader lives, for nothing else
 * @param columns, use  number of columns, and what is wanted of each; NULL: text of all
 */
tsr_status tsr_parquet_reader_open(tsr_duck *duck, const char *path, int32_t columns, const tsr_use *use, int64_t begin,
                                   int64_t end, tsr_parquet_reader **reader) TSR_NODISCARD;
void tsr_parquet_reader_close(tsr_parquet_reader **reader);

/** Local. The next rows at once, valid until the next call; none: tsr_parquet_reader_next() takes the next row, or says
 * that there is none. @return as that */
tsr_status tsr_parquet_reader_block(tsr_parquet_reader *reader, tsr_row_block *block) TSR_NODISCARD;

/** Local. The next row, valid until the one after it; *more is false at the end. @return TSR_OK; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_parquet_reader_next(tsr_parquet_reader *reader, tsr_row *row, bool *more) TSR_NODISCARD;

#endif
