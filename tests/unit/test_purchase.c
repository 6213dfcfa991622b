#include "value_test.h"

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/models/lifetime.h"

static const double mbg_cdnow[4] = {.524843, 6.18309, .891359, 1.61400};
static const double pareto_btyd[4] = {.553, 10.578, .606, 11.669}; /* where R BTYD was asked */

/* The log-likelihood and its log-gradient of one history. */
static void likelihood_of(const tsr_purchase_model *model, const double *parameter, int32_t x, double tx, double t,
                          double out[5])
{
    int64_t one = 1;
    tsr_histories h = {.n = 1, .x = &x, .tx = &tx, .t = &t, .count = &one};
    tsr_fixed sums[5];

    for (int i = 0; i <= model->parameters; i++) sums[i] = tsr_fixed_zero(40);
    model->add_likelihood(parameter, &h, sums);
    for (int i = 0; i <= model->parameters; i++) out[i] = tsr_fixed_value(&sums[i]);
}

static void gradients_equal_differences_of_the_likelihood(void **state)
{
    static const double history[][3] = {{0, 0, 38.86}, {2, 30.43, 38.86}, {26, 30.86, 31}, {1, 2, 2}, {300, 90, 100}};
    static const double points[][4] = {{.2, 4.4, .8, 2.4}, {3, 50, 1, .05}, {.05, .3, 40, 900}};
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};

    (void)state;
    for (int m = 0; m < 4; m++)
        for (int p = 0; p < 3; p++)
            for (int i = 0; i < 5; i++) {
                const double *h = history[i];
                double at[5], low[5], high[5], moved[4];
                likelihood_of(models[m], points[p], (int32_t)h[0], h[1], h[2], at);
                for (int j = 0; j < models[m]->parameters; j++) {
                    const double step = 1e-5;
                    for (int k = 0; k < 4; k++) moved[k] = points[p][k] * (k == j ? exp(step) : 1);
                    likelihood_of(models[m], moved, (int32_t)h[0], h[1], h[2], high);
                    for (int k = 0; k < 4; k++) moved[k] = points[p][k] * (k == j ? exp(-step) : 1);
                    likelihood_of(models[m], moved, (int32_t)h[0], h[1], h[2], low);
                    assert_near(at[1 + j], (high[0] - low[0]) / (2 * step), 2e-5 * (1 + fabs(at[1 + j])));
                }
            }
}

/* 40 digits of mpmath, from the notes on the quadrature. */
static void pareto_likelihood_equals_values_of_high_precision(void **state)
{
    static const struct {
        double parameter[4], x, tx, t, expected;
    } points[] = {{{.5143, 2.8845, .2856, 14.1087}, 254, 97.14286, 97.28571, -19.6232922175},
                  {{.55, 10.6, .6, 11.7}, 1000, 10, 100, 2875.0407132833},
                  {{.88, 6.277, .76, 1e6}, 126, 50, 53, -30.2889510781},
                  {{2, 5, .3, .01}, 0, 0, 52, -.2608039121},
                  {{.05, .001, .05, .001}, 0, 0, 1000, -.4690531866}};
    double out[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        likelihood_of(&tsr_pareto_nbd, points[i].parameter, (int32_t)points[i].x, points[i].tx, points[i].t, out);
        assert_near(out[0], points[i].expected, 1e-10 * (1 + fabs(points[i].expected)));
    }
}

static void pareto_gradient_equals_the_checked_point(void **state)
{
    static const double parameter[4] = {.553, 10.578, .606, 11.669};
    static const double gradient[4] = {.92370253, -.00010217, -1.23661326, .03690581};
    double out[5];

    (void)state;
    likelihood_of(&tsr_pareto_nbd, parameter, 2, 30.43, 38.86, out);
    for (int i = 0; i < 4; i++) assert_near(out[1 + i] / parameter[i], gradient[i], 2e-8);
}

static void pareto_predictions_equal_those_of_btyd(void **state)
{
    double e, ahead = 39;

    (void)state;
    assert_near(tsr_purchase_predict(&tsr_pareto_nbd, pareto_btyd, 26, 30.86, 31, &ahead, 1, &e).p_alive, .9979187,
                6e-8);
    assert_near(e, 20.11703, 6e-6);
    assert_near(tsr_purchase_predict(&tsr_pareto_nbd, pareto_btyd, 2, 30.43, 38.86, &ahead, 1, &e).p_alive, .8691676,
                6e-8);
    assert_near(e, 1.455123, 6e-7);
}

