#include "unit_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data/table/h5.h"
#include "tessera/file.h"

static void file_written_is_read_back_and_ends_with_a_zero(void **state)
{
    char *bytes = NULL;
    int64_t n = -1;

    (void)state;
    assert_int_equal(tsr_file_write("unit_file.bin", "a\0b", 3), TSR_OK);
    assert_int_equal(tsr_file_read("unit_file.bin", &bytes, &n), TSR_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "a\0b", 4);
    tsr_free(&bytes);
    assert_int_equal(tsr_file_write("unit_file.bin", "", 0), TSR_OK);
    assert_int_equal(tsr_file_read("unit_file.bin", &bytes, &n), TSR_OK);
    assert_int_equal(n, 0);
    tsr_free(&bytes);
    assert_int_equal(tsr_file_remove("unit_file.bin"), TSR_OK);
    assert_int_equal(tsr_file_remove("unit_file.bin"), TSR_OK);
    assert_false(tsr_file_exists("unit_file.bin"));
}

static void file_that_is_not_there_says_so(void **state)
{
    char *bytes = NULL;
    int64_t n;

    (void)state;
    assert_int_equal(tsr_file_read("no/such.txt", &bytes, &n), TSR_EIO);
    assert_string_equal(tsr_error_last()->text, "no/such.txt: cannot be opened: No such file or directory");
    assert_null(bytes);
    assert_int_equal(tsr_file_read(".", &bytes, &n), TSR_EIO);
    assert_int_equal(tsr_file_write("no/such.txt", "x", 1), TSR_EIO);
    assert_string_equal(tsr_error_last()->text, "no/such.txt: cannot be created: No such file or directory");
}

static void write_that_fails_leaves_the_file_before_and_no_other(void **state)
{
    char *bytes = NULL;
    int64_t n;

    (void)state;
    assert_int_equal(tsr_file_write("unit_kept.txt", "old", 3), TSR_OK);
    tsr_fault_set("point=file,rank=0,nth=2"); /* the commit of the write below */
    assert_int_equal(tsr_file_write("unit_kept.txt", "new", 3), TSR_EIO);
    tsr_fault_set(NULL);
    assert_int_equal(tsr_file_read("unit_kept.txt", &bytes, &n), TSR_OK);
    assert_string_equal(bytes, "old");
    assert_false(tsr_file_exists("unit_kept.txt.part"));
    tsr_free(&bytes);
    assert_int_equal(tsr_file_remove("unit_kept.txt"), TSR_OK);
}

