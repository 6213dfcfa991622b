#include "mpi_test.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "tessera/file.h"
#include "tessera/table.h"

/* Three chunks of the file and a tail. */
#define MANY 150001

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
    static const int64_t sizes[] = {0, 1, 7, 28007, MANY};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_the_same_bytes_at_any_number_of_ranks),
    };
    return RUN_MPI_TESTS(tests);
}
