/* Ingest that fails on one rank, is stopped, or finds what another left: all ranks agree, and the next one puts it
 * right. */
#include "mpi_test.h"

#include <signal.h>

#define TEST_FOLDER "ingest-again-test"
#include "ingest_rows.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_rank_fails_all),
        cmocka_unit_test(disagreeing_settings_are_found),
        cmocka_unit_test(wish_to_stop_ends_it_without_a_dataset),
        cmocka_unit_test(rerun_does_nothing_until_something_changes),
        cmocka_unit_test(empty_spill_files_of_killed_runs_are_removed),
        cmocka_unit_test(dataset_that_cannot_be_read_is_not_overwritten),
    };
    return RUN_MPI_TESTS(tests);
}
