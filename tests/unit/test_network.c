#include "unit_test.h"

#include <math.h>

#include "pipeline/network.h"

/* 100 Gbit/s, 2 us a hop: published for messages of k (d + 1) + 4 numbers (notes on clustering, table of allreduces).
 */
static const tsr_network cluster = {.latency = 2e-6,
                                    .seconds_per_byte = 0.08e-9,
                                    .seconds_per_sum = 0.1e-9,
                                    .jitter = 0.01};

static void allreduce_of_a_cluster_is_the_published_one(void **state)
{
    static const struct {
        int k, d, ranks;
        double us;
    } expected[] = {{8, 16, 64, 13},    {8, 16, 1024, 22}, {8, 16, 10240, 31}, {16, 32, 256, 22},
                    {16, 32, 4096, 33}, {64, 64, 64, 33},  {64, 64, 1024, 49}, {64, 64, 10240, 65}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        double bytes = 8.0 * (expected[i].k * (expected[i].d + 1) + 4);
        double us = tsr_network_allreduce(&cluster, bytes, expected[i].ranks) * 1e6;
        assert_true(fabs(us - expected[i].us) < 1);
    }
}

static void long_message_is_halved_and_doubled_instead_of_doubled(void **state)
{
    double bytes = 1e9, sent = 2 * bytes * 0.08e-9, added = bytes * 0.1e-9;

    (void)state;
    assert_true(fabs(tsr_network_allreduce(&cluster, bytes, 1024) - (sent + added) * 1023 / 1024 - 40e-6) < 1e-9);
}

static void one_rank_waits_for_nobody(void **state)
{
    (void)state;
    assert_true(tsr_network_allreduce(&cluster, 4096, 1) == 0);
    assert_true(tsr_network_straggle(&cluster, 1, 1) == 0);
}

static void slowest_of_ten_thousand_ranks_is_four_deviations_late(void **state)
{
    (void)state;
    assert_true(fabs(tsr_network_straggle(&cluster, 1, 10240) - 0.043) < 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allreduce_of_a_cluster_is_the_published_one),
        cmocka_unit_test(long_message_is_halved_and_doubled_instead_of_doubled),
        cmocka_unit_test(one_rank_waits_for_nobody),
        cmocka_unit_test(slowest_of_ten_thousand_ranks_is_four_deviations_late),
    };
    return RUN_UNIT_TESTS(tests);
}
