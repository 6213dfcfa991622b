#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "tessera/tiers.h"

/* Cuts and names of a job. */
static tsr_tiers_params job_of(int32_t by, char **cuts, int32_t n, char **names)
{
    static char rest[] = "None";

    return (tsr_tiers_params){.by = by, .cuts = {n, cuts}, .names = {n + 1, names}, .rest = rest};
}

static void refused(int32_t by, char *first, char *second, const char *text)
{
    char *cuts[] = {first, second}, *names[] = {"A", "B", "C"};
    tsr_tiers_params params = job_of(by, cuts, 2, names);

    assert_int_equal(tsr_tiers_check(&params), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, text));
    tsr_error_clear();
}

static void cuts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    refused(TSR_TIERS_CUSTOMERS, "0.2", "some", "`some` is no number");
    refused(TSR_TIERS_CUSTOMERS, "0.2", "0.2", "shares rise");
    refused(TSR_TIERS_CUSTOMERS, "0.2", "1", "between 0 and 1");
    refused(TSR_TIERS_VALUE, "0", "0.5", "between 0 and 1");
    refused(TSR_TIERS_THRESHOLDS, "10", "20", "values fall");
    refused(TSR_TIERS_THRESHOLDS, "inf", "20", "`inf` is no number");
}

static void names_are_one_more_than_cuts_and_all_different(void **state)
{
    char *cuts[] = {"0.1", "0.5"}, *names[] = {"A", "B", "A"}, *rest[] = {"A", "B", "None"};
    tsr_tiers_params params = job_of(TSR_TIERS_CUSTOMERS, cuts, 2, names);

    (void)state;
    assert_int_equal(tsr_tiers_check(&params), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "two segments are called `A`"));
    params.names.text = rest;
    assert_int_equal(tsr_tiers_check(&params), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "two segments are called `None`"));
    params.names.n = 2;
    assert_int_equal(tsr_tiers_check(&params), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "2 cuts make 3 tiers, but there are 2 names"));
    tsr_error_clear();
}

static void value_belongs_to_the_first_tier_that_it_reaches(void **state)
{
    const tsr_tiers tiers = {.k = 4,
                             .rest = true,
                             .least = {100, 10, -(double)INFINITY, (double)NAN},
                             .name = {"A", "B", "C", "None"}};
    const tsr_tiers known = {.k = 2, .least = {100, -(double)INFINITY}};

    (void)state;
    assert_int_equal(tsr_tiers_of(&tiers, 1e9F), 0);
    assert_int_equal(tsr_tiers_of(&tiers, 100), 0);
    assert_int_equal(tsr_tiers_of(&tiers, 99.99F), 1);
    assert_int_equal(tsr_tiers_of(&tiers, -5), 2);
    assert_int_equal(tsr_tiers_of(&tiers, NAN), 3);
    assert_int_equal(tsr_tiers_of(&known, NAN), 1);
}

static void tiers_come_back_from_a_bundle_as_they_went_in(void **state)
{
    tsr_tiers tiers = {.k = 3,
                       .rest = true,
                       .least = {12.5, -(double)INFINITY, (double)NAN},
                       .customers = {3, 4, 5},
                       .name = {"A", "B", "None"},
                       .left_out = 2};
    tsr_bundle *bundle = NULL;
    tsr_tiers back;

    (void)state;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_tiers_save(&tiers, bundle), TSR_OK);
    assert_int_equal(tsr_tiers_load(bundle, &back), TSR_OK);
    assert_int_equal(back.k, 3);
    assert_true(back.rest);
    assert_int_equal(back.left_out, 2);
    assert_memory_equal(back.least, tiers.least, 3 * sizeof *tiers.least);
    assert_memory_equal(back.customers, tiers.customers, 3 * sizeof *tiers.customers);
    assert_memory_equal(back.name, tiers.name, 3 * sizeof *tiers.name);
    tsr_bundle_destroy(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_that_cannot_be_are_refused),
        cmocka_unit_test(names_are_one_more_than_cuts_and_all_different),
        cmocka_unit_test(value_belongs_to_the_first_tier_that_it_reaches),
        cmocka_unit_test(tiers_come_back_from_a_bundle_as_they_went_in),
    };

    return RUN_UNIT_TESTS(tests);
}
