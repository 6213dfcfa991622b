#include "value_test.h"

#include "cdnow.h"
#include "tessera/bundle.h"
#include "value/fit/pair_sums.h"
#include "value/histories/purchase.h"
#include "value/models/gamma_gamma.h"

static const double btyd[4] = {.2425945, 4.4136019, .7929199, 2.4258881}; /* where R BTYD was asked */

/* ---- BG/NBD ---- */

/* The log-likelihood and its log-gradient of one history. */
static void likelihood_of(const double *parameter, int32_t x, double tx, double t, double out[5])
{
    int64_t one = 1;
    tsr_histories h = {.n = 1, .x = &x, .tx = &tx, .t = &t, .count = &one};
    tsr_fixed sums[5];

    for (int i = 0; i < 5; i++) sums[i] = tsr_fixed_zero(40);
    tsr_bg_nbd.add_likelihood(parameter, &h, sums);
    for (int i = 0; i < 5; i++) out[i] = tsr_fixed_value(&sums[i]);
}

static int by_x(const void *left, const void *right)
{
    const cdnow_history *a = left, *b = right;

    return (a->x > b->x) - (a->x < b->x);
}

static void bg_nbd_likelihood_of_cdnow_equals_the_checked_point(void **state)
{
    static const double parameter[4] = {.3, 5, .9, 2};
    static const double gradient[4] = {-490.62467816, 8.98436698, -58.12297871, 20.67805839};
    static cdnow data;
    static int32_t x[CDNOW_CUSTOMERS];
    static double tx[CDNOW_CUSTOMERS], t[CDNOW_CUSTOMERS];
    static int64_t one[CDNOW_CUSTOMERS];
    tsr_fixed sums[5];

    (void)state;
    if (!cdnow_read(&data)) {
        if (data_required()) fail_msg("the data is not at %s", data_path("cdnow"));
        skip();
    }
    qsort(data.calibration, CDNOW_CUSTOMERS, sizeof data.calibration[0], by_x);
    for (int i = 0; i < CDNOW_CUSTOMERS; i++) {
        x[i] = data.calibration[i].x;
        tx[i] = data.calibration[i].tx_days / 7.0;
        t[i] = data.calibration[i].t_days / 7.0;
        one[i] = 1;
    }
    tsr_histories h = {.n = CDNOW_CUSTOMERS, .x = x, .tx = tx, .t = t, .count = one};
    for (int i = 0; i < 5; i++) sums[i] = tsr_fixed_zero(40);
    tsr_bg_nbd.add_likelihood(parameter, &h, sums);
    assert_near(tsr_fixed_value(&sums[0]), -9602.061188114758, 1e-8);
    for (int i = 0; i < 4; i++) assert_near(tsr_fixed_value(&sums[1 + i]) / parameter[i], gradient[i], 1e-7);
}

static void bg_nbd_gradient_equals_differences_of_the_likelihood(void **state)
{
    static const double history[][3] = {{0, 0, 38.86}, {2, 30.43, 38.86}, {26, 30.86, 31}, {1, 2, 2}, {300, 90, 100}};
    static const double points[][4] = {{.2, 4.4, .8, 2.4}, {3, 50, 1, .05}, {.05, .3, 40, 900}};

    (void)state;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < 5; i++) {
            const double *h = history[i];
            double at[5], low[5], high[5];
            likelihood_of(points[p], (int32_t)h[0], h[1], h[2], at);
            for (int j = 0; j < 4; j++) {
                double moved[4], step = 1e-5;
                for (int k = 0; k < 4; k++) moved[k] = points[p][k] * (k == j ? exp(step) : 1);
                likelihood_of(moved, (int32_t)h[0], h[1], h[2], high);
                for (int k = 0; k < 4; k++) moved[k] = points[p][k] * (k == j ? exp(-step) : 1);
                likelihood_of(moved, (int32_t)h[0], h[1], h[2], low);
                assert_near(at[1 + j], (high[0] - low[0]) / (2 * step), 1e-5 * (1 + fabs(at[1 + j])));
            }
        }
}

static void bg_nbd_likelihood_of_extreme_histories_is_finite(void **state)
{
    static const double history[][3] = {{0, 0, 0}, {10000, 10000, 10001}, {10000, 1, 10001}, {1, 1e-9, 1e9}, {5, 7, 7}};
    static const double points[][4] = {{.24, 4.4, .79, 2.4}, {1e-5, 1e-5, 1e-5, 1e-5}, {1e5, 1e5, 1e5, 1e5}};

    (void)state;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < 5; i++) {
            double out[5];
            likelihood_of(points[p], (int32_t)history[i][0], history[i][1], history[i][2], out);
            for (int k = 0; k < 5; k++) assert_true(isfinite(out[k]));
        }
}

