#include "mpi_test.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "full_disk.h"
#include "tessera/file.h"
#include "tessera/table.h"

/* Three chunks of the file and a tail; fewer where the build forces many small transfers, each of a part of a chunk. */
#define MANY   (TSR_CHUNK_BYTES < 1000000 ? 1001 : 150001)
#define BORDER (TSR_CHUNK_BYTES < 1000000 ? 511 : 131071) /* the last row of a chunk, or of a transfer */

enum { KEY, ID, REAL, WIDE, CODE, COLUMNS };

static const char *const meaning[] = {"first", "second \xc3\xa4", "third"};

static const tsr_column columns[COLUMNS] = {
    {.name = "key", .type = TSR_U64, .width = 1, .unit = "", .description = "a key"},
    {.name = "id", .type = TSR_TEXT, .width = 8, .unit = "", .description = "an id"},
    {.name = "spend", .type = TSR_F64, .width = 1, .unit = "EUR", .description = "money", .position = 2},
    {.name = "pca", .type = TSR_F32, .width = 3, .unit = "", .description = "scores"},
    {.name = "group", .type = TSR_I8, .width = 1, .unit = "code", .names = meaning, .names_n = 3},
};

typedef struct source {
    int64_t first; /* row of the table where this rank begins */
    int64_t fail_at;
    int negative; /* write -0 and odd NaNs: the digest must not see it */
} source;

static double real_of(int64_t row, int negative)
{
    if (row % 7 == 0) return negative ? -0.0 : 0.0;
    if (row % 11 == 0) return negative ? -NAN : NAN;
    return (double)row / 3;
}

static tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    const source *from = context;

    for (int64_t i = 0; i < rows; i++) {
        int64_t row = from->first + first + i;
        if (row == from->fail_at) return TSR_FAIL(TSR_EDATA, "row of the test");
        ((uint64_t *)values[KEY])[i] = (uint64_t)row * 0x9e3779b97f4a7c15u;
        char *id = (char *)values[ID] + 8 * i;
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)row);
        memset(id, 0, 8);
        memcpy(id, text, strlen(text));
        ((double *)values[REAL])[i] = real_of(row, from->negative);
        for (int j = 0; j < 3; j++) ((float *)values[WIDE])[3 * i + j] = (float)(row * 3 + j);
        ((int8_t *)values[CODE])[i] = (int8_t)(row % 3);
    }
    return TSR_OK;
}

/* Shares as uneven as can be: the first rank has little, the last nothing, where there are several. */
static tsr_span uneven(const tsr_comm *comm, int64_t rows)
{
    int64_t mine = 0;

    if (comm->size == 1)
        mine = rows;
    else if (comm->size == 2)
        mine = comm->rank == 0 ? rows : 0;
    else if (comm->rank < comm->size - 1) {
        int64_t share = rows / (comm->size - 1);
        mine = comm->rank == 0 ? share / 3 : share;
        if (comm->rank == 1) mine = rows - share / 3 - share * (comm->size - 3);
    }
    return tsr_span_of(comm, mine);
}

static tsr_status write_table(const tsr_comm *comm, const char *path, int64_t rows, int negative, uint8_t *digest)
{
    tsr_span span = uneven(comm, rows);
    source from = {span.first, -1, negative};

    return tsr_table_write(comm, path, columns, COLUMNS, &span, fill, &from, digest);
}

static const char *path_of(const tsr_comm *comm, const char *name)
{
    static char path[2][256];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "table_np%d_%s", comm->size, name);
    return path[turn];
}

static bool same_bytes(const char *a, const char *b)
{
    char *left = NULL, *right = NULL;
    int64_t n = 0, m = -1;

    bool same = tsr_file_read(a, &left, &n) == TSR_OK && tsr_file_read(b, &right, &m) == TSR_OK && n == m &&
                memcmp(left, right, (size_t)n) == 0;
    tsr_free(&left);
    tsr_free(&right);
    return same;
}

