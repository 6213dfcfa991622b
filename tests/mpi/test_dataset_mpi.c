#include "mpi_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tessera/dataset.h"
#include "tessera/file.h"

/* A population made up from customer numbers: customer c has c % 5 transactions. */
#define CUSTOMERS 3001

static char *colours[] = {"blue", "green", "red \xc3\xa9"};
static char *colours_other[] = {"amber", "blue", "green", "red \xc3\xa9", "white"};
static char *goods[] = {"A1", "B2"};

typedef struct person {
    uint64_t key;
    char id[12];
    int64_t number;
} person;

static int by_key(const void *a, const void *b)
{
    const person *x = a, *y = b;

    return x->key != y->key ? (x->key < y->key ? -1 : 1) : strcmp(x->id, y->id);
}

/* All customers in (key, id) order. Every 100th shares its key with the one before. */
static void make_people(person *people, int64_t n)
{
    for (int64_t c = 0; c < n; c++) {
        memset(people[c].id, 0, sizeof people[c].id);
        snprintf(people[c].id, sizeof people[c].id, "C%d", (int)c);
        people[c].number = c;
        people[c].key = c % 100 == 99 ? people[c - 1].key : tsr_key_of_id(people[c].id, strlen(people[c].id));
    }
    qsort(people, (size_t)n, sizeof *people, by_key);
}

typedef struct shape {
    int32_t partitions, generation;
    bool other_dictionary; /* the same strings under other codes */
    int64_t customers;
} shape;

static tsr_dataset_info make_info(const shape *s)
{
    tsr_dataset_info info = {.partitions = s->partitions,
                             .generation = s->generation,
                             .id_width = 12,
                             .id_kind = "given",
                             .money_scale = 2,
                             .currency = "EUR",
                             .time_zone = "Europe/Berlin",
                             .resolution = 1,
                             .has = TSR_HAS_ORDER | TSR_HAS_ITEM | TSR_HAS_QUANTITY};
    char **words = s->other_dictionary ? colours_other : colours;

    info.attributes_n = 2;
    assert_int_equal(tsr_alloc(&info.attributes, 2, sizeof(tsr_attribute)), TSR_OK);
    strcpy(info.attributes[0].name, "age");
    strcpy(info.attributes[1].name, "colour");
    info.attributes[1].categorical = true;
    info.attributes[1].dictionary.n = s->other_dictionary ? 5 : 3;
    assert_int_equal(tsr_alloc(&info.attributes[1].dictionary.text, 5, sizeof(char *)), TSR_OK);
    for (int32_t i = 0; i < info.attributes[1].dictionary.n; i++)
        assert_int_equal(tsr_strdup(&info.attributes[1].dictionary.text[i], words[i]), TSR_OK);
    info.dictionary[TSR_ITEMS].n = 2;
    assert_int_equal(tsr_alloc(&info.dictionary[TSR_ITEMS].text, 2, sizeof(char *)), TSR_OK);
    for (int32_t i = 0; i < 2; i++) assert_int_equal(tsr_strdup(&info.dictionary[TSR_ITEMS].text[i], goods[i]), TSR_OK);
    assert_int_equal(tsr_strdup(&info.sources, "{\"rows\":[1,2]}"), TSR_OK);
    return info;
}

static void fill_record(tsr_block *b, int64_t number, int64_t j, int64_t at)
{
    b->time[at] = (uint32_t)(86400 * 365 * 20 + number * 1000 + j * 86400);
    b->amount[at] = (j == 2 ? -1 : 1) * (number * 300000 + j);
    b->order[at] = (uint64_t)(number * 10 + j);
    b->item[at] = (int32_t)((number + j) % 3) - 1;
    b->quantity[at] = (int32_t)(number * j);
}

