#include "tessera/parquet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/parquet/duck_api.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* A column of the file: one value of a column of the table. */
typedef struct out_column {
    char name[TSR_NAME_BYTES + 12];
    int32_t from, part; /* column of the table; value within its row */
} out_column;

typedef struct exporter {
    const char *from;
    tsr_table *table;
    const tsr_column *column; /* of the table */
    int32_t columns, outs;
    out_column *out;     /* [outs] */
    char **block;        /* [columns] the rows now read */
    int64_t first, rows; /* of the block */
    int64_t next;        /* row to hand out */
    tsr_status st;       /* of what went wrong inside DuckDB's calls */
} exporter;

/* tsr_type -> DuckDB's numbers of types. */
static const int duck_type[] = {[TSR_F64] = 11, [TSR_F32] = 10, [TSR_I64] = 5, [TSR_U64] = 9,  [TSR_I32] = 4,
                                [TSR_U32] = 8,  [TSR_U16] = 7,  [TSR_I8] = 2,  [TSR_TEXT] = 17};

static int32_t parts_of(const tsr_column *column)
{
    return column->type == TSR_TEXT ? 1 : column->width;
}

/* Codes whose meaning stands in an attribute of HDF5, which Parquet has not: there they are their names. */
static bool has_names(const tsr_column *column)
{
    return column->names_n > 0 && column->width == 1 && column->type != TSR_TEXT && column->type != TSR_F32 &&
           column->type != TSR_F64;
}

/* What values are read as; codes all alike. */
static tsr_type read_type(const tsr_column *column)
{
    return has_names(column) ? TSR_I64 : column->type;
}

static size_t row_bytes(const tsr_column *column)
{
    return tsr_type_bytes(read_type(column)) * (size_t)column->width;
}

static tsr_status open_exporter(exporter *e)
{
    int32_t outs = 0;
    tsr_status st;

    TSR_TRY(tsr_table_open(e->from, &e->table));
    e->column = tsr_table_columns(e->table, &e->columns);
    for (int32_t c = 0; c < e->columns; c++) outs += parts_of(&e->column[c]);
    TSR_TRY(tsr_alloc(&e->out, outs, sizeof *e->out));
    TSR_TRY(tsr_alloc(&e->block, e->columns, sizeof *e->block));
    for (int32_t c = 0; c < e->columns; c++) {
        TSR_TRY(tsr_alloc(&e->block[c], TSR_BLOCK_ROWS, row_bytes(&e->column[c])));
        for (int32_t p = 0; p < parts_of(&e->column[c]); p++) {
            out_column *out = &e->out[e->outs++];
            *out = (out_column){.from = c, .part = p};
            if (parts_of(&e->column[c]) > 1)
                snprintf(out->name, sizeof out->name, "%s_%d", e->column[c].name, p + 1);
            else
                snprintf(out->name, sizeof out->name, "%s", e->column[c].name);
        }
    }
done:
    return st;
}

static void close_exporter(exporter *e)
{
    for (int32_t c = 0; e->block != NULL && c < e->columns; c++) tsr_free(&e->block[c]);
    tsr_free(&e->block);
    tsr_free(&e->out);
    tsr_table_close(&e->table);
}

/* ---- what DuckDB calls ---- */

static void bind(void *info)
{
    const duck_api *api = tsr_duck_api();
    const exporter *e = api->bind_get_extra_info(info);

    for (int32_t i = 0; i < e->outs; i++) {
        const tsr_column *column = &e->column[e->out[i].from];
        void *type = api->create_logical_type(duck_type[has_names(column) ? TSR_TEXT : column->type]);
        api->bind_add_result_column(info, e->out[i].name, type);
        api->destroy_logical_type(&type);
    }
    api->bind_set_cardinality(info, (uint64_t)tsr_table_rows(e->table), true);
}

static void begin(void *info)
{
    (void)info; /* DuckDB asks for it; all that changes lies in the exporter, and there is one thread */
}

static tsr_status read_block(exporter *e)
{
    int64_t left = tsr_table_rows(e->table) - e->next;
    tsr_status st = TSR_OK;

    e->first = e->next;
    e->rows = left < TSR_BLOCK_ROWS ? left : TSR_BLOCK_ROWS;
    for (int32_t c = 0; c < e->columns && st == TSR_OK; c++)
        st = tsr_table_read(e->table, e->column[c].name, e->first, e->rows, read_type(&e->column[c]), e->block[c]);
    return st;
}

static bool is_nan(tsr_type type, const char *value)
{
    double wide;
    float narrow;

    if (type == TSR_F64) memcpy(&wide, value, sizeof wide);
    if (type == TSR_F32) memcpy(&narrow, value, sizeof narrow);
    return (type == TSR_F64 && isnan(wide)) || (type == TSR_F32 && isnan(narrow));
}

/* @return false: there is none */
static bool put_value(const tsr_column *column, const char *from, uint64_t row, void *vector)
{
    const duck_api *api = tsr_duck_api();
    size_t one = tsr_type_bytes(column->type);
    int64_t code;

    if (column->type == TSR_TEXT) {
        api->vector_assign_string_element_len(vector, row, from, strnlen(from, row_bytes(column)));
        return true;
    }
    if (has_names(column)) {
        memcpy(&code, from, sizeof code);
        if (code < 0 || code >= column->names_n) return false;
        const char *name = column->names[code];
        api->vector_assign_string_element_len(vector, row, name, strlen(name));
        return true;
    }
    memcpy((char *)api->vector_get_data(vector) + row * one, from, one);
    return !is_nan(column->type, from);
}

