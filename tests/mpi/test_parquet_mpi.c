/* Parquet as a source. Needs DuckDB's library; without it, only what is said then is tested. */
#include "mpi_test.h"

#include <math.h>

#define TEST_FOLDER "parquet-test"
#include "data/parquet/duck.h"
#include "ingest_test.h"
#include "tessera/infer.h"
#include "tessera/parquet.h"
#include "tessera/preview.h"

#define ROWS 10000

/* Collective. Skips the test where there is no library, unless CI says that there has to be one. */
static void need_duckdb(const tsr_comm *comm)
{
    if (tsr_duck_version() != NULL) return;
    CHECK_ALL(comm, getenv("TESSERA_REQUIRE_DUCKDB") == NULL);
    skip();
}

/* Collective. The root runs statements. */
static void run_sql(const tsr_comm *comm, const char *const *sql, int n)
{
    tsr_duck *duck = NULL;
    tsr_status st = comm->rank == 0 ? tsr_duck_open(&duck) : TSR_OK;

    for (int i = 0; st == TSR_OK && comm->rank == 0 && i < n; i++) st = tsr_duck_run(duck, "test", sql[i]);
    tsr_duck_close(&duck);
    if (st != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    CHECK_ALL(comm, st == TSR_OK);
}

/* Collective. One table as Parquet in five row groups, and as text; with nulls, a quote in a name, what is refused, and
 * a number of so many digits that its column is asked for again. */
static void write_both(const tsr_comm *comm)
{
    empty_folder(comm, test_path(comm, ""));
    write_text(comm, test_path(comm, "none.csv"), "", 0);
    const char *sql[] = {
        "CREATE TABLE t AS SELECT CASE WHEN i = 7000 THEN NULL ELSE (i * 7919) % 700 END AS customer, "
        "TIMESTAMP '2024-01-01' + to_seconds(i * 61) AS moment, "
        "CASE WHEN i = 5000 THEN 0.1::DOUBLE + 0.2::DOUBLE ELSE ((i * 37) % 1000 / 100)::DECIMAL(10,2) - 1 END AS "
        "paid, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 11 = 0 THEN '' WHEN i % 13 = 0 THEN ' c3 ' WHEN i % 17 = 0 THEN "
        "'a kind of many letters' WHEN i % 19 = 0 THEN 'Bücher' ELSE 'c' || i % 7 END AS \"the \"\"kind\"\"\", i % 3 "
        "AS unused, i AS n FROM range(10000) r(i)",
        keep("COPY t TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)", test_path(comm, "t.parquet")),
        keep("COPY t TO '%s' (HEADER, DELIMITER ',')", test_path(comm, "t.csv")),
    };
    run_sql(comm, sql, 3);
}

static void use_table(test_source *t, const tsr_comm *comm, bool parquet)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    t->source.format = parquet ? TSR_FORMAT_PARQUET : TSR_FORMAT_TEXT;
    use_file(t, test_path(comm, parquet ? "t.parquet" : "t.csv"));
    use_column(t, "id", "customer");
    use_column(t, "time", "moment");
    use_column(t, "amount", "paid");
    use_column(t, "category", "the \"kind\"");
    use_rule(t, "amount < 0");
}

/* Row by row for the sake of the rule, or in blocks of values without it; the times are of another zone. */
static void compare_with_text(const tsr_comm *comm, bool rule)
{
    char *from_text = test_path(comm, rule ? "from-text" : "blocks-text");
    char *from_parquet = test_path(comm, rule ? "from-parquet" : "blocks-parquet");
    tsr_ingest_result text, parquet, again;
    test_source t;

    for (int i = 0; i < 2; i++) {
        use_table(&t, comm, i == 1);
        if (!rule) t.source.reject.n = 0;
        t.source.time_zone = keep("America/New_York");
        tsr_ingest_params params = params_of(&t.source, 1, 3);
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, i == 1 ? from_parquet : from_text, i == 1 ? &parquet : &text) ==
                            TSR_OK);
        if (i == 0) continue;
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, from_parquet, &again) == TSR_OK);
        CHECK_ALL(comm, again.unchanged);
    }
    CHECK_ALL(comm, parquet.rows_read == ROWS && (rule ? parquet.rows_rejected > 2 : parquet.rows_rejected == 2));
    CHECK_ALL(comm, text.rows_rejected == parquet.rows_rejected);
    CHECK_ALL(comm, text.rows_used == parquet.rows_used && text.money == parquet.money);
    CHECK_ALL(comm, strcmp(digest_in(comm, from_text), digest_in(comm, from_parquet)) == 0);
}