static tsr_prediction predict_one(const double *parameter, int32_t x, double tx, double t, double ahead, double *e)
{
    return tsr_purchase_predict(&tsr_bg_nbd, parameter, x, tx, t, &ahead, 1, e);
}

static void bg_nbd_predictions_equal_those_of_btyd(void **state)
{
    double e;

    (void)state;
    assert_near(predict_one(btyd, 2, 30.43, 38.86, 39, &e).p_alive, .7266086, 6e-8);
    assert_near(e, 1.225906, 6e-7);
    assert_near(predict_one(btyd, 26, 30.86, 31, 39, &e).p_alive, .9689186, 6e-8);
    assert_near(e, 20.75029, 6e-6);
}

/* A new customer is one with x = 0 and T = 0. */
static void bg_nbd_expectation_of_new_customers_equals_that_of_btyd(void **state)
{
    static const double ahead[] = {1, 10, 39, 78}, expected[] = {.05318428, .4317584, 1.195009, 1.857956};
    double out[4];

    (void)state;
    tsr_purchase_predict(&tsr_bg_nbd, btyd, 0, 0, 0, ahead, 4, out);
    for (int i = 0; i < 4; i++) assert_near(out[i], expected[i], 6e-8 * (i < 2 ? 1 : 10));
}

static void bg_nbd_expectation_at_a_equal_1_is_right(void **state)
{
    static const double parameter[4] = {.24, 4.4, 1, 2.4};
    double e;

    (void)state;
    predict_one(parameter, 2, 30.43, 38.86, 39, &e);
    assert_near(e, 1.0976225304, 5e-11);
}

static void bg_nbd_expectation_of_1000_purchases_does_not_overflow(void **state)
{
    double e;

    (void)state;
    predict_one(btyd, 1000, 100, 100, 5200, &e);
    assert_near(e, 6067.4220702963, 1.1e-10);
}

static void bg_nbd_p_buy_follows_from_p_alive(void **state)
{
    double e;

    (void)state;
    tsr_prediction p = predict_one(btyd, 2, 30.43, 38.86, 39, &e);
    assert_near(p.p_buy, p.p_alive * (1 - pow((btyd[1] + 38.86) / (btyd[1] + 38.86 + 39), btyd[0] + 2)), 1e-14);
    p = predict_one(btyd, 0, 0, 38.86, 39, &e);
    assert_true(p.p_alive == 1);
    assert_true(p.p_buy > 0 && p.p_buy < .2);
}

static void bg_nbd_predictions_of_extreme_histories_are_finite(void **state)
{
    static const double history[][3] = {{0, 0, 0}, {10000, 10000, 10000}, {10000, 1, 10000}, {1, 1e-3, 1e6}, {5, 7, 7}};
    static const double points[][4] = {{.24, 4.4, .79, 2.4}, {1e-5, 1e-5, 1e-5, 1e-5}, {1e5, 1e5, 1e5, 1e5},
                                       {.24, 4.4, 1, 2.4},   {.24, 4.4, 1e5, 1e-5},    {.24, 4.4, 1e-5, 1e5}};

    (void)state;
    for (int p = 0; p < 6; p++)
        for (int i = 0; i < 5; i++) {
            double e;
            tsr_prediction out = predict_one(points[p], (int32_t)history[i][0], history[i][1], history[i][2], 52, &e);
            assert_true(out.p_alive >= 0 && out.p_alive <= 1);
            assert_true(out.p_buy >= 0 && out.p_buy <= out.p_alive);
            assert_true(isfinite(e) && e >= 0);
        }
}

/* ---- Gamma-Gamma ---- */

static void gamma_gamma_equals_the_checked_point(void **state)
{
    static const double parameter[3] = {6.25, 3.74, 15.44};
    static const double gradient[3] = {-.07148396, .24828958, -.03392625}; /* in p, q, gamma */
    int32_t x = 3;
    double total = 66;
    int64_t one = 1;
    tsr_spends s = {.n = 1, .x = &x, .total = &total, .count = &one};
    tsr_fixed sums[4];

    (void)state;
    for (int i = 0; i < 4; i++) sums[i] = tsr_fixed_zero(40);
    tsr_gamma_gamma_add(parameter, &s, sums);
    assert_near(tsr_fixed_value(&sums[0]), -3.505382878, 6e-10);
    assert_near(tsr_fixed_value(&sums[1]) / 6.25, gradient[0], 6e-9);
    assert_near(tsr_fixed_value(&sums[2]) / 2.74, gradient[1], 6e-9);
    assert_near(tsr_fixed_value(&sums[3]) / 15.44, gradient[2], 6e-9);
    assert_near(tsr_gamma_gamma_mean(parameter, 3, 66), 23.685435, 6e-7);
}

