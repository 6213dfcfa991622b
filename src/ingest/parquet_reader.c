#include "ingest/parquet_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/duck.h"
#include "tessera/memory.h"

struct tsr_parquet_reader {
    char *path;
    tsr_duck *duck;
    tsr_duck_rows *rows;
    int32_t columns, *slot; /* [columns of the query] where its fields belong */
    tsr_slice *field;       /* [columns] */
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

/* DuckDB would take these for patterns. */
static tsr_status check_path(const char *path)
{
    if (strpbrk(path, "*?[") == NULL) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "%s: rename the file: Parquet files cannot have * ? or [ in their names", path);
}

/* "... read_parquet('path' ..." of one file, in a query. */
static tsr_status append_file(text *to, const char *path)
{
    char *quoted = NULL;
    tsr_status st;

    TSR_TRY(tsr_duck_quote(path, '\'', &quoted));
    TSR_TRY(append(to, quoted));
done:
    tsr_free(&quoted);
    return st;
}

/* ---- what is in a file ---- */

typedef tsr_status (*keep_row)(tsr_parquet_facts *facts, const tsr_duck_text *field);

/* Keep what a query about the file answers, whose path stands between @p before and @p behind. */
static tsr_status look_at(tsr_duck *duck, const char *path, const char *before, const char *behind, keep_row keep,
                          tsr_parquet_facts *facts)
{
    tsr_duck_rows *rows = NULL;
    const tsr_duck_text *field;
    text sql = {0};
    tsr_status st;

    TSR_TRY(append(&sql, before));
    TSR_TRY(append_file(&sql, path));
    TSR_TRY(append(&sql, behind));
    TSR_TRY(tsr_duck_query(duck, path, sql.at, &rows));
    TSR_TRY(tsr_duck_next(rows, &field));
    while (field != NULL) {
        TSR_TRY(keep(facts, field));
        TSR_TRY(tsr_duck_next(rows, &field));
    }
done:
    tsr_duck_rows_close(&rows);
    tsr_free(&sql.at);
    return st;
}

static tsr_status keep_name(tsr_parquet_facts *facts, const tsr_duck_text *name)
{
    tsr_status st = tsr_resize(&facts->names, facts->names_bytes + name->n + 1, 1);

    if (st != TSR_OK) return st;
    memcpy(facts->names + facts->names_bytes, name->at, (size_t)name->n);
    facts->names[facts->names_bytes + name->n] = '\0';
    facts->names_bytes += name->n + 1;
    facts->columns++;
    return TSR_OK;
}

static tsr_status keep_group(tsr_parquet_facts *facts, const tsr_duck_text *rows)
{
    char number[24];
    tsr_status st = tsr_resize(&facts->first, facts->groups + 2, sizeof *facts->first);

    if (st != TSR_OK) return st;
    snprintf(number, sizeof number, "%.*s", (int)rows->n, rows->at);
    facts->first[facts->groups + 1] = facts->first[facts->groups] + strtoll(number, NULL, 10);
    facts->groups++;
    return TSR_OK;
}

tsr_status tsr_parquet_look(const char *path, tsr_parquet_facts *facts)
{
    tsr_duck *duck = NULL;
    tsr_status st;

    *facts = (tsr_parquet_facts){0};
    TSR_TRY(check_path(path));
    TSR_TRY(tsr_duck_open(&duck));
    TSR_TRY(
        look_at(duck, path, "SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(", "))", keep_name, facts));
    TSR_TRY(tsr_alloc(&facts->first, 1, sizeof *facts->first));
    TSR_TRY(look_at(duck, path, "SELECT max(row_group_num_rows)::VARCHAR FROM parquet_metadata(",
                    ") GROUP BY row_group_id ORDER BY row_group_id", keep_group, facts));
done:
    tsr_duck_close(&duck);
    if (st != TSR_OK) tsr_parquet_facts_clear(facts);
    return st;
}

void tsr_parquet_facts_clear(tsr_parquet_facts *facts)
{
    tsr_free(&facts->names);
    tsr_free(&facts->first);
    *facts = (tsr_parquet_facts){0};
}

/* ---- reading ---- */

/* One column as text. A time stamp with a zone is a moment: in UTC, and says so; others are as they stand. */
static tsr_status append_column(text *sql, const tsr_duck_text *name, const tsr_duck_text *type)
{
    static const char zoned[] = "TIMESTAMP WITH TIME ZONE";
    bool moment = type->n == (int32_t)sizeof zoned - 1 && memcmp(type->at, zoned, sizeof zoned - 1) == 0;
    char *plain = NULL, *quoted = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&plain, name->n + 1, 1));
    memcpy(plain, name->at, (size_t)name->n);
    TSR_TRY(tsr_duck_quote(plain, '"', &quoted));
    TSR_TRY(append(sql, moment ? ", make_timestamp(epoch_us(" : ", "));
    TSR_TRY(append(sql, quoted));
    TSR_TRY(append(sql, moment ? "))::VARCHAR || 'Z'" : "::VARCHAR"));
