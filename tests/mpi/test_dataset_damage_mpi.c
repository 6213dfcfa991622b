/* A dataset on a disk that is full or loses bytes, and one rank that fails: said on all ranks, with the file's name. */
#include "mpi_test.h"

#include <sys/stat.h>

#include "dataset_test.h"
#include "full_disk.h"

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
        cmocka_unit_test(disk_without_room_leaves_the_dataset_before),
        cmocka_unit_test(flipped_byte_is_found_and_its_file_named),
        cmocka_unit_test(damaged_dataset_cannot_be_opened),
        cmocka_unit_test(failures_on_one_rank_are_the_same_status_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
