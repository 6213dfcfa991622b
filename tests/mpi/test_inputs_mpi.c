/* Files of a source: patterns, packed parts, what is refused. */
#include "mpi_test.h"

#include <zlib.h>
#include <zstd.h>

#define TEST_FOLDER "inputs-test"
#include "ingest_test.h"

static void use_pattern(test_source *t, const char *pattern)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(t, pattern);
    use_column(t, "id", "id");
    use_column(t, "time", "when");
    use_column(t, "amount", "amount");
}

static void write_gzip(const tsr_comm *comm, const char *path, const char *text)
{
    gzFile file = comm->rank == 0 ? gzopen(path, "wb") : NULL;

    CHECK_ALL(comm, comm->rank > 0 || (gzputs(file, text) > 0 && gzclose(file) == Z_OK));
}

static void write_zstd(const tsr_comm *comm, const char *path, const char *text)
{
    char bytes[512];
    size_t n = ZSTD_compress(bytes, sizeof bytes, text, strlen(text), 3);

    write_text(comm, path, bytes, n);
}

static void pattern_takes_all_files_that_fit_packed_or_not(void **state)
{
    const tsr_comm *comm = *state;
    const char *rows = "id,when,amount\n1,2024-01-01,1.00\n2,2024-01-02,2.00\n",
               *more = "id,when,amount\n3,2024-01-03,4\n";
    char *folder = test_path(comm, "found");
    tsr_ingest_result result;
    test_source t;

    empty_folder(comm, test_path(comm, "parts"));
    write_text(comm, test_path(comm, "parts/day-1.csv"), rows, strlen(rows));
    write_gzip(comm, test_path(comm, "parts/day-2.csv.gz"), more);
    write_zstd(comm, test_path(comm, "parts/day-3.csv.zst"), "id,when,amount\n1,2024-01-04,8\n");
    write_text(comm, test_path(comm, "parts/week-1.csv"), rows, strlen(rows));
    empty_folder(comm, folder);
    use_pattern(&t, test_path(comm, "parts/day-?.*"));
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 4 && result.customers == 3 && result.money == 1500);
}

static void path_that_is_there_is_no_pattern(void **state)
{
    const tsr_comm *comm = *state;
    const char *rows = "id,when,amount\n1,2024-01-01,1.00\n";
    char *folder = test_path(comm, "literal");
    tsr_ingest_result result;
    test_source t;

    write_text(comm, test_path(comm, "parts/a[1].csv"), rows, strlen(rows));
    empty_folder(comm, folder);
    use_pattern(&t, test_path(comm, "parts/a[1].csv"));
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.rows_used == 1);
}

static void pattern_without_files_and_files_that_come_twice_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    const char *rows = "id,when,amount\n1,2024-01-01,1.00\n";
    char *folder = test_path(comm, "refused");
    tsr_ingest_result result;
    test_source t;

    write_text(comm, test_path(comm, "parts/once.csv"), rows, strlen(rows));
    use_pattern(&t, test_path(comm, "parts/no-such-*.csv"));
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no file fits the pattern") != NULL);
    use_pattern(&t, test_path(comm, "parts/onc?.csv"));
    use_file(&t, test_path(comm, "parts/once.csv"));
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "once.csv comes twice") != NULL);
    tsr_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_takes_all_files_that_fit_packed_or_not),
        cmocka_unit_test(path_that_is_there_is_no_pattern),
        cmocka_unit_test(pattern_without_files_and_files_that_come_twice_are_refused),
    };

    return RUN_MPI_TESTS(tests);
}