static void write_that_the_system_refuses_is_told_in_words_and_leaves_no_file(void **state)
{
    struct rlimit before, none;

    (void)state;
    unlink("unit_full.txt");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    tsr_status st = tsr_file_write("unit_full.txt", "x", 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(st, TSR_EIO);
    assert_string_equal(tsr_error_last()->text, "unit_full.txt: cannot be written: File too large");
    assert_false(tsr_file_exists("unit_full.txt") || tsr_file_exists("unit_full.txt.part"));
}

static void folder_is_made_with_its_parents(void **state)
{
    (void)state;
    assert_int_equal(tsr_folder_make("unit_a/b//c/"), TSR_OK);
    assert_true(tsr_file_exists("unit_a/b/c"));
    assert_int_equal(tsr_folder_make("unit_a/b/c"), TSR_OK);
    assert_int_equal(tsr_folder_make("."), TSR_OK);
    assert_int_equal(tsr_file_write("unit_a/file", "", 0), TSR_OK);
    assert_int_equal(tsr_folder_make("unit_a/file/x"), TSR_EIO);
    assert_string_equal(tsr_error_last()->text, "unit_a/file: is a file, not a folder");
    assert_int_equal(tsr_file_remove("unit_a/file"), TSR_OK);
    assert_int_equal(rmdir("unit_a/b/c") | rmdir("unit_a/b") | rmdir("unit_a"), 0);
}

static void path_is_joined_with_one_slash(void **state)
{
    static const struct {
        const char *folder, *expected;
    } cases[] = {{"runs", "runs/part-3"}, {"runs/", "runs/part-3"}, {"", "part-3"}, {"/", "/part-3"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = NULL;
        assert_int_equal(tsr_path(&path, cases[i].folder, "part-%d", 3), TSR_OK);
        assert_string_equal(path, cases[i].expected);
        tsr_free(&path);
    }
}

/* Another process is needed: a process never waits for its own lock. */
static int status_of_lock_in_child(const char *folder)
{
    int lock = -1, status = -1;
    pid_t child = fork();

    if (child == 0) _exit(tsr_folder_lock(folder, &lock));
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void locked_folder_is_refused_to_another_process(void **state)
{
    int lock = -1;

    (void)state;
    assert_int_equal(tsr_folder_make("unit_lock"), TSR_OK);
    setenv("TESSERA_LOCK_SECONDS", "0", 1);
    assert_int_equal(tsr_folder_lock("unit_lock", &lock), TSR_OK);
    assert_int_equal(status_of_lock_in_child("unit_lock"), TSR_EIO);
    unsetenv("TESSERA_LOCK_SECONDS");
    tsr_folder_unlock(&lock);
    assert_int_equal(lock, -1);
    assert_int_equal(status_of_lock_in_child("unit_lock"), TSR_OK);
    assert_int_equal(tsr_folder_lock("unit_none", &lock), TSR_EIO);
    assert_int_equal(lock, -1);
    assert_int_equal(tsr_file_remove("unit_lock/.lock"), TSR_OK);
    assert_int_equal(rmdir("unit_lock"), 0);
}

/* Ranks of a killed job may die after mpirun has returned. */
static void lock_of_a_process_that_ends_is_waited_for(void **state)
{
    const struct timespec moment = {.tv_nsec = 200000000};
    int lock = -1, held[2], status = -1;
    char sign = 0;

    (void)state;
    assert_int_equal(tsr_folder_make("unit_dying"), TSR_OK);
    assert_int_equal(pipe(held), 0);
    pid_t child = fork();
    if (child == 0) {
        if (tsr_folder_lock("unit_dying", &lock) != TSR_OK || write(held[1], "x", 1) != 1) _exit(1);
        nanosleep(&moment, NULL);
        _exit(0);
    }
    assert_int_equal(read(held[0], &sign, 1), 1);
    assert_int_equal(tsr_folder_lock("unit_dying", &lock), TSR_OK);
    tsr_folder_unlock(&lock);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(held[0]);
    close(held[1]);
    assert_int_equal(tsr_file_remove("unit_dying/.lock"), TSR_OK);
    assert_int_equal(rmdir("unit_dying"), 0);
}

static void unfinished_file_that_another_process_holds_is_left_to_it(void **state)
{
    int64_t bytes = 0;
    char *text = NULL, early[8] = "";
    hid_t file = H5I_INVALID_HID;

    (void)state;
    for (int h5 = 0; h5 < 2; h5++) {
        int held = open("unit_held.part", O_RDWR | O_CREAT | O_TRUNC, 0666);
        assert_true(held >= 0 && flock(held, LOCK_EX) == 0); /* as HDF5 locks what it writes */
        if (h5) {
            assert_int_equal(tsr_h5_create("unit_held.part", "unit_held", 4096, &file), TSR_OK);
            assert_int_equal(tsr_h5_finish(&file, "unit_held", NULL), TSR_OK);
            assert_int_equal(tsr_file_commit("unit_held.part", "unit_held"), TSR_OK);
        } else {
            assert_int_equal(tsr_file_write("unit_held", "new", 3), TSR_OK);
        }
        assert_int_equal(write(held, "late", 4), 4);
        assert_int_equal(tsr_file_read("unit_held", &text, &bytes), TSR_OK);
        assert_int_equal(memcmp(text, h5 ? "\x89HDF" : "new", h5 ? 4 : 3), 0);
        tsr_free(&text);
        assert_int_equal(pread(held, early, sizeof early, 0), 4);
        close(held);
    }
    assert_int_equal(tsr_file_remove("unit_held"), TSR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_written_is_read_back_and_ends_with_a_zero),
        cmocka_unit_test(file_that_is_not_there_says_so),
        cmocka_unit_test(write_that_fails_leaves_the_file_before_and_no_other),
        cmocka_unit_test(write_that_the_system_refuses_is_told_in_words_and_leaves_no_file),
        cmocka_unit_test(folder_is_made_with_its_parents),
        cmocka_unit_test(path_is_joined_with_one_slash),
        cmocka_unit_test(locked_folder_is_refused_to_another_process),
        cmocka_unit_test(lock_of_a_process_that_ends_is_waited_for),
        cmocka_unit_test(unfinished_file_that_another_process_holds_is_left_to_it),
    };
    return RUN_UNIT_TESTS(tests);
}
