#include "unit_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "tessera/maths.h"

/* Distance in units of the last bit of the expected value. */
static bool is_near(double value, double expected, double ulps)
{
    if (value == expected || (isnan(value) && isnan(expected))) return true;
    return fabs(value - expected) <= ulps * DBL_EPSILON * fabs(expected);
}

static void elementary_functions_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int i = 1; i < 20000; i++) {
        double x = 0.003 * i, t = 0.0007 * (i - 10000);
        assert_true(is_near(tsr_exp(t), exp(t), 1.5));
        assert_true(is_near(tsr_expm1(t), expm1(t), 2));
        assert_true(is_near(tsr_log(x), log(x), 1.5));
        assert_true(is_near(tsr_log1p(t / 8), log1p(t / 8), 2));
        assert_true(is_near(tsr_log2(x), log2(x), 2));
        assert_true(is_near(tsr_pow(x, t), pow(x, t), 2));
        assert_true(is_near(tsr_erfc(t), erfc(t), 4));
        assert_true(is_near(tsr_sin(t), sin(t), 2));
        assert_true(is_near(tsr_cos(t), cos(t), 2));
        assert_true(fabs(tsr_lgamma(x) - lgamma(x)) <= 1e-15 * (1 + fabs(lgamma(x))) * 2);
    }
}

static void elementary_functions_at_the_edges(void **state)
{
    (void)state;
    assert_true(tsr_exp(-INFINITY) == 0.0 && tsr_exp(INFINITY) == INFINITY && tsr_exp(0.0) == 1.0);
    assert_true(tsr_exp(-800.0) == 0.0 && tsr_exp(800.0) == INFINITY && isnan(tsr_exp(NAN)));
    assert_true(tsr_log(0.0) == -INFINITY && tsr_log(1.0) == 0.0 && isnan(tsr_log(-1.0)));
    assert_true(is_near(tsr_log(DBL_TRUE_MIN), -744.4400719213812, 1));
    assert_true(tsr_log1p(-1.0) == -INFINITY && tsr_log1p(0.0) == 0.0);
    assert_true(tsr_expm1(0.0) == 0.0 && tsr_expm1(-INFINITY) == -1.0 && tsr_expm1(1e-300) == 1e-300);
    assert_true(tsr_log2(8.0) == 3.0);
    assert_true(tsr_pow(2.0, 10.0) == 1024.0 && tsr_pow(0.0, 0.0) == 1.0);
    assert_true(tsr_erfc(0.0) == 1.0 && tsr_erfc(INFINITY) == 0.0);
    assert_true(tsr_lgamma(1.0) == 0.0 && tsr_lgamma(2.0) == 0.0 && tsr_lgamma(INFINITY) == INFINITY);
    assert_true(is_near(tsr_lgamma(1e-300), 690.7755278982137, 1));
    assert_true(is_near(tsr_lgamma(1e15), 3.353877639491067e16, 2));
}

