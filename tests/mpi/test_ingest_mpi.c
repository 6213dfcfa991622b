#include "mpi_test.h"

#include <signal.h>
#include <zlib.h>

#include "ingest_rows.h"
#include "tessera/log.h"

/* ---- the same dataset ---- */

static char *ingest_digest(const tsr_comm *comm, const tsr_ingest_params *params, const char *folder)
{
    tsr_ingest_result result;

    empty_folder(comm, folder);
    if (tsr_ingest_run(comm, params, folder, &result) != TSR_OK) return keep("");
    return digest_in(comm, folder);
}

/* One constant, so that every number of ranks must give the same. */
#define TRANSACTIONS_DIGEST "568ccfab87241bb4fca89d7edbbfad3c0dab7de54d8302f2ac846520469087e7"

static void dataset_is_the_same_at_any_rank_and_partition_count(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t partitions[] = {0, 1, 4, 16};
    char *path = test_path(comm, "all.csv"), *folder = test_path(comm, "same");
    test_source t;

    write_part(comm, path, 0, ROWS);
    use_transactions(&t, path);
    for (int i = 0; i < 4; i++) {
        tsr_ingest_params params = params_of(&t.source, 1, partitions[i]);
        char *digest = ingest_digest(comm, &params, folder);
        if (comm->rank == 0 && strcmp(digest, TRANSACTIONS_DIGEST) != 0) print_error("digest: %s\n", digest);
        CHECK_ALL(comm, strcmp(digest, TRANSACTIONS_DIGEST) == 0);
    }
}

static void dataset_does_not_depend_on_files_or_packing(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = test_path(comm, "same"), *packed = test_path(comm, "b.csv.gz");
    test_source t;

    write_part(comm, test_path(comm, "a.csv"), 4000, ROWS);
    if (comm->rank == 0) {
        text_file file = transactions(0, 4000);
        gzFile gz = gzopen(packed, "wb");
        assert_non_null(gz);
        assert_int_equal(gzwrite(gz, file.bytes, (unsigned)file.n), (int)file.n);
        assert_int_equal(gzclose(gz), Z_OK);
        free(file.bytes);
    }
    MPI_Barrier(comm->mpi);
    use_transactions(&t, test_path(comm, "a.csv"));
    use_file(&t, packed);
    t.source.multiline = true;
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, strcmp(ingest_digest(comm, &params, folder), TRANSACTIONS_DIGEST) == 0);
}

/* ---- rows and their account ---- */

static void ranks_without_rows_take_part(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "tiny.csv"), *folder = fresh(comm, "tiny");
    const char *text = "id,when,amount,order,item\n007,2023-01-01 10:00:00,5.00,1,a\n7,2023-01-01 10:00:00,5,1,\n";
    tsr_ingest_result result;
    test_source t;

    write_text(comm, path, text, strlen(text));
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 7);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.customers == 2 && result.transactions == 2 && result.money == 1000);
    CHECK_ALL(comm, strlen(digest_in(comm, folder)) == 64);
}

static void refused_rows_are_listed_with_their_lines(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "dirty.csv"), *folder = fresh(comm, "dirty");
    text_file file = {malloc((ROWS + 20) * ROW_BYTES), 0};
    tsr_ingest_result result;
    test_source t;

    put(&file, "id,when,amount,order,item\n");
    for (int i = 0; i < ROWS; i++) { /* row i stands on line i + 2 + refused rows before it */
        if (i == 10) put(&file, ",2023-01-01 10:00:00,1.00,1,a\n");
        if (i == 1500) put(&file, "x,2023-02-30 10:00:00,2.00,1,a\n");
        if (i == 2999) put(&file, "x,2023-01-01 10:00:00,3.001,1,a\n");
        if (i == 3000) put(&file, "x,2023-01-01 10:00:00,\"1.234,56\",1,a\n");
        if (i == 4000) put(&file, "x,2023-01-01 10:00:00,92233720368547758.08,1,a\n");
        if (i == 4001) put(&file, "M\xfcller,2023-01-01 10:00:00,5,1,a\n");
        if (i == 5000) put(&file, "x,2023-01-01 10:00:00\n");
        if (i == 5500) put(&file, "x,2023-01-01 10:00:00,12,50,1,a\n"); /* twelve and a half? */
        if (i == 5501) put(&file, "x,2023-01-01 10:00:00,7,1,a\rx,2023-01-01 10:00:00,8,1,a\r\n");
        if (i == 5999) put(&file, "x,2023-01-01 10:00:00,6.00,C7,a\n");
        put(&file, line_of(i));
    }
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
    use_transactions(&t, path);
    use_rule(&t, "order starts_with \"C\"");
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_read == ROWS + 10 && result.rows_used == ROWS && result.rows_rejected == 10);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), TRANSACTIONS_DIGEST) == 0);
    char *expected = keep("source,line,reason,column\n"
                          "%s,12,missing id,id\n"
                          "%s,1503,time is no date in time_format,when\n"
                          "%s,3003,amount has more than 2 decimals,amount\n"
                          "%s,3005,amount is not a number,amount\n"
                          "%s,4006,amount out of range,amount\n"
                          "%s,4008,id is not UTF-8,id\n"
                          "%s,5008,missing column amount,amount\n"
                          "%s,5509,more fields than the header names,\n"
                          "%s,5511,more fields than the header names,\n"
                          "%s,6010,\"order starts_with \"\"C\"\"\",order\n",
                          path, path, path, path, path, path, path, path, path, path);
    char *rejects = read_file(comm, keep("%s/rejects.csv", folder));
    if (comm->rank == 0 && strcmp(rejects, expected) != 0) print_error("%s", rejects);
    CHECK_ALL(comm, strcmp(rejects, expected) == 0);
}

