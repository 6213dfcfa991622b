#define TEST_FOLDER "append-test"
#include "mpi_test.h"

#include "ingest_rows.h"
#include "tessera/log.h"

/* Three nights of transactions, and attributes that change: customers come and come back. */
static void write_night(const tsr_comm *comm, const char *path, int night)
{
    text_file file = {malloc(400 * 128), 0};
    char line[128];

    assert_non_null(file.bytes);
    put(&file, "id,when,amount,order,item\n");
    for (int i = night * 300; i < night * 300 + 300; i++) {
        snprintf(line, sizeof line, "c%d,2023-%02d-%02d %02d:00:00,%d.%02d,%s%d,item %d\n", i * 7 % (100 + 50 * night),
                 1 + i % 12, 1 + i % 28, i % 24, i % 90 - 5, i % 100, i % 4 == 0 ? "INV" : "", i / 3, i % (5 + night));
        put(&file, line);
    }
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
}

static void write_people(const tsr_comm *comm, const char *path, int night)
{
    text_file file = {malloc(200 * 64), 0};
    char line[64];

    assert_non_null(file.bytes);
    put(&file, "id,age,city\n");
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "c%d,%s,%s\n", i * (1 + night), i % 3 == 0 ? "" : keep("%d.%d", 20 + i % 50, night),
                 i % 5 == 0 ? "" : keep("town %d", i % (4 + night)));
        put(&file, line);
    }
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
}

typedef struct nights {
    test_source source[2];
    tsr_source both[2];
    tsr_ingest_params params;
} nights;

/* The job that names nights first .. last, of transactions and attributes. */
static void use_nights(const tsr_comm *comm, nights *n, int first, int last)
{
    use_transactions(&n->source[0], test_path(comm, keep("tx.%d.csv", first)));
    use_source(&n->source[1], TSR_SOURCE_CUSTOMERS, ",", true);
    use_column(&n->source[1], "id", "id");
    use_column(&n->source[1], "age", "age");
    use_column(&n->source[1], "city", "city");
    for (int night = first; night <= last; night++) {
        if (night > first) use_file(&n->source[0], test_path(comm, keep("tx.%d.csv", night)));
        use_file(&n->source[1], test_path(comm, keep("people.%d.csv", night)));
    }
    n->both[0] = n->source[0].source;
    n->both[1] = n->source[1].source;
    n->params = params_of(n->both, 2, 3);
}

static void write_nights(const tsr_comm *comm)
{
    for (int night = 0; night < 3; night++) {
        write_night(comm, test_path(comm, keep("tx.%d.csv", night)), night);
        write_people(comm, test_path(comm, keep("people.%d.csv", night)), night);
    }
}

static tsr_status ingest_nights(const tsr_comm *comm, int first, int last, const char *folder,
                                tsr_ingest_result *result)
{
    nights n;

    use_nights(comm, &n, first, last);
    return tsr_ingest_run(comm, &n.params, folder, result);
}

static char *digest_of_all(const tsr_comm *comm)
{
    char *folder = fresh(comm, "all");
    tsr_ingest_result result;

    write_nights(comm);
    CHECK_ALL(comm, ingest_nights(comm, 0, 2, folder, &result) == TSR_OK && result.rows_read == 1200);
    return digest_in(comm, folder);
}

static void job_that_grows_gives_the_dataset_of_all_at_once(void **state)
{
    const tsr_comm *comm = *state;
    char *expected = digest_of_all(comm), *folder = fresh(comm, "grows");
    tsr_ingest_result result;

    for (int night = 0; night < 3; night++) {
        CHECK_ALL(comm, ingest_nights(comm, 0, night, folder, &result) == TSR_OK);
        CHECK_ALL(comm, !result.unchanged && result.rows_read == 400); /* the files that it did not know */
        CHECK_ALL(comm, result.grown == (night > 0));
    }
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), expected) == 0);
    CHECK_ALL(comm, ingest_nights(comm, 0, 2, folder, &result) == TSR_OK && result.unchanged);
}

static void job_of_each_night_gives_the_dataset_of_all_at_once(void **state)
{
    const tsr_comm *comm = *state;
    char *expected = digest_of_all(comm), *folder = fresh(comm, "nightly");
    tsr_ingest_result result;

    for (int night = 0; night < 3; night++) {
        CHECK_ALL(comm, ingest_nights(comm, night, night, folder, &result) == TSR_OK && !result.unchanged);
        CHECK_ALL(comm, ingest_nights(comm, night, night, folder, &result) == TSR_OK && result.unchanged);
    }
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), expected) == 0);
}

