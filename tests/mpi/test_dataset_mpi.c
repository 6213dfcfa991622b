#include "mpi_test.h"

#include "dataset_test.h"

/* All that is read equals what was made, customer by customer. */
static bool same_customer(const tsr_dataset_info *info, const tsr_block *b, int64_t i, const person *who)
{
    int64_t number = who->number;
    tsr_block expected = make_block(&(shape){0}, who, 1);
    int32_t colour = b->code[1][i];

    bool same = b->key[i] == who->key && memcmp(b->id + 12 * i, who->id, 12) == 0 &&
                memcmp(&b->number[0][i], &expected.number[0][0], 4) == 0 &&
                b->offset[i + 1] - b->offset[i] == number % 5;
    if (number % 4 == 0)
        same = same && colour == -1;
    else
        same = same && strcmp(info->attributes[1].dictionary.text[colour], colours[number % 4 - 1]) == 0;
    for (int64_t j = 0; same && j < number % 5; j++) {
        int64_t at = b->offset[i] + j;
        same = b->time[at] == expected.time[j] && b->amount[at] == expected.amount[j] &&
               b->order[at] == expected.order[j] && b->item[at] == expected.item[j] &&
               b->quantity[at] == expected.quantity[j];
    }
    tsr_block_clear(&expected);
    return same;
}

static void dataset_reads_back_the_same_from_any_number_of_partitions(void **state)
{
    const tsr_comm *comm = *state;
    static const int32_t partitions[] = {1, 4, 16, 61};
    uint8_t first_digest[TSR_DIGEST_SIZE] = {0};
    person *people = calloc(CUSTOMERS, sizeof *people);
    tsr_span first_span = {0};

    make_people(people, CUSTOMERS);
    for (int turn = 0; turn < 4; turn++) {
        const char *folder = folder_of(comm, "round");
        shape s = {partitions[turn], 1, turn % 2 == 1, CUSTOMERS};
        tsr_dataset *dataset = NULL;
        tsr_block block = {0};
        tsr_span span = {0};

        CHECK_ALL(comm, write_dataset(comm, folder, &s) == TSR_OK);
        CHECK_ALL(comm, files_of(folder, false) == partitions[turn] + 1);
        CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
        const tsr_dataset_info *info = tsr_dataset_about(dataset);
        CHECK_ALL(comm, info->customers == CUSTOMERS && info->transactions == 6000);
        CHECK_ALL(comm, strcmp(info->sources, "{\"rows\":[1,2]}") == 0 && info->has == (1 | 2 | 4));
        CHECK_ALL(comm, info->time_first == 86400u * 365 * 20 + 1000 && info->money_scale == 2);
        if (turn == 0) memcpy(first_digest, info->digest, TSR_DIGEST_SIZE);
        CHECK_ALL(comm, memcmp(first_digest, info->digest, TSR_DIGEST_SIZE) == 0);

        CHECK_ALL(comm, tsr_dataset_deal(comm, dataset, &span) == TSR_OK);
        if (turn == 0) first_span = span;
        CHECK_ALL(comm, span.first == first_span.first && span.rows == first_span.rows);
        bool same = true;
        for (int64_t done = 0; done < span.rows; done += 500) { /* blocks that cross partitions */
            int64_t rows = span.rows - done < 500 ? span.rows - done : 500;
            same = same && tsr_dataset_read(dataset, span.first + done, rows, TSR_READ_ALL, &block) == TSR_OK;
            for (int64_t i = 0; same && i < rows; i++)
                same = same_customer(info, &block, i, &people[span.first + done + i]);
        }
        CHECK_ALL(comm, same);
        CHECK_ALL(comm, tsr_dataset_verify(comm, dataset) == TSR_OK);
        tsr_block_clear(&block);
        tsr_dataset_close(&dataset);
        remove_folder(comm, folder);
    }
    free(people);
}