static void list_of_refused_rows_is_limited_and_the_first_ones(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "bad.csv"), *folder = fresh(comm, "bad");
    text_file file = {malloc(ROWS * ROW_BYTES), 0};
    tsr_ingest_result result;
    test_source t;

    put(&file, "id,when,amount,order,item\n");
    for (int i = 0; i < ROWS - 1; i++) put(&file, i == 3 ? line_of(i) : "a,yesterday,1.00,ORDER-NUMBER-1,something\n");
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    params.reject_limit = 4;
    tsr_log_init(comm->rank, TSR_LOG_QUIET);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    tsr_log_init(comm->rank, TSR_LOG_WARN);
    CHECK_ALL(comm, result.rows_used == 1 && result.rows_rejected == ROWS - 2);
    char *rejects = read_file(comm, keep("%s/rejects.csv", folder));
    const int lines[] = {2, 3, 4, 6};
    char *expected = keep("source,line,reason,column\n");
    for (int i = 0; i < 4; i++)
        expected = keep("%s%s,%d,time is no date in time_format,when\n", expected, path, lines[i]);
    CHECK_ALL(comm, strcmp(rejects, expected) == 0);
}

static void nothing_usable_is_an_error_without_a_dataset(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "none.csv"), *folder = fresh(comm, "none");
    const char *text = "id,when,amount,order,item\n,2023-01-01 10:00:00,5.00,1,a\n,2023-01-01 10:00:00,5,1,\n";
    tsr_ingest_result result;
    test_source t;

    write_text(comm, path, text, strlen(text));
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "all 2 rows were rejected, most for \"missing id\"") != NULL);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/dataset.json", folder)));
    CHECK_ALL(comm, strstr(read_file(comm, keep("%s/rejects.csv", folder)), ",3,missing id,id") != NULL);

    write_text(comm, path, "id,when,amount,order,item\n", 26);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no row") != NULL);
    tsr_error_clear();
}

/* ---- errors are those of all ranks ---- */

static void open_quote_names_its_line_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "quote.csv"), *folder = fresh(comm, "quote");
    text_file file = transactions(0, ROWS);
    tsr_ingest_result result;
    test_source t;

    char *row = strstr(file.bytes, line_of(5800)); /* in the last rank's range */
    assert_non_null(row);
    row[strlen(line_of(5800)) - 2] = ' '; /* the quote that closes the item */
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "quote.csv, line 5802: a quote is open") != NULL);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/dataset.json", folder)));
    tsr_error_clear();
}

/* Files of one source may order their columns as they like, but all must have them. */
static void column_that_one_file_of_many_lacks_is_named_with_the_file(void **state)
{
    const tsr_comm *comm = *state;
    char *first = test_path(comm, "first.csv"), *second = test_path(comm, "second.csv");
    const char good[] = "order,item,amount,when,id\no1,x,2.50,2024-01-01 10:00:00,a\n";
    const char bad[] = "id,when,order,item\na,2024-01-01 10:00:00,o2,x\n";
    tsr_ingest_result result;
    test_source t;
    tsr_ingest_params params = params_of(&t.source, 1, 2);

    write_part(comm, first, 0, 10);
    write_text(comm, second, good, strlen(good));
    use_transactions(&t, first);
    use_file(&t, second);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "columns"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 11);
    write_text(comm, second, bad, strlen(bad));
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "columns"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no column \"amount\" in") != NULL);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, second) != NULL);
}

