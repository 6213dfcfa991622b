#include "mpi_test.h"

#include <signal.h>
#include <zlib.h>

#include "ingest_test.h"
#include "tessera/log.h"

/* ---- a file of 6000 transactions: 330 KB, so that several ranks read it ---- */

#define ROWS      6000
#define ROW_BYTES 128

/* Row i: 977 customers, some equal rows, quotes, returns, fields that are missing. */
static const char *line_of(int i)
{
    static char line[ROW_BYTES];
    int k = i % 500 == 499 ? i - 1 : i; /* every 500th row repeats the one before it */

    snprintf(line, sizeof line, "\"%05d\",2023-%02d-%02d %02d:%02d:00,%d.%02d,INV%d,\"item, %d\"%s", k * 7 % 977,
             1 + k % 12, 1 + k % 28, k % 24, k % 60, k % 90 - 5, k % 100, k / 3, k % 41, i % 3 == 0 ? "\r\n" : "\n");
    return line;
}

static text_file transactions(int first, int end)
{
    text_file file = {malloc((size_t)(end - first + 1) * ROW_BYTES), 0};

    assert_non_null(file.bytes);
    put(&file, "id,when,amount,order,item\n");
    for (int i = first; i < end; i++) put(&file, line_of(i));
    return file;
}

static void write_part(const tsr_comm *comm, const char *path, int first, int end)
{
    text_file file = transactions(first, end);

    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
}

static char *ingest_digest(const tsr_comm *comm, const tsr_ingest_params *params, const char *folder)
{
    tsr_ingest_result result;

    empty_folder(comm, folder);
    if (tsr_ingest_run(comm, params, folder, &result) != TSR_OK) return keep("");
    return digest_in(comm, folder);
}

/* ---- the same dataset ---- */

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

static char *read_file(const tsr_comm *comm, const char *path)
{
    char *bytes = NULL, *text = keep("");
    int64_t n;

    MPI_Barrier(comm->mpi);
    if (tsr_file_read(path, &bytes, &n) == TSR_OK) text = keep("%s", bytes);
    tsr_free(&bytes);
    tsr_error_clear();
    return text;
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
        if (i == 5999) put(&file, "x,2023-01-01 10:00:00,6.00,C7,a\n");
        put(&file, line_of(i));
    }
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
    use_transactions(&t, path);
    use_rule(&t, "order starts_with \"C\"");
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_read == ROWS + 8 && result.rows_used == ROWS && result.rows_rejected == 8);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), TRANSACTIONS_DIGEST) == 0);
    char *expected = keep("source,line,reason,column\n"
                          "%s,12,missing id,id\n"
                          "%s,1503,time is no date in time_format,when\n"
                          "%s,3003,amount has more than 2 decimals,amount\n"
                          "%s,3005,amount is not a number,amount\n"
                          "%s,4006,amount out of range,amount\n"
                          "%s,4008,id is not UTF-8,id\n"
                          "%s,5008,missing column amount,amount\n"
                          "%s,6008,\"order starts_with \"\"C\"\"\",order\n",
                          path, path, path, path, path, path, path, path);
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

/* Whichever allocation or file call of the last rank fails: all ranks say so, and no half of a dataset appears. */
static void failing_rank_fails_all(void **state)
{
    const tsr_comm *comm = *state;
    static const char *const points[] = {"alloc", "file"};
    char *path = test_path(comm, "small.csv"), *folder = test_path(comm, "failing");
    test_source t;
    tsr_ingest_params params = params_of(&t.source, 1, 3);

    write_part(comm, path, 0, 60);
    use_transactions(&t, path);
    for (int p = 0; p < 2; p++) {
        int nth = 1;
        for (; nth < 400; nth += 1 + nth / 10) {
            tsr_ingest_result result;
            empty_folder(comm, folder);
            fail_last_rank(comm, points[p], nth);
            tsr_status st = tsr_ingest_run(comm, &params, folder, &result);
            tsr_fault_set(NULL);
            tsr_error_clear();
            CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM || st == TSR_EIO);
            CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
            CHECK_ALL(comm, (st == TSR_OK) == (strlen(digest_in(comm, folder)) == 64));
            tsr_error_clear();
            if (st == TSR_OK) break;
        }
        CHECK_ALL(comm, nth < 400 && (p == 1 || nth > 30));
    }
}

