#include "mpi_test.h"

#include <string.h>

#include "job_keys.h"

static void write_on_root(const tsr_comm *comm, const char *path, const char *text)
{
    if (comm->rank == 0) {
        FILE *file = fopen(path, "wb");
        if (file != NULL) {
            fputs(text, file);
            fclose(file);
        }
    }
    MPI_Barrier(comm->mpi);
}

static void all_ranks_hold_the_same_job(void **state)
{
    const tsr_comm *comm = *state;
    static const char *const overrides[] = {"cluster.k=4..6"};
    second_params second;
    first_params first;
    const tsr_section sections[] = {{first_keys, &first}, {second_keys, &second}};
    tsr_job *job = NULL;
    char path[64];

    snprintf(path, sizeof path, "mpi_job_%d.yaml", comm->size);
    /* Only the root has the variable: other hosts need not have the same environment. */
    if (comm->rank == 0) setenv("TSR_TEST_FOLDER", "/root/says", 1);
    write_on_root(comm, path, "output: ${TSR_TEST_FOLDER}/x\nfeatures: {set: [a, b]}\n");
    tsr_status st = tsr_job_read(comm, path, overrides, 1, sections, 2, &job);
    CHECK_ALL(comm, st == TSR_OK);
    CHECK_ALL(comm, strcmp(first.output, "/root/says/x") == 0);
    CHECK_ALL(comm, second.k.low == 4 && second.k.high == 6 && second.set.n == 2);
    CHECK_ALL(comm, same_on_all(comm, tsr_job_echo(job), strlen(tsr_job_echo(job)) + 1));
    tsr_job_destroy(&job);
    if (comm->rank == 0) remove(path);
}

static void a_missing_file_is_an_input_error_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    second_params second;
    const tsr_section sections[] = {{second_keys, &second}};
    tsr_job *job = NULL;

    tsr_status st = tsr_job_read(comm, "no_such_job.yaml", NULL, 0, sections, 1, &job);
    CHECK_ALL(comm, st == TSR_EIO && job == NULL);
    CHECK_ALL(comm, same_on_all(comm, tsr_error_last(), sizeof(tsr_error)));
    CHECK_ALL(comm, st == TSR_EIO);
}

static void a_bad_value_is_the_same_error_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    second_params second;
    const tsr_section sections[] = {{second_keys, &second}};
    tsr_job *job = NULL;
    char path[64];

    snprintf(path, sizeof path, "mpi_job_%d.yaml", comm->size);
    write_on_root(comm, path, "cluster:\n  k: abc\n");
    tsr_status st = tsr_job_read(comm, path, NULL, 0, sections, 1, &job);
    CHECK_ALL(comm, st == TSR_ECONF && job == NULL);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, ".yaml:2:6: cluster.k: abc is neither") != NULL);
    if (comm->rank == 0) remove(path);
}

static void ranks_with_different_overrides_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    second_params second;
    const tsr_section sections[] = {{second_keys, &second}};
    tsr_job *job = NULL;
    char path[64];
    const char *override = comm->rank == comm->size - 1 && comm->size > 1 ? "cluster.k=4" : "cluster.k=5";

    snprintf(path, sizeof path, "mpi_job_%d.yaml", comm->size);
    write_on_root(comm, path, "cluster: {k: 5}\n");
    tsr_status st = tsr_job_read(comm, path, &override, 1, sections, 1, &job);
    CHECK_ALL(comm, st == (comm->size > 1 ? TSR_ECONF : TSR_OK));
    tsr_job_destroy(&job);
    if (comm->rank == 0) remove(path);
}

static void one_rank_without_memory_ends_all(void **state)
{
    const tsr_comm *comm = *state;
    second_params second;
    const tsr_section sections[] = {{second_keys, &second}};
    tsr_job *job = NULL;
    char path[64];

    snprintf(path, sizeof path, "mpi_job_%d.yaml", comm->size);
    write_on_root(comm, path, "cluster: {k: 5}\n");
    for (int nth = 1; nth <= 6; nth++) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_job_read(comm, path, NULL, 0, sections, 1, &job);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_ENOMEM && job == NULL);
    }
    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ranks_hold_the_same_job),
        cmocka_unit_test(a_missing_file_is_an_input_error_on_all_ranks),
        cmocka_unit_test(a_bad_value_is_the_same_error_on_all_ranks),
        cmocka_unit_test(ranks_with_different_overrides_are_refused),
        cmocka_unit_test(one_rank_without_memory_ends_all),
    };
    return RUN_MPI_TESTS(tests);
}
