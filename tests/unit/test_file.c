#include "unit_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void full_disk_is_told_in_words(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) skip();
    unlink("unit_full.txt.part");
    assert_int_equal(symlink("/dev/full", "unit_full.txt.part"), 0);
    assert_int_equal(tsr_file_write("unit_full.txt", "x", 1), TSR_EIO);
    assert_string_equal(tsr_error_last()->text, "unit_full.txt: cannot be written: No space left on device");
    assert_false(tsr_file_exists("unit_full.txt"));
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
    assert_int_equal(tsr_folder_lock("unit_lock", &lock), TSR_OK);
    assert_int_equal(status_of_lock_in_child("unit_lock"), TSR_EIO);
    tsr_folder_unlock(&lock);
    assert_int_equal(lock, -1);
    assert_int_equal(status_of_lock_in_child("unit_lock"), TSR_OK);
    assert_int_equal(tsr_folder_lock("unit_none", &lock), TSR_EIO);
    assert_int_equal(lock, -1);
    assert_int_equal(tsr_file_remove("unit_lock/.lock"), TSR_OK);
    assert_int_equal(rmdir("unit_lock"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_written_is_read_back_and_ends_with_a_zero),
        cmocka_unit_test(file_that_is_not_there_says_so),
        cmocka_unit_test(write_that_fails_leaves_the_file_before_and_no_other),
        cmocka_unit_test(full_disk_is_told_in_words),
        cmocka_unit_test(folder_is_made_with_its_parents),
        cmocka_unit_test(path_is_joined_with_one_slash),
        cmocka_unit_test(locked_folder_is_refused_to_another_process),
    };
    return RUN_UNIT_TESTS(tests);
}
