/**
 * @file data/parquet/duck_api.h
 * The functions of DuckDB's C interface that are in use, as duck.c finds them in the library.
 */
#ifndef TSR_DATA_DUCK_API_H
#define TSR_DATA_DUCK_API_H

#include "data/parquet/duck.h"

/* Types and functions as duckdb.h has them; the interface is stable since 1.2. */

typedef struct duck_result {
    uint64_t deprecated[3];
    void *more_deprecated[2];
    void *internal;
} duck_result;

typedef struct duck_date {
    int32_t days;
} duck_date;

typedef struct duck_moment { /* of every resolution */
    int64_t units;
} duck_moment;

#define DUCK_API(X)                                                                                                    \
    X(const char *, library_version, (void))                                                                           \
    X(int, open, (const char *path, void **database))                                                                  \
    X(void, close, (void **database))                                                                                  \
    X(int, connect, (void *database, void **connection))                                                               \
    X(void, disconnect, (void **connection))                                                                           \
    X(int, query, (void *connection, const char *sql, duck_result *result))                                            \
    X(const char *, result_error, (duck_result * result))                                                              \
    X(void, destroy_result, (duck_result * result))                                                                    \
    X(uint64_t, column_count, (duck_result * result))                                                                  \
    X(int, prepare, (void *connection, const char *sql, void **statement))                                             \
    X(const char *, prepare_error, (void *statement))                                                                  \
    X(void, destroy_prepare, (void **statement))                                                                       \
    X(int, execute_prepared, (void *statement, duck_result *result))                                                   \
    X(void *, fetch_chunk, (duck_result result))                                                                       \
    X(void, destroy_data_chunk, (void **chunk))                                                                        \
    X(uint64_t, data_chunk_get_size, (void *chunk))                                                                    \
    X(void *, data_chunk_get_vector, (void *chunk, uint64_t column))                                                   \
    X(void *, vector_get_data, (void *vector))                                                                         \
    X(uint64_t *, vector_get_validity, (void *vector))                                                                 \
    X(void *, create_float, (float value))                                                                             \
    X(void *, create_double, (double value))                                                                           \
    X(void *, create_date, (duck_date value))                                                                          \
    X(void *, create_timestamp, (duck_moment value))                                                                   \
    X(void *, create_timestamp_ns, (duck_moment value))                                                                \
    X(char *, get_varchar, (void *value))                                                                              \
    X(void, destroy_value, (void **value))                                                                             \
    X(void, free, (void *memory))                                                                                      \
    X(void, data_chunk_set_size, (void *chunk, uint64_t size))                                                         \
    X(uint64_t, vector_size, (void))                                                                                   \
    X(void, vector_ensure_validity_writable, (void *vector))                                                           \
    X(void, vector_assign_string_element_len, (void *vector, uint64_t row, const char *text, uint64_t n))              \
    X(void *, create_logical_type, (int type))                                                                         \
    X(void, destroy_logical_type, (void **type))                                                                       \
    X(void *, create_table_function, (void))                                                                           \
    X(void, destroy_table_function, (void **function))                                                                 \
    X(void, table_function_set_name, (void *function, const char *name))                                               \
    X(void, table_function_set_extra_info, (void *function, void *info, void (*destroy)(void *)))                      \
    X(void, table_function_set_bind, (void *function, void (*bind)(void *info)))                                       \
    X(void, table_function_set_init, (void *function, void (*init)(void *info)))                                       \
    X(void, table_function_set_function, (void *function, void (*make)(void *info, void *chunk)))                      \
    X(int, register_table_function, (void *connection, void *function))                                                \
    X(void *, bind_get_extra_info, (void *info))                                                                       \
    X(void, bind_add_result_column, (void *info, const char *name, void *type))                                        \
    X(void, bind_set_cardinality, (void *info, uint64_t rows, bool exact))                                             \
    X(void *, function_get_extra_info, (void *info))                                                                   \
    X(void, function_set_error, (void *info, const char *text))

typedef struct duck_api {
#define DUCK_POINTER(type, name, arguments) type(*name) arguments;
    DUCK_API(DUCK_POINTER)
#undef DUCK_POINTER
    int (*execute_streaming)(void *statement, duck_result *result); /* execute_prepared where there is none */
} duck_api;

struct tsr_duck {
    void *database, *connection;
};

/** Local. Filled as soon as a database is open. */
const duck_api *tsr_duck_api(void);

#endif
