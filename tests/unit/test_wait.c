#include "unit_test.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tessera/wait.h"

static void sleep_for(double seconds)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};

    nanosleep(&pause, NULL);
}

static void only_waits_count(void **state)
{
    (void)state;
    double before = tsr_wait_seconds();
    tsr_wait_begin("test");
    sleep_for(0.02);
    tsr_wait_end();
    double waited = tsr_wait_seconds();
    assert_true(waited >= before + 0.02);
    sleep_for(0.02);
    assert_true(tsr_wait_seconds() == waited);
}

static void wait_inside_a_wait_counts_once(void **state)
{
    (void)state;
    double before = tsr_wait_seconds();
    tsr_wait_begin("test");
    tsr_wait_begin("test");
    tsr_wait_end();
    sleep_for(0.02);
    assert_true(tsr_wait_seconds() == before);
    tsr_wait_end();
    assert_true(tsr_wait_seconds() >= before + 0.02);
}

/* What a process comes to that limits its waits to a tenth of a second and then waits, or works, for @p seconds. */
static int status_of_child(bool waits, double seconds)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (tsr_wait_limit(0, 0.1) != TSR_OK) _exit(1);
        if (waits) tsr_wait_begin("test");
        sleep_for(seconds);
        _exit(0);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void wait_beyond_the_limit_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(true, 30), TSR_EPEER);
}

static void work_beyond_the_limit_does_not(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(false, 0.5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_waits_count),
        cmocka_unit_test(wait_inside_a_wait_counts_once),
        cmocka_unit_test(wait_beyond_the_limit_ends_the_process),
        cmocka_unit_test(work_beyond_the_limit_does_not),
    };
    return RUN_UNIT_TESTS(tests);
}
