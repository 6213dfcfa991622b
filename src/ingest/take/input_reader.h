/**
 * @file ingest/take/input_reader.h
 * The rows of a rank's part of one input, text or Parquet alike.
 */
#ifndef TSR_INGEST_INPUT_READER_H
#define TSR_INGEST_INPUT_READER_H

#include "ingest/take/inputs.h"

typedef struct tsr_input_reader tsr_input_reader;

/** Local. @param begin, end  of tsr_input_share(); input and mapping are borrowed for the call.
 *  @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ECONF (Parquet without DuckDB); TSR_ENOMEM */
tsr_status tsr_input_reader_open(const tsr_input *input, const tsr_mapping *mapping, int64_t begin, int64_t end,
                                 tsr_input_reader **reader) TSR_NODISCARD;
void tsr_input_reader_close(tsr_input_reader **reader);

/** Local. The next row, valid until the one after it; *more is false at the end. Statuses as tsr_text_reader_next(). */
tsr_status tsr_input_reader_next(tsr_input_reader *reader, tsr_row *row, bool *more) TSR_NODISCARD;

/** Local. The next rows at once, see tsr_text_reader_block(); of Parquet none. */
tsr_status tsr_input_reader_block(tsr_input_reader *reader, tsr_row_block *block) TSR_NODISCARD;

/** Local. How much of end - begin is behind the reader. */
int64_t tsr_input_reader_done(const tsr_input_reader *reader);

/** Local. At the end: line breaks (Parquet: rows) in the part. */
int64_t tsr_input_reader_breaks(const tsr_input_reader *reader);

/** Local. At the end: the digest of the part's bytes. Of Parquet 0: its rows are no range of bytes. */
uint64_t tsr_input_reader_digest(const tsr_input_reader *reader);

#endif
