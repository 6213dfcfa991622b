#include "data/parquet/duck_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tessera/memory.h"

#define LIBRARY "libduckdb.so"
#ifndef TSR_DUCKDB_LIBRARY
#define TSR_DUCKDB_LIBRARY "" /* what CMake found */
#endif

struct tsr_duck_rows {
    const char *what;
    duck_result result;
    void *chunk;
    bool ended; /* to ask again would be an error */
    int32_t columns;
    int64_t at, n;           /* rows of the chunk */
    tsr_duck_vector *vector; /* [columns] */
    tsr_duck_text *field;    /* [columns] */
};

static duck_api api;
static void *library; /* stays open: DuckDB has threads and statics of its own */

/* ---- the library ---- */

/* What is bound on its first call is never bound for most of its many functions. */
static void try_path(const char *format, const char *folder)
{
    char path[4096];

    if (library != NULL || snprintf(path, sizeof path, format, folder) >= (int)sizeof path) return;
    if (path[0] == '/' || path[0] == '.' ? access(path, R_OK) == 0 : path[0] != '\0')
        library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
}

static void find_library(void)
{
    const char *root = getenv("TESSERA_DUCKDB_ROOT");

    if (root != NULL) {
        try_path("%s/" LIBRARY, root);
        try_path("%s/lib/" LIBRARY, root);
    }
    try_path("%s", TSR_DUCKDB_LIBRARY);
    try_path("%s", LIBRARY);
}

/* dlsym gives an object's address for a function's: POSIX says that this way of taking it works. */
static bool find_function(const char *name, void *pointer)
{
    void *address = dlsym(library, name);

    memcpy(pointer, &address, sizeof address);
    return address != NULL;
}

static bool find_functions(const char **missing)
{
    bool found = true;

    *missing = "";
#define DUCK_FIND(type, name, arguments)                                                                               \
    if (!find_function("duckdb_" #name, &api.name)) {                                                                  \
        *missing = "duckdb_" #name;                                                                                    \
        found = false;                                                                                                 \
    }
    DUCK_API(DUCK_FIND)
#undef DUCK_FIND
    /* It is to be removed from some later version; without it answers are held whole. */
    if (!find_function("duckdb_execute_prepared_streaming", &api.execute_streaming))
        api.execute_streaming = api.execute_prepared;
    return found;
}

static tsr_status load(void)
{
    const char *missing;

    if (library != NULL) return TSR_OK;
    find_library();
    if (library == NULL) {
        const char *why = dlerror();
        return TSR_FAIL(TSR_ECONF,
                        "Parquet is read and written by DuckDB's library, which is not here%s%s: put libduckdb.so (in "
                        "the archive libduckdb of duckdb.org, or `npm pack @duckdb/node-bindings-linux-x64`) into a "
                        "folder and set TESSERA_DUCKDB_ROOT to it",
                        why != NULL ? "; " : "", why != NULL ? why : "");
    }
    if (!find_functions(&missing)) {
        dlclose(library);
        library = NULL;
        return TSR_FAIL(TSR_EDATA, "libduckdb.so has no function %s: take version 1.4 or 1.5", missing);
    }
    return TSR_OK;
}

const char *tsr_duck_version(void)
{
    const char *version = load() == TSR_OK ? api.library_version() : NULL;

    if (version == NULL) tsr_error_clear(); /* an optional component */
    return version;
}

const duck_api *tsr_duck_api(void)
{
    return &api;
}

/* ---- a database ---- */

tsr_status tsr_duck_open(tsr_duck **out)
{
    static const char *const settings[] = {"SET threads = 1", "SET autoinstall_known_extensions = false",
                                           "SET autoload_known_extensions = false",
                                           "SET enable_external_file_cache = false"}; /* each byte is read once */
    tsr_duck *duck = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(load());
    TSR_TRY(tsr_alloc(&duck, 1, sizeof *duck));
    if (api.open(NULL, &duck->database) != 0 || api.connect(duck->database, &duck->connection) != 0) {
        st = TSR_FAIL(TSR_ENOMEM, "DuckDB cannot open a database in memory");
        goto done;
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) TSR_TRY(tsr_duck_run(duck, "DuckDB", settings[i]));
    *out = duck;
    duck = NULL;
done:
    tsr_duck_close(&duck);
    return st;
}

void tsr_duck_close(tsr_duck **duck)
{
    if (*duck == NULL) return;
    if ((*duck)->connection != NULL) api.disconnect(&(*duck)->connection);
    if ((*duck)->database != NULL) api.close(&(*duck)->database);
    tsr_free(duck);
}

/* The first line of what DuckDB says: the rest repeats the query. */
static tsr_status fail(const char *what, const char *message)
{
    const char *text = message != NULL ? message : "DuckDB gives no reason";

    return TSR_FAIL(TSR_EDATA, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
}

tsr_status tsr_duck_run(tsr_duck *duck, const char *what, const char *sql)
{
    duck_result result = {.internal = NULL};
    tsr_status st = api.query(duck->connection, sql, &result) == 0 ? TSR_OK : fail(what, api.result_error(&result));

    api.destroy_result(&result);
    return st;
}

/* ---- rows ---- */

static tsr_status make_room(tsr_duck_rows *rows)
{
    tsr_status st;

    rows->columns = (int32_t)api.column_count(&rows->result);
    TSR_TRY(tsr_alloc(&rows->vector, rows->columns, sizeof *rows->vector));
    TSR_TRY(tsr_alloc(&rows->field, rows->columns, sizeof *rows->field));
done:
    return st;
}

tsr_status tsr_duck_query(tsr_duck *duck, const char *what, const char *sql, tsr_duck_rows **out)
{
    tsr_duck_rows *rows = NULL;
    void *statement = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&rows, 1, sizeof *rows));
    rows->what = what;
    if (api.prepare(duck->connection, sql, &statement) != 0) {
        st = fail(what, api.prepare_error(statement));
        goto done;
    }
    if (api.execute_streaming(statement, &rows->result) != 0) {
        st = fail(what, api.result_error(&rows->result));
        goto done;
    }
    TSR_TRY(make_room(rows));
    *out = rows;
    rows = NULL;
done:
    api.destroy_prepare(&statement);
    tsr_duck_rows_close(&rows);
    return st;
}

