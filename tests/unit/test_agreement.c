#include "unit_test.h"

#include <math.h>

#include "tessera/quality.h"

static void equal_partitions_agree_fully_whatever_their_names(void **state)
{
    const int64_t renamed[9] = {0, 7, 0, 0, 0, 5, 9, 0, 0};

    (void)state;
    assert_true(tsr_adjusted_rand(renamed, 3, 3) == 1);
}

/* sklearn.metrics.adjusted_rand_score([0,0,1,1], [0,0,1,2]) = 4/7; [0,0,0,1,1,1] and [0,0,1,1,2,2]: 8/33 */
static void known_tables_give_known_values(void **state)
{
    const int64_t a[6] = {2, 0, 0, 0, 1, 1}, b[6] = {2, 1, 0, 0, 1, 2}, chance[4] = {1, 1, 1, 1};

    (void)state;
    assert_true(fabs(tsr_adjusted_rand(a, 2, 3) - 4.0 / 7) < 1e-15);
    assert_true(fabs(tsr_adjusted_rand(b, 2, 3) - 8.0 / 33) < 1e-15);
    assert_true(fabs(tsr_adjusted_rand(chance, 2, 2) + 0.5) < 1e-15);
}

static void partitions_without_choice_agree(void **state)
{
    const int64_t together[1] = {5}, apart[4] = {1, 0, 0, 1};

    (void)state;
    assert_true(tsr_adjusted_rand(together, 1, 1) == 1);
    assert_true(tsr_adjusted_rand(apart, 2, 2) == 1);
}

/* Pairs of 10^12 rows do not fit 64 bits. */
static void huge_counts_do_not_overflow(void **state)
{
    const int64_t n = 500000000000, half[4] = {n, 0, 0, n}, none[4] = {n, n, n, n};

    (void)state;
    assert_true(fabs(tsr_adjusted_rand(half, 2, 2) - 1) < 1e-12);
    assert_true(fabs(tsr_adjusted_rand(none, 2, 2)) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_partitions_agree_fully_whatever_their_names),
        cmocka_unit_test(known_tables_give_known_values),
        cmocka_unit_test(partitions_without_choice_agree),
        cmocka_unit_test(huge_counts_do_not_overflow),
    };

    return RUN_UNIT_TESTS(tests);
}