/* P(buy) is close to the expected number where that is tiny, and P(alive) in the end where nobody can stay away. */
static void chance_to_buy_lies_between_its_limits(void **state)
{
    static const double long_and_short[2] = {1e-6, 1e7};
    const double(*parameter[3])[4] = {&mbg_cdnow, &pareto_btyd, &mbg_cdnow};
    const tsr_purchase_model *models[3] = {&tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};

    (void)state;
    for (int m = 0; m < 3; m++) {
        double e;
        tsr_prediction soon =
            tsr_purchase_predict(models[m], *parameter[m], 2, 30.43, 38.86, &long_and_short[0], 1, &e);
        assert_near(soon.p_buy / e, 1, 1e-6);
        tsr_prediction late =
            tsr_purchase_predict(models[m], *parameter[m], 2, 30.43, 38.86, &long_and_short[1], 1, &e);
        assert_true(late.p_buy <= late.p_alive && late.p_buy > soon.p_buy);
    }
}

/* At s = 1 the formula with 1 / (s - 1) becomes a logarithm. */
static void pareto_expectation_passes_smoothly_through_s_equal_1(void **state)
{
    double below[4] = {.55, 10.6, 1 - 1e-9, 11.7}, at[4] = {.55, 10.6, 1, 11.7}, e[2], ahead = 39;

    (void)state;
    tsr_purchase_predict(&tsr_pareto_nbd, below, 2, 30, 38, &ahead, 1, &e[0]);
    tsr_purchase_predict(&tsr_pareto_nbd, at, 2, 30, 38, &ahead, 1, &e[1]);
    assert_near(e[0], e[1], 1e-8);
}

/* Equal scales make the integral elementary: (1 - (1 + range/a)^(1-p)) a / (p - 1). */
static void integral_over_lifetimes_equals_its_closed_form(void **state)
{
    static const double a[] = {1e-3, .5, 10, 1e6}, power[] = {1.05, 3, 50, 10000}, range[] = {1e-9, 1, 1000};
    tsr_lifetime life;

    (void)state;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < 3; k++) {
                double p = power[j], closed = -expm1((1 - p) * log1p(range[k] / a[i])) * a[i] / (p - 1);
                life.a[0] = life.b[0] = a[i];
                life.range[0] = range[k];
                life.power_a[0] = p - .7;
                life.power_b[0] = .7;
                tsr_lifetime_integrate(&life, 1);
                assert_near(life.total[0] / closed, 1, 2e-12);
            }
}

static void extreme_histories_give_finite_values(void **state)
{
    static const double history[][3] = {{0, 0, 0}, {10000, 10000, 10001}, {10000, 1, 10001}, {1, 1e-9, 1e9}, {5, 7, 7}};
    static const double points[][4] = {{.24, 4.4, .79, 4.4},
                                       {.24, 4.4, 1, 4.4},
                                       {1e-5, 1e-5, 1e-5, 1e-5},
                                       {1e5, 1e5, 1e5, 1e5}};
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};
    const double ahead[2] = {1, 5200};

    (void)state;
    for (int m = 0; m < 4; m++)
        for (int p = 0; p < 4; p++)
            for (int i = 0; i < 5; i++) {
                const double *h = history[i];
                double out[5], e[2];
                likelihood_of(models[m], points[p], (int32_t)h[0], h[1], h[2], out);
                for (int k = 0; k <= models[m]->parameters; k++) assert_true(isfinite(out[k]));
                tsr_prediction f = tsr_purchase_predict(models[m], points[p], (int32_t)h[0], h[1], h[2], ahead, 2, e);
                assert_true(f.p_alive >= 0 && f.p_alive <= 1 && f.p_buy >= 0 && f.p_buy <= 1);
                assert_true(e[0] >= 0 && e[1] >= e[0] && isfinite(e[1]));
                double residual = models[m]->residual(points[p], (int32_t)h[0], h[2], .002);
                assert_true(isfinite(residual) && residual >= 0);
            }
}

