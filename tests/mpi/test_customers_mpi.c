#define TEST_FOLDER "customers-test"
#include "mpi_test.h"

#include <math.h>

#include "ingest_test.h"
#include "tessera/log.h"

static int32_t find_customer(const tsr_block *block, const char *id)
{
    for (int32_t i = 0; i < block->customers; i++)
        if (strncmp(block->id + (int64_t)i * block->id_width, id, (size_t)block->id_width) == 0) return i;
    return -1;
}

static void attributes_take_the_last_value_and_the_right_type(void **state)
{
    const tsr_comm *comm = *state;
    const char *text =
        "id;age;zip;city\na;30;01234;Bonn\nb;;50667;\nc;41.5;80331;K\xc3\xb6ln\na;31;;Bonn\nd;x;1;Bonn\n";
    char *path = test_path(comm, "customers.csv"), *orders = test_path(comm, "tiny.csv");
    char *folder = fresh(comm, "customers");
    const char *rows = "id,when,amount,order,item\nc,2023-01-01 10:00:00,5.00,1,z\ne,2023-01-01 10:00:00,7,1,y\n";
    tsr_ingest_result result;
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    test_source t[2];

    write_text(comm, path, text, strlen(text));
    write_text(comm, orders, rows, strlen(rows));
    use_transactions(&t[0], orders);
    use_source(&t[1], TSR_SOURCE_CUSTOMERS, ";", true);
    use_file(&t[1], path);
    use_column(&t[1], "id", "id");
    use_column(&t[1], "age", "age");
    use_column(&t[1], "zip", "zip");
    use_column(&t[1], "town", "4");
    use_type(&t[1], "age", "number");
    use_type(&t[1], "zip", "category");
    tsr_source sources[2] = {t[0].source, t[1].source};
    tsr_ingest_params params = params_of(sources, 2, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.customers == 4 && result.transactions == 2 && result.rows_rejected == 1);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    CHECK_ALL(comm, info->attributes_n == 3 && strcmp(info->attributes[1].name, "town") == 0);
    CHECK_ALL(comm, !info->attributes[0].categorical && info->attributes[1].categorical);
    CHECK_ALL(comm, info->attributes[2].categorical && info->attributes[2].dictionary.n == 3);
    CHECK_ALL(comm, strcmp(info->attributes[2].dictionary.text[0], "01234") == 0);
    CHECK_ALL(comm, tsr_dataset_read(dataset, 0, 4, TSR_READ_ALL, &block) == TSR_OK);
    int32_t a = find_customer(&block, "a"), b = find_customer(&block, "b"), c = find_customer(&block, "c"),
            e = find_customer(&block, "e");
    CHECK_ALL(comm, a >= 0 && b >= 0 && c >= 0 && e >= 0);
    CHECK_ALL(comm, block.number[0][a] == 31.0f && block.number[0][c] == 41.5f);
    CHECK_ALL(comm, block.number[0][b] != block.number[0][b] && block.number[0][e] != block.number[0][e]);
    CHECK_ALL(comm, block.code[2][a] == 0 && block.code[2][b] == 1); /* an empty field leaves the value before it */
    CHECK_ALL(comm, block.code[1][b] == -1 && block.code[1][c] == 1 && block.code[1][e] == -1);
    CHECK_ALL(comm, block.offset[c + 1] - block.offset[c] == 1 && block.offset[b + 1] == block.offset[b]);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
}

static void customers_alone_make_a_dataset(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "people.csv"), *folder = fresh(comm, "people");
    text_file file = {malloc(10000 * 32), 0};
    tsr_ingest_result result;
    tsr_dataset *dataset = NULL;
    test_source t;

    put(&file, "id,score\n");
    for (int i = 0; i < 10000; i++) { /* 3000 come twice */
        char line[32];
        snprintf(line, sizeof line, "person-%d,%d\n", i % 7000, i);
        put(&file, line);
    }
    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
    use_source(&t, TSR_SOURCE_CUSTOMERS, ",", true);
    use_file(&t, path);
    use_column(&t, "id", "id");
    use_column(&t, "score", "score");
    tsr_ingest_params params = params_of(&t.source, 1, 4);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.customers == 7000 && result.transactions == 0 && result.rows_used == 10000);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    tsr_block block = {0};
    CHECK_ALL(comm, tsr_dataset_read(dataset, 0, 7000, TSR_READ_ALL, &block) == TSR_OK);
    double sum = 0.0;
    for (int64_t i = 0; i < block.customers; i++) sum += (double)block.number[0][i];
    /* 3000 .. 9999: the later of two rows stands, whichever rank read it */
    CHECK_ALL(comm, sum == 7000.0 * (3000.0 + 9999.0) / 2.0);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
}

