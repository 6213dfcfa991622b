#include "value_test.h"

#include <string.h>

#include "tessera/maths.h"

enum { CROWD = 700 };

typedef struct crowd {
    int32_t x[CROWD], tx[CROWD], t[CROWD];
    int64_t spend[CROWD];
} crowd;

static crowd make_crowd(void)
{
    crowd c;

    for (int i = 0; i < CROWD; i++) {
        c.x[i] = i % 7 - 1 + (i % 50 == 0) * 40;
        c.tx[i] = c.x[i] > 0 ? 1 + i % 90 : 0;
        c.t[i] = 100 + i % 13 * 70;
        c.spend[i] = c.x[i] > 0 ? 100 * i : 0;
        if (i % 11 == 3) c.spend[i] *= INT64_C(90071992547409); /* more than a double holds to the unit */
        if (i % 13 == 5) c.spend[i] = -c.spend[i];
    }
    return c;
}

static tsr_value_model model_with(int32_t kind)
{
    static const double parameter[][4] = {[TSR_VALUE_BG_NBD] = {.2425945, 4.4136019, .7929199, 2.4258881},
                                          [TSR_VALUE_MBG_NBD] = {.524843, 6.18309, .891359, 1.614},
                                          [TSR_VALUE_PARETO_NBD] = {.553, 10.578, .606, 11.669},
                                          [TSR_VALUE_NBD] = {.385, 12.07}};
    tsr_value_model model = cdnow_model();

    model.model = kind;
    memcpy(model.parameter, parameter[kind], sizeof model.parameter);
    return model;
}

/* Many are scored from tables, single ones directly. */
static void scorer_says_what_single_scores_say(void **state)
{
    static tsr_value_scores scores[CROWD];
    const crowd c = make_crowd();

    (void)state;
    for (int32_t kind = 0; kind <= TSR_VALUE_NBD; kind++) {
        tsr_value_model model = model_with(kind);
        tsr_scorer *scorer = NULL;
        assert_int_equal(tsr_scorer_create(&model, &yearly, TSR_SCORE_FOR_EVER, &scorer), TSR_OK);
        tsr_scorer_score(scorer, CROWD, c.x, c.tx, c.t, c.spend, NULL, scores);
        tsr_scorer_destroy(&scorer);
        for (int i = 0; i < CROWD; i++) {
            tsr_value_scores one = tsr_value_score(&model, &yearly, c.x[i], c.tx[i], c.t[i], c.spend[i], NULL);
            if (c.x[i] < 0) {
                assert_true(isnan(scores[i].p_alive) && isnan(scores[i].clv));
                continue;
            }
            assert_true(scores[i].clv_infinite > one.clv);
            assert_true(scores[i].p_alive == one.p_alive && scores[i].expected_spend == one.expected_spend);
            assert_near(scores[i].p_buy / one.p_buy, 1, 1e-12);
            assert_near(scores[i].churn_risk, one.churn_risk, 1e-12);
            assert_near(scores[i].expected_purchases / one.expected_purchases, 1, 1e-12);
            if (one.clv > 0) assert_near(scores[i].clv / one.clv, 1, 1e-12);
        }
    }
}

/* Days that follow each other share sums of series, even where each of the first ones is in an octave of its own. */
static void scores_of_the_first_days_equal_single_ones(void **state)
{
    enum { DAYS = 50 };
    tsr_value_model model = cdnow_model();
    tsr_scorer *scorer = NULL;

    (void)state;
    model.parameter[1] = .03;
    assert_int_equal(tsr_scorer_create(&model, &yearly, 0, &scorer), TSR_OK);
    for (int32_t i = 0; i < 2 * DAYS; i++) {
        const int32_t x = i % 2 * 3, t = i * 37 % DAYS, tx = x > 0 ? t : 0;
        tsr_value_scores one, table;
        tsr_scorer_score(scorer, 1, &x, &tx, &t, &(int64_t){5000}, NULL, &table);
        one = tsr_value_score(&model, &yearly, x, tx, t, 5000, NULL);
        assert_near(table.p_buy / one.p_buy, 1, 1e-12);
        assert_near(table.expected_purchases / one.expected_purchases, 1, 1e-12);
        assert_near(table.clv / one.clv, 1, 1e-12);
    }
    tsr_scorer_destroy(&scorer);
}