static void put_column(const exporter *e, const out_column *out, int64_t rows, void *vector)
{
    const duck_api *api = tsr_duck_api();
    const tsr_column *column = &e->column[out->from];
    size_t bytes = row_bytes(column), one = tsr_type_bytes(column->type);
    const char *from = e->block[out->from] + (size_t)(e->next - e->first) * bytes + (size_t)out->part * one;
    uint64_t *valid = NULL;

    for (int64_t i = 0; i < rows; i++, from += bytes) {
        if (put_value(column, from, (uint64_t)i, vector)) continue;
        if (valid == NULL) {
            api->vector_ensure_validity_writable(vector);
            valid = api->vector_get_validity(vector);
        }
        valid[i / 64] &= ~(UINT64_C(1) << (i % 64));
    }
}

static void make_rows(void *info, void *chunk)
{
    const duck_api *api = tsr_duck_api();
    exporter *e = api->function_get_extra_info(info);
    int64_t most = (int64_t)api->vector_size();

    if (e->next == e->first + e->rows && e->next < tsr_table_rows(e->table)) e->st = read_block(e);
    if (e->st != TSR_OK) {
        api->function_set_error(info, "the table cannot be read");
        return;
    }
    int64_t rows = e->first + e->rows - e->next;
    if (rows > most) rows = most;
    for (int32_t i = 0; i < e->outs; i++)
        put_column(e, &e->out[i], rows, api->data_chunk_get_vector(chunk, (uint64_t)i));
    api->data_chunk_set_size(chunk, (uint64_t)rows);
    e->next += rows;
}

/* ---- the file ---- */

static tsr_status offer_rows(tsr_duck *duck, exporter *e)
{
    const duck_api *api = tsr_duck_api();
    void *function = api->create_table_function();

    api->table_function_set_name(function, "tessera_rows");
    api->table_function_set_extra_info(function, e, NULL);
    api->table_function_set_bind(function, bind);
    api->table_function_set_init(function, begin);
    api->table_function_set_function(function, make_rows);
    int result = api->register_table_function(duck->connection, function);
    api->destroy_table_function(&function);
    return result == 0 ? TSR_OK : TSR_FAIL(TSR_EDATA, "DuckDB does not take the rows of %s", e->from);
}

/* One more pair, 'name.what': 'value', behind those that there are. */
static tsr_status add_fact(char **facts, const char *name, const char *what, const char *value)
{
    char *key = NULL, *quoted[2] = {NULL, NULL}, *longer = NULL;
    tsr_status st = TSR_OK;

    if (value[0] == '\0') return TSR_OK;
    TSR_TRY(tsr_path(&key, "", "%s.%s", name, what));
    TSR_TRY(tsr_duck_quote(key, '\'', &quoted[0]));
    TSR_TRY(tsr_duck_quote(value, '\'', &quoted[1]));
    TSR_TRY(tsr_path(&longer, "", "%s%s%s: %s", *facts, (*facts)[0] != '\0' ? ", " : "", quoted[0], quoted[1]));
    tsr_free(facts);
    *facts = longer;
done:
    tsr_free(&quoted[1]);
    tsr_free(&quoted[0]);
    tsr_free(&key);
    return st;
}

/* Units and descriptions as the file's key-value metadata: Parquet has no place for them at a column. */
static tsr_status list_facts(const exporter *e, char **facts)
{
    tsr_status st;

    TSR_TRY(tsr_strdup(facts, ""));
    for (int32_t c = 0; c < e->columns; c++) {
        TSR_TRY(add_fact(facts, e->column[c].name, "unit", e->column[c].unit));
        TSR_TRY(add_fact(facts, e->column[c].name, "description", e->column[c].description));
    }
done:
    return st;
}

static tsr_status copy_rows(tsr_duck *duck, exporter *e, const char *temporary, const char *to)
{
    char *quoted = NULL, *facts = NULL, *sql = NULL;
    tsr_status st;

    TSR_TRY(tsr_duck_quote(temporary, '\'', &quoted));
    TSR_TRY(list_facts(e, &facts));
    TSR_TRY(tsr_path(&sql, "", "COPY (SELECT * FROM tessera_rows()) TO %s (FORMAT parquet, COMPRESSION zstd%s%s%s)",
                     quoted, facts[0] != '\0' ? ", KV_METADATA {" : "", facts, facts[0] != '\0' ? "}" : ""));
    st = tsr_duck_run(duck, to, sql);
    if (st == TSR_EDATA) st = e->st != TSR_OK ? e->st : TSR_EIO; /* the text stands: DuckDB's, or that of the table */
done:
    tsr_free(&sql);
    tsr_free(&facts);
    tsr_free(&quoted);
    return st;
}

tsr_status tsr_parquet_write(const char *from, const char *to)
{
    exporter e = {.from = from};
    tsr_duck *duck = NULL;
    char *temporary = NULL;
    tsr_status st;

    TSR_TRY(open_exporter(&e));
    TSR_TRY(tsr_duck_open(&duck));
    TSR_TRY(tsr_path(&temporary, "", "%s.part", to));
    TSR_TRY(offer_rows(duck, &e));
    TSR_TRY(copy_rows(duck, &e, temporary, to));
    TSR_TRY(tsr_file_commit(temporary, to));
done:
    if (st != TSR_OK && temporary != NULL) unlink(temporary);
    tsr_free(&temporary);
    tsr_duck_close(&duck);
    close_exporter(&e);
    return st;
}
