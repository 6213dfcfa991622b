#include "unit_test.h"

#include <math.h>

#include "value/check/ranking.h"

static tsr_ranking ranking_of(const double *score, const bool *bought, const int64_t *amount, int n)
{
    tsr_ranking ranking;

    assert_int_equal(tsr_ranking_create(&ranking), TSR_OK);
    for (int i = 0; i < n; i++) tsr_ranking_add(&ranking, score[i], bought != NULL && bought[i], amount[i]);
    return ranking;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static const int64_t none[8] = {0};

/* Pairs of a buyer and another: 6 of 9 won, one a tie. */
static void auc_counts_pairs_won_and_ties_half(void **state)
{
    static const double score[] = {9, 7, 3, 8, 3, 1};
    static const bool bought[] = {true, true, true, false, false, false};
    tsr_ranking ranking = ranking_of(score, bought, none, 6);

    (void)state;
    assert_true(is_near(tsr_ranking_auc(&ranking), 6.5 / 9));
    tsr_ranking_clear(&ranking);
}

static void auc_of_a_score_turned_round_is_one_minus(void **state)
{
    static const double score[] = {9, 7, 3, 8, 3, 1};
    static const bool bought[] = {true, true, true, false, false, false};
    double turned[6];

    (void)state;
    for (int i = 0; i < 6; i++) turned[i] = 1 / score[i];
    tsr_ranking ranking = ranking_of(turned, bought, none, 6);
    assert_true(is_near(tsr_ranking_auc(&ranking), 2.5 / 9));
    tsr_ranking_clear(&ranking);
}

static void auc_of_buyers_alone_is_undefined(void **state)
{
    static const double score[] = {9, 7};
    static const bool all[] = {true, true};
    tsr_ranking ranking = ranking_of(score, all, none, 2);

    (void)state;
    assert_true(isnan(tsr_ranking_auc(&ranking)));
    assert_true(isnan(tsr_ranking_gini(&ranking)));
    assert_true(isnan(tsr_ranking_share(&ranking, .1)));
    tsr_ranking_clear(&ranking);
}

/* sum over pairs |a - b| / (2 n sum) of 1, 2, 4, 8: 2 x (1 + 3 + 7 + 2 + 6 + 4) / (2 x 4 x 15). */
static void gini_by_the_amount_itself_is_that_of_the_amounts(void **state)
{
    static const double score[] = {4, 1, 8, 2};
    static const int64_t amount[] = {4, 1, 8, 2};
    tsr_ranking ranking = ranking_of(score, NULL, amount, 4);

    (void)state;
    assert_true(is_near(tsr_ranking_gini(&ranking), 23.0 / 60));
    tsr_ranking_clear(&ranking);
}

static void gini_of_a_reversed_ranking_is_negative(void **state)
{
    static const double score[] = {2, 8, 1, 4};
    static const int64_t amount[] = {4, 1, 8, 2};
    tsr_ranking ranking = ranking_of(score, NULL, amount, 4);

    (void)state;
    assert_true(is_near(tsr_ranking_gini(&ranking), -23.0 / 60));
    tsr_ranking_clear(&ranking);
}

static void gini_of_ties_is_zero(void **state)
{
    static const double score[] = {5, 5, 5};
    static const int64_t amount[] = {1, 100, 3};
    tsr_ranking ranking = ranking_of(score, NULL, amount, 3);

    (void)state;
    assert_true(is_near(tsr_ranking_gini(&ranking), 0));
    tsr_ranking_clear(&ranking);
}

/* A class across the border gives its share. */
static void share_of_the_first_is_cut_within_a_class(void **state)
{
    static const double score[] = {9, 5, 5, 1};
    static const int64_t amount[] = {10, 6, 2, 2};
    tsr_ranking ranking = ranking_of(score, NULL, amount, 4);

    (void)state;
    assert_true(is_near(tsr_ranking_share(&ranking, .25), .5));
    assert_true(is_near(tsr_ranking_share(&ranking, .5), .7));
    assert_true(is_near(tsr_ranking_share(&ranking, 1), 1));
    assert_true(is_near(tsr_ranking_share(&ranking, 0), 0));
    tsr_ranking_clear(&ranking);
}

static void classes_rise_with_the_score(void **state)
{
    int32_t before = -1;

    (void)state;
    for (double score = 1e-30; score < 1e30; score *= 1.01) {
        assert_true(tsr_ranking_class(score) > before);
        before = tsr_ranking_class(score);
    }
    assert_true(before < TSR_CLASSES && tsr_ranking_class(INFINITY) < TSR_CLASSES);
    assert_int_equal(tsr_ranking_class(0), 0);
    assert_int_equal(tsr_ranking_class(-3), 0);
    assert_int_equal(tsr_ranking_class(NAN), 0);
}

static void reset_ranking_holds_nobody(void **state)
{
    static const double score[] = {9, 5};
    static const int64_t amount[] = {10, 6};
    tsr_ranking ranking = ranking_of(score, NULL, amount, 2);

    (void)state;
    tsr_ranking_reset(&ranking);
    assert_true(isnan(tsr_ranking_gini(&ranking)));
    tsr_ranking_add(&ranking, 1, false, 3);
    assert_true(is_near(tsr_ranking_share(&ranking, 1), 1));
    tsr_ranking_clear(&ranking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_counts_pairs_won_and_ties_half),
        cmocka_unit_test(auc_of_a_score_turned_round_is_one_minus),
        cmocka_unit_test(auc_of_buyers_alone_is_undefined),
        cmocka_unit_test(gini_by_the_amount_itself_is_that_of_the_amounts),
        cmocka_unit_test(gini_of_a_reversed_ranking_is_negative),
        cmocka_unit_test(gini_of_ties_is_zero),
        cmocka_unit_test(share_of_the_first_is_cut_within_a_class),
        cmocka_unit_test(classes_rise_with_the_score),
        cmocka_unit_test(reset_ranking_holds_nobody),
    };
    return RUN_UNIT_TESTS(tests);
}
