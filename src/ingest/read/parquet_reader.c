#include "ingest/read/parquet_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/read/parquet_facts.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* A column that is wanted. */
typedef struct wanted {
    int32_t slot; /* where it belongs */
    char *name;   /* quoted */
    tsr_value_type type;
    bool as_values; /* in blocks: text is made of single rows only */
    tsr_value_texts *texts;
} wanted;

struct tsr_parquet_reader {
    char *path;
    tsr_duck *duck; /* borrowed */
    tsr_duck_rows *rows;
    const tsr_duck_vector *vector; /* [taken] the rows that DuckDB gave last */
    int64_t given, used;           /* of them: all; those that are in blocks */
    int32_t block, blocked;        /* of the block: rows handed out, all */
    bool nul, roomy, ascii;        /* of the block, see tsr_value_texts */
    int32_t columns, taken;
    wanted *want;     /* [taken] */
    tsr_slice *field; /* [TSR_BLOCK_MOST][columns] of the block; those of columns that are not wanted are empty */
    bool has_values;
    tsr_typed *values;      /* [columns] of the block */
    int64_t begin, end, at; /* at: next row of the file */
};

/* Text that grows. */
typedef struct text {
    char *at;
    int64_t n;
} text;

static tsr_status append(text *to, const char *piece)
{
    int64_t n = (int64_t)strlen(piece);
    tsr_status st = tsr_resize(&to->at, to->n + n + 1, 1);

    if (st != TSR_OK) return st;
    memcpy(to->at + to->n, piece, (size_t)n + 1);
    to->n += n;
    return TSR_OK;
}

/* How values are asked for: as they are held, where text is made of them here; else as text. A time stamp with a zone
 * is a moment: in UTC, and says so. */
static tsr_status append_column(text *sql, const wanted *want)
{
    bool cast = want->type.form == TSR_VALUE_CAST, moment = cast && want->type.zoned;
    tsr_status st;

    if (moment) TSR_TRY(append(sql, "make_timestamp(epoch_us("));
    TSR_TRY(append(sql, want->name));
    if (cast) TSR_TRY(append(sql, moment ? "))::VARCHAR || 'Z'" : "::VARCHAR"));
done:
    return st;
}

static tsr_status want_column(tsr_parquet_reader *reader, int32_t slot, tsr_use use, const tsr_duck_text *name,
                              const tsr_duck_text *type)
{
    wanted *want = &reader->want[reader->taken++];
    char *plain = NULL;
    tsr_status st;

    TSR_TRY(tsr_path(&plain, "", "%.*s", (int)type->n, type->at));
    want->slot = slot;
    want->type = tsr_value_type_of(plain);
    want->as_values = tsr_typed_serves(&want->type, use);
    reader->has_values = reader->has_values || want->as_values;
    tsr_free(&plain);
    TSR_TRY(tsr_path(&plain, "", "%.*s", (int)name->n, name->at));
    TSR_TRY(tsr_duck_quote(plain, '"', &want->name));
    TSR_TRY(tsr_alloc(&want->texts, 1, sizeof *want->texts));
done:
    tsr_free(&plain);
    return st;
}

static tsr_status want_columns(tsr_parquet_reader *reader, const tsr_use *use)
{
    tsr_duck_rows *rows = NULL;
    const tsr_duck_text *field;
    tsr_status st;

    TSR_TRY(tsr_parquet_describe(reader->duck, reader->path, &rows));
    for (int32_t c = 0; c < reader->columns; c++) {
        TSR_TRY(tsr_duck_next(rows, &field));
        if (field == NULL) {
            st = TSR_FAIL(TSR_EDATA, "%s: has other columns than when it was looked at", reader->path);
            goto done;
        }
        tsr_use own = use != NULL ? use[c] : TSR_USE_TEXT;
        if (own != TSR_USE_NOT) TSR_TRY(want_column(reader, c, own, &field[0], &field[1]));
    }
done:
    tsr_duck_rows_close(&rows);
    return st;
}

/* Row groups outside of the range are not read: DuckDB knows which rows they hold, and ends behind the last one. To
 * number rows and to compare the numbers takes a sixth of its time: from the beginning of the file on, there is no need
 * to. */