static void gamma_gamma_mean_without_purchases_is_that_of_the_population(void **state)
{
    static const double parameter[3] = {6.25, 3.74, 15.44};

    (void)state;
    assert_near(tsr_gamma_gamma_mean(parameter, 0, 0), 6.25 * 15.44 / 2.74, 1e-12);
    assert_near(tsr_gamma_gamma_mean(parameter, 2, -50), tsr_gamma_gamma_mean(parameter, 2, 0), 0);
    assert_true(tsr_gamma_gamma_mean(parameter, 2, -50) > 0);
}

/* ---- scores ---- */

static void clv_of_the_cdnow_sample_adds_up_to_the_checked_total(void **state)
{
    static cdnow data;
    tsr_value_model model = cdnow_model();
    double total = 0;

    (void)state;
    if (!cdnow_read(&data)) {
        if (data_required()) fail_msg("the data is not at %s", data_path("cdnow"));
        skip();
    }
    for (int i = 0; i < CDNOW_CUSTOMERS; i++) {
        const cdnow_history *h = &data.calibration[i];
        total += tsr_value_score(&model, &yearly, h->x, h->tx_days, h->t_days, h->spend, NULL).clv;
    }
    assert_near(total, 70645.926, 6e-4);
}

static void score_of_who_never_bought_is_missing(void **state)
{
    tsr_value_model model = cdnow_model();
    tsr_value_scores s = tsr_value_score(&model, &yearly, -1, 0, 0, 0, NULL);

    (void)state;
    assert_true(isnan(s.p_alive) && isnan(s.p_buy) && isnan(s.churn_risk) && isnan(s.expected_purchases) &&
                isnan(s.expected_spend) && isnan(s.clv));
}

static void score_without_a_spend_model_has_no_clv(void **state)
{
    tsr_value_model model = cdnow_model();

    (void)state;
    model.has_spend = false;
    tsr_value_scores s = tsr_value_score(&model, &yearly, 2, 213, 272, 5000, NULL);
    assert_true(isnan(s.expected_spend) && isnan(s.clv));
    assert_true(s.expected_purchases > 0 && s.churn_risk == 1 - s.p_buy);
}

static void clv_scales_with_margin_and_falls_with_interest(void **state)
{
    tsr_value_model model = cdnow_model();
    tsr_value_params params = yearly;

    (void)state;
    params.discount_rate = 0;
    tsr_value_scores s = tsr_value_score(&model, &params, 2, 213, 272, 5000, NULL);
    assert_near(s.clv, s.expected_purchases * s.expected_spend, 1e-12);
    params.margin = .25;
    assert_near(tsr_value_score(&model, &params, 2, 213, 272, 5000, NULL).clv, s.clv / 4, 1e-12);
    params.margin = 1;
    params.discount_rate = .5;
    assert_true(tsr_value_score(&model, &params, 2, 213, 272, 5000, NULL).clv < s.clv);
}

/* The unit is a way to write the same thing: rates per day are a seventh of those per week. */
static void scores_do_not_depend_on_the_time_unit(void **state)
{
    tsr_value_model weeks = cdnow_model(), days = weeks;
    tsr_value_params params = yearly;

    (void)state;
    tsr_value_scores a = tsr_value_score(&weeks, &params, 2, 213, 272, 5000, NULL);
    days.time_unit = TSR_UNIT_DAY;
    days.parameter[1] *= 7;
    params.horizon *= 7;
    tsr_value_scores b = tsr_value_score(&days, &params, 2, 213, 272, 5000, NULL);
    assert_near(b.expected_purchases, a.expected_purchases, 1e-12);
    assert_near(b.p_buy, a.p_buy, 1e-12);
    assert_near(b.p_alive, a.p_alive, 1e-12);
    assert_near(tsr_time_unit_days(TSR_UNIT_MONTH) * 12, tsr_time_unit_days(TSR_UNIT_YEAR), 1e-12);
}

/* ---- pairs and bundles ---- */