static tsr_status ingest_people(const tsr_comm *comm, const int *night, int n, const int *other, const char *folder,
                                tsr_ingest_result *result)
{
    test_source source[2];

    for (int s = 0; s < 2; s++) {
        use_source(&source[s], TSR_SOURCE_CUSTOMERS, ",", true);
        use_column(&source[s], "id", "id");
        use_column(&source[s], "age", "age");
        use_column(&source[s], s == 0 ? "city" : "town", "city");
    }
    for (int i = 0; i < n; i++) use_file(&source[0], test_path(comm, keep("people.%d.csv", night[i])));
    use_file(&source[1], test_path(comm, keep("people.%d.csv", *other)));
    tsr_source both[] = {source[0].source, source[1].source};
    tsr_ingest_params params = params_of(both, 2, 3);
    return tsr_ingest_run(comm, &params, folder, result);
}

/* Of values of an attribute the last stands, in the order of the job: not in that of arrival. */
static void new_file_before_a_known_one_gives_the_dataset_of_all_at_once(void **state)
{
    const tsr_comm *comm = *state;
    static const int orders[2][2] = {{0, 2} /* before that of the second source */, {2, 0} /* and of its own */};
    static const int other = 1;
    tsr_ingest_result result;

    write_nights(comm);
    for (int i = 0; i < 2; i++) {
        char *whole = fresh(comm, keep("whole.%d", i)), *folder = fresh(comm, keep("before.%d", i));
        CHECK_ALL(comm, ingest_people(comm, orders[i], 2, &other, whole, &result) == TSR_OK);
        CHECK_ALL(comm, ingest_people(comm, orders[0], 1, &other, folder, &result) == TSR_OK);
        CHECK_ALL(comm, ingest_people(comm, orders[i], 2, &other, folder, &result) == TSR_OK && !result.unchanged);
        CHECK_ALL(comm, strcmp(digest_in(comm, folder), digest_in(comm, whole)) == 0);
    }
}

static tsr_status ingest_tiers(const tsr_comm *comm, int last, const char *folder, tsr_ingest_result *result)
{
    test_source t;

    use_source(&t, TSR_SOURCE_CUSTOMERS, ",", true);
    use_column(&t, "id", "id");
    use_column(&t, "tier", "tier");
    for (int night = 0; night <= last; night++) use_file(&t, test_path(comm, keep("tier.%d.csv", night)));
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    return tsr_ingest_run(comm, &params, folder, result);
}

static void attribute_without_a_value_is_what_its_first_values_are(void **state)
{
    const tsr_comm *comm = *state;
    static const char *const tiers[] = {"id,tier\na,\nb,\n", "id,tier\nc,\n", "id,tier\na,gold\nd,7\n"};
    char *whole = fresh(comm, "tiers"), *folder = fresh(comm, "tier");
    tsr_ingest_result result;

    for (int night = 0; night < 3; night++)
        write_text(comm, test_path(comm, keep("tier.%d.csv", night)), tiers[night], strlen(tiers[night]));
    CHECK_ALL(comm, ingest_tiers(comm, 2, whole, &result) == TSR_OK && result.rows_used == 5);
    for (int night = 0; night < 3; night++) CHECK_ALL(comm, ingest_tiers(comm, night, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.grown && result.rows_used == 2);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), digest_in(comm, whole)) == 0);
}

static void known_file_under_another_name_is_left_out(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "renamed");
    tsr_ingest_result result;
    test_source t;

    write_nights(comm);
    CHECK_ALL(comm, ingest_nights(comm, 0, 1, folder, &result) == TSR_OK);
    write_night(comm, test_path(comm, "copy.csv"), 1);
    use_transactions(&t, test_path(comm, "copy.csv"));
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.unchanged);
}

static void changed_file_is_refused_where_the_job_does_not_name_all(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "changed"), *before;
    tsr_ingest_result result;

    write_nights(comm);
    CHECK_ALL(comm, ingest_nights(comm, 0, 1, folder, &result) == TSR_OK);
    before = digest_in(comm, folder);
    write_night(comm, test_path(comm, "tx.1.csv"), 2);
    CHECK_ALL(comm, ingest_nights(comm, 1, 1, folder, &result) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "other content") != NULL);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), before) == 0);
    tsr_error_clear();
}

static void other_money_cannot_be_added(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "money");
    tsr_ingest_result result;
    nights n;

    write_nights(comm);
    CHECK_ALL(comm, ingest_nights(comm, 0, 0, folder, &result) == TSR_OK);
    use_nights(comm, &n, 1, 1);
    n.params.currency = keep("USD");
    CHECK_ALL(comm, tsr_ingest_run(comm, &n.params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "ingest.money.currency") != NULL);
    tsr_error_clear();
}

