#include "unit_test.h"

#include <math.h>

#include "value/fit/maximize.h"
#include "value/histories/purchase.h"

enum { HISTORIES = 60, TERMS = 1 + TSR_PARAMETERS_MAX };

static int32_t x[HISTORIES];
static double tx[HISTORIES], t[HISTORIES];
static int64_t count[HISTORIES];

/* x rises with gaps, as on a rank that does not hold every number of purchases. */
static void make_histories(void)
{
    for (int i = 0; i < HISTORIES; i++) {
        x[i] = i < 15 ? 0 : (i - 12) / 3 + (i > 40 ? 5 : 0);
        tx[i] = x[i] == 0 ? 0 : 1 + (7 * i) % 31;
        t[i] = tx[i] + (5 * i) % 11 + (x[i] == 0 ? 2.7 * i : 0);
        count[i] = 1 + i % 4;
    }
}

/* @param t_max  the longest observation, which lets a model make tables; 0: it makes none */
static void add(const tsr_purchase_model *model, const double *parameter, double t_max, int first, int n,
                tsr_fixed *sums)
{
    tsr_histories h = {
        .n = n, .x = x + first, .tx = tx + first, .t = t + first, .count = count + first, .t_max = t_max};

    model->add_likelihood(parameter, &h, sums);
}

static void likelihood_does_not_depend_on_who_else_a_rank_has(void **state)
{
    (void)state;
    const tsr_purchase_model *const models[] = {&tsr_bg_nbd, &tsr_mbg_nbd, &tsr_pareto_nbd, &tsr_nbd};
    const double parameter[] = {.2291002265, 2.6366276454, .7837703030, 2.4792597354};
    tsr_fixed whole[TERMS], single[TERMS];

    make_histories();
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
        for (int i = 0; i < TERMS; i++) whole[i] = single[i] = tsr_fixed_zero(52);
        add(models[m], parameter, 50, 0, HISTORIES, whole);
        for (int i = 0; i < HISTORIES; i++) add(models[m], parameter, 50, i, 1, single);
        for (int i = 0; i <= models[m]->parameters; i++) {
            assert_int_equal(whole[i].bad, 0);
            assert_true(whole[i].sum != 0);
            assert_true(whole[i].sum == single[i].sum);
        }
    }
}

/* Wherever a search may wander; of those whose series would not be smooth enough it makes none. */
static void likelihood_from_tables_equals_that_from_integrals(void **state)
{
    static const double shape[] = {.03, .5, 3, 60}, scale[] = {.01, 2, 12, 400};

    (void)state;
    make_histories();
    for (int i = 0; i < 256; i++) {
        const double parameter[] = {shape[i % 4], scale[i / 4 % 4], shape[i / 16 % 4], scale[i / 64]};
        tsr_fixed tables[TERMS], integrals[TERMS];
        for (int k = 0; k < TERMS; k++) tables[k] = integrals[k] = tsr_fixed_zero(TSR_LIKELIHOOD_SCALE);
        add(&tsr_pareto_nbd, parameter, 50, 0, HISTORIES, tables);
        add(&tsr_pareto_nbd, parameter, 0, 0, HISTORIES, integrals);
        for (int k = 0; k < TERMS; k++) {
            double by_table = tsr_fixed_value(&tables[k]), directly = tsr_fixed_value(&integrals[k]);
            if (!(fabs(by_table - directly) <= 1e-10 * (1 + fabs(directly))))
                fail_msg("%g %g %g %g, sum %d: %.17g is not %.17g", parameter[0], parameter[1], parameter[2],
                         parameter[3], k, by_table, directly);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(likelihood_does_not_depend_on_who_else_a_rank_has),
                                       cmocka_unit_test(likelihood_from_tables_equals_that_from_integrals)};
    return RUN_UNIT_TESTS(tests);
}