done:
    tsr_free(&quoted);
    tsr_free(&plain);
    return st;
}

static tsr_status append_columns(tsr_parquet_reader *reader, const bool *used, text *sql)
{
    tsr_duck_rows *rows = NULL;
    const tsr_duck_text *field;
    text describe = {0};
    int32_t taken = 1; /* behind the first, which is always there */
    tsr_status st;

    TSR_TRY(append(&describe, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet("));
    TSR_TRY(append_file(&describe, reader->path));
    TSR_TRY(append(&describe, "))"));
    TSR_TRY(tsr_duck_query(reader->duck, reader->path, describe.at, &rows));
    for (int32_t c = 0; c < reader->columns; c++) {
        TSR_TRY(tsr_duck_next(rows, &field));
        if (field == NULL) {
            st = TSR_FAIL(TSR_EDATA, "%s: has other columns than when it was looked at", reader->path);
            goto done;
        }
        if (!used[c]) continue;
        reader->slot[taken++] = c;
        TSR_TRY(append_column(sql, &field[0], &field[1]));
    }
done:
    tsr_duck_rows_close(&rows);
    tsr_free(&describe.at);
    return st;
}

/* Row groups outside of the range are not read: DuckDB knows which rows they hold. */
static tsr_status ask(tsr_parquet_reader *reader, const bool *used)
{
    char range[96];
    text sql = {0};
    tsr_status st;

    TSR_TRY(append(&sql, "SELECT ''"));
    TSR_TRY(append_columns(reader, used, &sql));
    TSR_TRY(append(&sql, " FROM read_parquet("));
    TSR_TRY(append_file(&sql, reader->path));
    snprintf(range, sizeof range, ", file_row_number = true) WHERE file_row_number >= %" PRId64, reader->begin);
    TSR_TRY(append(&sql, range));
    snprintf(range, sizeof range, " AND file_row_number < %" PRId64, reader->end);
    TSR_TRY(append(&sql, range));
    TSR_TRY(tsr_duck_query(reader->duck, reader->path, sql.at, &reader->rows));
done:
    tsr_free(&sql.at);
    return st;
}

tsr_status tsr_parquet_reader_open(const char *path, int32_t columns, const bool *used, int64_t begin, int64_t end,
                                   tsr_parquet_reader **out)
{
    tsr_parquet_reader *reader = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&reader, 1, sizeof *reader));
    reader->columns = columns;
    reader->begin = reader->at = begin;
    reader->end = end;
    TSR_TRY(tsr_strdup(&reader->path, path));
    TSR_TRY(tsr_alloc(&reader->slot, columns + 1, sizeof *reader->slot));
    TSR_TRY(tsr_alloc(&reader->field, columns, sizeof *reader->field));
    for (int32_t c = 0; c < columns; c++) reader->field[c].at = "";
    TSR_TRY(tsr_duck_open(&reader->duck));
    TSR_TRY(ask(reader, used));
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
    tsr_duck_close(&reader->duck);
    tsr_free(&reader->slot);
    tsr_free(&reader->field);
    tsr_free(&reader->path);
    tsr_free(at);
}

tsr_status tsr_parquet_reader_next(tsr_parquet_reader *reader, tsr_row *row, bool *more)
{
    const tsr_duck_text *field;
    tsr_status st = tsr_duck_next(reader->rows, &field);
    bool nul = false;

    *more = st == TSR_OK && field != NULL;
    if (!*more) {
        if (st == TSR_OK && reader->at != reader->end)
            st = TSR_FAIL(TSR_EDATA, "%s: ends with row %" PRId64 ", its footer speaks of %" PRId64, reader->path,
                          reader->at, reader->end);
        return st;
    }
    for (int32_t c = 1; c < tsr_duck_columns(reader->rows); c++) {
        reader->field[reader->slot[c]] = (tsr_slice){field[c].n > 0 ? field[c].at : "", field[c].n};
        nul = nul || (field[c].n > 0 && memchr(field[c].at, '\0', (size_t)field[c].n) != NULL);
    }
    *row = (tsr_row){.field = reader->field,
                     .fields = reader->columns,
                     .defect = nul ? TSR_DEFECT_NUL : TSR_DEFECT_NONE,
                     .offset = reader->at,
                     .breaks = reader->at - reader->begin};
    reader->at++;
    return TSR_OK;
}
