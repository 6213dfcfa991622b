#include "unit_test.h"

#include <math.h>

#include "value/models/dropout.h"

/* The published form with 2F1 summed in 80 decimal digits (Python's decimal): a, b, shape, rate, ahead, mean. */
static const double known[][6] = {
    {0.7929, 2.4259, 0.2426, 43.27, 39, 0.19480137908140729},
    {0.7929, 2.4259, 0.2426, 4.41, 52, 1.4448173457695184},
    {0.3, 0.3, 1.24, 43, 39, 0.80076592499395938},
    {0.3, 0.3, 0.24, 10, 39, 0.55561004673859682},
    {1.5, 0.01, 0.24, 43, 39, 0.14388266962602744},
    {0.7929, 1002.4259, 1000.2426, 43.27, 5200, 8224.8653631835859},
    {0.7929, 102.4259, 100.2426, 43.27, 100, 137.11043591191415},
    {3.5, 2, 5.5, 10, 80, 1.7962505715592136},
    {0.9999, 2.4, 2.24, 43.26, 39, 1.4591985702792172},
    {1.00001, 2.4, 2.24, 43.26, 39, 1.4591620356301556},
    {0.05, 2, 0.5, 10, 800, 34.346161500949634},
    {15, 3, 12.5, 30, 100, 1.2142855162024948},
    {0.5, 10003, 10000.3, 100, 52, 4657.8924939617327},
    {0.8, 2.4, 0.24, 4.4, 5000, 11.59537345995807},
    {30, 200, 3.2, 10, 52, 6.2823859350012485},
    {0.8, 2.4, 0.24, 4.4, 0.01, 0.0005452625363004083},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void assert_near(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected)))
        fail_msg("%.17g is not %.17g: off by %.2e", value, expected, value / expected - 1);
}

static void mean_at_known_points_equals_high_precision(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const double *k = known[i];
        double out;
        tsr_dropout_mean(k[0], k[1], k[2], k[3], &k[4], 1, &out);
        assert_near(out, k[5], 2e-14);
    }
}

static void integral_at_known_points_equals_high_precision(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const double *k = known[i];
        double out;
        tsr_dropout_mean_integrated(k[0], k[1], k[2], k[3], &k[4], 1, &out);
        assert_near(out, k[5], 2e-14);
    }
}

/* Two ways that share nothing: wherever a fit may wander they must agree. */
static void series_and_integral_agree_over_the_whole_range(void **state)
{
    (void)state;
    for (int i = 0; i < 1500; i++) {
        double a = exp(-4 + i % 11 * 0.7), b = exp(-3 + i % 13 * 0.6), x = i % 17 * i % 17, r = exp(-3 + i % 7 * 0.5);
        double rate = exp(-2 + i % 19 * 0.4), ahead = rate * exp(-4 + i % 23 * 0.35), series, integral;
        tsr_dropout_mean(a, b + x, r + x, rate, &ahead, 1, &series);
        tsr_dropout_mean_integrated(a, b + x, r + x, rate, &ahead, 1, &integral);
        assert_near(series, integral, 1e-11);
    }
}

static void several_moments_equal_single_ones(void **state)
{
    double ahead[12], together[12];

    (void)state;
    for (int i = 0; i < 12; i++) ahead[i] = (i + 1) * 52.0 / 12;
    tsr_dropout_mean(0.79, 5.4, 3.24, 20, ahead, 12, together);
    for (int i = 0; i < 12; i++) {
        double alone;
        tsr_dropout_mean(0.79, 5.4, 3.24, 20, &ahead[i], 1, &alone);
        assert_near(together[i], alone, 1e-14);
        if (i > 0) assert_true(together[i] > together[i - 1]);
    }
}