static tsr_status append_range(text *sql, const tsr_parquet_reader *reader)
{
    char range[128];
    int n = 0;

    if (reader->at > 0)
        n = snprintf(range, sizeof range, ", file_row_number = true) WHERE file_row_number >= %" PRId64, reader->at);
    snprintf(range + n, sizeof range - (size_t)n, "%s LIMIT %" PRId64, n > 0 ? "" : ")", reader->end - reader->at);
    return append(sql, range);
}

/* The rows from reader->at on. */
static tsr_status ask(tsr_parquet_reader *reader)
{
    char *source = NULL;
    text sql = {0};
    tsr_status st;

    tsr_duck_rows_close(&reader->rows);
    reader->given = reader->used = 0;
    reader->block = reader->blocked = 0;
    TSR_TRY(
        append(&sql, reader->taken > 0 ? "SELECT " : "SELECT true")); /* there is no query for rows without columns */
    for (int32_t i = 0; i < reader->taken; i++) {
        if (i > 0) TSR_TRY(append(&sql, ", "));
        TSR_TRY(append_column(&sql, &reader->want[i]));
    }
    TSR_TRY(tsr_parquet_source(reader->path, &source));
    TSR_TRY(append(&sql, " FROM "));
    TSR_TRY(append(&sql, source));
    TSR_TRY(append_range(&sql, reader));
    st = tsr_duck_query(reader->duck, reader->path, sql.at, &reader->rows);
    if (st == TSR_EDATA) st = tsr_parquet_damaged(reader->path, reader->at + 1);
done:
    tsr_free(&sql.at);
    tsr_free(&source);
    return st;
}

tsr_status tsr_parquet_reader_open(tsr_duck *duck, const char *path, int32_t columns, const tsr_use *use, int64_t begin,
                                   int64_t end, tsr_parquet_reader **out)
{
    tsr_parquet_reader *reader = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&reader, 1, sizeof *reader));
    reader->duck = duck;
    reader->columns = columns;
    reader->begin = reader->at = begin;
    reader->end = end;
    TSR_TRY(tsr_strdup(&reader->path, path));
    TSR_TRY(tsr_alloc(&reader->want, columns, sizeof *reader->want));
    TSR_TRY(tsr_alloc(&reader->values, columns, sizeof *reader->values));
    TSR_TRY(tsr_alloc(&reader->field, (int64_t)TSR_BLOCK_MOST * columns, sizeof *reader->field));
    for (int64_t i = 0; i < (int64_t)TSR_BLOCK_MOST * columns; i++) reader->field[i].at = "";
    TSR_TRY(want_columns(reader, use));
    TSR_TRY(ask(reader));
    *out = reader;
    reader = NULL;
done:
    tsr_parquet_reader_close(&reader);
    return st;
}

void tsr_parquet_reader_close(tsr_parquet_reader **at)
{
    tsr_parquet_reader *reader = *at;

    if (reader == NULL) return;
    tsr_duck_rows_close(&reader->rows);
    for (int32_t i = 0; i < reader->taken; i++) {
        tsr_free(&reader->want[i].name);
        tsr_free(&reader->want[i].texts);
    }
    tsr_free(&reader->want);
    tsr_free(&reader->values);
    tsr_free(&reader->field);
    tsr_free(&reader->path);
    tsr_free(at);
}

/* Where the values of a column of the block stand, from a row of it on. */
static tsr_typed values_from(const tsr_parquet_reader *reader, int32_t i, int32_t row)
{
    const wanted *want = &reader->want[i];

    return (tsr_typed){.type = want->type,
                       .vector = reader->vector[i],
                       .first = reader->used - reader->blocked + row,
                       .texts = want->texts,
                       .field = reader->field + (int64_t)row * reader->columns + want->slot,
                       .stride = reader->columns};
}

/* Texts of the next rows of the vectors. A column with a value that is not of common form is cast from here on: the
 * rows are asked for again. */
