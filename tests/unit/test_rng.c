#include "unit_test.h"

#include <math.h>

#include "tessera/rng.h"

/* Random123's file kat_vectors, philox4x32 with 10 rounds. */
static void philox_gives_the_known_answers(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t out[4];
        tsr_philox(cases[i].counter, cases[i].key, out);
        assert_memory_equal(out, cases[i].out, sizeof out);
    }
}

/* The places of seed, key, draw and stream are part of every result. */
static void draw_is_the_block_of_its_four_words(void **state)
{
    const uint64_t seed = 0x0123456789abcdef, key = 0xfedcba9876543210;
    uint32_t counter[4] = {0x76543210, 0xfedcba98, 77, TSR_STREAM_SEED}, words[2] = {0x89abcdef, 0x01234567}, out[4];

    (void)state;
    tsr_philox(counter, words, out);
    assert_true(tsr_draw(seed, TSR_STREAM_SEED, key, 77) == ((uint64_t)out[1] << 32 | out[0]));
}

static void draws_differ_in_every_argument(void **state)
{
    uint64_t base = tsr_draw(1, TSR_STREAM_SAMPLE, 2, 3);

    (void)state;
    assert_true(base == tsr_draw(1, TSR_STREAM_SAMPLE, 2, 3));
    assert_true(base != tsr_draw(2, TSR_STREAM_SAMPLE, 2, 3));
    assert_true(base != tsr_draw(1 + ((uint64_t)1 << 32), TSR_STREAM_SAMPLE, 2, 3));
    assert_true(base != tsr_draw(1, TSR_STREAM_SEED, 2, 3));
    assert_true(base != tsr_draw(1, TSR_STREAM_SAMPLE, 3, 3));
    assert_true(base != tsr_draw(1, TSR_STREAM_SAMPLE, 2 + ((uint64_t)1 << 32), 3));
    assert_true(base != tsr_draw(1, TSR_STREAM_SAMPLE, 2, 4));
    assert_true(base != tsr_draw(1, TSR_STREAM_SAMPLE, 2, 3 + ((uint64_t)1 << 32)));
    assert_true(tsr_draw(1, TSR_STREAM_SAMPLE, 2, 3 + ((uint64_t)1 << 32)) != tsr_draw(1, TSR_STREAM_SEED, 2, 3));
}

static void uniform_is_in_range_and_even(void **state)
{
    int cells[10] = {0};

    (void)state;
    for (uint64_t key = 0; key < 100000; key++) {
        double u = tsr_draw_uniform(7, TSR_STREAM_SAMPLE, key, 0);
        assert_true(u >= 0.0 && u < 1.0);
        cells[(int)(10 * u)]++;
    }
    for (int i = 0; i < 10; i++) assert_true(abs(cells[i] - 10000) < 400); /* 4 sd */
}

typedef double (*sampler)(tsr_rng *rng, double a, double b);

static double open_of(tsr_rng *rng, double a, double b)
{
    (void)a, (void)b;
    return tsr_rng_open(rng);
}

static double normal_of(tsr_rng *rng, double a, double b)
{
    (void)a, (void)b;
    return tsr_rng_normal(rng);
}

static double exponential_of(tsr_rng *rng, double a, double b)
{
    (void)a, (void)b;
    return tsr_rng_exponential(rng);
}

static double gamma_of(tsr_rng *rng, double a, double b)
{
    (void)b;
    return tsr_rng_gamma(rng, a);
}

/* Mean and variance of 200,000 draws, one key each, within five standard errors. */
static bool has_moments(sampler draw, double a, double b, double mean, double variance, double fourth)
{
    const int n = 200000;
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++) {
        tsr_rng rng = {.seed = 11, .key = (uint64_t)i, .stream = TSR_STREAM_SYNTH};
        double x = draw(&rng, a, b) - mean;
        sum += x;
        squares += x * x;
    }
    double mean_error = 5 * sqrt(variance / n), variance_error = 5 * sqrt((fourth - variance * variance) / n);
    return fabs(sum / n) < mean_error && fabs(squares / n - variance) < variance_error;
}

static void samplers_have_their_moments(void **state)
{
    (void)state;
    assert_true(has_moments(open_of, 0, 0, 0.5, 1 / 12.0, 1 / 80.0));
    assert_true(has_moments(normal_of, 0, 0, 0, 1, 3));
    assert_true(has_moments(exponential_of, 0, 0, 1, 1, 9));
    const double shapes[] = {0.05, 0.2426, 1.0, 4.5, 300.0};
    for (int i = 0; i < 5; i++) {
        double k = shapes[i];
        assert_true(has_moments(gamma_of, k, 0, k, k, 3 * k * k + 6 * k));
    }
    /* Beta(0.79, 2.43): the fourth central moment from the excess kurtosis. */
    double a = 0.79, b = 2.43, s = a + b, variance = a * b / (s * s * (s + 1));
    double excess = 6 * ((a - b) * (a - b) * (s + 1) - a * b * (s + 2)) / (a * b * (s + 2) * (s + 3));
    assert_true(has_moments(tsr_rng_beta, a, b, a / s, variance, (excess + 3) * variance * variance));
}

static void samplers_stay_in_their_range(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < 50000; key++) {
        tsr_rng rng = {.seed = 3, .key = key, .stream = TSR_STREAM_SYNTH};
        double u = tsr_rng_open(&rng), g = tsr_rng_gamma(&rng, 0.01), b = tsr_rng_beta(&rng, 1e-4, 2e-4);
        assert_true(u > 0.0 && u < 1.0);
        assert_true(g >= 0.0 && isfinite(g));
        assert_true(b >= 0.0 && b <= 1.0);
        assert_true(tsr_rng_exponential(&rng) > 0.0 && isfinite(tsr_rng_normal(&rng)));
    }
}

static void run_advances_by_what_it_says(void **state)
{
    tsr_rng rng = {.seed = 3, .key = 9, .stream = TSR_STREAM_SYNTH};

    (void)state;
    double first = tsr_rng_open(&rng);
    assert_int_equal(rng.draw, 1);
    (void)tsr_rng_normal(&rng);
    assert_int_equal(rng.draw, 3);
    rng.draw = 0;
    assert_true(tsr_rng_open(&rng) == first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers), cmocka_unit_test(draw_is_the_block_of_its_four_words),
        cmocka_unit_test(draws_differ_in_every_argument), cmocka_unit_test(uniform_is_in_range_and_even),
        cmocka_unit_test(samplers_have_their_moments),    cmocka_unit_test(samplers_stay_in_their_range),
        cmocka_unit_test(run_advances_by_what_it_says),
    };
    return RUN_UNIT_TESTS(tests);
}
