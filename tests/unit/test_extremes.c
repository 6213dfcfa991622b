#include "unit_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/value.h"
#include "value/histories/purchase.h"

/* One customer where models break first, and what is known of it: a line of extremes.tsv. */
typedef struct extreme {
    const tsr_purchase_model *model;
    double parameter[4], x, tx, t, ahead;
    double likelihood, p_alive, p_buy, expected;
} extreme;

static const tsr_purchase_model *model_of(const char *name)
{
    for (int32_t i = 0; i < TSR_VALUE_MODELS; i++)
        if (strcmp(tsr_value_model_name(i), name) == 0) return tsr_purchase_model_of(i);
    return NULL;
}

static int32_t read_extremes(extreme *out, int32_t most)
{
    char line[1024], name[32];
    FILE *file = fopen(TSR_TEST_EXTREMES, "r");
    int32_t n = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL && n < most) {
        extreme *e = &out[n];
        if (line[0] == '#') continue;
        int fields = sscanf(line, "%31s %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf", name, &e->parameter[0],
                            &e->parameter[1], &e->parameter[2], &e->parameter[3], &e->x, &e->tx, &e->t, &e->ahead,
                            &e->likelihood, &e->p_alive, &e->p_buy, &e->expected);
        assert_int_equal(fields, 13);
        e->model = model_of(name);
        assert_non_null(e->model);
        n++;
    }
    fclose(file);
    return n;
}

static void assert_near(int32_t at, const char *what, double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected) + 1e-290))
        fail_msg("line %d, %s: %.17g is not %.17g", (int)at + 2, what, value, expected);
}

static void check_likelihood(int32_t at, const extreme *e)
{
    int32_t x = (int32_t)e->x;
    int64_t one = 1;
    tsr_histories h = {.n = 1, .x = &x, .tx = (double *)&e->tx, .t = (double *)&e->t, .count = &one, .t_max = e->t};
    tsr_fixed sums[5];

    for (int32_t i = 0; i < 5; i++) sums[i] = tsr_fixed_zero(40);
    e->model->add_likelihood(e->parameter, &h, sums);
    for (int32_t i = 0; i < 5; i++) assert_true(isfinite(tsr_fixed_value(&sums[i])));
    if (!(fabs(tsr_fixed_value(&sums[0]) - e->likelihood) <= 2e-11 * (1 + fabs(e->likelihood))))
        fail_msg("line %d, likelihood: %.17g is not %.17g", (int)at + 2, tsr_fixed_value(&sums[0]), e->likelihood);
}

static void customers_at_the_limits_equal_values_of_high_precision(void **state)
{
    static extreme all[200];
    int32_t n = read_extremes(all, 200);

    (void)state;
    assert_int_equal(n, 121);
    for (int32_t i = 0; i < n; i++) {
        const extreme *e = &all[i];
        double expected;
        check_likelihood(i, e);
        tsr_prediction p =
            tsr_purchase_predict(e->model, e->parameter, (int32_t)e->x, e->tx, e->t, &e->ahead, 1, &expected);
        assert_near(i, "P(alive)", p.p_alive, e->p_alive, 1e-9);
        assert_near(i, "P(buy)", p.p_buy, e->p_buy, 1e-9);
        assert_near(i, "purchases ahead", expected, e->expected, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(customers_at_the_limits_equal_values_of_high_precision)};
    return RUN_UNIT_TESTS(tests);
}