static tsr_status make_block(tsr_parquet_reader *reader)
{
    int64_t left = reader->given - reader->used;
    int32_t n = left < TSR_BLOCK_MOST ? (int32_t)left : TSR_BLOCK_MOST;

    reader->nul = false;
    reader->roomy = reader->ascii = true;
    for (int32_t i = 0; i < reader->taken; i++) {
        wanted *want = &reader->want[i];
        if (want->as_values) continue;
        if (!tsr_value_write(&want->type, &reader->vector[i], reader->used, n, want->texts, reader->field + want->slot,
                             reader->columns)) {
            want->type.form = TSR_VALUE_CAST;
            return ask(reader);
        }
        reader->nul = reader->nul || want->texts->nul;
        reader->roomy = reader->roomy && want->texts->roomy;
        reader->ascii = reader->ascii && want->texts->ascii;
    }
    reader->block = 0;
    reader->blocked = n;
    reader->used += n;
    return TSR_OK;
}

/* Rows to hand out, or none at the end. */
static tsr_status need_block(tsr_parquet_reader *reader)
{
    tsr_status st = TSR_OK;

    while (st == TSR_OK && reader->block == reader->blocked) {
        if (reader->used == reader->given) {
            reader->used = 0;
            st = tsr_duck_next_vectors(reader->rows, &reader->vector, &reader->given);
            if (st == TSR_EDATA) st = tsr_parquet_damaged(reader->path, reader->at + 1);
            if (reader->given == 0) break;
        }
        if (st == TSR_OK) st = make_block(reader);
    }
    return st;
}

static const tsr_slice *fields_of(const tsr_parquet_reader *reader)
{
    return reader->field + (int64_t)reader->block * reader->columns;
}

static bool has_nul(const tsr_parquet_reader *reader)
{
    const tsr_slice *field = fields_of(reader);
    bool nul = false;

    for (int32_t i = 0; i < reader->columns && !nul; i++)
        nul = field[i].n > 0 && memchr(field[i].at, '\0', (size_t)field[i].n) != NULL;
    return nul;
}

/* What a block has as values is text in a single row. */
static tsr_status write_values(const tsr_parquet_reader *reader, tsr_row *row)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && reader->has_values && i < reader->taken; i++) {
        if (!reader->want[i].as_values) continue;
        const tsr_typed values = values_from(reader, i, reader->block);
        st = tsr_typed_write(&values, 0, row);
    }
    return st;
}

tsr_status tsr_parquet_reader_next(tsr_parquet_reader *reader, tsr_row *row, bool *more)
{
    tsr_status st;

    *more = false;
    TSR_TRY(need_block(reader));
    if (reader->block == reader->blocked) {
        if (reader->at != reader->end)
            st = TSR_FAIL(TSR_EDATA, "%s: ends with row %" PRId64 ", its footer speaks of %" PRId64, reader->path,
                          reader->at, reader->end);
        goto done;
    }
    *row = (tsr_row){.field = fields_of(reader),
                     .fields = reader->columns,
                     .offset = reader->at,
                     .breaks = reader->at - reader->begin,
                     .roomy = reader->roomy,
                     .ascii = reader->ascii};
    TSR_TRY(write_values(reader, row));
    if (reader->nul && has_nul(reader)) row->defect = TSR_DEFECT_NUL;
    *more = true;
    reader->block++;
    reader->at++;
done:
    return st;
}

tsr_status tsr_parquet_reader_block(tsr_parquet_reader *reader, tsr_row_block *block)
{
    tsr_status st = need_block(reader);

    *block = (tsr_row_block){.rows = 0};
    if (st != TSR_OK || reader->nul) return st;
    for (int32_t i = 0; i < reader->taken; i++)
        if (reader->want[i].as_values) reader->values[reader->want[i].slot] = values_from(reader, i, reader->block);
    *block = (tsr_row_block){.rows = reader->blocked - reader->block,
                             .fields = reader->columns,
                             .field = fields_of(reader),
                             .offset = reader->at,
                             .breaks = reader->at - reader->begin,
                             .roomy = reader->roomy,
                             .ascii = reader->ascii,
                             .counted = true,
                             .values = reader->has_values ? reader->values : NULL};
    reader->block = reader->blocked;
    reader->at += block->rows;
    return TSR_OK;
}
