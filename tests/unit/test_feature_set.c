/* features.set: which columns a job gets, and what is refused. */
#include "unit_test.h"

#include <string.h>

#include "features/behaviour.h"
#include "features/featureset.h"

static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

static tsr_attribute attributes[] = {{.name = "age"}, {.name = "city", .categorical = true}, {.name = "income"}};

static tsr_status choose(const char *const *names, int32_t n, tsr_attribute *attribute, int32_t attributes_n,
                         tsr_feature_set *set)
{
    char *text[8];
    tsr_features_params params = {.set = {.n = n, .text = text}};
    tsr_dataset_info info = {.transactions = 1, .attributes_n = attributes_n, .attributes = attribute};

    for (int32_t i = 0; i < n; i++) text[i] = word(names[i]);
    return tsr_feature_set_choose(&params, &info, NULL, set);
}

static void default_set_holds_defaults_and_numeric_attributes(void **state)
{
    const char *names[] = {"default"};
    tsr_feature_set set;
    int32_t n, defaults = 0;
    const tsr_feature_about *about = tsr_features_table(&n);

    (void)state;
    for (int32_t i = 0; i < n; i++) defaults += about[i].in_default && about[i].needs == 0;
    assert_int_equal(choose(names, 1, attributes, 3, &set), TSR_OK);
    assert_int_equal(set.n, defaults + 2);
    assert_string_equal(set.feature[0].name, "recency");
    assert_string_equal(set.feature[set.n - 2].name, "age");
    assert_string_equal(set.feature[set.n - 1].name, "income");
    assert_int_equal(set.feature[set.n - 1].column, 2);
    tsr_feature_set_clear(&set);
}

static void default_set_without_transactions_is_attributes_alone(void **state)
{
    char *text[] = {word("default")};
    const tsr_features_params params = {.set = {.n = 1, .text = text}};
    const tsr_dataset_info info = {.attributes_n = 3, .attributes = attributes};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_OK);
    assert_int_equal(set.n, 2);
    assert_string_equal(set.feature[0].name, "age");
    tsr_feature_set_clear(&set);
}

static void set_keeps_the_order_given_and_counts_a_name_once(void **state)
{
    const char *names[] = {"income", "gap_sd", "income", "recency"};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(choose(names, 4, attributes, 3, &set), TSR_OK);
    assert_int_equal(set.n, 3);
    assert_string_equal(set.feature[0].name, "income");
    assert_string_equal(set.feature[1].name, "gap_sd");
    assert_string_equal(set.feature[2].name, "recency");
    tsr_feature_set_clear(&set);
}

static void unknown_feature_is_refused_with_the_nearest_name(void **state)
{
    const char *names[] = {"recensy"}, *far[] = {"shoe_size"};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(choose(names, 1, attributes, 3, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "did you mean `recency`?"));
    assert_non_null(strstr(tsr_error_last()->text, "income"));
    assert_int_equal(choose(far, 1, attributes, 3, &set), TSR_ECONF);
    assert_null(strstr(tsr_error_last()->text, "did you mean"));
    assert_int_equal(choose(NULL, 0, attributes, 3, &set), TSR_ECONF);
}

static void attributes_that_cannot_be_features_are_refused(void **state)
{
    const char *usual[] = {"default"};
    tsr_attribute same[] = {{.name = "recency"}}, taken[] = {{.name = "revenue"}};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(choose(usual, 1, same, 1, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "attribute `recency`"));
    assert_int_equal(choose(usual, 1, taken, 1, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "attribute `revenue`"));
}

static void category_attribute_becomes_a_column_for_each_value_up_to_a_limit(void **state)
{
    char *text[] = {word("city"), word("age"), word("city")}, *cities[] = {word("Bonn"), word("S/O"), word("Ulm")};
    tsr_attribute own[] = {{.name = "age"}, {.name = "city", .categorical = true, .dictionary = {3, cities}}};
    tsr_features_params params = {.set = {3, text}, .categories = 3};
    tsr_dataset_info info = {.attributes_n = 2, .attributes = own};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_OK);
    assert_int_equal(set.n, 4);
    assert_string_equal(set.feature[0].name, "city=Bonn");
    assert_string_equal(set.feature[1].name, "city=S_O");
    assert_int_equal(set.feature[2].code, 2);
    assert_string_equal(set.feature[3].name, "age");
    tsr_feature_set_clear(&set);
    params.categories = 2;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_OK);
    assert_int_equal(set.n, 2);
    assert_int_equal(set.feature[0].from, TSR_FROM_FREQUENCY);
    tsr_feature_set_clear(&set);
}