/* All models: probabilities; NBD-like where nobody drops out; the mean number is the expected one. */
static void counts_of_new_customers_are_a_distribution_with_the_expected_mean(void **state)
{
    enum { N = 60 };
    static const double steady[4] = {2, 10, 1e-9, 1}, lasting[4] = {2, 10, .5, 1e9};
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};
    const double *const usual[] = {mbg_cdnow, mbg_cdnow, pareto_btyd, mbg_cdnow};
    const double *const limit[] = {steady, steady, lasting, steady};
    double p[N], nbd[N], mean, sum, e, t = 9;

    (void)state;
    tsr_nbd_count(2, 10, t, N, nbd);
    for (int m = 0; m < 4; m++) {
        mean = sum = 0;
        models[m]->count(usual[m], t, N, p);
        for (int k = 0; k < N; k++) sum += p[k], mean += k * p[k];
        /* A new MBG customer may be gone at once: p_alive of (0, 0, 0) is below 1. */
        tsr_purchase_predict(models[m], usual[m], 0, 0, 0, &t, 1, &e);
        assert_near(sum, 1, 1e-5);
        assert_near(mean, e, 1e-4);
        models[m]->count(limit[m], t, N, p);
        for (int k = 0; k < N; k++) assert_near(p[k], nbd[k], 1e-6);
    }
}

/*
 * Mean over p ~ Beta(a, b + x) of (r+x)/p e^z E_(r+x+1)(z), integrated in other variables with SciPy to 9 digits (and
 * equal to the discounted slope of the expected number); Pareto/NBD: R BTYD's pnbd.DERT.
 */
static void purchases_for_ever_equal_known_values(void **state)
{
    static const double bg[4] = {0.242594522403, 4.413602018005, 0.792922016746, 2.425906775412};
    static const struct {
        int32_t x;
        double tx, t, bg, t_pareto, pareto;
    } known[] = {{0, 0, 38.86, 1.017253429, 39, .4749839075},
                 {2, 30.43, 38.86, 5.16953690, 38.86, 6.4837735677},
                 {26, 30.86, 31, 71.0720789, 31, 86.0564936012}};
    const double week = log(1.15) / 52;
    double alive;

    (void)state;
    for (int i = 0; i < 3; i++) {
        tsr_bg_nbd.p_alive(bg, &known[i].x, &known[i].tx, &known[i].t, 1, &alive);
        assert_near(alive * tsr_bg_nbd.residual(bg, known[i].x, known[i].t, week) / known[i].bg, 1, 1e-9);
        tsr_pareto_nbd.p_alive(pareto_btyd, &known[i].x, &known[i].tx, &known[i].t_pareto, 1, &alive);
        assert_near(alive * tsr_pareto_nbd.residual(pareto_btyd, known[i].x, known[i].t_pareto, .0027) /
                        known[i].pareto,
                    1, 2e-10);
    }
}

/* interest x the integral of e^(-interest t) E(t) is the same by parts: from predictions, midpoint rule. */
static void purchases_for_ever_agree_with_the_expected_number(void **state)
{
    enum { STEPS = 40000 };
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};
    const double interest = .1, until = 200;

    (void)state;
    for (int m = 0; m < 4; m++) {
        double sum = 0, e;
        for (int i = 0; i < STEPS; i++) {
            double t = (i + .5) * until / STEPS;
            models[m]->predict(pareto_btyd, 3, 20, &t, 1, &e);
            sum += interest * e * exp(-interest * t) * until / STEPS;
        }
        assert_near(models[m]->residual(pareto_btyd, 3, 20, interest) / sum, 1, 1e-5);
    }
}

/* ---- BG/BB ---- */

/* R BTYD at the published parameters of the donations (Fader, Hardie & Shang 2010). */
static void bg_bb_predictions_equal_those_of_btyd(void **state)
{
    static const double published[4] = {1.204, .750, .657, 2.783};
    const double five = 5;
    double e;

    (void)state;
    assert_near(tsr_purchase_predict(&tsr_bg_bb, published, 6, 6, 6, &five, 1, &e).p_alive, .9304025, 6e-8);
    assert_near(tsr_purchase_predict(&tsr_bg_bb, published, 2, 4, 6, &five, 1, &e).p_alive, .5895141, 6e-8);
}