static void file_is_the_same_bytes_at_any_number_of_ranks(void **state)
{
    const tsr_comm *comm = *state;
    static const int64_t sizes[] = {0, 1, 7, MANY};
    tsr_comm alone = tsr_comm_open(MPI_COMM_SELF);
    char one[256], all[256];
    uint8_t digest_one[TSR_DIGEST_SIZE] = {0}, digest_all[TSR_DIGEST_SIZE] = {1}, again[TSR_DIGEST_SIZE] = {2};

    strcpy(one, path_of(comm, "one.h5"));
    strcpy(all, path_of(comm, "all.h5"));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t rows = sizes[i];
        mallopt(M_PERTURB, 85); /* what was in memory before must not get into the file */
        tsr_status st = comm->rank == 0 ? write_table(&alone, one, rows, 0, digest_one) : TSR_OK;
        CHECK_ALL(comm, st == TSR_OK);
        tsr_bcast(comm, digest_one, sizeof digest_one, 0);
        mallopt(M_PERTURB, 170);
        CHECK_ALL(comm, write_table(comm, all, rows, 0, NULL) == TSR_OK);
        CHECK_ALL(comm, comm->rank != 0 || same_bytes(one, all));
        CHECK_ALL(comm, write_table(comm, all, rows, 1, digest_all) == TSR_OK);
        CHECK_ALL(comm, memcmp(digest_one, digest_all, TSR_DIGEST_SIZE) == 0);
        CHECK_ALL(comm, tsr_table_digest(comm, all, again) == TSR_OK);
        CHECK_ALL(comm, memcmp(digest_one, again, TSR_DIGEST_SIZE) == 0);
    }
    mallopt(M_PERTURB, 0);
    tsr_comm_close(&alone);
    MPI_Barrier(comm->mpi);
    unlink(one);
    unlink(all);
}

static void columns_read_back_by_name_and_converted(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "read.h5");
    tsr_table *table = NULL;
    int32_t n = 0;

    CHECK_ALL(comm, write_table(comm, path, MANY, 0, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path, &table) == TSR_OK);
    const tsr_column *all = tsr_table_columns(table, &n);
    CHECK_ALL(comm, tsr_table_rows(table) == MANY && n == COLUMNS);
    CHECK_ALL(comm, strcmp(all[0].name, "group") == 0 && strcmp(all[4].name, "spend") == 0);
    CHECK_ALL(comm, all[0].names_n == 3 && strcmp(all[0].names[1], meaning[1]) == 0);
    CHECK_ALL(comm, strcmp(all[4].unit, "EUR") == 0 && strcmp(all[4].description, "money") == 0);
    CHECK_ALL(comm, all[4].position == 2 && all[0].position == 0);
    CHECK_ALL(comm, tsr_table_find(table, "pca")->width == 3 && tsr_table_find(table, "id")->type == TSR_TEXT);
    CHECK_ALL(comm, tsr_table_find(table, "nothing") == NULL);

    double spend[4], scores[6];
    int64_t group[4];
    char id[16];
    const int64_t at = BORDER;
    CHECK_ALL(comm, tsr_table_read(table, "spend", at, 4, TSR_F64, spend) == TSR_OK);
    CHECK_ALL(comm, spend[1] == real_of(at + 1, 0) || (isnan(spend[1]) && isnan(real_of(at + 1, 0))));
    CHECK_ALL(comm, tsr_table_read(table, "group", at, 4, TSR_I64, group) == TSR_OK && group[3] == (at + 3) % 3);
    CHECK_ALL(comm, tsr_table_read(table, "pca", at, 2, TSR_F64, scores) == TSR_OK && scores[5] == 3 * (at + 1) + 2);
    CHECK_ALL(comm,
              tsr_table_read(table, "id", at, 2, TSR_TEXT, id) == TSR_OK && atoll(id) == at && strnlen(id, 8) < 8);
    CHECK_ALL(comm, tsr_table_read(table, "spend", MANY, 0, TSR_F64, spend) == TSR_OK);

    CHECK_ALL(comm, tsr_table_read(table, "spend", MANY - 1, 2, TSR_F64, spend) == TSR_EDATA);
    CHECK_ALL(comm, tsr_table_read(table, "nothing", 0, 1, TSR_F64, spend) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no column nothing") != NULL);
    CHECK_ALL(comm, tsr_table_read(table, "id", 0, 1, TSR_F64, spend) == TSR_EDATA);
    tsr_table_close(&table);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

static tsr_status fill_one(void *context, int64_t first, int64_t rows, void *const *values)
{
    const source *from = context;

    for (int64_t i = 0; i < rows; i++) ((double *)values[0])[i] = (double)(from->first + first + i) / 2;
    return TSR_OK;
}

static tsr_status fill_two(void *context, int64_t first, int64_t rows, void *const *values)
{
    const source *from = context;

    for (int64_t i = 0; i < rows; i++) ((int32_t *)values[0])[i] = (int32_t)(from->first + first + i);
    return TSR_OK;
}

static void column_of_another_file_is_there_once_that_file_is(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_column there[] = {{.name = "half", .type = TSR_F64, .width = 1, .position = 3}};
    char path[64], other[64];
    tsr_span span = tsr_span_even(MANY, 1, comm->rank, comm->size);
    source from = {.first = span.first, .fail_at = -1};
    tsr_table *table = NULL;
    int32_t n = 0;
    double half = 0;

    snprintf(path, sizeof path, "table_linked_np%d.h5", comm->size);
    snprintf(other, sizeof other, "table_other_np%d.h5", comm->size);
    const tsr_column here[] = {{.name = "row", .type = TSR_I32, .width = 1},
                               {.name = "half", .type = TSR_F64, .width = 1, .file = other}};
    if (comm->rank == 0) unlink(other);
    CHECK_ALL(comm, tsr_table_write(comm, path, here, 2, &span, fill_two, &from, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path, &table) == TSR_OK);
    (void)tsr_table_columns(table, &n);
    CHECK_ALL(comm, n == 1 && tsr_table_find(table, "half") == NULL);
    tsr_table_close(&table);

    CHECK_ALL(comm, tsr_table_write(comm, other, there, 1, &span, fill_one, &from, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path, &table) == TSR_OK);
    CHECK_ALL(comm, tsr_table_find(table, "half") != NULL && tsr_table_find(table, "half")->position == 3);
    CHECK_ALL(comm, tsr_table_read(table, "half", BORDER, 1, TSR_F64, &half) == TSR_OK && half == BORDER / 2.0);
    tsr_table_close(&table);
}

static void fill_that_fails_on_one_rank_fails_on_all_and_leaves_no_file(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "fail.h5");
    char part[300];
    static const int64_t rows_that_fail[] = {0, MANY / 2, MANY - 1};

    snprintf(part, sizeof part, "%s.part", path);
    for (int i = 0; i < 3; i++) {
        tsr_span span = uneven(comm, MANY);
        source from = {span.first, rows_that_fail[i], 0};
        tsr_status st = tsr_table_write(comm, path, columns, COLUMNS, &span, fill, &from, NULL);
        CHECK_ALL(comm, st == TSR_EDATA && strcmp(tsr_error_last()->text, "row of the test") == 0);
        CHECK_ALL(comm, !tsr_file_exists(path) && !tsr_file_exists(part));
    }
}

