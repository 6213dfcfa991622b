#include "ingest/read/parquet_facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"

/* ---- how it is asked for ---- */

/* Bytes that nobody declared to be text are taken for text: there are writers that declare none. */
tsr_status tsr_parquet_source(const char *path, char **sql)
{
    char *quoted = NULL;
    tsr_status st;

    *sql = NULL;
    TSR_TRY(tsr_duck_quote(path, '\'', &quoted));
    TSR_TRY(tsr_path(sql, "", "read_parquet(%s, hive_partitioning = false, binary_as_string = true", quoted));
done:
    tsr_free(&quoted);
    return st;
}

tsr_status tsr_parquet_describe(tsr_duck *duck, const char *path, tsr_duck_rows **rows)
{
    char *source = NULL, *sql = NULL;
    tsr_status st;

    TSR_TRY(tsr_parquet_source(path, &source));
    TSR_TRY(tsr_path(&sql, "", "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM %s))", source));
    TSR_TRY(tsr_duck_query(duck, path, sql, rows));
done:
    tsr_free(&sql);
    tsr_free(&source);
    return st;
}

static tsr_status count_groups(tsr_duck *duck, const char *path, tsr_duck_rows **rows)
{
    char *quoted = NULL, *sql = NULL;
    tsr_status st;

    TSR_TRY(tsr_duck_quote(path, '\'', &quoted));
    TSR_TRY(tsr_path(
        &sql, "",
        "SELECT row_group_num_rows::VARCHAR FROM parquet_metadata(%s) WHERE column_id = 0 ORDER BY row_group_id",
        quoted));
    TSR_TRY(tsr_duck_query(duck, path, sql, rows));
done:
    tsr_free(&sql);
    tsr_free(&quoted);
    return st;
}

tsr_status tsr_parquet_damaged(const char *path, int64_t row)
{
    const size_t known = strlen(path) + 2; /* the text begins with "path: " */
    char why[sizeof tsr_error_last()->text], where[64] = "its footer";

    snprintf(why, sizeof why, "%s", tsr_error_last()->text);
    if (row > 0) snprintf(where, sizeof where, "row %" PRId64 " or one behind it", row);
    return TSR_FAIL(TSR_EDATA, "%s: %s cannot be read (%s): if it is damaged, write it again", path, where,
                    why + (strlen(why) > known ? known : 0));
}

/* ---- what it holds ---- */

static bool starts_with(const tsr_duck_text *text, const char *with)
{
    return text->n >= (int32_t)strlen(with) && memcmp(text->at, with, strlen(with)) == 0;
}

static tsr_holds holds_of(const tsr_duck_text *type)
{
    static const char *const numbers[] = {"FLOAT", "DOUBLE", "DECIMAL"}; /* those that can have a decimal point */
    static const char *const records[] = {"STRUCT", "MAP", "UNION", "VARIANT"};

    if (type->n > 0 && type->at[type->n - 1] == ']') return TSR_HOLDS_LISTS;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (starts_with(type, numbers[i])) return TSR_HOLDS_NUMBERS;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (starts_with(type, records[i])) return TSR_HOLDS_RECORDS;
    return TSR_HOLDS_TEXT;
}

static tsr_status keep_column(tsr_parquet_facts *facts, const tsr_duck_text *field)
{
    const tsr_duck_text *name = &field[0];
    tsr_status st = tsr_resize(&facts->names, facts->names_bytes + name->n + 1, 1);

    if (st == TSR_OK) st = tsr_resize(&facts->holds, facts->columns + 1, 1);
    if (st != TSR_OK) return st;
    facts->holds[facts->columns] = (char)holds_of(&field[1]);
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

static tsr_status keep_all(tsr_duck_rows *rows, tsr_status (*keep)(tsr_parquet_facts *, const tsr_duck_text *),
                           tsr_parquet_facts *facts)
{
    const tsr_duck_text *field;
    tsr_status st;

    TSR_TRY(tsr_duck_next(rows, &field));
    while (field != NULL) {
        TSR_TRY(keep(facts, field));
        TSR_TRY(tsr_duck_next(rows, &field));
    }
done:
    return st;
}

/* DuckDB would take these for patterns. */
static tsr_status check_path(const char *path)
{
    if (strpbrk(path, "*?[") == NULL) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "%s: rename the file: Parquet files cannot have * ? or [ in their names", path);
}

/* A file begins and ends with PAR1; PARE says that it is encrypted. */
static tsr_status check_ends(const char *path)
{
    FILE *file = fopen(path, "rb");
    char head[4] = "", tail[4] = "";
    size_t n = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    bool begins = n == sizeof head && memcmp(head, "PAR", 3) == 0;
    bool ends = begins && fseek(file, -(long)sizeof tail, SEEK_END) == 0 && ftell(file) >= (long)sizeof head &&
                fread(tail, 1, sizeof tail, file) == sizeof tail && memcmp(tail, "PAR", 3) == 0;

    if (file == NULL) return TSR_FAIL(TSR_EIO, "%s: %s", path, strerror(errno));
    fclose(file);
    if (n == 0) return TSR_FAIL(TSR_EDATA, "%s: is empty", path);
    if (!begins) return TSR_FAIL(TSR_EDATA, "%s: is not Parquet: for delimited text, set format: text", path);
    if (!ends) return TSR_FAIL(TSR_EDATA, "%s: is cut off: it does not end as Parquet does. Write it again", path);
    if (head[3] == 'E' || tail[3] == 'E')
        return TSR_FAIL(TSR_EDATA, "%s: is encrypted: write it without encryption", path);
    return TSR_OK;
}

tsr_status tsr_parquet_look(tsr_duck *duck, const char *path, tsr_parquet_facts *facts)
{
    tsr_duck_rows *columns = NULL, *groups = NULL;
    tsr_status st;

    *facts = (tsr_parquet_facts){0};
    TSR_TRY(check_path(path));
    TSR_TRY(check_ends(path));
    TSR_TRY(tsr_alloc(&facts->first, 1, sizeof *facts->first));
    st = tsr_parquet_describe(duck, path, &columns);
    if (st == TSR_OK) st = keep_all(columns, keep_column, facts);
    if (st == TSR_OK) st = count_groups(duck, path, &groups);
    if (st == TSR_OK) st = keep_all(groups, keep_group, facts);
    if (st == TSR_EDATA) st = tsr_parquet_damaged(path, 0);
done:
    tsr_duck_rows_close(&groups);
    tsr_duck_rows_close(&columns);
    if (st != TSR_OK) tsr_parquet_facts_clear(facts);
    return st;
}

void tsr_parquet_facts_clear(tsr_parquet_facts *facts)
{
    tsr_free(&facts->names);
    tsr_free(&facts->holds);
    tsr_free(&facts->first);
    *facts = (tsr_parquet_facts){0};
}
