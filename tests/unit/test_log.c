#include "unit_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tessera/log.h"

static char said[4096];
static FILE *caught;
static int terminal;

/* Standard error goes to a file until listen_end(): what was said is then in `said`. */
static void listen_begin(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    terminal = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

static void listen_end(void)
{
    fflush(stderr);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    rewind(caught);
    said[fread(said, 1, sizeof said - 1, caught)] = '\0';
    fclose(caught);
}

static void speak(int rank, tsr_log_level level)
{
    listen_begin();
    tsr_log_init(rank, level);
    tsr_debug("d %d", 1);
    tsr_info("i %d", 2);
    tsr_warn("w %d", 3);
    tsr_log_local("l %d", 4);
    listen_end();
}

static void level_decides_what_is_shown(void **state)
{
    (void)state;
    speak(0, TSR_LOG_QUIET);
    assert_string_equal(said, "");
    speak(0, TSR_LOG_WARN);
    assert_string_equal(said, "warning: w 3\n");
    speak(0, TSR_LOG_INFO);
    assert_string_equal(said, "i 2\nwarning: w 3\n");
    speak(0, TSR_LOG_DEBUG);
    assert_string_equal(said, "d 1\ni 2\nwarning: w 3\nrank 0: l 4\n");
}

static void other_ranks_are_silent_but_for_local_lines(void **state)
{
    (void)state;
    speak(3, TSR_LOG_INFO);
    assert_string_equal(said, "");
    speak(3, TSR_LOG_DEBUG);
    assert_string_equal(said, "rank 3: l 4\n");
}

static void long_line_is_cut_and_still_ends(void **state)
{
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    listen_begin();
    tsr_log_init(0, TSR_LOG_INFO);
    tsr_warn("%s", text);
    listen_end();
    size_t length = strlen(said);
    assert_true(length > 2000 && length < 2100);
    assert_true(said[length - 1] == '\n');
}

static void error_is_printed_once_on_rank_0(void **state)
{
    (void)state;
    listen_begin();
    tsr_log_init(0, TSR_LOG_QUIET);
    (void)TSR_FAIL(TSR_EDATA, "a.csv:3: no date");
    tsr_log_error();
    tsr_log_error();
    tsr_log_init(1, TSR_LOG_DEBUG);
    (void)TSR_FAIL(TSR_EDATA, "not shown");
    tsr_log_error();
    listen_end();
    assert_string_equal(said, "tessera: a.csv:3: no date\n");
}

static void progress_in_a_log_is_silent_for_a_minute(void **state)
{
    (void)state;
    listen_begin();
    tsr_log_init(0, TSR_LOG_DEBUG);
    for (int i = 0; i <= 100; i++) tsr_progress("ingest", i, 100);
    tsr_progress_end();
    listen_end();
    assert_string_equal(said, "");
}

static void progress_in_a_log_is_whole_lines(void **state)
{
    (void)state;
    listen_begin();
    setenv("TESSERA_PROGRESS_SECONDS", "0", 1);
    tsr_log_init(0, TSR_LOG_INFO);
    tsr_progress_bytes("read", 0, 2000000000, 0);
    tsr_progress("read", 1, 4);
    tsr_progress_end();
    tsr_log_init(1, TSR_LOG_INFO);
    tsr_progress("another rank", 1, 4);
    tsr_log_init(0, TSR_LOG_QUIET);
    tsr_progress("quiet", 1, 4);
    unsetenv("TESSERA_PROGRESS_SECONDS");
    listen_end();
    const char *lines = "read  0.0 of 2.0 GB (0 %)\nread  1 of 4 (25 %)";
    assert_memory_equal(said, lines, strlen(lines));
    assert_true(strchr(said, '\r') == NULL && strstr(said, "rank") == NULL && strstr(said, "quiet") == NULL);
    assert_true(said[strlen(said) - 1] == '\n');
}

/* What a terminal shows of a progress line: first stage half done, then a message, then another stage of unknown size,
 * then bytes. */
static void speak_to_terminal(void)
{
    tsr_log_init(0, TSR_LOG_INFO);
    tsr_progress("ingest", 50, 100);
    tsr_info("a message");
    tsr_progress("a second stage, later", 7, 0);
    tsr_progress_bytes("read", 1200000000, 2000000000, 30);
    tsr_progress_end();
}

static void progress_is_one_line_on_a_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0) skip();
    setenv("TERM", "xterm", 1);
    fflush(stderr);
    terminal = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    speak_to_terminal();
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    close(slave);
    size_t used = 0;
    for (ssize_t n; (n = read(master, said + used, sizeof said - 1 - used)) > 0;) used += (size_t)n;
    said[used] = '\0';
    close(master);
    const char *first = "\ringest  50 of 100 (50 %)";
    assert_memory_equal(said, first, strlen(first));
    assert_non_null(strstr(said, "\ra message\r\n"));
    assert_non_null(strstr(said, "\ra second stage, later  7\r"));
    assert_non_null(strstr(said, "\rread  1.2 of 2.0 GB (60 %)"));
    assert_true(said[strlen(said) - 1] == '\r');
}

static void thousands_are_marked_before_the_point_only(void **state)
{
    static const char *const pairs[][2] = {{"0", "0"},
                                           {"999", "999"},
                                           {"1000", "1,000"},
                                           {"-100", "-100"},
                                           {"-1234567", "-1,234,567"},
                                           {"2500315.63", "2,500,315.63"},
                                           {"-0.0001", "-0.0001"},
                                           {"-922337203685477.5808", "-922,337,203,685,477.5808"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_string_equal(tsr_grouped_text(pairs[i][0], text), pairs[i][1]);
    assert_string_equal(tsr_grouped(INT64_MIN, text), "-9,223,372,036,854,775,808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_decides_what_is_shown),
        cmocka_unit_test(other_ranks_are_silent_but_for_local_lines),
        cmocka_unit_test(long_line_is_cut_and_still_ends),
        cmocka_unit_test(error_is_printed_once_on_rank_0),
        cmocka_unit_test(thousands_are_marked_before_the_point_only),
        cmocka_unit_test(progress_in_a_log_is_silent_for_a_minute),
        cmocka_unit_test(progress_in_a_log_is_whole_lines),
        cmocka_unit_test(progress_is_one_line_on_a_terminal),
    };
    return RUN_UNIT_TESTS(tests);
}
