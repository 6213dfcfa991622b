#define TEST_FOLDER "collect-test"
#include "mpi_test.h"

#include "ingest/collect/collect_parts.h"
#include "ingest_test.h"
#include "tessera/rng.h"

#define CUSTOMERS 700
#define RECORDS   40000

static const char *const colours[] = {"red", "green", "blue", "", "amber"};

static tsr_slice slice(const char *text)
{
    return (tsr_slice){text, (int32_t)strlen(text)};
}

/* Record i of a population in which one customer has a third of all records; ids may be longer than a piece. */
static void make_record(int64_t i, char *id, tsr_cells *cells, const char **colour)
{
    uint32_t r = (uint32_t)(i * 2654435761u);

    snprintf(id, 80, i % 3 == 0 ? "the one" : i % 5 == 0 ? "a-customer-with-a-long-id-%u" : "%u", r % CUSTOMERS);
    *cells = (tsr_cells){{0}};
    cells->cell[TSR_TRANSACTION_TIME] = 1600000000 + r % 1000 * 86400;
    cells->cell[TSR_TRANSACTION_AMOUNT] = (uint64_t)(int64_t)((int32_t)(r >> 8) % 5000);
    *colour = colours[r % 5];
}

static tsr_status add_record(tsr_collect *collect, int64_t i)
{
    char id[80];
    const char *colour;
    tsr_cells cells;
    tsr_customer_ref customer;
    int32_t code = -1;
    tsr_status st;

    make_record(i, id, &cells, &colour);
    TSR_TRY(tsr_collect_customer(collect, slice(id), &customer));
    if (colour[0] != '\0') TSR_TRY(tsr_collect_code(collect, TSR_CATEGORIES, slice(colour), &code));
    cells.cell[TSR_TRANSACTION_CATEGORY] = (uint32_t)code;
    TSR_TRY(tsr_collect_record(collect, TSR_TRANSACTIONS, customer, 0, &cells));
    if (i % 2 == 0) { /* an event of the same customer, every tenth equal to another one */
        cells.cell[TSR_EVENT_TIME] = (uint64_t)(i % 20 == 0 ? 5 : i + 1);
        TSR_TRY(tsr_collect_code(collect, TSR_EVENT_TYPES, slice(i % 4 == 0 ? "view" : "click"), &code));
        cells.cell[TSR_EVENT_TYPE] = (uint32_t)code;
        TSR_TRY(tsr_collect_record(collect, TSR_EVENTS, customer, 1, &cells));
    }
done:
    return st;
}

static const tsr_dataset_info plain_info = {
    .generation = 1, .id_kind = "given", .money_scale = 2, .time_zone = "UTC", .resolution = 1};

static int64_t repeated; /* events of the last collection that are equal to another one */

/* Collective. Records i = rank, rank + size, ... or backwards; rounds as they fall. */
static tsr_status collect_all(const tsr_comm *comm, int64_t memory, int64_t partitions, bool backwards,
                              const char *folder, tsr_dataset_info *info, tsr_collect_result *result)
{
    tsr_collect_shape shape = {.has = TSR_HAS_CATEGORY | TSR_HAS_EVENTS};
    tsr_collect_plan plan = {.partitions = partitions,
                             .expected_bytes = RECORDS * 48,
                             .memory = memory,
                             .scratch = folder,
                             .clean = {.sources = 2}};
    tsr_collect *collect = NULL;
    int64_t next = comm->rank;
    bool done = false;
    tsr_status st;

    *info = plain_info;
    empty_folder(comm, folder);
    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_TRY(tsr_collect_create(comm, &shape, &plan, &collect));
    while (!done) {
        tsr_status own = TSR_OK;
        for (; own == TSR_OK && next < RECORDS && !tsr_collect_full(collect); next += comm->size)
            own = add_record(collect, backwards ? RECORDS - 1 - next : next);
        TSR_AGREE(comm, own);
        TSR_TRY(tsr_collect_round(comm, collect, next >= RECORDS, &done));
    }
    TSR_TRY(tsr_collect_write(comm, collect, folder, info, result));
    TSR_TRY(tsr_dataset_commit(comm, folder, info, &result->digest));
    repeated = result->cleaned[1].repeated;
done:
    tsr_collect_destroy(&collect);
    return st;
}

/* One constant, so that every number of ranks must give the same. */
#define COLLECTED_DIGEST "f2c9be6f542ca2a3f558e81985a6c5aaf796a2bf040d37cc3efbc8fdd5c4fd86"

static void dataset_does_not_depend_on_memory_or_order(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t memory[] = {1LL << 30, 1 << 20, 2 << 20};
    char *folder = test_path(comm, "memory");
    tsr_collect_result result;
    tsr_dataset_info info;

    for (int i = 0; i < 3; i++) {
        CHECK_ALL(comm, collect_all(comm, memory[i], 1 + i, i == 2, folder, &info, &result) == TSR_OK);
        char *digest = digest_in(comm, folder);
        if (comm->rank == 0 && strcmp(digest, COLLECTED_DIGEST) != 0) print_error("digest: %s\n", digest);
        CHECK_ALL(comm, strcmp(digest, COLLECTED_DIGEST) == 0);
        CHECK_ALL(comm, info.transactions == RECORDS && info.records[TSR_EVENTS] == RECORDS / 2);
        CHECK_ALL(comm, (result.spilled > 0) == (i > 0 && comm->size == 1) || comm->size > 1);
        tsr_dataset_info_clear(&info);
    }
}