static void parquet_gives_the_dataset_that_text_gives(void **state)
{
    const tsr_comm *comm = *state;

    need_duckdb(comm);
    write_both(comm);
    compare_with_text(comm, true);
    compare_with_text(comm, false);
}

static void refused_rows_of_parquet_have_their_number(void **state)
{
    const tsr_comm *comm = *state;
    char *bytes = NULL, *path = test_path(comm, "numbers/rejects.csv");
    tsr_ingest_result result;
    int64_t n;
    test_source t;

    need_duckdb(comm);
    use_table(&t, comm, true);
    use_column(&t, "order", "n");
    t.source.reject.n = 0;
    use_rule(&t, "n == 9001");
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "numbers"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_rejected == 3); /* and the one of many digits, and the one without a customer */
    tsr_status st = comm->rank == 0 ? tsr_file_read(path, &bytes, &n) : TSR_OK;
    CHECK_ALL(comm, st == TSR_OK && (comm->rank > 0 || strstr(bytes, "t.parquet,9002,") != NULL));
    tsr_free(&bytes);
}

/* Collective. A file in which one customer is @p odd (SQL), and a kind among common rows and one beside that customer
 * hold a NUL byte. */
static void write_odd(const tsr_comm *comm, const char *odd)
{
    const char *sql[] = {
        keep(
            "CREATE TABLE t AS SELECT CASE WHEN i = 700 THEN %s ELSE 'customer ' || i %% 50 END AS customer, DATE "
            "'2024-01-01' + i::INT %% 9 AS day, CASE WHEN i = 800 THEN 'nan'::DOUBLE WHEN i = 900 THEN NULL ELSE i / 4 "
            "END AS paid, CASE WHEN i IN (100, 650) THEN 'k' || chr(0) ELSE 'k' END AS kind FROM range(1000) r(i)",
            odd),
        keep("COPY t TO '%s' (FORMAT parquet, COMPRESSION uncompressed)", test_path(comm, "odd.parquet")),
    };
    run_sql(comm, sql, 2);
}

static void use_odd(test_source *t, const tsr_comm *comm)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    t->source.format = TSR_FORMAT_PARQUET;
    use_file(t, test_path(comm, "odd.parquet"));
    use_column(t, "id", "customer");
    use_column(t, "time", "day");
    use_column(t, "amount", "paid");
    use_column(t, "category", "kind");
}

/* Collective. Does the list of refused rows of the dataset hold this line? */
static bool refuses(const tsr_comm *comm, const char *line)
{
    char *bytes = NULL;
    int64_t n;
    bool found = comm->rank > 0 || (tsr_file_read(test_path(comm, "odd/rejects.csv"), &bytes, &n) == TSR_OK &&
                                    strstr(bytes, line) != NULL);

    if (!found && bytes != NULL) print_error("%s", bytes);
    tsr_free(&bytes);
    return found;
}

static void values_that_cannot_be_used_are_refused_as_in_text(void **state)
{
    const tsr_comm *comm = *state;
    tsr_ingest_result result;
    test_source t;

    need_duckdb(comm);
    write_odd(comm, "'a' || chr(0) || 'b'");
    use_odd(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "odd"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_read == 1000 && result.rows_rejected == 5);
    CHECK_ALL(comm, refuses(comm, "odd.parquet,101,") && refuses(comm, "odd.parquet,651,"));
    CHECK_ALL(comm, refuses(comm, "odd.parquet,701,"));
    CHECK_ALL(comm, refuses(comm, "NUL byte in the row"));
    CHECK_ALL(comm, refuses(comm, "amount is not a number"));
    CHECK_ALL(comm, refuses(comm, "missing amount"));
}