/* E[X(n, n+m)] in the closed form of the paper, away from gamma = 1. */
static void bg_bb_expectation_equals_its_closed_form(void **state)
{
    static const double p[4] = {1.204, .750, .657, 2.783};

    (void)state;
    for (int32_t x = 0; x <= 6; x += 2)
        for (int32_t m = 1; m < 40; m += 6) {
            double n = 6, ahead = m, e, ratio = lgamma(1 + p[3] + n) - lgamma(p[2] + p[3] + n);
            double later = lgamma(1 + p[3] + n + m) - lgamma(p[2] + p[3] + n + m);
            double stays = lgamma(p[2] + p[3] + n + 1) - lgamma(p[3] + n + 1);
            double closed = (p[0] + x) / (p[0] + p[1] + n) / (p[2] - 1) * (exp(ratio + stays) - exp(later + stays));
            tsr_bg_bb.predict(p, x, n, &ahead, 1, &e);
            assert_near(e / closed, 1, 1e-12);
        }
}

static void bg_bb_counts_add_up_and_chances_agree(void **state)
{
    static const double p[4] = {1.204, .750, 1, 2.783};
    const double ahead[2] = {1, 9};
    double count[12], e[2], sum = 0, mean = 0;

    (void)state;
    tsr_bg_bb.count(p, 9, 12, count);
    for (int k = 0; k < 12; k++) sum += count[k], mean += k * count[k];
    tsr_prediction fresh = tsr_purchase_predict(&tsr_bg_bb, p, 0, 0, 0, ahead, 2, e);
    assert_near(sum, 1, 1e-13);
    assert_near(mean, e[1], 1e-13);
    assert_near(fresh.p_buy, 1 - count[0], 1e-13);
    double next = tsr_bg_bb.predict(p, 2, 6, ahead, 1, e);
    assert_near(next, e[0], 1e-15);
}

/* 40 digits of mpmath: sums of Beta functions as in the paper. */
static void bg_bb_likelihood_equals_values_of_high_precision(void **state)
{
    static const struct {
        double parameter[4], x, tx, n, expected;
    } points[] = {{{1.204, .75, .657, 2.783}, 2, 4, 6, -5.1956976010426},
                  {{.05, 3, 1, .02}, 0, 0, 52, -0.00069645580215848},
                  {{30, 2000, .3, 500}, 9, 300, 700, -46.025529531921},
                  {{1.2, .7, .6, 2.7}, 0, 0, 0, 0}};
    double out[5];

    (void)state;
    for (int i = 0; i < 4; i++) {
        likelihood_of(&tsr_bg_bb, points[i].parameter, (int32_t)points[i].x, points[i].tx, points[i].n, out);
        assert_near(out[0], points[i].expected, 1e-10 * (1 + fabs(points[i].expected)));
    }
}

static void bg_bb_gradient_equals_differences_of_the_likelihood(void **state)
{
    static const double history[][3] = {{0, 0, 6}, {2, 4, 6}, {6, 6, 6}, {40, 90, 300}, {1, 1, 1}};
    static const double points[][4] = {{1.2, .75, .66, 2.8}, {.1, 30, 1, .05}, {20, 3, 40, 900}};
    const double step = 1e-5;

    (void)state;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < 5; i++) {
            const double *h = history[i];
            double at[5], low[5], high[5];
            likelihood_of(&tsr_bg_bb, points[p], (int32_t)h[0], h[1], h[2], at);
            for (int j = 0; j < 4; j++) {
                double up[4], down[4];
                for (int k = 0; k < 4; k++) {
                    up[k] = points[p][k] * (k == j ? exp(step) : 1);
                    down[k] = points[p][k] * (k == j ? exp(-step) : 1);
                }
                likelihood_of(&tsr_bg_bb, up, (int32_t)h[0], h[1], h[2], high);
                likelihood_of(&tsr_bg_bb, down, (int32_t)h[0], h[1], h[2], low);
                assert_near(at[1 + j], (high[0] - low[0]) / (2 * step), 2e-5 * (1 + fabs(at[1 + j])));
            }
        }
}