static void disagreeing_settings_are_found(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "small.csv");
    tsr_ingest_result result;
    test_source t;

    if (comm->size == 1) skip();
    write_part(comm, path, 0, 60);
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 3 + (comm->rank == comm->size - 1));
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "disagreeing"), &result) == TSR_ECONF);
    tsr_error_clear();
}

static void wish_to_stop_ends_it_without_a_dataset(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "small.csv"), *folder = fresh(comm, "stopped");
    tsr_ingest_result result;
    test_source t;

    write_part(comm, path, 0, 60);
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    tsr_interrupt_install(0.0);
    if (comm->rank == comm->size - 1) raise(SIGUSR1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EINTR);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/dataset.json", folder)));
    tsr_interrupt_clear();
    tsr_error_clear();
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
}

/* ---- again ---- */

static void rerun_does_nothing_until_something_changes(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "again.csv"), *folder = fresh(comm, "again");
    tsr_ingest_result first, result;
    test_source t;
    tsr_ingest_params params = params_of(&t.source, 1, 3);

    write_part(comm, path, 0, 3000);
    use_transactions(&t, path);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &first) == TSR_OK && !first.unchanged);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.unchanged);
    CHECK_ALL(comm, result.rows_read == first.rows_read && result.rows_used == first.rows_used);
    CHECK_ALL(comm, result.customers == first.customers && result.money == first.money);
    CHECK_ALL(comm, result.bytes_read == first.bytes_read && result.rows_rejected == first.rows_rejected);

    use_rule(&t, "amount < 0");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && !result.unchanged);
    CHECK_ALL(comm, result.rows_used < first.rows_used);
    params.partitions = 2;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && !result.unchanged);

    write_part(comm, path, 3000, ROWS); /* other bytes, nearly the same size */
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && !result.unchanged);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.unchanged);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/part-00000.g1.h5", folder)));
    CHECK_ALL(comm, strlen(digest_in(comm, folder)) == 64);
}

/* A rank may be killed between the moments when a spill file is made and when it loses its name. */
static void empty_spill_files_of_killed_runs_are_removed(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "spill.csv"), *folder = test_path(comm, "again");
    tsr_ingest_result result;
    test_source t;
    tsr_ingest_params params = params_of(&t.source, 1, 1);

    write_part(comm, path, 0, 30);
    write_text(comm, keep("%s/.spill-k1LLed", folder), "", 0);
    write_text(comm, keep("%s/.spill-k2LLed", folder), "x", 1);
    write_text(comm, keep("%s/.spilled", folder), "", 0);
    use_transactions(&t, path);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/.spill-k1LLed", folder)));
    CHECK_ALL(comm, tsr_file_exists(keep("%s/.spill-k2LLed", folder)) && tsr_file_exists(keep("%s/.spilled", folder)));
}

static void dataset_that_cannot_be_read_is_not_overwritten(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "small.csv"), *folder = fresh(comm, "foreign");
    tsr_ingest_result result;
    test_source t;

    write_part(comm, path, 0, 60);
    write_text(comm, keep("%s/dataset.json", folder), "{}", 2);
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "remove it to make it anew") != NULL);
    CHECK_ALL(comm, strcmp(read_file(comm, keep("%s/dataset.json", folder)), "{}") == 0);
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
        cmocka_unit_test(failing_rank_fails_all),
        cmocka_unit_test(disagreeing_settings_are_found),
        cmocka_unit_test(wish_to_stop_ends_it_without_a_dataset),
        cmocka_unit_test(empty_spill_files_of_killed_runs_are_removed),
        cmocka_unit_test(dataset_that_cannot_be_read_is_not_overwritten),
        cmocka_unit_test(job_file_gives_the_settings),
        cmocka_unit_test(rerun_does_nothing_until_something_changes),
    };

    return RUN_MPI_TESTS(tests);
}