static tsr_block make_block(const shape *s, const person *people, int64_t n)
{
    tsr_block b = {.customers = n, .id_width = 12, .attributes_n = 2};

    for (int64_t i = 0; i < n; i++) b.transactions += people[i].number % 5;
    assert_int_equal(tsr_alloc(&b.key, n, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.id, n, 12), TSR_OK);
    assert_int_equal(tsr_alloc(&b.number, 2, sizeof(float *)), TSR_OK);
    assert_int_equal(tsr_alloc(&b.code, 2, sizeof(int32_t *)), TSR_OK);
    assert_int_equal(tsr_alloc(&b.number[0], n, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.code[1], n, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.offset, n + 1, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.time, b.transactions, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.amount, b.transactions, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.order, b.transactions, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.item, b.transactions, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.quantity, b.transactions, 4), TSR_OK);
    for (int64_t i = 0; i < n; i++) {
        int64_t number = people[i].number;
        b.key[i] = people[i].key;
        memcpy(b.id + 12 * i, people[i].id, 12);
        b.number[0][i] = number % 9 == 0 ? NAN : (float)number / 4;
        b.code[1][i] = (int32_t)(number % 4) - 1;
        if (s->other_dictionary && b.code[1][i] >= 0) b.code[1][i]++;
        b.offset[i + 1] = b.offset[i] + number % 5;
        for (int64_t j = 0; j < number % 5; j++) fill_record(&b, number, j, b.offset[i] + j);
    }
    return b;
}

/* Write this rank's partitions. */
static tsr_status write_mine(const tsr_comm *comm, const char *folder, const shape *s, const tsr_dataset_info *info,
                             const person *people, tsr_digest_sum *sum)
{
    tsr_status st = TSR_OK;
    int64_t first = 0;

    for (int32_t p = 0; p < s->partitions && st == TSR_OK; p++) {
        int64_t n = 0;
        while (first + n < s->customers && tsr_partition_of(people[first + n].key, s->partitions) == p) n++;
        if (tsr_partition_rank(p, s->partitions, comm->size) == comm->rank) {
            tsr_block block = make_block(s, people + first, n);
            st = tsr_partition_write(folder, info, p, &block, sum);
            tsr_block_clear(&block);
        }
        first += n;
    }
    return st;
}

static tsr_status write_dataset(const tsr_comm *comm, const char *folder, const shape *s)
{
    tsr_status st = TSR_OK;
    tsr_dataset_info info = make_info(s);
    tsr_digest_sum sum = {{0}};
    person *people = calloc((size_t)CUSTOMERS, sizeof *people);

    make_people(people, s->customers);
    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_AGREE(comm, write_mine(comm, folder, s, &info, people, &sum));
    TSR_TRY(tsr_dataset_commit(comm, folder, &info, &sum));
done:
    free(people);
    tsr_dataset_info_clear(&info);
    return st;
}

/* Files of the folder; removes them and the folder too where asked. */
static int files_of(const char *folder, bool away)
{
    int n = 0;
    DIR *files = opendir(folder);

    for (struct dirent *e; files && (e = readdir(files)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        n++;
        if (away) unlinkat(dirfd(files), e->d_name, 0);
    }
    if (files) closedir(files);
    if (away) rmdir(folder);
    return n;
}

static const char *folder_of(const tsr_comm *comm, const char *name)
{
    static char folder[256];

    snprintf(folder, sizeof folder, "dataset_np%d_%s", comm->size, name);
    if (comm->rank == 0) files_of(folder, true);
    MPI_Barrier(comm->mpi);
    return folder;
}

static void remove_folder(const tsr_comm *comm, const char *folder)
{
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) files_of(folder, true);
}

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

/* Local. No file may grow beyond @p bytes (0: as before): what a full disk is to a writer. */
static void limit_files(rlim_t bytes)
{
    static struct rlimit before;
    struct rlimit now;

    if (bytes == 0) {
        setrlimit(RLIMIT_FSIZE, &before);
        return;
    }
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    now = (struct rlimit){.rlim_cur = bytes, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
}

static void disk_without_room_leaves_the_dataset_before(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "full");
    tsr_dataset *dataset = NULL;

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){2, 1, false, 50}) == TSR_OK);
    limit_files(100000);
    tsr_status st = write_dataset(comm, folder, &(shape){2, 2, false, CUSTOMERS});
    limit_files(0);
    CHECK_ALL(comm, st == TSR_EIO && strstr(tsr_error_last()->text, "cannot be written: File too large"));
    CHECK_ALL(comm, files_of(folder, false) == 3);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_about(dataset)->generation == 1 && tsr_dataset_verify(comm, dataset) == TSR_OK);
    tsr_dataset_close(&dataset);
    remove_folder(comm, folder);
}