static void settings_that_do_not_fit_the_file_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "all.csv"), *folder = fresh(comm, "settings");
    tsr_ingest_result result;
    test_source t;
    tsr_ingest_params params = params_of(&t.source, 1, 2);

    write_part(comm, path, 0, 10);
    use_transactions(&t, path);
    t.column[1] = keep("Date");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no column \"Date\"") != NULL);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "its header has: id, when, amount, order, item") != NULL);

    use_transactions(&t, path);
    t.name[4] = keep("colour");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no field \"colour\": use id, time, amount") != NULL);

    use_transactions(&t, path);
    t.column[2] = keep("9");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);

    use_transactions(&t, path);
    use_rule(&t, "amount lower 5");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);

    use_transactions(&t, path);
    t.source.time_zone = keep("Europe/Atlantis");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);

    use_transactions(&t, test_path(comm, "not-there.csv"));
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "not-there.csv") != NULL);

    params.sources.n = 0;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/dataset.json", folder)));
    tsr_error_clear();
}

/* ---- settings from a job file ---- */

static void job_file_gives_the_settings(void **state)
{
    const tsr_comm *comm = *state;
    const char *text = "ingest:\n"
                       "  partitions: auto\n"
                       "  memory: 2GiB\n"
                       "  money: {scale: 3, currency: USD}\n"
                       "  time_zone: Europe/London\n"
                       "  sources:\n"
                       "    - kind: transactions\n"
                       "      files: [ \"${TESSERA_TEST_FOLDER}/x.txt\" ]\n"
                       "      delimiter: blank\n"
                       "      columns: {id: 1, time: 2, quantity: 3, amount: 4}\n"
                       "      time_format: \"%Y%m%d\"\n"
                       "      reject: [ \"amount < 0\", 'order starts_with \"C\"' ]\n"
                       "    - kind: customers\n"
                       "      files: y.csv\n"
                       "      columns: {id: id, age: Age}\n"
                       "      types: {age: number}\n";
    char *path = test_path(comm, "job.yaml");
    tsr_ingest_params params;
    tsr_section section = {tsr_ingest_keys, &params};
    tsr_job *job = NULL;

    setenv("TESSERA_TEST_FOLDER", "/somewhere", 1);
    write_text(comm, path, text, strlen(text));
    memset(&params, 0, sizeof params);
    CHECK_ALL(comm, tsr_job_read(comm, path, NULL, 0, &section, 1, &job) == TSR_OK);
    CHECK_ALL(comm, params.partitions == 0 && params.memory == 2LL << 30 && params.money_scale == 3);
    CHECK_ALL(comm, params.sources.n == 2 && params.resolution == TSR_RESOLUTION_AUTO && params.reject_limit == 1000);
    const tsr_source *source = params.sources.item;
    CHECK_ALL(comm, source[0].kind == TSR_SOURCE_TRANSACTIONS && source[1].kind == TSR_SOURCE_CUSTOMERS);
    CHECK_ALL(comm, strcmp(source[0].files.text[0], "/somewhere/x.txt") == 0);
    CHECK_ALL(comm, strcmp(source[0].delimiter, "blank") == 0 && strcmp(source[1].delimiter, ",") == 0);
    CHECK_ALL(comm, source[0].header && !source[0].multiline && source[0].time_zone == NULL);
    CHECK_ALL(comm, source[0].columns.n == 4 && strcmp(source[0].columns.text[3], "4") == 0);
    CHECK_ALL(comm, strcmp(source[0].reject.text[1], "order starts_with \"C\"") == 0);
    CHECK_ALL(comm, strcmp(source[1].time_format, "iso") == 0 && source[1].reject.n == 0 && source[0].types.n == 0);
    CHECK_ALL(comm, strcmp(source[1].types.text[0], "number") == 0);
    tsr_job_destroy(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dataset_is_the_same_at_any_rank_and_partition_count),
        cmocka_unit_test(dataset_does_not_depend_on_files_or_packing),
        cmocka_unit_test(ranks_without_rows_take_part),
        cmocka_unit_test(refused_rows_are_listed_with_their_lines),
        cmocka_unit_test(list_of_refused_rows_is_limited_and_the_first_ones),
        cmocka_unit_test(nothing_usable_is_an_error_without_a_dataset),
        cmocka_unit_test(open_quote_names_its_line_on_all_ranks),
        cmocka_unit_test(column_that_one_file_of_many_lacks_is_named_with_the_file),
        cmocka_unit_test(settings_that_do_not_fit_the_file_are_refused),
        cmocka_unit_test(job_file_gives_the_settings),
    };

    return RUN_MPI_TESTS(tests);
}