/* Collective. Are the partition files of two folders the same, byte for byte? */
static bool same_files(const tsr_comm *comm, const char *a, const char *b)
{
    int same = 1;

    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) same = system(keep("for f in %s/*.h5; do cmp $f %s/${f##*/} || exit 1; done", a, b)) == 0;
    MPI_Bcast(&same, 1, MPI_INT, 0, comm->mpi);
    return same != 0;
}

static void files_do_not_depend_on_memory_or_order(void **state)
{
    const tsr_comm *comm = *state;
    char *one = test_path(comm, "one"), *two = test_path(comm, "two");
    tsr_collect_result result;
    tsr_dataset_info info;

    CHECK_ALL(comm, collect_all(comm, 1LL << 30, 2, false, one, &info, &result) == TSR_OK);
    tsr_dataset_info_clear(&info);
    CHECK_ALL(comm, collect_all(comm, 1 << 20, 2, true, two, &info, &result) == TSR_OK);
    tsr_dataset_info_clear(&info);
    CHECK_ALL(comm, same_files(comm, one, two));
}

static void no_spill_file_is_left(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = test_path(comm, "left");
    tsr_collect_result result;
    tsr_dataset_info info;

    CHECK_ALL(comm, collect_all(comm, 1 << 20, 1, false, folder, &info, &result) == TSR_OK);
    CHECK_ALL(comm, system(keep("test -z \"$(ls -A %s | grep spill)\"", folder)) == 0);
    tsr_dataset_info_clear(&info);
}

static void full_disk_while_spilling_fails_all_ranks_and_says_where(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = test_path(comm, "full");
    tsr_collect_result result;
    tsr_dataset_info info;

    tsr_fault_set("point=spill,rank=0");
    tsr_status st = collect_all(comm, 1 << 20, 1, false, folder, &info, &result);
    tsr_fault_set(NULL);
    CHECK_ALL(comm, st == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "ingest.scratch") != NULL);
    CHECK_ALL(comm, !tsr_file_exists(keep("%s/dataset.json", folder)));
    tsr_error_clear();
    tsr_dataset_info_clear(&info);
}

static void equal_records_are_kept_and_counted(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = test_path(comm, "repeated");
    tsr_collect_result result;
    tsr_dataset_info info;

    CHECK_ALL(comm, collect_all(comm, 1LL << 30, 3, false, folder, &info, &result) == TSR_OK);
    tsr_dataset_info_clear(&info);
    int64_t before = repeated;
    CHECK_ALL(comm, collect_all(comm, 1 << 20, 1, true, folder, &info, &result) == TSR_OK);
    tsr_dataset_info_clear(&info);
    CHECK_ALL(comm, repeated > 0 && repeated < RECORDS / 20 && repeated == before);
}

/* ---- two ids with one key ---- */

static tsr_status put_collided(tsr_collect *collect, uint32_t check, const char *id, uint32_t time)
{
    tsr_customer_ref customer = {7, check};
    tsr_cells cells = {{time}};
    char row[64];
    tsr_status st;

    tsr_row_pack_id(customer, slice(id), 0, row);
    TSR_TRY(tsr_collect_place_rows(collect, TSR_STREAM_IDS, row, 1));
    TSR_TRY(tsr_collect_record(collect, TSR_TRANSACTIONS, customer, 0, &cells));
    collect->id_width = 4;
done:
    return st;
}

static void ids_with_one_key_stay_two_customers(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "one-key");
    tsr_collect_shape shape = {.has = 0};
    tsr_collect_plan plan = {.partitions = 1, .memory = 1 << 20, .scratch = folder};
    tsr_dataset_info info = plain_info;
    tsr_collect_result result;
    tsr_collect *collect = NULL;
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    tsr_status own = TSR_OK;
    bool done;

    CHECK_ALL(comm, comm->rank > 0 || tsr_folder_make(folder) == TSR_OK);
    CHECK_ALL(comm, tsr_collect_create(comm, &shape, &plan, &collect) == TSR_OK);
    if (comm->rank == 0) {
        own = put_collided(collect, 1, "b", 30);
        if (own == TSR_OK) own = put_collided(collect, 2, "a", 29);
        if (own == TSR_OK) own = put_collided(collect, 2, "a", 28);
    }
    CHECK_ALL(comm, own == TSR_OK);
    CHECK_ALL(comm, tsr_collect_round(comm, collect, true, &done) == TSR_OK && done);
    CHECK_ALL(comm, tsr_collect_write(comm, collect, folder, &info, &result) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_commit(comm, folder, &info, &result.digest) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, info.customers == 2 && info.transactions == 3);
    CHECK_ALL(comm, tsr_dataset_read(dataset, 0, 2, TSR_READ_ALL, &block) == TSR_OK);
    CHECK_ALL(comm, block.key[0] == 7 && block.key[1] == 7 && block.id[0] == 'a' && block.id[4] == 'b');
    CHECK_ALL(comm, block.offset[1] == 2 && block.time[0] == 28 && block.time[1] == 29 && block.time[2] == 30);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    tsr_dataset_info_clear(&info);
    tsr_collect_destroy(&collect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dataset_does_not_depend_on_memory_or_order),
        cmocka_unit_test(files_do_not_depend_on_memory_or_order),
        cmocka_unit_test(no_spill_file_is_left),
        cmocka_unit_test(full_disk_while_spilling_fails_all_ranks_and_says_where),
        cmocka_unit_test(equal_records_are_kept_and_counted),
        cmocka_unit_test(ids_with_one_key_stay_two_customers),
    };

    return RUN_MPI_TESTS(tests);
}