/* Values with 60 digits from the asymptotic series beyond x = 60, in decimal arithmetic. */
static void digamma_is_right_beside_its_root_too(void **state)
{
    static const double cases[][2] = {
        {1e-300, -9.99999999999999974941e+299},
        {1e-08, -1.00000000577215646360e+8},
        {0.001, -1.00057557193181027965e+3},
        {0.1, -1.04237549404110762321e+1},
        {0.25, -4.22745353337626540809e+0},
        {0.5, -1.96351002602142347944e+0},
        {0.75, -1.08586087978647216963e+0},
        {1.0, -5.77215664901532860607e-1},
        {1.2, -2.89039896592188351830e-1},
        {1.46, -1.58056198708345210615e-3},
        {1.4616, -3.11062512303416496576e-5},
        {1.4616321449683622, -9.24126552172942751679e-17},
        {1.46163214496837, 7.42791139508940353908e-15},
        {1.4617, 6.56593922936764955025e-5},
        {1.5, 3.64899739785765205590e-2},
        {1.9999999, 4.22784270605058396346e-1},
        {2.0, 4.22784335098467139393e-1},
        {2.5, 7.03156640645243187226e-1},
        {3.0, 9.22784335098467139393e-1},
        {5.5, 1.61109314858175112373e+0},
        {9.0, 2.14064147795560999654e+0},
        {9.999999, 2.25175248390037997975e+0},
        {10.0, 2.25175258906672110765e+0},
        {10.000001, 2.25175269423305118571e+0},
        {12.0, 2.44266167997581201674e+0},
        {100.0, 4.60016185273808740020e+0},
        {12345.678, 9.42102082074176087752e+0},
        {1e10, 2.30258509298904568402e+1},
        {1e300, 6.90775527898213705258e+2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(fabs(tsr_digamma(cases[i][0]) - cases[i][1]) <= 1e-14 * fabs(cases[i][1]));
}

static void digamma_grows_by_one_over_x(void **state)
{
    (void)state;
    for (int i = 1; i < 3000; i++) {
        double x = 0.0117 * i;
        assert_true(fabs(tsr_digamma(x + 1) - tsr_digamma(x) - 1 / x) <= 8e-16 * (1 / x + fabs(tsr_digamma(x)) + 1));
    }
}

static void digamma_outside_its_domain_is_nan(void **state)
{
    (void)state;
    assert_true(isnan(tsr_digamma(0.0)));
    assert_true(isnan(tsr_digamma(-0.5)));
    assert_true(isnan(tsr_digamma(NAN)));
    assert_true(tsr_digamma(INFINITY) == INFINITY);
}

static void logaddexp_neither_overflows_nor_vanishes(void **state)
{
    const double ln2 = 0.6931471805599453;

    (void)state;
    assert_true(is_near(tsr_logaddexp(0, 0), ln2, 1));
    assert_true(is_near(tsr_logaddexp(1000, 1000), 1000 + ln2, 1));
    assert_true(is_near(tsr_logaddexp(-1000, -1000), -1000 + ln2, 1));
    assert_true(tsr_logaddexp(5, -INFINITY) == 5.0);
    assert_true(tsr_logaddexp(-INFINITY, 5) == 5.0);
    assert_true(tsr_logaddexp(-INFINITY, -INFINITY) == -INFINITY);
    assert_true(tsr_logaddexp(INFINITY, 3) == INFINITY);
    assert_true(tsr_logaddexp(INFINITY, INFINITY) == INFINITY);
    assert_true(isnan(tsr_logaddexp(NAN, 3)) && isnan(tsr_logaddexp(3, NAN)));
    assert_true(tsr_logaddexp(2, 700) == tsr_logaddexp(700, 2));
}

/* What sums over customers rest on: the bits do not depend on the width of the vectors. */
static void blocks_have_the_bits_of_single_calls_at_any_width(void **state)
{
    enum { N = 4099 };
    static double x[N], y[N];
    void (*const block[])(double *, int64_t) = {tsr_exp_block, tsr_expm1_block, tsr_log_block, tsr_log1p_block};
    double (*const single[])(double) = {tsr_exp, tsr_expm1, tsr_log, tsr_log1p};
    const int32_t widths[] = {1, 4, 8};

    (void)state;
    for (int i = 0; i < N; i++) x[i] = ldexp(1 + fmod(i * .6180339887498949, 1), i % 60 - 50) * (i % 5 == 0 ? -1 : 1);
    x[0] = -INFINITY, x[1] = NAN, x[2] = 0, x[3] = 800, x[4] = -800, x[5] = INFINITY, x[6] = -1;
    for (int f = 0; f < 4; f++)
        for (int w = 0; w < 3; w++) {
            assert_true(tsr_maths_width(widths[w]) <= widths[w]);
            memcpy(y, x, sizeof y);
            block[f](y, N);
            for (int i = 0; i < N; i++) {
                double one = single[f](x[i]);
                if (!(isnan(one) && isnan(y[i])) && memcmp(&one, &y[i], sizeof one) != 0)
                    fail_msg("function %d of %.17g: %.17g alone, %.17g by %d", f, x[i], one, y[i], (int)widths[w]);
            }
        }
    tsr_maths_width(8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elementary_functions_agree_with_the_c_library),
        cmocka_unit_test(elementary_functions_at_the_edges),
        cmocka_unit_test(digamma_is_right_beside_its_root_too),
        cmocka_unit_test(digamma_grows_by_one_over_x),
        cmocka_unit_test(digamma_outside_its_domain_is_nan),
        cmocka_unit_test(logaddexp_neither_overflows_nor_vanishes),
        cmocka_unit_test(blocks_have_the_bits_of_single_calls_at_any_width),
    };
    return RUN_UNIT_TESTS(tests);
}