static void correlation_of_lines_is_1_and_of_constants_missing(void **state)
{
    tsr_pair_sums rising = tsr_pair_sums_zero(), falling = rising, constant = rising;

    (void)state;
    for (int i = 0; i < 10; i++) {
        tsr_pair_sums_add(&rising, i / 9.0, .1 + i / 20.0, 1 + i);
        tsr_pair_sums_add(&falling, i / 9.0, 1 - i / 20.0, 1 + i);
        tsr_pair_sums_add(&constant, i / 9.0, .3, 1);
    }
    assert_near(tsr_pair_sums_correlation(&rising), 1, 1e-12);
    assert_near(tsr_pair_sums_correlation(&falling), -1, 1e-12);
    assert_true(isnan(tsr_pair_sums_correlation(&constant)));
}

static void model_comes_back_from_a_bundle_as_it_was(void **state)
{
    tsr_validation in = {.model = cdnow_model(), .customers = 7, .weeks = 39, .mae = .5, .predicted_spend = 1e6}, out;
    tsr_value_model again;
    tsr_bundle *bundle = NULL;

    (void)state;
    in.model.log_likelihood = -9582.4;
    in.model.customers = 2357;
    in.model.converged = true;
    in.model.spend_correlation = .1139;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_value_save(&in.model, "/value", bundle), TSR_OK);
    assert_int_equal(tsr_validation_save(&in, "/validation", bundle), TSR_OK);
    assert_int_equal(tsr_value_load(bundle, "/value", &again), TSR_OK);
    assert_int_equal(tsr_validation_load(bundle, "/validation", &out), TSR_OK);
    assert_memory_equal(again.parameter, in.model.parameter, sizeof again.parameter);
    assert_memory_equal(again.spend, in.model.spend, sizeof again.spend);
    assert_true(again.log_likelihood == -9582.4 && again.customers == 2357 && again.converged && again.has_spend);
    assert_true(!again.no_dropout && again.spend_correlation == .1139);
    assert_int_equal(again.time_unit, TSR_UNIT_WEEK);
    assert_int_equal(again.money_scale, 2);
    assert_true(out.customers == 7 && out.weeks == 39 && out.mae == .5 && out.predicted_spend == 1e6);
    assert_memory_equal(out.model.parameter, in.model.parameter, sizeof out.model.parameter);
    assert_int_equal(tsr_value_load(bundle, "/elsewhere", &again), TSR_EDATA);
    tsr_bundle_destroy(&bundle);
}

static void model_of_an_unknown_kind_is_refused(void **state)
{
    tsr_value_model model = cdnow_model();
    tsr_bundle *bundle = NULL;

    (void)state;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_value_save(&model, "/value", bundle), TSR_OK);
    assert_int_equal(tsr_bundle_put_text(bundle, "/value/model", "crystal_ball"), TSR_OK);
    assert_int_equal(tsr_value_load(bundle, "/value", &model), TSR_EDATA);
    assert_non_null(strstr(tsr_error_last()->text, "crystal_ball"));
    tsr_bundle_destroy(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bg_nbd_likelihood_of_cdnow_equals_the_checked_point),
        cmocka_unit_test(bg_nbd_gradient_equals_differences_of_the_likelihood),
        cmocka_unit_test(bg_nbd_likelihood_of_extreme_histories_is_finite),
        cmocka_unit_test(bg_nbd_predictions_equal_those_of_btyd),
        cmocka_unit_test(bg_nbd_expectation_of_new_customers_equals_that_of_btyd),
        cmocka_unit_test(bg_nbd_expectation_at_a_equal_1_is_right),
        cmocka_unit_test(bg_nbd_expectation_of_1000_purchases_does_not_overflow),
        cmocka_unit_test(bg_nbd_p_buy_follows_from_p_alive),
        cmocka_unit_test(bg_nbd_predictions_of_extreme_histories_are_finite),
        cmocka_unit_test(gamma_gamma_equals_the_checked_point),
        cmocka_unit_test(gamma_gamma_mean_without_purchases_is_that_of_the_population),
        cmocka_unit_test(clv_of_the_cdnow_sample_adds_up_to_the_checked_total),
        cmocka_unit_test(score_of_who_never_bought_is_missing),
        cmocka_unit_test(score_without_a_spend_model_has_no_clv),
        cmocka_unit_test(clv_scales_with_margin_and_falls_with_interest),
        cmocka_unit_test(scores_do_not_depend_on_the_time_unit),
        cmocka_unit_test(correlation_of_lines_is_1_and_of_constants_missing),
        cmocka_unit_test(model_comes_back_from_a_bundle_as_it_was),
        cmocka_unit_test(model_of_an_unknown_kind_is_refused),
    };
    return RUN_UNIT_TESTS(tests);
}
