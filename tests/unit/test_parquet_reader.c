/* Which rows of a file of Parquet a range holds, and in which order. Needs DuckDB's library. */
#include "unit_test.h"

#include <stdio.h>
#include <unistd.h>

#include "duck_test.h"
#include "ingest/read/parquet_facts.h"
#include "ingest/read/parquet_reader.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define FILE_NAME "parquet-reader-test.parquet"
#define ROWS      30000
#define ODD       17003 /* its number has so many digits that the column is asked for again, in the middle of a range */

static tsr_duck *duck; /* of the test at hand */

/* Row groups of 2048 rows, and one of fewer; what tells a row, as text and as a value that becomes text. */
static void write_rows(void)
{
    if (duck == NULL) assert_int_equal(tsr_duck_open(&duck), TSR_OK);
    assert_int_equal(tsr_duck_run(duck, "test",
                                  "COPY (SELECT i::VARCHAR AS name, i + CASE WHEN i = 17003 THEN 1::DOUBLE / 3 ELSE "
                                  "0.5 END AS number FROM range(30000) r(i)) TO '" FILE_NAME
                                  "' (FORMAT parquet, ROW_GROUP_SIZE 2048)"),
                     TSR_OK);
}

static void remove_rows(void)
{
    tsr_duck_close(&duck);
    unlink(FILE_NAME);
}

static void expect_row(const tsr_row *row, int64_t number)
{
    char name[24], value[24];
    size_t name_n = (size_t)snprintf(name, sizeof name, "%d", (int)number);
    size_t value_n = (size_t)snprintf(value, sizeof value, "%d.%s", (int)number, number == ODD ? "333333333332" : "5");

    assert_int_equal(row->offset, number);
    assert_int_equal(row->field[0].n, name_n);
    assert_memory_equal(row->field[0].at, name, name_n);
    assert_int_equal(row->field[1].n, value_n);
    assert_memory_equal(row->field[1].at, value, value_n);
}

static void read_range(int64_t begin, int64_t end)
{
    static const tsr_use use[] = {TSR_USE_TEXT, TSR_USE_TEXT};
    tsr_parquet_reader *reader = NULL;
    int64_t rows = 0;
    bool more = true;
    tsr_row row;

    assert_int_equal(tsr_parquet_reader_open(duck, FILE_NAME, 2, use, begin, end, &reader), TSR_OK);
    while (more) {
        assert_int_equal(tsr_parquet_reader_next(reader, &row, &more), TSR_OK);
        if (more) expect_row(&row, begin + rows++);
    }
    assert_int_equal(rows, end - begin);
    tsr_parquet_reader_close(&reader);
}

/* Within row groups, across them, and so wide that DuckDB would plan another way with threads. */
static void range_of_rows_gives_them_all_in_the_order_of_the_file(void **state)
{
    static const int64_t edge[] = {0, 2047, 2049, 12288, ODD, ODD + 1, ROWS};
    const size_t n = sizeof edge / sizeof *edge;

    (void)state;
    if (need_duckdb()) return;
    write_rows();
    for (size_t b = 0; b < n; b++)
        for (size_t e = b + 1; e < n; e++) read_range(edge[b], edge[e]);
    remove_rows();
}

static void range_behind_the_last_row_fails_with_the_name_of_the_file(void **state)
{
    static const tsr_use use[] = {TSR_USE_TEXT, TSR_USE_NOT};
    tsr_parquet_reader *reader = NULL;
    tsr_status st = TSR_OK;
    bool more = true;
    tsr_row row;

    (void)state;
    if (need_duckdb()) return;
    write_rows();
    assert_int_equal(tsr_parquet_reader_open(duck, FILE_NAME, 2, use, ROWS - 1, ROWS + 1, &reader), TSR_OK);
    while (st == TSR_OK && more) st = tsr_parquet_reader_next(reader, &row, &more);
    assert_int_equal(st, TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, FILE_NAME ": ends with row 30000, its footer speaks of 30001"));
    tsr_error_clear();
    tsr_parquet_reader_close(&reader);
    remove_rows();
}

/* The file without its last @p cut bytes, of which some are turned over from @p damage on; -1: none. */
static void write_damaged(int64_t cut, int64_t damage)
{
    char *bytes = NULL;
    int64_t whole;

    write_rows();
    assert_int_equal(tsr_file_read(FILE_NAME, &bytes, &whole), TSR_OK);
    for (int64_t i = damage; damage >= 0 && i < damage + 300; i++) bytes[i] = (char)~bytes[i];
    FILE *file = fopen(FILE_NAME, "wb");
    assert_non_null(file);
    size_t kept = (size_t)(whole > cut ? whole - cut : 0);
    assert_int_equal(fwrite(bytes, 1, kept, file), kept);
    assert_int_equal(fclose(file), 0);
    tsr_free(&bytes);
}

static void write_zeros(void)
{
    const char zeros[100] = "";
    FILE *file = fopen(FILE_NAME, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(zeros, 1, sizeof zeros, file), sizeof zeros);
    assert_int_equal(fclose(file), 0);
}

static void expect_refusal(const char *says)
{
    tsr_parquet_facts facts;

    assert_int_equal(tsr_parquet_look(duck, FILE_NAME, &facts), TSR_EDATA);
    if (strstr(tsr_error_last()->text, says) == NULL) fail_msg("%s", tsr_error_last()->text);
    tsr_error_clear();
}

static void file_that_is_cut_or_damaged_is_named_with_what_is_wrong(void **state)
{
    static const tsr_use use[] = {TSR_USE_TEXT, TSR_USE_TEXT};
    tsr_parquet_reader *reader = NULL;

    (void)state;
    if (need_duckdb()) return;
    write_damaged(INT64_MAX, -1);
    expect_refusal(FILE_NAME ": is empty");
    write_zeros();
    expect_refusal(FILE_NAME ": is not Parquet: for delimited text, set format: text");
    write_damaged(0, 0);
    expect_refusal(FILE_NAME ": is not Parquet: for delimited text, set format: text");
    write_damaged(1, -1);
    expect_refusal(FILE_NAME ": is cut off");
    write_damaged(0, 4);
    assert_int_equal(tsr_parquet_reader_open(duck, FILE_NAME, 2, use, 0, ROWS, &reader), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, FILE_NAME ": row 1 or one behind it cannot be read ("));
    tsr_error_clear();
    remove_rows();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_of_rows_gives_them_all_in_the_order_of_the_file),
        cmocka_unit_test(file_that_is_cut_or_damaged_is_named_with_what_is_wrong),
        cmocka_unit_test(range_behind_the_last_row_fails_with_the_name_of_the_file),
    };

    return RUN_UNIT_TESTS(tests);
}
