/* Parquet as a source. Needs DuckDB's library; without it, only what is said then is tested. */
#include "mpi_test.h"

#define TEST_FOLDER "parquet-test"
#include "data/duck.h"
#include "ingest_test.h"

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

/* Collective. One table as Parquet in five row groups, and as text; with nulls, a quote in a name, and what is refused.
 */
static void write_both(const tsr_comm *comm)
{
    empty_folder(comm, test_path(comm, ""));
    write_text(comm, test_path(comm, "none.csv"), "", 0);
    const char *sql[] = {
        "CREATE TABLE t AS SELECT (i * 7919) % 700 AS customer, TIMESTAMP '2024-01-01' + to_seconds(i * 61) AS moment, "
        "((i * 37) % 1000 / 100)::DECIMAL(10,2) - 1 AS paid, CASE WHEN i % 5 = 0 THEN NULL ELSE 'c' || i % 7 END AS "
        "\"the \"\"kind\"\"\", i % 3 AS unused, i AS n FROM range(10000) r(i)",
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

static void parquet_gives_the_dataset_that_text_gives(void **state)
{
    const tsr_comm *comm = *state;
    tsr_ingest_result text, parquet, again;
    test_source t;

    need_duckdb(comm);
    write_both(comm);
    use_table(&t, comm, false);
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "from-text"), &text) == TSR_OK);
    use_table(&t, comm, true);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "from-parquet"), &parquet) == TSR_OK);
    CHECK_ALL(comm, parquet.rows_read == ROWS && parquet.rows_rejected > 0);
    CHECK_ALL(comm, text.rows_used == parquet.rows_used && text.money == parquet.money);
    CHECK_ALL(comm, strcmp(digest_in(comm, test_path(comm, "from-text")),
                           digest_in(comm, test_path(comm, "from-parquet"))) == 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "from-parquet"), &again) == TSR_OK);
    CHECK_ALL(comm, again.unchanged);
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
    CHECK_ALL(comm, result.rows_rejected == 1);
    tsr_status st = comm->rank == 0 ? tsr_file_read(path, &bytes, &n) : TSR_OK;
    CHECK_ALL(comm, st == TSR_OK && (comm->rank > 0 || strstr(bytes, "t.parquet,9002,") != NULL));
    tsr_free(&bytes);
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
        cmocka_unit_test(files_that_are_no_parquet_and_columns_that_are_not_there_are_named),
        cmocka_unit_test(without_the_library_the_error_says_how_to_get_it),
    };

    return RUN_MPI_TESTS(tests);
}