static void table_that_fails_leaves_the_one_before(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "before.h5");
    tsr_span span = uneven(comm, 100);
    source from = {span.first, 50, 0};
    uint8_t digest[TSR_DIGEST_SIZE], after[TSR_DIGEST_SIZE];

    CHECK_ALL(comm, write_table(comm, path, 30, 0, digest) == TSR_OK);
    CHECK_ALL(comm, tsr_table_write(comm, path, columns, COLUMNS, &span, fill, &from, NULL) == TSR_EDATA);
    CHECK_ALL(comm, tsr_table_digest(comm, path, after) == TSR_OK && memcmp(digest, after, sizeof digest) == 0);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

static void folder_that_cannot_be_written_is_one_clear_text_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;

    CHECK_ALL(comm, write_table(comm, "no/such/folder/t.h5", 100, 0, NULL) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no/such/folder/t.h5: cannot be created: No such file") != NULL);
    CHECK_ALL(comm, write_table(comm, "/proc/t.h5", 100, 0, NULL) == TSR_EIO);
}

static void disk_without_room_is_one_clear_text_and_leaves_no_file(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "full.h5");
    char part[300];

    snprintf(part, sizeof part, "%s.part", path);
    limit_files(20000);
    tsr_status st = write_table(comm, path, MANY, 0, NULL);
    limit_files(0);
    CHECK_ALL(comm, st == TSR_EIO && strstr(tsr_error_last()->text, "full.h5: cannot be written: File too large"));
    CHECK_ALL(comm, !tsr_file_exists(path) && !tsr_file_exists(part));
}

static void bad_columns_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "bad.h5");
    static const char *const names[] = {"", "a/b", ".", "key"};
    tsr_span span = tsr_span_of(comm, 0);
    source from = {0, -1, 0};

    for (int i = 0; i < 4; i++) {
        tsr_column two[2] = {columns[KEY], columns[REAL]};
        strcpy(two[1].name, names[i]);
        CHECK_ALL(comm, tsr_table_write(comm, path, two, 2, &span, fill, &from, NULL) == TSR_ECONF);
    }
    CHECK_ALL(comm, tsr_table_write(comm, path, columns, 0, &span, fill, &from, NULL) == TSR_ECONF);
    CHECK_ALL(comm, !tsr_file_exists(path));
}

static void ranks_that_disagree_on_the_columns_are_told(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "differ.h5");
    tsr_span span = tsr_span_of(comm, 1);
    source from = {span.first, -1, 0};

    if (comm->size == 1) return;
    CHECK_ALL(comm,
              tsr_table_write(comm, path, columns, COLUMNS - (comm->rank == 1), &span, fill, &from, NULL) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "columns and rows of a table") != NULL);
    CHECK_ALL(comm, !tsr_file_exists(path));
}

