#include "unit_test.h"

#include <string.h>

#include "value/maximize.h"
#include "value/purchase.h"

enum { HISTORIES = 60, TERMS = 1 + TSR_PARAMETERS_MAX };

static int32_t x[HISTORIES];
static double tx[HISTORIES], t[HISTORIES];
static int64_t count[HISTORIES];

/* x rises with gaps, as on a rank that does not hold every number of purchases. */
static void make_histories(void)
{
    for (int i = 0; i < HISTORIES; i++) {
        x[i] = i / 3 + (i > 30 ? 5 : 0);
        tx[i] = x[i] == 0 ? 0 : 1 + (7 * i) % 31;
        t[i] = tx[i] + (5 * i) % 11;
        count[i] = 1 + i % 4;
    }
}

static tsr_histories part(int first, int n)
{
    return (tsr_histories){.n = n, .x = x + first, .tx = tx + first, .t = t + first, .count = count + first};
}

static void add(const tsr_purchase_model *model, const double *parameter, int first, int n, tsr_fixed *sums)
{
    tsr_histories h = part(first, n);

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
        add(models[m], parameter, 0, HISTORIES, whole);
        for (int i = 0; i < HISTORIES; i++) add(models[m], parameter, i, 1, single);
        for (int i = 0; i <= models[m]->parameters; i++) {
            assert_int_equal(whole[i].bad, 0);
            assert_true(whole[i].sum != 0);
            assert_true(whole[i].sum == single[i].sum);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(likelihood_does_not_depend_on_who_else_a_rank_has)};
    return RUN_UNIT_TESTS(tests);
}
