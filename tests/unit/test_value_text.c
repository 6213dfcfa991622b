#include "unit_test.h"

#include <string.h>

#include "tessera/memory.h"
#include "tessera/value_text.h"

#define FIT                                                                                                            \
    "\"model\":\"bg_nbd\",\"time_unit\":\"week\",\"customers\":2357,\"log_likelihood\":-9582.4292,"                    \
    "\"parameters\":{\"a\":0.7929,\"alpha\":4.4136,\"b\":2.4259,\"r\":0.24259},"                                       \
    "\"standard_errors\":{\"a\":0.1857,\"alpha\":0.3782,\"b\":null,\"r\":0.0126},\"at_limit\":[\"b\"]"

static char *text_of(const char *json)
{
    char *text = NULL;

    assert_int_equal(tsr_value_text(json, &text), TSR_OK);
    return text;
}

static void fit_is_shown_with_errors_in_the_order_of_the_literature(void **state)
{
    char *text = text_of("{" FIT ",\"spend\":null,\"validation\":null,\"candidates\":[],\"warnings\":[\"look out\"]}");

    (void)state;
    check_says(text, "Purchases: BG/NBD, rates per week, 2,357 customers, log-likelihood −9,582.43");
    check_says(text, "  r                               0.2426         0.0126\n  alpha ");
    check_says(text, "2.4259              –  not bounded by the data\n");
    check_says(text, "  warning   look out\n");
    assert_null(strstr(text, "Left out"));
    assert_null(strstr(text, "Spend"));
    assert_null(strstr(text, "Holdout"));
    assert_null(strstr(text, "side by side"));
    tsr_free(&text);
}

static void customers_whom_the_models_leave_out_are_counted(void **state)
{
    char *many = text_of("{" FIT ",\"without_purchase\":1234}"), *few = text_of("{" FIT ",\"without_purchase\":null}");

    (void)state;
    check_says(many, "  Left out: 1,234 customers without a purchase, or whose returns were worth as much\n");
    check_says(few, "  Left out: a few customers without");
    tsr_free(&many);
    tsr_free(&few);
}

static void covariates_are_shown_with_what_they_do(void **state)
{
    char *text = text_of("{" FIT ",\"covariates\":[{\"name\":\"age\",\"purchase_rate\":{\"coefficient\":0.1533,"
                         "\"standard_error\":0.0272,\"at_limit\":false},\"dropout_a\":{\"coefficient\":9.5,"
                         "\"standard_error\":null,\"at_limit\":true}},{\"name\":\"income\",\"sd\":2e4,\"missing\":12,"
                         "\"purchase_rate\":{\"coefficient\":3.21e-6,\"standard_error\":4.5e-7}},"
                         "{\"name\":\"net\",\"sd\":0,\"purchase_rate\":{\"coefficient\":0}}]}");

    (void)state;
    check_says(text, "  age: purchase_rate                                     0.1533         0.0272\n");
    check_says(text, "  age: dropout_a                                         9.5000              –  not bounded");
    check_says(text, "  income: purchase_rate                             0.000003210    0.000000450\n");
    check_says(text, "  income: missing for 12 customers");
    check_says(text, "  net: the same for all, or told by those before it; no part in the fit\n");
    tsr_free(&text);
}

static void a_covariate_of_which_nothing_is_said_is_missing_for_nobody(void **state)
{
    char *text = text_of("{" FIT ",\"covariates\":[{\"name\":\"age\",\"sd\":1,\"missing\":0}]}");

    (void)state;
    assert_null(strstr(text, "missing for"));
    tsr_free(&text);
}

static void money_has_its_currency(void **state)
{
    char *text = text_of("{\"currency\":\"EUR\"," FIT ",\"spend\":{\"customers\":946,\"parameters\":{}},"
                         "\"validation\":{\"holdout\":{\"actual_spend\":7}}}");

    (void)state;
    check_says(text, "Spend: Gamma-Gamma, EUR, 946 customers");
    check_says(text, "\n  spend, EUR  ");
    tsr_free(&text);
}

static void chosen_candidate_has_a_star(void **state)
{
    char *text = text_of("{" FIT ",\"candidates\":[{\"model\":\"nbd\",\"chosen\":false,\"log_likelihood\":-9763.6576,"
                         "\"bic\":19542.8,\"holdout\":null,\"converged\":false},{\"model\":\"bg_nbd\",\"chosen\":true,"
                         "\"holdout\":{\"predicted_purchases\":1666.6,\"rmse\":1.6},\"converged\":true}]}");

    (void)state;
    check_says(text, "  NBD, without dropout         −9,763.66");
    check_says(text, "  did not converge\n* BG/NBD ");
    check_says(text, "1.6000\n");
    tsr_free(&text);
}