void tsr_duck_rows_close(tsr_duck_rows **at)
{
    tsr_duck_rows *rows = *at;

    if (rows == NULL) return;
    if (rows->chunk != NULL) api.destroy_data_chunk(&rows->chunk);
    api.destroy_result(&rows->result);
    tsr_free(&rows->vector);
    tsr_free(&rows->field);
    tsr_free(at);
}

int32_t tsr_duck_columns(const tsr_duck_rows *rows)
{
    return rows->columns;
}

static tsr_status next_chunk(tsr_duck_rows *rows)
{
    if (rows->chunk != NULL) api.destroy_data_chunk(&rows->chunk);
    rows->at = rows->n = 0;
    rows->chunk = api.fetch_chunk(rows->result);
    if (rows->chunk == NULL) {
        const char *error = api.result_error(&rows->result);
        rows->ended = true;
        return error != NULL ? fail(rows->what, error) : TSR_OK;
    }
    rows->n = (int64_t)api.data_chunk_get_size(rows->chunk);
    for (int32_t c = 0; c < rows->columns; c++) {
        void *vector = api.data_chunk_get_vector(rows->chunk, (uint64_t)c);
        rows->vector[c] = (tsr_duck_vector){api.vector_get_data(vector), api.vector_get_validity(vector)};
    }
    return TSR_OK;
}

/* Some rows of which none was given yet; rows->n is 0 at the end. */
static tsr_status more_rows(tsr_duck_rows *rows)
{
    tsr_status st = TSR_OK;

    while (st == TSR_OK && rows->at == rows->n && !rows->ended) st = next_chunk(rows);
    return st;
}

tsr_status tsr_duck_next_vectors(tsr_duck_rows *rows, const tsr_duck_vector **vector, int64_t *n)
{
    rows->at = rows->n;
    tsr_status st = more_rows(rows);

    *vector = rows->vector;
    *n = st == TSR_OK ? rows->n : 0;
    return st;
}

tsr_status tsr_duck_next(tsr_duck_rows *rows, const tsr_duck_text **field)
{
    tsr_status st = more_rows(rows);

    *field = NULL;
    if (st != TSR_OK || rows->at == rows->n) return st;
    for (int32_t c = 0; c < rows->columns; c++) rows->field[c] = tsr_duck_text_at(&rows->vector[c], rows->at);
    rows->at++;
    *field = rows->field;
    return TSR_OK;
}

static void *value_of(tsr_duck_type type, const void *value)
{
    switch (type) {
    case TSR_DUCK_FLOAT: return api.create_float(*(const float *)value);
    case TSR_DUCK_DOUBLE: return api.create_double(*(const double *)value);
    case TSR_DUCK_DATE: return api.create_date(*(const duck_date *)value);
    case TSR_DUCK_TIMESTAMP: return api.create_timestamp(*(const duck_moment *)value);
    default: return api.create_timestamp_ns(*(const duck_moment *)value);
    }
}

tsr_status tsr_duck_cast(tsr_duck_type type, const void *value, char *text, int32_t room, int32_t *n)
{
    void *made = value_of(type, value);
    char *cast = api.get_varchar(made);

    *n = 0;
    api.destroy_value(&made);
    if (cast == NULL) return TSR_FAIL(TSR_ENOMEM, "DuckDB cannot make the text of a value");
    *n = (int32_t)strnlen(cast, (size_t)room);
    memcpy(text, cast, (size_t)*n);
    api.free(cast);
    return TSR_OK;
}

tsr_status tsr_duck_quote(const char *text, char quote, char **quoted)
{
    size_t n = strlen(text), at = 0;
    tsr_status st = tsr_alloc(quoted, (int64_t)(2 * n + 3), 1);

    if (st != TSR_OK) return st;
    (*quoted)[at++] = quote;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == quote) (*quoted)[at++] = quote;
        (*quoted)[at++] = text[i];
    }
    (*quoted)[at] = quote;
    return TSR_OK;
}
