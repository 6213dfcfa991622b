#include "unit_test.h"

#include <string.h>

#include "tessera/memory.h"
#include "tessera/rfm_text.h"

#define HALVES  "{\"recency\":0.5,\"frequency\":0.25,\"monetary\":0.25}"
#define THIRDS  "{\"recency\":0.3333,\"frequency\":0.3333,\"monetary\":0.3333}"
#define NOTHING "{\"equal\":null,\"entropy\":null,\"critic\":null,\"ahp\":null}"
#define GROUPS                                                                                                         \
    "\"order\":[\"Champions\",\"Few\"],\"groups\":{\"Champions\":750,\"Few\":null},\"other_names\":{\"Champions\":"    \
    "\"重要价值客户\"}"
#define EDGES                                                                                                          \
    "\"thresholds\":{\"recency\":[30,90],\"frequency\":[1,2],\"monetary\":[10.5,1000]},\"rule\":\"value\","            \
    "\"scheme\":\"table_c\",\"bins\":3"

static char *text_of(const char *json)
{
    char *text = NULL;

    assert_int_equal(tsr_rfm_text(json, &text), TSR_OK);
    return text;
}

static void edges_and_groups_are_listed_and_small_groups_are_a_dash(void **state)
{
    char *text = text_of("{\"customers\":1000,\"rfm\":{\"nested\":false," EDGES "," GROUPS ",\"weights\":null}}");

    (void)state;
    check_says(text, "scores by the rule value, groups of the scheme table_c\n");
    check_says(text, "  1                                30.00           1.00          10.50\n"
                     "  2                                90.00           2.00       1,000.00\n");
    check_says(text, "  Champions                          750          75.0%  重要价值客户\n");
    check_says(text, "  Few                                  –              –\n");
    assert_null(strstr(text, "weights"));
    tsr_free(&text);
}

static void nested_edges_are_left_to_the_files(void **state)
{
    char *text = text_of("{\"customers\":1000,\"rfm\":{\"nested\":true," EDGES "," GROUPS "}}");

    (void)state;
    check_says(text, "Orders are cut within each score of recency");
    assert_null(strstr(text, "30.00"));
    tsr_free(&text);
}

static void weights_in_use_are_marked_by_way_and_by_what_they_look_at(void **state)
{
    char *values = text_of("{\"customers\":1,\"rfm\":{" EDGES "," GROUPS
                           ",\"weights\":{\"used\":\"critic\",\"used_of\":\"values\",\"of_scores\":{\"equal\":" THIRDS
                           ",\"entropy\":null,\"critic\":" HALVES ",\"ahp\":" HALVES
                           "},\"of_values\":{\"critic\":" HALVES "},\"consistency_ratio\":0.0332}}}"),
         *ahp = text_of("{\"customers\":1,\"rfm\":{" EDGES "," GROUPS
                        ",\"weights\":{\"used\":\"ahp\",\"used_of\":\"values\",\"of_scores\":{\"ahp\":" HALVES
                        "},\"of_values\":" NOTHING ",\"consistency_ratio\":0}}}");

    (void)state;
    check_says(values, "  equal                            0.333          0.333          0.333\n");
    check_says(values, "\n  CRITIC of the scores             0.500");
    check_says(values, "\n* CRITIC of the values             0.500          0.250          0.250\n");
    check_says(values, "AHP's consistency ratio is 0.033");
    assert_null(strstr(values, "entropy"));
    check_says(ahp, "\n* AHP                              0.500");
    tsr_free(&values);
    tsr_free(&ahp);
}

static void run_without_rfm_has_no_text(void **state)
{
    char *text = NULL;

    (void)state;
    assert_null(text_of("{\"customers\":5}"));
    assert_int_equal(tsr_rfm_text("no JSON", &text), TSR_EDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_and_groups_are_listed_and_small_groups_are_a_dash),
        cmocka_unit_test(nested_edges_are_left_to_the_files),
        cmocka_unit_test(weights_in_use_are_marked_by_way_and_by_what_they_look_at),
        cmocka_unit_test(run_without_rfm_has_no_text),
    };
    return RUN_UNIT_TESTS(tests);
}