/* Rates for which one series serves, and among them one that it does not serve. */
static void many_rates_equal_single_ones(void **state)
{
    enum { RATES = 60 };
    static const double ahead[] = {4, 17, 52};
    double rate[RATES], together[RATES][3], alone[3];

    (void)state;
    for (int spoiled = 0; spoiled < 2; spoiled++) {
        for (int i = 0; i < RATES; i++) rate[i] = 4.4 + i % 7 * 30 + i;
        if (spoiled == 1) rate[RATES / 2] = 1e-3;
        tsr_dropout_means(0.79, 5.4, 3.24, rate, RATES, ahead, 3, together[0]);
        for (int i = 0; i < RATES; i++) {
            tsr_dropout_mean(0.79, 5.4, 3.24, rate[i], ahead, 3, alone);
            for (int k = 0; k < 3; k++) assert_near(together[i][k], alone[k], 1e-13);
        }
    }
}

/* By mpmath at 40 digits (quad of both integrals in logit p): a peak of width 1e-4, or of a and b of different size,
 * once took minutes. */
static void mean_over_a_sharp_peak_equals_high_precision(void **state)
{
    static const double sharp[][6] = {{2e8, 3, 22165, 25553, 52, 1.0000000150000001},
                                      {2e8, 2.5, 22165, 25553, 52, 1.0000000125000001},
                                      {2e8, 5e8, 22165, 25553, 52, 3.499991124139559},
                                      {4e11, 1e3, 3.25, 10, 52, 0.99734094938097244},
                                      {1e14, 1e14, 3.25, 10, 52, 1.9688794783472536},
                                      {3e3, 7e3, 12.25, 40, 52, 3.2749491470507428}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sharp); i++) {
        const double *k = sharp[i];
        double out;
        tsr_dropout_mean_integrated(k[0], k[1], k[2], k[3], &k[4], 1, &out);
        assert_near(out, k[5], 1e-12);
        assert_true(isfinite(tsr_dropout_residual(k[0], k[1], k[2], k[3], .002)));
    }
}

/* By mpmath at 40 digits: 2F1(1, a; a+b; -1/c) / c with c = e^interest - 1. Added up chance by chance the third would
 * take 3e9 terms. */
static void discounted_chances_equal_high_precision(void **state)
{
    static const double point[][4] = {{.6567, 9.7834, .1, 6.7454667309139254},
                                      {.04792, 335.4, 2.6e-4, 3476.6701043467949},
                                      {.05, 1e3, 1e-8, 58001032.289366832},
                                      {4.5e-5, 2935, .008, 124.50043832760794},
                                      {1e-3, 2, 2.4, .099763955424017353},
                                      {30, 2, .05, 1.0133082596086059},
                                      {2e8, 2.5, .01, .99004984600165153}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(point); i++) {
        double out = tsr_dropout_discounted(point[i][0], point[i][1], point[i][2]);
        assert_near(out / point[i][3], 1, 1e-11);
    }
}

/* (1 - (1 + p t)^-k) / p lies between its values at p = 1 and p = 0. */
static void extremes_stay_finite_and_within_bounds(void **state)
{
    static const double a[] = {1e-9, 1e-3, 1, 1e3, 1e6}, b[] = {1e-9, 1, 1e6}, k[] = {1e-6, 1, 1e4};
    static const double t[] = {1e-9, 1, 1e9};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(a) * COUNT_OF(b) * COUNT_OF(k) * COUNT_OF(t); i++) {
        double shape = k[i % 3], ahead = t[i / 3 % 3], out;
        tsr_dropout_mean(a[i / 27], b[i / 9 % 3], shape, 1, &ahead, 1, &out);
        assert_true(isfinite(out));
        assert_true(out <= shape * ahead * (1 + 1e-10));
        assert_true(out >= -expm1(-shape * log1p(ahead)) * (1 - 1e-10));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_at_known_points_equals_high_precision),
        cmocka_unit_test(integral_at_known_points_equals_high_precision),
        cmocka_unit_test(series_and_integral_agree_over_the_whole_range),
        cmocka_unit_test(several_moments_equal_single_ones),
        cmocka_unit_test(many_rates_equal_single_ones),
        cmocka_unit_test(mean_over_a_sharp_peak_equals_high_precision),
        cmocka_unit_test(discounted_chances_equal_high_precision),
        cmocka_unit_test(extremes_stay_finite_and_within_bounds),
    };
    return RUN_UNIT_TESTS(tests);
}