/* Neither the name of its folder nor a writer that declares no text changes what a file says. */
static void file_gives_the_same_dataset_in_a_folder_named_like_a_column_and_from_bytes(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = test_path(comm, "customer=7"), *moved = test_path(comm, "customer=7/odd.parquet");
    tsr_ingest_result result;
    test_source t;

    need_duckdb(comm);
    empty_folder(comm, folder);
    write_text(comm, moved, "", 0); /* makes the folder */
    const char *sql[] = {
        "CREATE TABLE t AS SELECT i % 50 AS customer, DATE '2024-01-01' + i::INT % 9 AS day, i / 4 AS paid, 'Bücher ' "
        "|| i % 3 AS kind FROM range(1000) r(i)",
        keep("COPY t TO '%s' (FORMAT parquet)", test_path(comm, "odd.parquet")),
        keep("COPY (SELECT * REPLACE (encode(kind) AS kind) FROM t) TO '%s' (FORMAT parquet)", moved),
    };
    run_sql(comm, sql, 3);
    use_odd(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "stayed"), &result) == TSR_OK);
    t.file[0] = moved;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "moved"), &result) == TSR_OK);
    CHECK_ALL(comm, strcmp(digest_in(comm, test_path(comm, "stayed")), digest_in(comm, test_path(comm, "moved"))) == 0);
}

static void numbers_of_parquet_are_the_same_whatever_the_decimal_mark_of_text(void **state)
{
    const tsr_comm *comm = *state;
    char *digest[2];
    tsr_ingest_result result;
    test_source t;

    need_duckdb(comm);
    const char *sql[] = {
        "CREATE TABLE t AS SELECT i % 50 AS customer, DATE '2024-01-01' + i::INT % 9 AS day, (i / 8)::DECIMAL(9, 3) AS "
        "paid, replace((i / 4)::VARCHAR, '.', ',') AS kind, i / 16 AS pieces FROM range(1000) r(i)",
        keep("COPY t TO '%s' (FORMAT parquet)", test_path(comm, "odd.parquet")),
    };
    run_sql(comm, sql, 2);
    use_odd(&t, comm);
    use_column(&t, "quantity", "pieces");
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    params.money_scale = 3;
    for (int comma = 0; comma < 2; comma++) {
        t.source.decimal_mark = comma ? TSR_DECIMAL_COMMA : TSR_DECIMAL_POINT;
        char *folder = test_path(comm, comma ? "commas" : "points");
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
        CHECK_ALL(comm, result.rows_rejected == 0 && result.money == 62437500);
        digest[comma] = digest_in(comm, folder);
    }
    CHECK_ALL(comm, strcmp(digest[0], digest[1]) == 0);
}

static void lists_and_records_are_refused_with_the_name_of_the_column(void **state)
{
    static const char *const nested[][2] = {{"[i, 1]", "lists"}, {"{'a': i, 'b': 1}", "records"}};
    const tsr_comm *comm = *state;
    tsr_ingest_result result;
    test_source t;

    need_duckdb(comm);
    for (int i = 0; i < 2; i++) {
        const char *sql =
            keep("COPY (SELECT %s AS customer, DATE '2024-01-01' AS day, 1 AS paid, [2] AS unused, 'k' AS "
                 "kind FROM range(9) r(i)) TO '%s' (FORMAT parquet)",
                 nested[i][0], test_path(comm, "odd.parquet"));
        run_sql(comm, &sql, 1);
        use_odd(&t, comm);
        tsr_ingest_params params = params_of(&t.source, 1, 1);
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "nested"), &result) == TSR_ECONF);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, "ingest.sources[0], column \"customer\" of ") != NULL);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, keep("odd.parquet holds %s", nested[i][1])) != NULL);
    }
    tsr_error_clear();
}