static void holdout_shows_differences_bars_and_baselines(void **state)
{
    char *text =
        text_of("{" FIT ",\"validation\":{\"time_unit\":\"week\",\"holdout\":{\"length\":39,\"customers\":2357,"
                "\"actual_purchases\":1882,\"predicted_purchases\":1666.6,\"actual_spend\":null,\"predicted_spend\":5},"
                "\"tracking\":{\"holdout_actual\":1882,\"holdout_expected\":1882,\"cumulative_error\":0.034},"
                "\"checks\":{\"rankings\":[{\"by\":"
                "\"recency\","
                "\"auc\":0.771,\"gini\":0.623,\"mae\":null,\"rmse\":null,\"correlation\":0.4488}],\"deciles\":[{"
                "\"customers\":236,\"actual\":4,"
                "\"predicted\":2},{\"customers\":null,\"actual\":null,\"predicted\":null}],\"by_purchases\":[],"
                "\"calibration\":[],\"brier\":0.1619,\"brier_of_share\":0.206,\"frequency\":{\"rows\":[{\"actual\":10,"
                "\"expected\":10}],\"chi_square\":11.99,\"degrees_of_freedom\":3}}}}");

    (void)state;
    check_says(text, "1,882          1,667         -11.4 %\n");
    check_says(text, "1,882          1,882          +0.0 %\n");
    check_says(text,
               "days since the last              0.771          0.623              –              –          0.449\n");
    check_says(text, "4.000          2.000   ███████████│████████████\n");
    check_says(text, "  tenth 2                              –              –              –\n");
    check_says(text, "Brier score of that chance 0.1619; of the same chance for everybody 0.2060");
    check_says(text, "chi-square 11.99, 3 degrees");
    check_says(text, "10           10.0   ███████████████████████│\n");
    tsr_free(&text);
}

static void tracking_is_added_up_in_steps_and_shows_no_sum_of_what_is_masked(void **state)
{
    char *text = text_of("{" FIT ",\"validation\":{\"time_unit\":\"week\",\"tracking\":{\"period\":2,"
                         "\"calibration_periods\":1.9,\"actual\":[10,20,30,null],\"expected\":[10,10,40,60],"
                         "\"cumulative_error\":0.034}}}");

    (void)state;
    check_says(text, "weeks since the first           actual       expected     difference\n");
    check_says(text, "  2                                   10             10         +0.0 %   █│\n"
                     "  4                                   30             20        -33.3 %   ███│██\n"
                     "  from here on the holdout, which the fit has not seen\n"
                     "  6                                   60             60         +0.0 %   ███████████│\n"
                     "  8                                    –            120              –\n\n"
                     "  On average over the holdout these sums are off by 3.4 %\n");
    tsr_free(&text);
}

static void lines_fit_a_hundred_columns(void **state)
{
    char *text =
        text_of("{" FIT ",\"spend\":{\"customers\":946,\"log_likelihood\":-4055.9,\"parameters\":{\"p\":6.25,"
                "\"q\":1e9,\"gamma\":15.4},\"standard_errors\":{\"p\":1e7,\"q\":1,\"gamma\":1},"
                "\"at_limit\":[\"q\"]},\"validation\":{\"time_unit\":\"month\",\"tracking\":{\"actual\":[1e9,"
                "1],\"expected\":[1e9,1],\"cumulative_error\":1e5},"
                "\"checks\":{\"rankings\":[{\"by\":\"recency\",\"auc\":1,\"gini\":1,\"mae\":1,\"rmse\":1,"
                "\"correlation\":-1}]}},\"warnings\":[\"a warning of as many words as there are in most of those "
                "that a fit of sixty customers of five days gives rise to\"]}");
    int width = 0;

    (void)state;
    for (const char *c = text; *c != '\0'; c++) {
        width = *c == '\n' ? 0 : width + (((unsigned char)*c & 0xc0) != 0x80);
        assert_true(width <= 100);
    }
    check_says(text, "946 customers who came again");
    check_says(text, "of sixty customers\n            of five days");
    tsr_free(&text);
}

static void what_is_no_json_is_an_error(void **state)
{
    char *text = NULL;

    (void)state;
    assert_int_equal(tsr_value_text("{", &text), TSR_EDATA);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fit_is_shown_with_errors_in_the_order_of_the_literature),
        cmocka_unit_test(customers_whom_the_models_leave_out_are_counted),
        cmocka_unit_test(covariates_are_shown_with_what_they_do),
        cmocka_unit_test(a_covariate_of_which_nothing_is_said_is_missing_for_nobody),
        cmocka_unit_test(money_has_its_currency),
        cmocka_unit_test(chosen_candidate_has_a_star),
        cmocka_unit_test(holdout_shows_differences_bars_and_baselines),
        cmocka_unit_test(tracking_is_added_up_in_steps_and_shows_no_sum_of_what_is_masked),
        cmocka_unit_test(lines_fit_a_hundred_columns),
        cmocka_unit_test(what_is_no_json_is_an_error),
    };
    return RUN_UNIT_TESTS(tests);
}