/* The time of the only transaction, or 0. */
static uint32_t only_time(const tsr_comm *comm, const tsr_ingest_params *params, const char *folder)
{
    tsr_ingest_result result;
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    uint32_t time = 0;

    empty_folder(comm, folder);
    if (tsr_ingest_run(comm, params, folder, &result) == TSR_OK && tsr_dataset_open(comm, folder, &dataset) == TSR_OK &&
        tsr_dataset_read(dataset, 0, 1, TSR_READ_ALL, &block) == TSR_OK && block.transactions == 1)
        time = block.time[0];
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    return time;
}

static void times_go_to_the_zone_and_resolution_of_the_dataset(void **state)
{
    const tsr_comm *comm = *state;
    char *path = test_path(comm, "zone.csv"), *folder = test_path(comm, "zone");
    const char *text = "id,when,epoch,amount\na,2023-03-20 20:30:00,1679358600,1\n";
    test_source t;

    write_text(comm, path, text, strlen(text));
    use_source(&t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(&t, path);
    use_column(&t, "id", "id");
    use_column(&t, "time", "when");
    use_column(&t, "amount", "amount");
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    params.time_zone = keep("Europe/Berlin");
    CHECK_ALL(comm, only_time(comm, &params, folder) == 1679344200); /* as it stands */
    t.source.time_zone = keep("America/New_York");
    CHECK_ALL(comm, only_time(comm, &params, folder) == 1679344200 + 5 * 3600); /* summer time there, winter here */
    params.resolution = TSR_RESOLUTION_DAY;
    CHECK_ALL(comm, only_time(comm, &params, folder) == 1679356800); /* 2023-03-21 */
    params.resolution = TSR_RESOLUTION_AUTO;
    t.column[1] = keep("epoch");
    t.source.time_format = keep("epoch");
    CHECK_ALL(comm, only_time(comm, &params, folder) == 1679358600 + 3600);
}

static void quantities_with_decimals_make_amounts_but_no_column(void **state)
{
    const tsr_comm *comm = *state;
    const char *text = "a 2023-01-01 1.5 0.30\nb 2023-01-02 2 0.10\nb 2023-01-02 3 -0.10\n";
    char *path = test_path(comm, "weights.txt"), *folder = fresh(comm, "weights");
    tsr_ingest_result result;
    tsr_dataset *dataset = NULL;
    test_source t;

    write_text(comm, path, text, strlen(text));
    use_source(&t, TSR_SOURCE_TRANSACTIONS, "blank", false);
    use_file(&t, path);
    use_column(&t, "id", "1");
    use_column(&t, "time", "2");
    use_column(&t, "quantity", "3");
    use_column(&t, "price", "4");
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    tsr_log_init(comm->rank, TSR_LOG_QUIET);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    tsr_log_init(comm->rank, TSR_LOG_WARN);
    CHECK_ALL(comm, result.money == 45 + 20 - 30 && result.rows_used == 3);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_about(dataset)->has == 0 && tsr_dataset_about(dataset)->resolution == 86400);
    tsr_dataset_close(&dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_take_the_last_value_and_the_right_type),
        cmocka_unit_test(customers_alone_make_a_dataset),
        cmocka_unit_test(times_go_to_the_zone_and_resolution_of_the_dataset),
        cmocka_unit_test(quantities_with_decimals_make_amounts_but_no_column),
    };

    return RUN_MPI_TESTS(tests);
}
