#include "unit_test.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_status_has_a_text_and_its_exit_value(void **state)
{
    (void)state;
    assert_int_equal(TSR_OK, 0);
    assert_int_equal(TSR_ECONF, 2);
    assert_int_equal(TSR_EPEER, 8);
    assert_string_equal(tsr_status_text(TSR_OK), "done");
    assert_string_equal(tsr_status_text(TSR_EIO), "input or output");
    assert_string_equal(tsr_status_text((tsr_status)99), "unknown status");
}

static void failure_leaves_a_record(void **state)
{
    (void)state;
    assert_int_equal(TSR_FAIL(TSR_EDATA, "%s:%d: no such date", "a.csv", 12), TSR_EDATA);
    const tsr_error *last = tsr_error_last();
    assert_int_equal(last->status, TSR_EDATA);
    assert_int_equal(last->rank, -1);
    assert_int_equal(last->line, __LINE__ - 4);
    assert_string_equal(last->file, "tests/unit/test_status.c");
    assert_string_equal(last->text, "a.csv:12: no such date");
    tsr_error_clear();
    assert_int_equal(last->status, TSR_OK);
    assert_string_equal(last->text, "");
}

static void failure_text_becomes_one_clean_line(void **state)
{
    (void)state;
    (void)TSR_FAIL(TSR_EIO, "a\nb\tc\x1b[31md\x7f"
                            "e\xc2\x9b"
                            "f \xc3\xa9\r\n");
    assert_string_equal(tsr_error_last()->text, "a b c [31md e  f \xc3\xa9");
}

static void long_text_is_cut_between_characters(void **state)
{
    char text[2048];

    (void)state;
    for (size_t lead = 0; lead < 4; lead++) { /* 3-byte characters meet the end at every offset */
        memset(text, 'x', lead);
        for (size_t i = lead; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xe2\x82\xac", 4);
        (void)TSR_FAIL(TSR_EIO, "%s", text);
        size_t length = strlen(tsr_error_last()->text);
        assert_int_equal((length - lead) % 3, 0);
        assert_true(length > 1020 && length <= 1023);
    }
}

static void failure_may_quote_the_record_it_replaces(void **state)
{
    (void)state;
    (void)TSR_FAIL(TSR_EIO, "no space");
    (void)TSR_FAIL(TSR_EIO, "part 3: %s", tsr_error_last()->text);
    assert_string_equal(tsr_error_last()->text, "part 3: no space");
}

static tsr_status third_call_fails(int calls, int *made)
{
    tsr_status st;

    for (int i = 0; i < calls; i++) {
        TSR_TRY(i == 2 ? TSR_FAIL(TSR_ENOMEM, "third") : TSR_OK);
        ++*made;
    }
done:
    return st;
}

static void try_leaves_at_the_first_failure(void **state)
{
    int made = 0;

    (void)state;
    assert_int_equal(third_call_fails(5, &made), TSR_ENOMEM);
    assert_int_equal(made, 2);
}

static void leave_with_eleven(int exit_status)
{
    _exit(exit_status + 4);
}

/* Runs a bug in a child; the parent gets its exit status and what it said. */
static int bug_in_child(void (*hook)(int), char *said, size_t bytes)
{
    int ends[2], status;

    if (pipe(ends) != 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        tsr_bug_hook(hook);
        tsr_bug("src/x.c", 12, "1 == 2");
    }
    close(ends[1]);
    ssize_t n = read(ends[0], said, bytes - 1);
    said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

static void bug_is_reported_and_ends_the_process(void **state)
{
    char said[256];

    (void)state;
    assert_int_equal(bug_in_child(NULL, said, sizeof said), TSR_EBUG);
    assert_string_equal(said, "tessera: bug: rank 0: src/x.c:12: 1 == 2\n");
    assert_int_equal(bug_in_child(leave_with_eleven, said, sizeof said), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_and_its_exit_value),
        cmocka_unit_test(failure_leaves_a_record),
        cmocka_unit_test(failure_text_becomes_one_clean_line),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(failure_may_quote_the_record_it_replaces),
        cmocka_unit_test(try_leaves_at_the_first_failure),
        cmocka_unit_test(bug_is_reported_and_ends_the_process),
    };
    return RUN_UNIT_TESTS(tests);
}