static void failure_in_the_middle_leaves_the_old_dataset_and_a_rerun_completes(void **state)
{
    const tsr_comm *comm = *state;
    char *expected = digest_of_all(comm), *folder = fresh(comm, "failed"), *before;
    tsr_ingest_result result;

    CHECK_ALL(comm, ingest_nights(comm, 0, 1, folder, &result) == TSR_OK);
    before = digest_in(comm, folder);
    for (int nth = 1; nth <= 4; nth++) {
        tsr_fault_set(keep("point=file,rank=%d,nth=%d", comm->size - 1, nth * 2));
        tsr_status st = ingest_nights(comm, 0, 2, folder, &result);
        tsr_fault_set(NULL);
        tsr_error_clear();
        if (st == TSR_OK) break; /* so many files this rank does not open */
        CHECK_ALL(comm, strcmp(digest_in(comm, folder), before) == 0);
    }
    CHECK_ALL(comm, ingest_nights(comm, 0, 2, folder, &result) == TSR_OK);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), expected) == 0);
}

static tsr_status ingest_text(const tsr_comm *comm, const char *name, const char *rows, const char *folder)
{
    char *path = test_path(comm, name), *text = keep("id,when,amount,order,item\n%s", rows);
    tsr_ingest_result result;
    test_source t;

    write_text(comm, path, text, strlen(text));
    use_transactions(&t, path);
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    return tsr_ingest_run(comm, &params, folder, &result);
}

static bool list_is(const tsr_comm *comm, const char *folder, const char *expected)
{
    char *list = read_file(comm, keep("%s/rejects.csv", folder));

    if (comm->rank == 0 && strcmp(list, expected) != 0) print_error("%s", list);
    return strcmp(list, expected) == 0;
}

static void night_without_a_row_changes_nothing(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "quiet"), *before;

    CHECK_ALL(comm, ingest_text(comm, "none.csv", "", folder) == TSR_EDATA);
    tsr_error_clear();
    CHECK_ALL(comm, ingest_text(comm, "some.csv", "a,2023-01-01 10:00:00,1,1,x\n", folder) == TSR_OK);
    before = digest_in(comm, folder);
    CHECK_ALL(comm, ingest_text(comm, "none.csv", "", folder) == TSR_OK);
    CHECK_ALL(comm, strcmp(digest_in(comm, folder), before) == 0);
}

/* Neither a later ingest, nor one that fails or is killed before the list has its name, takes lines away. */
static void refused_rows_of_all_steps_are_listed(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "refused"), *list;
    char *first = test_path(comm, "r1.csv"), *second = test_path(comm, "r2.csv");

    CHECK_ALL(comm, ingest_text(comm, "r1.csv", "a,2023-01-01 10:00:00,1,1,x\n,2023-01-01 10:00:00,2,1,x\n", folder) ==
                        TSR_OK);
    CHECK_ALL(comm, ingest_text(comm, "r2.csv", "b,never,1,1,x\nb,2023-01-02 10:00:00,2,1,x\n", folder) == TSR_OK);
    list = keep("source,line,reason,column\n%s,3,missing id,id\n%s,2,time is no date in time_format,when\n", first,
                second);
    CHECK_ALL(comm, list_is(comm, folder, list));

    CHECK_ALL(comm, ingest_text(comm, "r3.csv", "c,never,1,1,x\n", folder) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "refused/rejects.g3.csv") != NULL);
    CHECK_ALL(comm, tsr_file_exists(keep("%s/rejects.g3.csv", folder)) && list_is(comm, folder, list));
    tsr_error_clear();
    MPI_Barrier(comm->mpi);

    char *name = keep("%s/rejects.csv", folder), *waiting = keep("%s/rejects.g2.csv", folder);
    CHECK_ALL(comm, comm->rank != 0 || rename(name, waiting) == 0);
    CHECK_ALL(comm, ingest_text(comm, "r3.csv", "c,2023-01-03 10:00:00,1,1,x\n", folder) == TSR_OK);
    CHECK_ALL(comm, list_is(comm, folder, list));
    CHECK_ALL(comm, !tsr_file_exists(waiting) && !tsr_file_exists(keep("%s/rejects.g3.csv", folder)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_that_grows_gives_the_dataset_of_all_at_once),
        cmocka_unit_test(job_of_each_night_gives_the_dataset_of_all_at_once),
        cmocka_unit_test(new_file_before_a_known_one_gives_the_dataset_of_all_at_once),
        cmocka_unit_test(attribute_without_a_value_is_what_its_first_values_are),
        cmocka_unit_test(known_file_under_another_name_is_left_out),
        cmocka_unit_test(changed_file_is_refused_where_the_job_does_not_name_all),
        cmocka_unit_test(other_money_cannot_be_added),
        cmocka_unit_test(failure_in_the_middle_leaves_the_old_dataset_and_a_rerun_completes),
        cmocka_unit_test(night_without_a_row_changes_nothing),
        cmocka_unit_test(refused_rows_of_all_steps_are_listed),
    };

    return RUN_MPI_TESTS(tests);
}