static void first_look_at_parquet_tells_what_unused_columns_hold(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = test_path(comm, "odd.parquet");
    char *job = NULL, *preview = NULL;
    test_source t;

    need_duckdb(comm);
    const char *sql =
        keep("COPY (SELECT i AS customer, DATE '2024-01-01' AS day, i / 4 AS paid, 'k' || i %% 3 AS kind, "
             "['a'] AS tags, i %% 9 AS unused FROM range(5000) r(i)) TO '%s' (FORMAT parquet)",
             path);
    run_sql(comm, &sql, 1);
    use_odd(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_infer_job(&path, 1, &job) == TSR_OK);
    CHECK_ALL(comm, strstr(job, "# not used: tags (lists or records)") != NULL);
    CHECK_ALL(comm, tsr_ingest_preview(comm, &params, &preview) == TSR_OK);
    CHECK_ALL(comm, comm->rank > 0 || strstr(preview, "tags                     lists or records") != NULL);
    CHECK_ALL(comm, comm->rank > 0 || strstr(preview, "unused                   whole number") != NULL);
    tsr_free(&preview);
    tsr_free(&job);
}

/* DuckDB writes no such text: the bytes are changed in the file. */
static void text_that_is_no_utf8_stops_with_the_name_of_the_file(void **state)
{
    const tsr_comm *comm = *state;
    char *bytes = NULL, *at = NULL, *path = test_path(comm, "odd.parquet");
    tsr_ingest_result result;
    int64_t n = 0;
    test_source t;

    need_duckdb(comm);
    write_odd(comm, "'here: ä'");
    CHECK_ALL(comm, tsr_file_read(path, &bytes, &n) == TSR_OK);
    for (int64_t i = 0; i + 8 < n; i++)
        if (memcmp(bytes + i, "here: \xc3\xa4", 8) == 0) (at = bytes + i)[7] = 'x';
    CHECK_ALL(comm, at != NULL);
    MPI_Barrier(comm->mpi);
    write_text(comm, path, bytes, n);
    tsr_free(&bytes);
    use_odd(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "no-text"), &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "odd.parquet") != NULL);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "UTF8") != NULL);
    tsr_error_clear();
}

static void files_that_are_no_parquet_and_columns_that_are_not_there_are_named(void **state)
{
    const tsr_comm *comm = *state;
    tsr_ingest_result result;
    test_source t;

    need_duckdb(comm);
    use_table(&t, comm, true);
    t.file[0] = test_path(comm, "t.csv");
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "bad"), &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "t.csv") != NULL);
    use_table(&t, comm, true);
    use_column(&t, "item", "article");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "bad"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "its header has: customer, moment, paid") != NULL);
    tsr_error_clear();
}

static tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    int64_t base = *(int64_t *)context + first;

    for (int64_t i = 0; i < rows; i++) {
        int64_t row = base + i;
        ((int32_t *)values[0])[i] = (int32_t)row;
        ((float *)values[1])[i] = row % 3 == 0 ? NAN : (float)row / 4;
        ((double *)values[2])[2 * i] = (double)row;
        ((double *)values[2])[2 * i + 1] = (double)-row;
        snprintf((char *)values[3] + 8 * i, 8, "c%d", (int)row % 1000);
        ((int8_t *)values[4])[i] = (int8_t)(row % 4 - 1);
    }
    return TSR_OK;
}

/* Collective. Does a query whose answer is one text give it? */
static bool answers(const tsr_comm *comm, const char *sql, const char *expected)
{
    const tsr_duck_text *field = NULL;
    tsr_duck *duck = NULL;
    tsr_duck_rows *rows = NULL;
    bool good = comm->rank > 0;

    if (!good && tsr_duck_open(&duck) == TSR_OK && tsr_duck_query(duck, "test", sql, &rows) == TSR_OK &&
        tsr_duck_next(rows, &field) == TSR_OK && field != NULL)
        good = field->n == (int32_t)strlen(expected) && memcmp(field->at, expected, strlen(expected)) == 0;
    if (!good && field != NULL) print_error("%.*s\n", (int)field->n, field->at);
    tsr_duck_rows_close(&rows);
    tsr_duck_close(&duck);
    return good;
}

