#include "mpi_test.h"

#include "ingest_test.h"
#include "tessera/synth.h"
#include "tessera/table.h"

#define POPULATION_DIGEST "3206a139a102fce1fd6c2d2c59ba77e7629bbcd40ef376e995a4178b75a475a1"

static tsr_synth_params small_population(void)
{
    tsr_synth_params params = tsr_synth_params_default();

    params.customers = 3000;
    params.partitions = 4;
    return params;
}

static char *population_folder(const tsr_comm *comm, const char *name)
{
    char *folder = keep("synth-test.np%d/%s", comm->size, name);

    empty_folder(comm, folder);
    return folder;
}

/* The digest of a population of 3000 with seed 1: one constant, so that every number of ranks must give the same. */
static void population_is_the_same_at_any_rank_and_partition_count(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t partitions[] = {1, 4, 16};
    char *digest[3];

    for (int i = 0; i < 3; i++) {
        tsr_synth_params params = small_population();
        params.partitions = partitions[i];
        char *folder = population_folder(comm, keep("p%d", i));
        CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, NULL) == TSR_OK);
        digest[i] = digest_in(comm, folder);
        if (comm->rank == 0 && strcmp(digest[i], POPULATION_DIGEST) != 0) print_error("digest: %s\n", digest[i]);
        CHECK_ALL(comm, strcmp(digest[i], POPULATION_DIGEST) == 0);
    }
}

static void another_seed_is_another_population(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();
    char *folder = population_folder(comm, "seed");

    params.seed = 2;
    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, NULL) == TSR_OK);
    char *digest = digest_in(comm, folder);
    CHECK_ALL(comm, strlen(digest) == 64 && strcmp(digest, POPULATION_DIGEST) != 0);
}

static void population_that_is_there_is_left_as_it_is(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();
    char *folder = population_folder(comm, "again");
    bool unchanged = true;

    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, &unchanged) == TSR_OK && !unchanged);
    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, &unchanged) == TSR_OK && unchanged);
    params.seed = 9;
    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, &unchanged) == TSR_OK && !unchanged);
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) assert_int_equal(remove(keep("%s/truth.h5", folder)), 0);
    MPI_Barrier(comm->mpi);
    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, &unchanged) == TSR_OK && !unchanged);
}

/* Rank by rank: every customer of the truth is in the dataset, and the other way round. */
static void truth_and_dataset_have_the_same_customers(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();
    char *folder = population_folder(comm, "truth");
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    tsr_table *truth = NULL;
    uint64_t *key = NULL, sum[2] = {0, 0};
    int8_t *group = NULL;
    bool fine = true;

    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_read(dataset, 0, params.customers, TSR_READ_ALL, &block) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(keep("%s/truth.h5", folder), &truth) == TSR_OK);
    CHECK_ALL(comm, tsr_table_rows(truth) == params.customers);
    CHECK_ALL(comm, tsr_alloc(&key, params.customers, sizeof *key) == TSR_OK);
    CHECK_ALL(comm, tsr_alloc(&group, params.customers, sizeof *group) == TSR_OK);
    CHECK_ALL(comm, tsr_table_read(truth, "key", 0, params.customers, TSR_U64, key) == TSR_OK);
    CHECK_ALL(comm, tsr_table_read(truth, "group", 0, params.customers, TSR_I8, group) == TSR_OK);
    for (int64_t i = 0; i < params.customers; i++) {
        sum[0] += key[i] * key[i];
        sum[1] += block.key[i] * block.key[i];
        fine = fine && group[i] >= 0 && group[i] < tsr_table_find(truth, "group")->names_n;
        fine = fine && block.offset[i + 1] > block.offset[i]; /* the first purchase is always there */
    }
    CHECK_ALL(comm, fine && sum[0] == sum[1]);
    tsr_free(&group);
    tsr_free(&key);
    tsr_table_close(&truth);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
}

/* A simulation of 4,000,000 such customers in NumPy has 1.7126 repeat purchases each (standard error 0.0019), and the
 * mean of 20,000 a standard error of 0.0263. */
static void plain_population_has_no_returns_and_keeps_its_parameters(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();
    char *folder = population_folder(comm, "plain");
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    bool fine = true;
    double cents = 0.0;

    params.groups = false;
    params.customers = 20000;
    CHECK_ALL(comm, tsr_synth_run(comm, &params, folder, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_read(dataset, 0, params.customers, TSR_READ_ALL, &block) == TSR_OK);
    for (int64_t i = 0; i < block.transactions; i++) {
        cents += (double)block.amount[i];
        fine = fine && block.amount[i] >= 1;
    }
    CHECK_ALL(comm, fine);
    double mean = cents / 100.0 / (double)block.transactions;
    /* E(spend) = p gamma / (q - 1) = 35.22; its sd over customers is 26.7, so 20,000 of them are within 0.19 sd. */
    CHECK_ALL(comm, mean > 34.0 && mean < 36.5);
    double repeats = (double)block.transactions / (double)params.customers - 1.0;
    CHECK_ALL(comm, repeats > 1.7126 - 3.5 * 0.0263 && repeats < 1.7126 + 3.5 * 0.0263);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
}

static void wrong_parameters_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();

    params.alpha = 0.0;
    CHECK_ALL(comm, tsr_synth_run(comm, &params, "synth-test-none", NULL) == TSR_ECONF);
    params = small_population();
    params.customers = 0;
    CHECK_ALL(comm, tsr_synth_run(comm, &params, "synth-test-none", NULL) == TSR_ECONF);
    CHECK_ALL(comm, !tsr_file_exists("synth-test-none"));
    tsr_error_clear();
}

/* Whichever allocation of the last rank fails: all ranks say so, and no dataset appears. */
static void failing_rank_fails_all_and_leaves_no_dataset(void **state)
{
    const tsr_comm *comm = *state;
    tsr_synth_params params = small_population();
    char *folder = population_folder(comm, "fault");
    int nth = 1;

    params.customers = 300;
    for (; nth < 200; nth += 1 + nth / 8) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_synth_run(comm, &params, folder, NULL);
        tsr_fault_set(NULL);
        tsr_error_clear();
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
        if (st == TSR_OK) break;
    }
    CHECK_ALL(comm, nth > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(population_is_the_same_at_any_rank_and_partition_count),
        cmocka_unit_test(another_seed_is_another_population),
        cmocka_unit_test(population_that_is_there_is_left_as_it_is),
        cmocka_unit_test(truth_and_dataset_have_the_same_customers),
        cmocka_unit_test(plain_population_has_no_returns_and_keeps_its_parameters),
        cmocka_unit_test(wrong_parameters_are_refused),
        cmocka_unit_test(failing_rank_fails_all_and_leaves_no_dataset),
    };

    return RUN_MPI_TESTS(tests);
}
