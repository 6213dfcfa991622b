#include "unit_test.h"

#include <string.h>

#include "ingest/mapping/reject.h"

/* A row with four columns: order, amount, country, id. */
static tsr_status find_slot(void *context, const char *column, int32_t *slot)
{
    static const char *const columns[] = {"order", "price", "unit price", "id"};

    (void)context;
    *slot = TSR_SLOT_AMOUNT;
    if (strcmp(column, "amount") == 0) return TSR_OK;
    for (*slot = 0; *slot < 4; (*slot)++)
        if (strcmp(columns[*slot], column) == 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "no column %s", column);
}

static bool refuses(const char *rule_text, const char *order, const char *price, const char *unit, const char *id)
{
    const char *text[4] = {order, price, unit, id};
    tsr_slice field[4];
    tsr_reject_rule *rule = NULL;
    tsr_decimal amount = {-250, 2};

    for (int i = 0; i < 4; i++) field[i] = (tsr_slice){text[i], (int32_t)strlen(text[i])};
    if (tsr_reject_compile(rule_text, find_slot, NULL, &rule) != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    assert_non_null(rule);
    assert_string_equal(tsr_reject_text(rule), rule_text);
    bool result = tsr_reject_matches(rule, field, 4, &amount);
    tsr_reject_destroy(&rule);
    return result;
}

static void numbers_compare_as_decimals(void **state)
{
    (void)state;
    assert_true(refuses("price <= 0", "A1", "0.00", "", "x"));
    assert_true(refuses("price <= 0", "A1", "-0.01", "", "x"));
    assert_false(refuses("price <= 0", "A1", "0.000000000001", "", "x"));
    assert_true(refuses("price = 1.5", "A1", "1.50", "", "x"));
    assert_true(refuses("price == 1.5", "A1", " 1.5 ", "", "x"));
    assert_false(refuses("price < 10", "A1", "10", "", "x"));
    assert_true(refuses("price >= 10", "A1", "10", "", "x"));
    assert_true(refuses("price > 9", "A1", "10", "", "x")); /* not as text */
    assert_true(refuses("price != 1", "A1", "2", "", "x"));
}

static void texts_compare_byte_by_byte(void **state)
{
    (void)state;
    assert_true(refuses("order = \"A1\"", "A1", "", "", "x"));
    assert_false(refuses("order = \"A1\"", "A10", "", "", "x"));
    assert_true(refuses("order != \"A1\"", "a1", "", "", "x"));
    assert_true(refuses("order < \"B\"", "A1", "", "", "x"));
    assert_true(refuses("order starts_with \"C\"", "C536379", "", "", "x"));
    assert_false(refuses("order starts_with \"C\"", "536379C", "", "", "x"));
    assert_true(refuses("id = \"007\"", "", "", "", "007"));
    assert_false(refuses("id = \"7\"", "", "", "", "007"));
}

static void missing_values_make_comparisons_false(void **state)
{
    (void)state;
    assert_false(refuses("price != 1", "A1", "", "", "x"));
    assert_false(refuses("price < 0", "A1", "n/a", "", "x"));
    assert_false(refuses("order != \"A\"", "", "", "", "x"));
    assert_true(refuses("missing price", "A1", "  ", "", "x"));
    assert_false(refuses("missing order", "A1", "", "", "x"));
}

static void computed_amount_is_compared_exactly(void **state)
{
    (void)state;
    assert_true(refuses("amount < 0", "", "", "", ""));
    assert_true(refuses("amount = -2.5", "", "", "", ""));
    assert_false(refuses("missing amount", "", "", "", ""));
}

static void and_binds_closer_than_or(void **state)
{
    (void)state;
    assert_true(refuses("id = \"x\" or price < 0 and order = \"none\"", "A", "1", "", "x"));
    assert_false(refuses("(id = \"x\" or price < 0) and order = \"none\"", "A", "1", "", "x"));
    assert_true(refuses("((price > 0) and (missing 'unit price'))", "A", "1", "", "x"));
    assert_true(refuses("price>0 and order starts_with \"or and\"", "or and", "1", "", "x"));
}

static void row_that_is_too_short_misses_the_column(void **state)
{
    tsr_reject_rule *rule = NULL;

    (void)state;
    assert_int_equal(tsr_reject_compile("missing 'unit price' or order = \"1\"", find_slot, NULL, &rule), TSR_OK);
    tsr_slice field[1] = {{"1", 1}};
    assert_true(tsr_reject_matches(rule, field, 1, NULL));
    tsr_reject_destroy(&rule);
}

static void wrong_rules_name_the_place(void **state)
{
    static const char *const wrong[] = {"",
                                        "price",
                                        "price <",
                                        "price < abc",
                                        "price ~ 1",
                                        "price < 1 and",
                                        "price < 1 xor order = \"a\"",
                                        "(price < 1",
                                        "price < 1)",
                                        "missing",
                                        "nothing = 1",
                                        "order = \"open",
                                        "order starts_with C",
                                        "'price < 1",
                                        "price < 1e3",
                                        "((((((((((((((((((price < 1))))))))))))))))))"};
    tsr_reject_rule *rule = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (tsr_reject_compile(wrong[i], find_slot, NULL, &rule) != TSR_ECONF) print_error("taken: %s\n", wrong[i]);
        assert_null(rule);
    }
    assert_int_equal(tsr_reject_compile("price < abc", find_slot, NULL, &rule), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "position 9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_compare_as_decimals),
        cmocka_unit_test(texts_compare_byte_by_byte),
        cmocka_unit_test(missing_values_make_comparisons_false),
        cmocka_unit_test(computed_amount_is_compared_exactly),
        cmocka_unit_test(and_binds_closer_than_or),
        cmocka_unit_test(row_that_is_too_short_misses_the_column),
        cmocka_unit_test(wrong_rules_name_the_place),
    };

    return RUN_UNIT_TESTS(tests);
}
