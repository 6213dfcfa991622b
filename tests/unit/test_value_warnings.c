#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "pipeline/summary/value_warnings.h"
#include "present/texts.h"

static tsr_value_params params;
static tsr_worth worth;

/* A good fit, validated, of which there is nothing to say. */
static void begin(void)
{
    params = (tsr_value_params){.horizon = 52};
    worth = (tsr_worth){.fitted = true, .validated = true, .cohort_ratio = 1.2};
    worth.model = (tsr_value_model){.model = TSR_VALUE_BG_NBD,
                                    .time_unit = TSR_UNIT_WEEK,
                                    .converged = true,
                                    .has_errors = true,
                                    .has_spend_errors = true,
                                    .t_max = 78,
                                    .has_spend = true,
                                    .spend_converged = true,
                                    .spend_correlation = .29};
    worth.validation.model = worth.model;
    for (int i = 0; i < TSR_RANKS; i++) worth.checkup.auc[i] = worth.checkup.gini[i] = i == TSR_RANK_MODEL ? .7 : .6;
    worth.checkup.rmse[0] = 1;
    worth.checkup.rmse[1] = 2;
}

static bool is_translated(const char *sentence)
{
    tsr_language greek;
    char text[1024];

    assert_int_equal(tsr_language_open("el", &greek), TSR_OK);
    bool translated = tsr_translate(&greek, sentence, text, sizeof text);
    tsr_language_close(&greek);
    return translated;
}

/* One sentence, with these words in it, in the languages of the report; none where words is NULL. */
static void check_warns(const char *words)
{
    json_t *warnings = tsr_value_warnings(&params, &worth);
    const char *first = json_string_value(json_array_get(warnings, 0));

    if (words == NULL && first != NULL) fail_msg("warns of nothing: %s", first);
    if (words != NULL && (first == NULL || strstr(first, words) == NULL || json_array_size(warnings) != 1))
        fail_msg("'%s' is not what it warns of: %s (%zu)", words, first, json_array_size(warnings));
    if (first != NULL && !is_translated(first)) fail_msg("there is no Greek for: %s", first);
    json_decref(warnings);
    begin();
}

static void good_fit_gives_no_warning(void **state)
{
    (void)state;
    begin();
    check_warns(NULL);
    worth.fitted = worth.model.converged = false;
    check_warns(NULL);
}

static void cohorts_cut_off_on_the_left_are_named(void **state)
{
    (void)state;
    begin();
    worth.cohort_ratio = 2.1;
    check_warns("2.1 times as many customers appear first");
    worth.cohort_ratio = NAN;
    check_warns(NULL);
}

static void customers_of_the_last_day_are_counted(void **state)
{
    (void)state;
    begin();
    worth.model.t_zero = 1;
    check_warns("1 customer came on the last day");
    worth.model.t_zero = 7000;
    check_warns("7,000 customers came on the last day");
}

static void horizon_beyond_the_data_and_one_of_odd_units_are_named(void **state)
{
    (void)state;
    begin();
    params.horizon = 79;
    check_warns("longer than the data (79 against 78 weeks)");
    params.horizon = 78.1;
    check_warns(NULL);
    params.horizon = .5;
    check_warns("is value.time_unit what you mean?");
}

static void spend_that_breaks_its_model_is_named(void **state)
{
    (void)state;
    begin();
    worth.model.spend_correlation = -.31;
    check_warns("correlated (-0.31)");
    worth.model.spend_converged = false;
    check_warns("the spend model did not converge");
    worth.model.spend_converged = false;
    worth.model.spend_at_limit[1] = true;
    check_warns("q runs to 1");
    worth.model.has_spend = false;
    check_warns("nobody bought twice with positive value");
}

static void fits_that_say_little_are_named(void **state)
{
    (void)state;
    begin();
    worth.model.converged = false;
    check_warns("the purchase model did not converge");
    worth.model.has_errors = false;
    check_warns("no clear peak");
    worth.model.has_spend_errors = false;
    check_warns("no intervals of CLV");
    worth.model.covariates = (tsr_covariates){.n = 2, .name = {"age", "net"}, .sd = {1, 0}};
    check_warns("covariate net has no part");
    worth.model.no_dropout = true;
    check_warns("finds nobody who left");
    worth.model.model = TSR_VALUE_NBD;
    worth.model.no_dropout = true;
    check_warns(NULL);
}

static void calibration_period_that_says_too_little_is_named(void **state)
{
    (void)state;
    begin();
    worth.validation.model.converged = false;
    check_warns("the fit of the calibration period did not converge");
    worth.validation.model.at_limit[3] = true;
    check_warns("(its b is not bounded)");
    worth.validation.model.at_limit[3] = worth.model.at_limit[3] = true;
    check_warns(NULL);
    worth.validation.model.at_limit[3] = true;
    worth.validated = false;
    check_warns(NULL);
}

static void simple_rules_that_do_better_are_named(void **state)
{
    (void)state;
    begin();
    worth.checkup.auc[2] = .71;
    check_warns("days since the last purchase tells who buys better");
    worth.checkup.gini[3] = .71;
    check_warns("past spend ranks the money");
    worth.checkup.rmse[1] = .9;
    check_warns("carrying on the past frequency");
    worth.validated = false;
    worth.checkup.auc[2] = .71;
    check_warns(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_fit_gives_no_warning),
        cmocka_unit_test(cohorts_cut_off_on_the_left_are_named),
        cmocka_unit_test(customers_of_the_last_day_are_counted),
        cmocka_unit_test(horizon_beyond_the_data_and_one_of_odd_units_are_named),
        cmocka_unit_test(spend_that_breaks_its_model_is_named),
        cmocka_unit_test(fits_that_say_little_are_named),
        cmocka_unit_test(calibration_period_that_says_too_little_is_named),
        cmocka_unit_test(simple_rules_that_do_better_are_named),
    };
    return RUN_UNIT_TESTS(tests);
}