static void refused(const tsr_comm *comm, const char *path, tsr_status status, const char *text)
{
    uint8_t digest[TSR_DIGEST_SIZE];
    tsr_status st = tsr_table_digest(comm, path, digest);

    CHECK_ALL(comm, st == status);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, path) != NULL && strstr(tsr_error_last()->text, text) != NULL);
}

static void write_bytes(const tsr_comm *comm, const char *path, const char *bytes, int64_t n)
{
    CHECK_ALL(comm, comm->rank != 0 || tsr_file_write(path, bytes, n) == TSR_OK);
}

static void damaged_and_foreign_files_are_named(void **state)
{
    const tsr_comm *comm = *state;
    char path[256], *bytes = NULL;
    int64_t n = 0;

    strcpy(path, path_of(comm, "damaged.h5"));
    refused(comm, path, TSR_EIO, "No such file");
    write_bytes(comm, path, "", 0);
    refused(comm, path, TSR_EDATA, "is empty");
    write_bytes(comm, path, "id,amount\n", 10);
    refused(comm, path, TSR_EDATA, "is not an HDF5 file");
    CHECK_ALL(comm, write_table(comm, path, MANY / 2, 0, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_file_read(path, &bytes, &n) == TSR_OK);
    write_bytes(comm, path, bytes, n / 2);
    refused(comm, path, TSR_EDATA, "truncated file");
    bytes[n / 2] ^= 4;
    write_bytes(comm, path, bytes, n);
    refused(comm, path, TSR_EDATA, "checksum");
    tsr_free(&bytes);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

static void failures_of_memory_and_files_on_one_rank_are_the_same_status_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "fault.h5");
    static const char *const points[] = {"alloc", "file"};
    int failures = 0;
    uint8_t digest[TSR_DIGEST_SIZE];

    for (int p = 0; p < 2; p++)
        for (int nth = 1; nth <= (p == 0 ? 24 : 6); nth++) {
            fail_last_rank(comm, points[p], nth);
            tsr_status st = write_table(comm, path, 1000, 0, digest);
            if (st == TSR_OK) st = tsr_table_digest(comm, path, digest);
            tsr_fault_set(NULL);
            CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
            CHECK_ALL(comm, st == TSR_OK || st == (p == 0 ? TSR_ENOMEM : TSR_EIO));
            failures += st != TSR_OK;
        }
    CHECK_ALL(comm, failures > 12);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

/* ---- hints ---- */

static char opened_with[MPI_MAX_INFO_VAL];

/* In place of the library's, which HDF5 would call: looks at what arrives, and goes on to it. */
int MPI_File_open(MPI_Comm among, const char *name, int mode, MPI_Info info, MPI_File *file)
{
    int there = 0;

    opened_with[0] = '\0';
    if (info != MPI_INFO_NULL) MPI_Info_get(info, "cb_nodes", sizeof opened_with - 1, opened_with, &there);
    return PMPI_File_open(among, name, mode, info, file);
}

static void hints_of_the_environment_arrive_at_the_file(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = "hints.h5";
    uint8_t digest[TSR_DIGEST_SIZE];

    CHECK_ALL(comm, write_table(comm, path, 100, 0, digest) == TSR_OK && opened_with[0] == '\0');
    if (comm->rank == 0) setenv("TESSERA_IO_HINTS", "striping_unit=65536;cb_nodes=2", 1);
    CHECK_ALL(comm, write_table(comm, path, 100, 0, digest) == TSR_OK && strcmp(opened_with, "2") == 0);
    if (comm->rank == 0) setenv("TESSERA_IO_HINTS", "cb_nodes=2;collective", 1);
    CHECK_ALL(comm, write_table(comm, path, 100, 0, digest) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "\"collective\" is not of the form name=value") != NULL);
    unsetenv("TESSERA_IO_HINTS");
    MPI_Barrier(comm->mpi);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_the_same_bytes_at_any_number_of_ranks),
        cmocka_unit_test(columns_read_back_by_name_and_converted),
        cmocka_unit_test(column_of_another_file_is_there_once_that_file_is),
        cmocka_unit_test(fill_that_fails_on_one_rank_fails_on_all_and_leaves_no_file),
        cmocka_unit_test(table_that_fails_leaves_the_one_before),
        cmocka_unit_test(folder_that_cannot_be_written_is_one_clear_text_on_all_ranks),
        cmocka_unit_test(disk_without_room_is_one_clear_text_and_leaves_no_file),
        cmocka_unit_test(bad_columns_are_refused),
        cmocka_unit_test(ranks_that_disagree_on_the_columns_are_told),
        cmocka_unit_test(damaged_and_foreign_files_are_named),
        cmocka_unit_test(failures_of_memory_and_files_on_one_rank_are_the_same_status_on_all),
        cmocka_unit_test(hints_of_the_environment_arrive_at_the_file),
    };
    return RUN_MPI_TESTS(tests);
}