/* Change one byte in the middle of a file. */
static void flip(const char *path, int64_t at)
{
    int fd = open(path, O_RDWR);
    char c = 0;

    if (pread(fd, &c, 1, at) != 1) abort();
    c ^= 1;
    if (pwrite(fd, &c, 1, at) != 1) abort();
    close(fd);
}

static void flipped_byte_is_found_and_its_file_named(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "flip");
    char name[300];
    struct stat about;

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){4, 1, false, CUSTOMERS}) == TSR_OK);
    snprintf(name, sizeof name, "%s/part-00002.g1.h5", folder);
    CHECK_ALL(comm, stat(name, &about) == 0);
    for (int i = 1; i < 8; i++) {
        tsr_dataset *dataset = NULL;
        int64_t at = about.st_size * i / 8;
        MPI_Barrier(comm->mpi);
        if (comm->rank == 0) flip(name, at);
        MPI_Barrier(comm->mpi);
        CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
        CHECK_ALL(comm, tsr_dataset_verify(comm, dataset) == TSR_EDATA);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, "part-00002.g1.h5") != NULL);
        tsr_dataset_close(&dataset);
        MPI_Barrier(comm->mpi);
        if (comm->rank == 0) flip(name, at);
    }
    remove_folder(comm, folder);
}

static void damaged_dataset_cannot_be_opened(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "damaged");
    char name[300], json[300], *text = NULL;
    tsr_dataset *dataset = NULL;
    int64_t n = 0;

    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_EIO && !dataset);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "there is no dataset.json") != NULL);

    CHECK_ALL(comm, write_dataset(comm, folder, &(shape){4, 1, false, CUSTOMERS}) == TSR_OK);
    snprintf(name, sizeof name, "%s/part-00003.g1.h5", folder);
    CHECK_ALL(comm, comm->rank != 0 || truncate(name, 1234) == 0);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_EDATA && !dataset);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "part-00003.g1.h5: 1234 bytes, dataset.json says ") != NULL);
    CHECK_ALL(comm, comm->rank != 0 || unlink(name) == 0);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_EIO && !dataset);

    snprintf(json, sizeof json, "%s/dataset.json", folder);
    CHECK_ALL(comm, tsr_file_read(json, &text, &n) == TSR_OK);
    char *version = strstr(text, "\"version\": 1");
    version[11] = '9';
    CHECK_ALL(comm, comm->rank != 0 || tsr_file_write(json, text, n) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_EDATA && !dataset);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "version 9") != NULL);
    CHECK_ALL(comm, comm->rank != 0 || tsr_file_write(json, text, n / 2) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_EDATA && !dataset);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "dataset.json: line ") != NULL);
    tsr_free(&text);
    remove_folder(comm, folder);
}

static void failures_on_one_rank_are_the_same_status_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const char *folder = folder_of(comm, "fault");
    const char *points[] = {"alloc", "file"};
    int failures = 0;

    for (int p = 0; p < 2; p++)
        for (int nth = 1; nth < 60; nth += p == 0 ? 7 : 1) {
            /* With "alloc", making the test's own data would fail: a sound dataset is read. */
            if (p == 1) fail_last_rank(comm, points[p], nth);
            tsr_status st = write_dataset(comm, folder, &(shape){8, 1, false, 60});
            if (p == 0) fail_last_rank(comm, points[p], nth);
            tsr_dataset *dataset = NULL;
            tsr_span span;
            if (st == TSR_OK) st = tsr_dataset_open(comm, folder, &dataset);
            if (st == TSR_OK) st = tsr_dataset_deal(comm, dataset, &span);
            if (st == TSR_OK) st = tsr_dataset_verify(comm, dataset);
            tsr_fault_set(NULL);
            CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
            CHECK_ALL(comm, st == TSR_OK || st == (p == 0 ? TSR_ENOMEM : TSR_EIO));
            failures += st != TSR_OK;
            tsr_dataset_close(&dataset);
            MPI_Barrier(comm->mpi);
        }
    CHECK_ALL(comm, failures > 6);
    remove_folder(comm, folder);
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
        cmocka_unit_test(disk_without_room_leaves_the_dataset_before),
        cmocka_unit_test(flipped_byte_is_found_and_its_file_named),
        cmocka_unit_test(damaged_dataset_cannot_be_opened),
        cmocka_unit_test(failures_on_one_rank_are_the_same_status_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