/* What a scorer remembers of others must not show. */
static void scores_have_the_same_bits_alone_and_in_company(void **state)
{
    static tsr_value_scores scores[CROWD];
    const crowd c = make_crowd();
    tsr_value_model model = model_with(TSR_VALUE_PARETO_NBD);
    tsr_scorer *scorer = NULL;

    (void)state;
    assert_int_equal(tsr_scorer_create(&model, &yearly, TSR_SCORE_FOR_EVER, &scorer), TSR_OK);
    tsr_scorer_score(scorer, CROWD, c.x, c.tx, c.t, c.spend, NULL, scores);
    tsr_scorer_destroy(&scorer);
    for (int i = CROWD - 1; i >= 0; i -= 23) {
        tsr_value_scores one;
        assert_int_equal(tsr_scorer_create(&model, &yearly, TSR_SCORE_FOR_EVER, &scorer), TSR_OK);
        tsr_scorer_score(scorer, 1, &c.x[i], &c.tx[i], &c.t[i], &c.spend[i], NULL, &one);
        tsr_scorer_destroy(&scorer);
        assert_memory_equal(&one, &scores[i], sizeof one);
    }
}

static void scores_have_the_same_bits_at_all_widths_of_vectors(void **state)
{
    static tsr_value_scores scores[3][CROWD];
    static const int32_t width[] = {8, 4, 1};
    const crowd c = make_crowd();

    (void)state;
    for (int32_t kind = 0; kind <= TSR_VALUE_NBD; kind++) {
        tsr_value_model model = model_with(kind);
        for (int w = 0; w < 3; w++) {
            tsr_scorer *scorer = NULL;
            tsr_maths_width(width[w]);
            assert_int_equal(tsr_scorer_create(&model, &yearly, 0, &scorer), TSR_OK);
            tsr_scorer_score(scorer, CROWD, c.x, c.tx, c.t, c.spend, NULL, scores[w]);
            tsr_scorer_destroy(&scorer);
        }
        tsr_maths_width(8);
        assert_memory_equal(scores[1], scores[0], sizeof scores[0]);
        assert_memory_equal(scores[2], scores[0], sizeof scores[0]);
    }
}

/* Without interest what comes for ever may have no end. */
static void value_for_ever_without_interest_is_missing(void **state)
{
    tsr_value_model model = cdnow_model();
    tsr_value_params params = yearly;
    tsr_scorer *scorer = NULL;
    tsr_value_scores s;

    (void)state;
    for (int i = 0; i < 2; i++) {
        params.discount_rate = i * 1e-300; /* so far ahead that no room for moments once sufficed */
        assert_int_equal(tsr_scorer_create(&model, &params, TSR_SCORE_FOR_EVER, &scorer), TSR_OK);
        tsr_scorer_score(scorer, 1, &(int32_t){2}, &(int32_t){213}, &(int32_t){272}, &(int64_t){5000}, NULL, &s);
        assert_true(isnan(s.clv_infinite) && s.clv > 0);
        tsr_scorer_destroy(&scorer);
    }
}

/* Who buys almost surely: the series from which P(buy) comes rounds to both sides of 1. */
static void chances_of_sure_buyers_stay_within_bounds(void **state)
{
    tsr_value_model model = model_with(TSR_VALUE_NBD);
    tsr_value_params params = yearly;
    tsr_scorer *scorer = NULL;
    tsr_value_scores s;

    (void)state;
    params.horizon = 156;
    assert_int_equal(tsr_scorer_create(&model, &params, 0, &scorer), TSR_OK);
    for (int32_t t = 1; t < 700; t++) {
        tsr_scorer_score(scorer, 1, &(int32_t){60}, &(int32_t){1}, &t, &(int64_t){5000}, NULL, &s);
        assert_true(s.p_buy <= 1 && s.churn_risk >= 0);
    }
    tsr_scorer_destroy(&scorer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scorer_says_what_single_scores_say),
        cmocka_unit_test(scores_of_the_first_days_equal_single_ones),
        cmocka_unit_test(scores_have_the_same_bits_alone_and_in_company),
        cmocka_unit_test(scores_have_the_same_bits_at_all_widths_of_vectors),
        cmocka_unit_test(value_for_ever_without_interest_is_missing),
        cmocka_unit_test(chances_of_sure_buyers_stay_within_bounds),
    };
    return RUN_UNIT_TESTS(tests);
}