static void values_that_make_no_column_are_refused_with_advice(void **state)
{
    static char endless[80];
    char *text[] = {word("city")}, *cities[] = {word("a/b"), word("a_b")}, *shares[] = {word("channel_share")};
    tsr_attribute city = {.name = "city", .categorical = true, .dictionary = {2, cities}};
    tsr_features_params params = {.set = {1, text}, .categories = 16};
    tsr_dataset_info info = {.has = TSR_HAS_EVENTS | TSR_HAS_EVENT_CHANNEL, .attributes_n = 1, .attributes = &city};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "city: the column of a value would have the name of another"));
    memset(endless, 'x', sizeof endless - 1);
    cities[1] = endless;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "city: a value of 79 bytes is too long"));
    assert_non_null(strstr(tsr_error_last()->text, "`features.categories: 0` makes one column"));
    params.set.text = shares;
    info.dictionary[TSR_CHANNELS] = (tsr_dictionary){2, cities};
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "name values otherwise"));
}

static void features_of_sources_that_the_dataset_has_not_are_refused(void **state)
{
    char *text[] = {word("click_rate")}, *shares[] = {word("channel_share")}, *channels[] = {word("app"), word("web")};
    tsr_features_params params = {.set = {1, text}, .categories = 2};
    tsr_dataset_info info = {.has = TSR_HAS_EVENTS | TSR_HAS_EVENT_CHANNEL};
    tsr_feature_set set;

    (void)state;
    info.dictionary[TSR_CHANNELS] = (tsr_dictionary){2, channels};
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "`click_rate` needs campaigns"));
    params.set.text = shares;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_OK);
    assert_string_equal(set.feature[1].name, "channel_share=web");
    tsr_feature_set_clear(&set);
    params.categories = 1;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "more than features.categories"));
}

static void transforms_are_checked_against_the_set(void **state)
{
    char *set_text[] = {word("recency")}, *name[] = {word("monetary")}, *text[] = {word("log1p")};
    tsr_features_params params = {.set = {1, set_text}, .transforms = {1, name, text}};
    tsr_dataset_info info = {0};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "`monetary`"));
    name[0] = word("recency");
    text[0] = word("sqrt");
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "`sqrt`"));
    text[0] = word("log");
    assert_int_equal(tsr_feature_set_choose(&params, &info, NULL, &set), TSR_OK);
    tsr_feature_set_clear(&set);
}

static void matrix_columns_go_by_their_names_and_must_differ(void **state)
{
    char *set_text[] = {word("b"), word("trend")}, *names[] = {word("a"), word("b"), word("trend")};
    tsr_features_params params = {.set = {2, set_text}};
    tsr_matrix matrix = {.cols = 3, .names = names};
    tsr_feature_set set;

    (void)state;
    assert_int_equal(tsr_feature_set_choose(&params, NULL, &matrix, &set), TSR_OK);
    assert_int_equal(set.n, 2);
    assert_int_equal(set.feature[0].column, 1);
    assert_int_equal(set.feature[1].behaviour, -1);
    tsr_feature_set_clear(&set);
    names[0] = names[1];
    assert_int_equal(tsr_feature_set_choose(&params, NULL, &matrix, &set), TSR_ECONF);
    names[0] = word("key");
    assert_int_equal(tsr_feature_set_choose(&params, NULL, &matrix, &set), TSR_ECONF);
    names[0] = word("a/b");
    assert_int_equal(tsr_feature_set_choose(&params, NULL, &matrix, &set), TSR_ECONF);
}

static void every_line_of_the_table_is_complete_and_fits_a_column(void **state)
{
    int32_t n;
    const tsr_feature_about *about = tsr_features_table(&n);
    tsr_column column;

    (void)state;
    for (int32_t i = 0; i < n; i++) {
        assert_int_equal(tsr_behaviour_find(about[i].name), i);
        assert_in_range(strlen(about[i].definition), 1, sizeof column.description - 1);
        assert_in_range(strlen(about[i].unit), 1, sizeof column.unit - 1);
        assert_in_range(strlen(about[i].missing), 1, 400);
        assert_true(strcmp(about[i].transform, "auto") == 0 || strcmp(about[i].transform, "none") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_set_holds_defaults_and_numeric_attributes),
        cmocka_unit_test(default_set_without_transactions_is_attributes_alone),
        cmocka_unit_test(set_keeps_the_order_given_and_counts_a_name_once),
        cmocka_unit_test(unknown_feature_is_refused_with_the_nearest_name),
        cmocka_unit_test(attributes_that_cannot_be_features_are_refused),
        cmocka_unit_test(category_attribute_becomes_a_column_for_each_value_up_to_a_limit),
        cmocka_unit_test(values_that_make_no_column_are_refused_with_advice),
        cmocka_unit_test(features_of_sources_that_the_dataset_has_not_are_refused),
        cmocka_unit_test(transforms_are_checked_against_the_set),
        cmocka_unit_test(matrix_columns_go_by_their_names_and_must_differ),
        cmocka_unit_test(every_line_of_the_table_is_complete_and_fits_a_column),
    };
    return RUN_UNIT_TESTS(tests);
}
