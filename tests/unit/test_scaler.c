/* The scaler as a plain object: one value forward and back, and the bundle. */
#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "features/scaler.h"

static tsr_scaler *some_scaler(void)
{
    tsr_scaler *s = NULL;

    assert_int_equal(tsr_scaler_create(3, 1, &s), TSR_OK);
    for (int32_t c = 0; c < 3; c++) {
        s->transform[c] = c;
        s->fill[c] = 3.0;
        s->mean[c] = 0.5;
        s->sd[c] = 2.0;
        s->clipped[c] = 10 + c;
        s->missing_share[c] = 0.25;
        s->name[c][0] = (char)('a' + c);
    }
    s->clip = 8;
    s->step = 8.0 / 32767;
    strcpy(s->constant[0], "flat");
    return s;
}

static void value_goes_forward_and_back_through_each_transform(void **state)
{
    tsr_scaler *s = some_scaler();
    const double raw[] = {0.001, 1.0, 7.5, 1e6};

    (void)state;
    assert_true(tsr_scaler_forward(s, 0, 7.5) == 3.5);
    assert_true(fabs(tsr_scaler_forward(s, 1, 7.5) - (log1p(7.5) - 0.5) / 2) < 1e-15);
    assert_true(fabs(tsr_scaler_forward(s, 2, 7.5) - (log(7.5) - 0.5) / 2) < 1e-15);
    for (int32_t c = 0; c < 3; c++)
        for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
            double back = tsr_scaler_backward(s, c, tsr_scaler_forward(s, c, raw[i]));
            assert_true(fabs(back - raw[i]) <= 1e-12 * fmax(raw[i], 1.0));
        }
    tsr_scaler_destroy(&s);
    assert_null(s);
}

static void negative_value_keeps_its_sign_through_log1p(void **state)
{
    tsr_scaler *s = some_scaler();

    (void)state;
    assert_true(fabs(tsr_scaler_forward(s, 1, -7.5) - (-log1p(7.5) - 0.5) / 2) < 1e-15);
    assert_true(fabs(tsr_scaler_backward(s, 1, tsr_scaler_forward(s, 1, -7.5)) + 7.5) < 1e-12);
    tsr_scaler_destroy(&s);
}

static void missing_value_is_the_fill_and_no_logarithm_is_the_bottom(void **state)
{
    tsr_scaler *s = some_scaler();

    (void)state;
    for (int32_t c = 0; c < 3; c++) assert_true(tsr_scaler_forward(s, c, NAN) == tsr_scaler_forward(s, c, 3.0));
    assert_true(tsr_scaler_forward(s, 2, 0.0) == -INFINITY); /* the tiles clip it */
    assert_true(tsr_scaler_forward(s, 2, -1.0) == -INFINITY);
    tsr_scaler_destroy(&s);
}

static void scaler_comes_back_from_a_bundle_as_it_was(void **state)
{
    tsr_scaler *s = some_scaler(), *t = NULL;
    tsr_bundle *bundle = NULL;

    (void)state;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_scaler_save(s, bundle), TSR_OK);
    assert_int_equal(tsr_scaler_load(bundle, &t), TSR_OK);
    assert_int_equal(t->cols, 3);
    assert_int_equal(t->constant_n, 1);
    assert_memory_equal(t->name, s->name, 3 * sizeof *s->name);
    assert_string_equal(t->constant[0], "flat");
    assert_memory_equal(t->transform, s->transform, 3 * sizeof *s->transform);
    assert_memory_equal(t->fill, s->fill, 3 * sizeof *s->fill);
    assert_memory_equal(t->mean, s->mean, 3 * sizeof *s->mean);
    assert_memory_equal(t->sd, s->sd, 3 * sizeof *s->sd);
    assert_memory_equal(t->missing_share, s->missing_share, 3 * sizeof *s->missing_share);
    assert_memory_equal(t->clipped, s->clipped, 3 * sizeof *s->clipped);
    assert_true(t->clip == s->clip && t->step == s->step);
    tsr_scaler_destroy(&t);
    tsr_scaler_destroy(&s);
    tsr_bundle_destroy(&bundle);
}

static void scaler_is_not_made_of_a_bundle_that_lacks_a_part(void **state)
{
    tsr_scaler *s = some_scaler(), *t = NULL;
    tsr_bundle *bundle = NULL;
    const double short_mean[1] = {0};

    (void)state;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_scaler_load(bundle, &t), TSR_EDATA);
    assert_null(t);
    assert_int_equal(tsr_scaler_save(s, bundle), TSR_OK);
    assert_int_equal(tsr_bundle_put(bundle, "/scaler/mean", TSR_F64, 1, 0, short_mean, NULL, NULL), TSR_OK);
    assert_int_equal(tsr_scaler_load(bundle, &t), TSR_EDATA);
    assert_null(t);
    assert_non_null(strstr(tsr_error_last()->text, "/scaler/mean"));
    tsr_scaler_destroy(&s);
    tsr_bundle_destroy(&bundle);
}

static void features_info_comes_back_from_a_bundle_as_it_was(void **state)
{
    tsr_features_info info = {.customers = 5,
                              .after_as_of = 2,
                              .prospects = 1,
                              .revenue = -((tsr_int128)1 << 80) - 7,
                              .money_scale = 2,
                              .as_of = -86400,
                              .features = 6},
                      back;
    tsr_bundle *bundle = NULL;

    (void)state;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_features_info_load(bundle, &back), TSR_EDATA);
    assert_int_equal(tsr_features_info_save(&info, bundle), TSR_OK);
    assert_int_equal(tsr_features_info_load(bundle, &back), TSR_OK);
    assert_int_equal(back.customers, 5);
    assert_int_equal(back.after_as_of, 2);
    assert_int_equal(back.prospects, 1);
    assert_true(back.revenue == info.revenue);
    assert_int_equal(back.money_scale, 2);
    assert_int_equal(back.as_of, -86400);
    assert_int_equal(back.features, 6);
    tsr_bundle_destroy(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_goes_forward_and_back_through_each_transform),
        cmocka_unit_test(negative_value_keeps_its_sign_through_log1p),
        cmocka_unit_test(missing_value_is_the_fill_and_no_logarithm_is_the_bottom),
        cmocka_unit_test(scaler_comes_back_from_a_bundle_as_it_was),
        cmocka_unit_test(scaler_is_not_made_of_a_bundle_that_lacks_a_part),
        cmocka_unit_test(features_info_comes_back_from_a_bundle_as_it_was),
    };
    return RUN_UNIT_TESTS(tests);
}
