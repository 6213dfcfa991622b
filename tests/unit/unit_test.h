/**
 * @file unit_test.h
 * What every test of one process includes: cmocka, and a runner that lets no block of memory stay behind.
 *
 *     static void sum_of_nothing_is_zero(void **state) { ... }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(sum_of_nothing_is_zero)};
 *         return RUN_UNIT_TESTS(tests);
 *     }
 */
#ifndef TSR_UNIT_TEST_H
#define TSR_UNIT_TEST_H

/* cmocka.h wants these four first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/status.h"

static int64_t unit_blocks_before;

/* Each test starts without faults, records and wishes to stop ... */
static int unit_setup(void **state)
{
    (void)state;
    tsr_fault_set(NULL);
    tsr_error_clear();
    tsr_interrupt_clear();
    unit_blocks_before = tsr_memory_blocks();
    return 0;
}

/* ... and gives all memory back. */
static int unit_teardown(void **state)
{
    int64_t left = tsr_memory_blocks() - unit_blocks_before;

    (void)state;
    tsr_fault_set(NULL);
    if (left != 0) print_error("%" PRId64 " blocks of memory were not given back\n", left);
    return left != 0;
}

static inline void check_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) fail_msg("'%s' is not in\n%s", what, text);
}

static int run_unit_tests(const char *group, const struct CMUnitTest *tests, size_t n)
{
    struct CMUnitTest *own = calloc(n, sizeof *own);

    if (own == NULL) return 1;
    for (size_t i = 0; i < n; i++) {
        own[i] = tests[i];
        own[i].setup_func = unit_setup;
        own[i].teardown_func = unit_teardown;
    }
    int failed = _cmocka_run_group_tests(group, own, n, NULL, NULL);
    free(own);
    return failed != 0;
}

#define RUN_UNIT_TESTS(tests) run_unit_tests(__FILE__, (tests), sizeof(tests) / sizeof((tests)[0]))

#endif