static void table_of_a_run_becomes_parquet_with_its_types_names_units_and_nulls(void **state)
{
    const tsr_comm *comm = *state;
    static const char *const actions[] = {"Can't lose", "Champions"};
    static const tsr_column columns[] = {
        {.name = "segment", .type = TSR_I32, .width = 1},
        {.name = "clv", .type = TSR_F32, .width = 1, .unit = "USD", .description = "the customer's"},
        {.name = "pca", .type = TSR_F64, .width = 2},
        {.name = "id", .type = TSR_TEXT, .width = 8},
        {.name = "action", .type = TSR_I8, .width = 1, .names = actions, .names_n = 2}};
    char *from = test_path(comm, "customers.h5"), *to = test_path(comm, "o'clock.parquet");
    tsr_span span = tsr_span_even(70000, 1, comm->rank, comm->size);

    need_duckdb(comm);
    CHECK_ALL(comm, tsr_table_write(comm, from, columns, 5, &span, fill, &span.first, NULL) == TSR_OK);
    tsr_status st = comm->rank == 0 ? tsr_parquet_write(from, to) : TSR_OK;
    if (st != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    CHECK_ALL(comm, st == TSR_OK);
    char *quoted = keep("%s.np%d/o''clock.parquet", TEST_FOLDER, comm->size);
    CHECK_ALL(comm, answers(comm,
                            keep("SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE SELECT * "
                                 "FROM read_parquet('%s'))",
                                 quoted),
                            "action VARCHAR, clv FLOAT, id VARCHAR, pca_1 DOUBLE, pca_2 DOUBLE, segment INTEGER"));
    CHECK_ALL(comm, answers(comm,
                            keep("SELECT count(*) || ' ' || count(clv) || ' ' || sum(segment) || ' ' || sum(pca_1 + "
                                 "pca_2)::INT || ' ' || max(id) || ' ' || count(DISTINCT id) FROM '%s'",
                                 quoted),
                            "70000 46666 2449965000 0 c999 1000"));
    CHECK_ALL(comm, answers(comm, /* codes from -1 to 2; the table knows two */
                            keep("SELECT string_agg(x, ', ' ORDER BY x) FROM (SELECT coalesce(action, 'none') || ' ' "
                                 "|| count(*) AS x FROM '%s' GROUP BY action)",
                                 quoted),
                            "Can't lose 17500, Champions 17500, none 35000"));
    CHECK_ALL(comm, answers(comm,
                            keep("SELECT string_agg(decode(key) || '=' || decode(value), '; ' ORDER BY key) FROM "
                                 "parquet_kv_metadata('%s')",
                                 quoted),
                            "clv.description=the customer's; clv.unit=USD"));
    st = comm->rank == 0 ? tsr_parquet_write(from, test_path(comm, "no-such-folder/x.parquet")) : TSR_EIO;
    CHECK_ALL(comm, st == TSR_EIO);
    tsr_error_clear();
}

static void without_the_library_the_error_says_how_to_get_it(void **state)
{
    const tsr_comm *comm = *state;
    tsr_ingest_result result;
    test_source t;

    if (tsr_duck_version() != NULL) skip();
    write_text(comm, test_path(comm, "t.parquet"), "PAR1", 4);
    use_table(&t, comm, true);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "bad"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "set TESSERA_DUCKDB_ROOT") != NULL);
    tsr_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parquet_gives_the_dataset_that_text_gives),
        cmocka_unit_test(refused_rows_of_parquet_have_their_number),
        cmocka_unit_test(values_that_cannot_be_used_are_refused_as_in_text),
        cmocka_unit_test(file_gives_the_same_dataset_in_a_folder_named_like_a_column_and_from_bytes),
        cmocka_unit_test(numbers_of_parquet_are_the_same_whatever_the_decimal_mark_of_text),
        cmocka_unit_test(lists_and_records_are_refused_with_the_name_of_the_column),
        cmocka_unit_test(first_look_at_parquet_tells_what_unused_columns_hold),
        cmocka_unit_test(text_that_is_no_utf8_stops_with_the_name_of_the_file),
        cmocka_unit_test(files_that_are_no_parquet_and_columns_that_are_not_there_are_named),
        cmocka_unit_test(table_of_a_run_becomes_parquet_with_its_types_names_units_and_nulls),
        cmocka_unit_test(without_the_library_the_error_says_how_to_get_it),
    };

    return RUN_MPI_TESTS(tests);
}