/* A history must not see its neighbours, or the number of ranks would show. */
static void likelihood_in_company_has_the_bits_of_each_alone(void **state)
{
    enum { N = 600 };
    static int32_t x[N];
    static double tx[N], t[N];
    static int64_t count[N];
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};
    const int32_t width[] = {1, 4, 8};

    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = i / 299;
        tx[i] = x[i] > 0 ? 1 + i % 37 * .7 : 0;
        t[i] = tx[i] + i % 11 * 3.1;
        count[i] = 1 + i % 3;
    }
    for (int m = 0; m < 4; m++)
        for (int w = 0; w < 3; w++) {
            tsr_histories all = {.n = N, .x = x, .tx = tx, .t = t, .count = count};
            tsr_fixed sums[5], alone[5];
            tsr_maths_width(width[w]);
            for (int k = 0; k < 5; k++) sums[k] = alone[k] = tsr_fixed_zero(40);
            models[m]->add_likelihood(pareto_btyd, &all, sums);
            tsr_maths_width(8);
            for (int i = 0; i < N; i++) {
                tsr_histories one = {.n = 1, .x = x + i, .tx = tx + i, .t = t + i, .count = count + i};
                models[m]->add_likelihood(pareto_btyd, &one, alone);
            }
            for (int k = 0; k <= models[m]->parameters; k++) assert_true(sums[k].sum == alone[k].sum);
        }
}

/* What a rank has of smaller x must not show, nor how the sum over them came about. */
/* Without a chance to leave nothing is divided by b. */
static void bg_nbd_says_who_bought_once_is_alive_whatever_b(void **state)
{
    const double parameter[] = {.25, 4.4, 1, 1e-320}, at[] = {0, 30}, until[] = {39, 39};
    const int32_t x[] = {0, 1};
    double p[2];

    (void)state;
    tsr_bg_nbd.p_alive(parameter, x, at, until, 2, p);
    assert_true(p[0] == 1 && p[1] >= 0 && p[1] < 1e-300);
}

static void likelihood_does_not_depend_on_the_smaller_x_of_a_rank(void **state)
{
    enum { N = 900 };
    static int32_t x[N];
    static double tx[N], t[N];
    static int64_t one[N];
    const tsr_purchase_model *models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};

    (void)state;
    for (int i = 0; i < N; i++) x[i] = i, tx[i] = i > 0 ? 1 + i * .1 : 0, t[i] = 100, one[i] = 1;
    for (int m = 0; m < 4; m++) {
        tsr_histories all = {.n = N, .x = x, .tx = tx, .t = t, .count = one};
        tsr_fixed sums[5], alone[5];
        for (int k = 0; k < 5; k++) sums[k] = alone[k] = tsr_fixed_zero(40);
        models[m]->add_likelihood(mbg_cdnow, &all, sums);
        for (int i = 0; i < N; i++) {
            tsr_histories single = {.n = 1, .x = x + i, .tx = tx + i, .t = t + i, .count = one + i};
            models[m]->add_likelihood(mbg_cdnow, &single, alone);
        }
        for (int k = 0; k <= models[m]->parameters; k++) assert_true(sums[k].sum == alone[k].sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_differences_of_the_likelihood),
        cmocka_unit_test(pareto_likelihood_equals_values_of_high_precision),
        cmocka_unit_test(pareto_gradient_equals_the_checked_point),
        cmocka_unit_test(pareto_predictions_equal_those_of_btyd),
        cmocka_unit_test(chance_to_buy_lies_between_its_limits),
        cmocka_unit_test(pareto_expectation_passes_smoothly_through_s_equal_1),
        cmocka_unit_test(integral_over_lifetimes_equals_its_closed_form),
        cmocka_unit_test(extreme_histories_give_finite_values),
        cmocka_unit_test(purchases_for_ever_equal_known_values),
        cmocka_unit_test(purchases_for_ever_agree_with_the_expected_number),
        cmocka_unit_test(bg_bb_predictions_equal_those_of_btyd),
        cmocka_unit_test(bg_bb_expectation_equals_its_closed_form),
        cmocka_unit_test(bg_bb_counts_add_up_and_chances_agree),
        cmocka_unit_test(bg_bb_likelihood_equals_values_of_high_precision),
        cmocka_unit_test(bg_bb_gradient_equals_differences_of_the_likelihood),
        cmocka_unit_test(counts_of_new_customers_are_a_distribution_with_the_expected_mean),
        cmocka_unit_test(bg_nbd_says_who_bought_once_is_alive_whatever_b),
        cmocka_unit_test(likelihood_does_not_depend_on_the_smaller_x_of_a_rank),
        cmocka_unit_test(likelihood_in_company_has_the_bits_of_each_alone),
    };
    return RUN_UNIT_TESTS(tests);
}
