#include "unit_test.h"

#include <signal.h>

static void nobody_asked_at_first(void **state)
{
    (void)state;
    tsr_interrupt_install(0);
    assert_false(tsr_interrupt_wanted());
    tsr_interrupt_install(-1);
    assert_false(tsr_interrupt_wanted());
    tsr_interrupt_install(3600);
    assert_false(tsr_interrupt_wanted());
}

static void signal_asks_until_handled(void **state)
{
    const int signals[] = {SIGUSR1, SIGTERM};

    (void)state;
    for (int i = 0; i < 2; i++) {
        tsr_interrupt_install(0);
        raise(signals[i]);
        assert_true(tsr_interrupt_wanted());
        assert_true(tsr_interrupt_wanted());
        tsr_interrupt_clear();
        assert_false(tsr_interrupt_wanted());
    }
}

static void signal_before_a_second_install_is_not_lost(void **state)
{
    (void)state;
    tsr_interrupt_install(0);
    raise(SIGUSR1);
    tsr_interrupt_install(0);
    assert_true(tsr_interrupt_wanted());
}

static void time_limit_asks_when_it_is_over(void **state)
{
    (void)state;
    double start = tsr_seconds();
    tsr_interrupt_install(0.02);
    while (!tsr_interrupt_wanted())
        ;
    assert_true(tsr_seconds() - start >= 0.02);
}

static void clock_only_moves_forward(void **state)
{
    double last = tsr_seconds();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        double now = tsr_seconds();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_asked_at_first),
        cmocka_unit_test(signal_asks_until_handled),
        cmocka_unit_test(signal_before_a_second_install_is_not_lost),
        cmocka_unit_test(time_limit_asks_when_it_is_over),
        cmocka_unit_test(clock_only_moves_forward),
    };
    return RUN_UNIT_TESTS(tests);
}
