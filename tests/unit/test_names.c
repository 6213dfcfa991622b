#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "tessera/names.h"

/* Four segments, three features and one share. */
static const char *const variable[] = {"recency", "frequency", "c_3", "share"};
static const double value[4][4] = {{-1, 1, (double)NAN, .1}, {-.9, .9, .5, .2}, {.1, .1, .1, .3}, {2, -1.5, -1.5, .4}};
static const tsr_likeness likeness = {4, 4, 3, variable, value[0]};

static bool is_known(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "monetary") == 0;
}

/* Names of the four, one line each; or the message. */
static void check_names(const char *rules, const char *expected)
{
    char text[1024], names[400] = "", (*name)[TSR_NAME_BYTES] = NULL;

    strcpy(text, rules);
    if (tsr_names_from("n.tsv", text, is_known, NULL, &likeness, &name) != TSR_OK) {
        assert_null(name);
        assert_string_equal(tsr_error_last()->text, expected);
        return;
    }
    for (int s = 0; s < 4; s++) {
        strcat(names, name[s]);
        strcat(names, "\n");
    }
    assert_string_equal(names, expected);
    tsr_free(&name);
}

static void first_free_name_whose_rule_holds_is_taken(void **state)
{
    (void)state;
    check_names(
        "# a comment\nfrequency >= 0.8\tLoyal\nrecency < 0 and share < 0.5\tRecent\n\nrecency > 1\tLost\n*\tOthers\n",
        "Loyal\nRecent\nOthers\nLost\n");
}

static void names_that_are_taken_are_told_apart_by_features(void **state)
{
    (void)state;
    check_names("share > 0\tAll\n", "All\nAll, low recency\nAll 2\nAll, high recency\n");
}

static void segments_without_a_rule_are_called_by_their_features(void **state)
{
    (void)state;
    check_names("monetary > 1\tRich\n", "Low recency\nLow recency, high frequency\nLike most\nHigh recency\n");
    check_names("", "Low recency\nLow recency, high frequency\nLike most\nHigh recency\n");
}

static void missing_values_and_features_of_other_runs_make_comparisons_false(void **state)
{
    (void)state;
    check_names("missing c_3\tFirst\nmonetary < 9\tRich\nc_3 < 9\tA\nc_3 < 9.5\tB\nmissing monetary\tC\n",
                "First\nA\nB\nC\n");
}

static void wrong_rules_name_line_and_column(void **state)
{
    (void)state;
    check_names("*\tA\nrecency >\tB\n", "n.tsv:2:10: expected a number, or a text in double quotes");
    check_names("*\tA\n\n  rexency > 1\tB\n", "n.tsv:3:3: no feature is called rexency");
    check_names("recency > 1\n", "n.tsv:1: a line has 2 cells between tabs, and this one has 1");
    check_names("recency > 1\t \n", "n.tsv:1:14: empty cell");
    check_names("*\t1234567890123456789012345678901234567890123456789012345678901234\n",
                "n.tsv:1:3: a name has at most 63 bytes");
}

static void distinguishing_features_come_by_size(void **state)
{
    int32_t feature[3];

    (void)state;
    assert_int_equal(tsr_likeness_top(&likeness, 3, 3, feature), 3);
    assert_true(feature[0] == 0 && feature[1] == 1 && feature[2] == 2); /* of equals the first */
    assert_int_equal(tsr_likeness_top(&likeness, 3, 1, feature), 1);
    assert_int_equal(feature[0], 0);
    assert_int_equal(tsr_likeness_top(&likeness, 0, 3, feature), 2);
    assert_int_equal(tsr_likeness_top(&likeness, 2, 3, feature), 0);
    assert_int_equal(tsr_likeness_top(&likeness, 1, 2, feature), 2);
    assert_true(feature[0] == 0 && feature[1] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_free_name_whose_rule_holds_is_taken),
        cmocka_unit_test(names_that_are_taken_are_told_apart_by_features),
        cmocka_unit_test(segments_without_a_rule_are_called_by_their_features),
        cmocka_unit_test(missing_values_and_features_of_other_runs_make_comparisons_false),
        cmocka_unit_test(wrong_rules_name_line_and_column),
        cmocka_unit_test(distinguishing_features_come_by_size),
    };

    return RUN_UNIT_TESTS(tests);
}
