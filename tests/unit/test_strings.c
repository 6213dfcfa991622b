#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "ingest/sort/strings.h"
#include "tessera/digest.h"

static void texts_keep_their_numbers(void **state)
{
    tsr_strings strings = {0};
    char text[64];
    int32_t number;

    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            int n = snprintf(text, sizeof text, "%0*d", 1 + i % 40, i);
            assert_int_equal(tsr_strings_add(&strings, (tsr_slice){text, n}, &number), TSR_OK);
            assert_int_equal(number, i);
        }
    assert_int_equal(strings.n, 5000);
    assert_int_equal(strings.widest, 40);
    tsr_slice last = tsr_strings_get(&strings, 8);
    assert_int_equal(last.n, 9);
    assert_memory_equal(last.at, "000000008", 9);
    assert_true(strings.entry[8].hash == tsr_key_of_id("000000008", 9));
    tsr_strings_clear(&strings);
}

static void failed_growth_leaves_the_set_whole(void **state)
{
    char text[64];
    int failures = 0;

    (void)state;
    for (int nth = 1; nth < 20; nth++) {
        tsr_strings strings = {0};
        char plan[64];
        int32_t number, added = 0;
        snprintf(plan, sizeof plan, "point=alloc,rank=0,nth=%d", nth);
        tsr_fault_set(plan);
        for (int i = 0; i < 1000; i++) {
            int n = snprintf(text, sizeof text, "%d", i);
            if (tsr_strings_add(&strings, (tsr_slice){text, n}, &number) != TSR_OK) {
                failures++;
                continue;
            }
            assert_int_equal(number, added++);
        }
        tsr_fault_set(NULL);
        assert_int_equal(strings.n, added);
        tsr_strings_clear(&strings);
    }
    assert_true(failures > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_keep_their_numbers),
                                       cmocka_unit_test(failed_growth_leaves_the_set_whole)};

    return RUN_UNIT_TESTS(tests);
}
