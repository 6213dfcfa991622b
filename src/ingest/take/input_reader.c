#include "ingest/take/input_reader.h"

#include "ingest/read/parquet_reader.h"
#include "tessera/memory.h"

/* Exactly one of the two is open. */
struct tsr_input_reader {
    tsr_text_reader *text;
    tsr_parquet_reader *parquet;
    int64_t rows; /* of Parquet, so far */
};

tsr_status tsr_input_reader_open(const tsr_input *input, const tsr_mapping *mapping, int64_t begin, int64_t end,
                                 tsr_input_reader **out)
{
    tsr_text_format format = tsr_mapping_format(mapping);
    tsr_input_reader *reader = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&reader, 1, sizeof *reader));
    if (input->parquet)
        TSR_TRY(tsr_parquet_reader_open(input->duck, input->path, input->header.n, tsr_mapping_uses(mapping), begin,
                                        end, &reader->parquet));
    else
        TSR_TRY(tsr_text_reader_open(input->path, &input->facts, &format, begin, end, &reader->text));
    *out = reader;
    reader = NULL;
done:
    tsr_input_reader_close(&reader);
    return st;
}

void tsr_input_reader_close(tsr_input_reader **reader)
{
    if (*reader == NULL) return;
    tsr_text_reader_close(&(*reader)->text);
    tsr_parquet_reader_close(&(*reader)->parquet);
    tsr_free(reader);
}

tsr_status tsr_input_reader_next(tsr_input_reader *reader, tsr_row *row, bool *more)
{
    if (reader->text != NULL) return tsr_text_reader_next(reader->text, row, more);
    tsr_status st = tsr_parquet_reader_next(reader->parquet, row, more);
    if (st == TSR_OK && *more) reader->rows++;
    return st;
}

tsr_status tsr_input_reader_block(tsr_input_reader *reader, tsr_row_block *block)
{
    if (reader->text != NULL) return tsr_text_reader_block(reader->text, block);
    tsr_status st = tsr_parquet_reader_block(reader->parquet, block);
    if (st == TSR_OK) reader->rows += block->rows;
    return st;
}

int64_t tsr_input_reader_done(const tsr_input_reader *reader)
{
    return reader->text != NULL ? tsr_byte_source_consumed(tsr_text_reader_bytes(reader->text)) : reader->rows;
}

int64_t tsr_input_reader_breaks(const tsr_input_reader *reader)
{
    return reader->text != NULL ? tsr_text_reader_breaks(reader->text) : reader->rows;
}

uint64_t tsr_input_reader_digest(const tsr_input_reader *reader)
{
    return reader->text != NULL ? tsr_byte_source_digest(tsr_text_reader_bytes(reader->text)) : 0;
}
