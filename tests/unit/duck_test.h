/**
 * @file duck_test.h
 * Values of DuckDB's types, for tests of what is made of them.
 */
#ifndef TSR_DUCK_TEST_H
#define TSR_DUCK_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/read/parquet_text.h"

/* Skips the test where there is no library, unless CI says that there has to be one. */
static inline int need_duckdb(void)
{
    if (tsr_duck_version() != NULL) return 0;
    assert_null(getenv("TESSERA_REQUIRE_DUCKDB"));
    skip();
    return 1;
}

/* A value, and its text as DuckDB casts it. */
typedef void (*look_at_value)(const tsr_value_type *type, const tsr_duck_vector *value, tsr_slice cast, void *context);

/* Each of the values (SQL, parted by ';') as @p type. */
static inline void each_value(const char *type, const char *values, look_at_value look, void *context)
{
    const tsr_value_type known = tsr_value_type_of(type);
    tsr_duck *duck = NULL;

    assert_int_equal(tsr_duck_open(&duck), TSR_OK);
    for (const char *at = values, *end; *at != '\0'; at = *end == ';' ? end + 1 : end) {
        const tsr_duck_vector *vector;
        tsr_duck_rows *rows = NULL;
        char sql[512];
        int64_t n;
        end = at + strcspn(at, ";");
        snprintf(sql, sizeof sql, "SELECT x, %s FROM (SELECT (%.*s)::%s AS x)",
                 known.zoned ? "make_timestamp(epoch_us(x))::VARCHAR || 'Z'" : "x::VARCHAR", (int)(end - at), at, type);
        assert_int_equal(tsr_duck_query(duck, "test", sql, &rows), TSR_OK);
        assert_int_equal(tsr_duck_next_vectors(rows, &vector, &n), TSR_OK);
        assert_int_equal(n, 1);
        tsr_duck_text cast = tsr_duck_text_at(&vector[1], 0);
        look(&known, &vector[0], (tsr_slice){cast.n > 0 ? cast.at : "", cast.n}, context);
        tsr_duck_rows_close(&rows);
    }
    tsr_duck_close(&duck);
}

#endif