static void deal_gives_contiguous_spans_of_about_equal_cost(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "deal");
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    tsr_span span = {0};
    int64_t end = 0;

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){16, 1, false, CUSTOMERS}) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_deal(comm, dataset, &span) == TSR_OK);
    int64_t mine = span.first + span.rows;
    MPI_Scan(&span.rows, &end, 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    CHECK_ALL(comm, mine == end && span.rows_global == CUSTOMERS);
    CHECK_ALL(comm, comm->rank < comm->size - 1 || end == CUSTOMERS);
    CHECK_ALL(comm, tsr_dataset_read(dataset, span.first, span.rows, TSR_READ_TIME, &block) == TSR_OK);
    double cost = (double)(block.customers + block.transactions), fair = (CUSTOMERS + 6000.0) / comm->size;
    CHECK_ALL(comm, fabs(cost - fair) <= 10);
    CHECK_ALL(comm, !block.id && !block.amount && !block.order && block.time);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    remove_folder(comm, folder);
}

static void dataset_without_customers_is_legal(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "none");
    tsr_dataset *dataset = NULL;
    tsr_span span = {1, 1, 1};

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){3, 1, false, 0}) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    CHECK_ALL(comm, info->customers == 0 && info->time_first > info->time_last);
    CHECK_ALL(comm, tsr_dataset_deal(comm, dataset, &span) == TSR_OK);
    CHECK_ALL(comm, span.first == 0 && span.rows == 0 && span.rows_global == 0);
    CHECK_ALL(comm, tsr_dataset_verify(comm, dataset) == TSR_OK);
    tsr_dataset_close(&dataset);
    remove_folder(comm, folder);
}

static void next_generation_replaces_the_one_before_at_once(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "next");
    tsr_dataset *dataset = NULL;
    char name[300];

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){5, 1, false, CUSTOMERS}) == TSR_OK);
    snprintf(name, sizeof name, "%s/part-00009.g7.h5.part", folder);
    CHECK_ALL(comm, comm->rank != 0 || tsr_file_write(name, "x", 1) == TSR_OK);
    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){3, 2, false, 100}) == TSR_OK);
    CHECK_ALL(comm, files_of(folder, false) == 4);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_about(dataset)->customers == 100 && tsr_dataset_about(dataset)->generation == 2);
    tsr_dataset_close(&dataset);
    remove_folder(comm, folder);
}

static void commit_with_a_missing_partition_fails_on_all_and_leaves_the_old_dataset(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "gone");
    tsr_dataset_info info = make_info(&(shape){4, 2, false, 0});
    tsr_digest_sum sum = {{0}};
    tsr_dataset *dataset = NULL;

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){4, 1, false, 50}) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_commit(comm, folder, &info, &sum) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "part-0000") != NULL);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_about(dataset)->customers == 50);
    tsr_dataset_close(&dataset);
    tsr_dataset_info_clear(&info);
    remove_folder(comm, folder);
}

static void commit_with_other_facts_on_one_rank_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "differ");
    tsr_dataset_info info = make_info(&(shape){4, 1, false, 0});
    tsr_digest_sum sum = {{0}};

    if (comm->size > 1) {
        if (comm->rank == comm->size - 1) info.money_scale = 3;
        CHECK_ALL(comm, tsr_dataset_commit(comm, folder, &info, &sum) == TSR_ECONF);
    }
    tsr_dataset_info_clear(&info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dataset_reads_back_the_same_from_any_number_of_partitions),
        cmocka_unit_test(deal_gives_contiguous_spans_of_about_equal_cost),
        cmocka_unit_test(dataset_without_customers_is_legal),
        cmocka_unit_test(next_generation_replaces_the_one_before_at_once),
        cmocka_unit_test(commit_with_a_missing_partition_fails_on_all_and_leaves_the_old_dataset),
        cmocka_unit_test(commit_with_other_facts_on_one_rank_is_refused),
    };
    return RUN_MPI_TESTS(tests);
}
