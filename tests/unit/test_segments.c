#include "unit_test.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "tessera/segments.h"

static json_t *segment(int number, long customers, long buyers)
{
    return json_pack("{s:i, s:s, s:I, s:I, s:f, s:s, s:f, s:{s:f, s:f}, s:{s:{s:f}}}", "segment", number, "name",
                     "Segment", "customers", (json_int_t)customers, "buyers", (json_int_t)buyers, "share", 0.5,
                     "revenue", "12.34", "clv_total", 5.0, "means", "recency_days", 3.0, "clv", 1.0, "features",
                     "orders", "mean", 2.0);
}

static json_t *tree(const long *customers, int n)
{
    json_t *segments = json_array();
    long all = 0;

    for (int i = 0; i < n; i++) {
        json_array_append_new(segments, segment(i, customers[i], customers[i]));
        all += customers[i];
    }
    return json_pack("{s:I, s:s, s:o, s:o}", "customers", (json_int_t)all, "revenue", "99.00", "segments", segments,
                     "total", segment(-1, all, all));
}

static json_t *at(json_t *json, int i)
{
    return json_array_get(json_object_get(json, "segments"), (size_t)i);
}

static bool is_masked(json_t *part)
{
    return json_is_null(json_object_get(part, "customers")) && json_is_null(json_object_get(part, "share")) &&
           json_is_null(json_object_get(part, "revenue")) &&
           json_is_null(json_object_get(json_object_get(part, "means"), "recency_days")) &&
           json_is_null(json_object_get(json_object_get(json_object_get(part, "features"), "orders"), "mean"));
}

static void json_text_sorts_keys_and_keeps_all_bits(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:f, s:i, s:[f]}", "b", 0.1, "a", 1, "c", 1.0 / 3);
    char *text = NULL;

    assert_int_equal(tsr_json_text(json, &text), TSR_OK);
    assert_string_equal(text,
                        "{\n  \"a\": 1,\n  \"b\": 0.10000000000000001,\n  \"c\": [\n    0.33333333333333331\n  ]\n}\n");
    json_decref(json);
    tsr_free(&text);
}

static void mask_leaves_large_segments_alone(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){10, 20, 30}, 3), *before = json_deep_copy(json);

    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    assert_true(json_equal(json, before));
    json_decref(before);
    json_decref(json);
}

static void mask_hides_a_small_segment_and_the_next_smallest_with_it(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){9, 500, 30}, 3);

    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    assert_true(is_masked(at(json, 0)));
    assert_false(is_masked(at(json, 1)));
    assert_true(is_masked(at(json, 2)));
    assert_int_equal(json_integer_value(json_object_get(at(json, 2), "segment")), 2);
    assert_string_equal(json_string_value(json_object_get(at(json, 0), "name")), "Segment");
    json_decref(json);
}

static void mask_hides_one_more_where_all_hidden_together_are_few(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){2, 3, 40, 500}, 4);

    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    assert_true(is_masked(at(json, 0)));
    assert_true(is_masked(at(json, 1)));
    assert_true(is_masked(at(json, 2)));
    assert_false(is_masked(at(json, 3)));
    json_decref(json);
}

static void mask_hides_small_rfm_groups_but_shows_empty_ones(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){500, 30}, 2), *groups;

    json_object_set_new(json, "rfm",
                        json_pack("{s:{s:i, s:i, s:i, s:i}, s:{s:{s:i, s:i}}}", "groups", "Champions", 400, "Lost", 4,
                                  "New", 126, "Prospect", 0, "scores", "recency", "1", 3, "2", 527));
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    groups = json_object_get(json_object_get(json, "rfm"), "groups");
    assert_true(json_is_null(json_object_get(groups, "Lost")));
    assert_true(json_is_null(json_object_get(groups, "New")));
    assert_int_equal(json_integer_value(json_object_get(groups, "Champions")), 400);
    assert_int_equal(json_integer_value(json_object_get(groups, "Prospect")), 0);
    json_t *recency = json_object_get(json_object_get(json_object_get(json, "rfm"), "scores"), "recency");
    assert_true(json_is_null(json_object_get(recency, "1")));
    assert_true(json_is_null(json_object_get(recency, "2")));
    json_decref(json);
}

static void mask_hides_means_of_few_buyers(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){500, 30}, 2);

    json_object_set_new(at(json, 1), "buyers", json_integer(4));
    json_object_set_new(at(json, 0), "buyers", json_integer(495));
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    assert_true(json_is_null(json_object_get(json_object_get(at(json, 1), "means"), "clv")));
    assert_true(json_is_null(json_object_get(at(json, 1), "clv_total")));
    assert_true(json_is_null(json_object_get(at(json, 1), "buyers")));
    assert_int_equal(json_integer_value(json_object_get(at(json, 1), "customers")), 30);
    assert_true(json_is_null(json_object_get(at(json, 0), "buyers"))); /* five have not bought */
    assert_false(json_is_null(json_object_get(at(json, 0), "clv_total")));
    json_decref(json);
}

static void mask_hides_models_of_few_customers(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){500, 30}, 2);
    json_t *value = json_pack("{s:s, s:{s:f}, s:i, s:{s:{s:f}, s:i}, s:{s:{s:f}, s:i, s:n}}", "model", "bg_nbd",
                              "parameters", "r", 0.2, "customers", 530, "spend", "parameters", "p", 6.0, "customers", 3,
                              "validation", "parameters", "r", 0.3, "customers", 7, "spend");

    json_object_set_new(json, "value", value);
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    json_t *spend = json_object_get(value, "spend"), *validation = json_object_get(value, "validation");
    assert_true(json_is_real(json_object_get(json_object_get(value, "parameters"), "r")));
    assert_true(json_is_null(json_object_get(json_object_get(spend, "parameters"), "p")));
    assert_true(json_is_null(json_object_get(spend, "customers")));
    assert_true(json_is_null(json_object_get(json_object_get(validation, "parameters"), "r")));
    assert_string_equal(json_string_value(json_object_get(value, "model")), "bg_nbd");
    json_decref(json);
}

static void mask_hides_quantiles_with_few_customers_beyond_them(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){100, 99}, 2);

    for (int i = 0; i < 2; i++) {
        json_t *orders = json_object_get(json_object_get(at(json, i), "features"), "orders");
        json_object_set_new(orders, "p10", json_real(1));
        json_object_set_new(orders, "p50", json_real(2));
    }
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    json_t *large = json_object_get(json_object_get(at(json, 0), "features"), "orders");
    json_t *small = json_object_get(json_object_get(at(json, 1), "features"), "orders");
    assert_true(json_is_real(json_object_get(large, "p10")));
    assert_true(json_is_null(json_object_get(small, "p10")));
    assert_true(json_is_real(json_object_get(small, "p50")));
    json_decref(json);
}

static json_t *map_of(const int *people, int n)
{
    json_t *cells = json_array();

    for (int i = 0; i < n; i++) json_array_append_new(cells, json_pack("[i, i, i]", i, 0, people[i]));
    return json_pack("{s:i, s:i, s:o}", "columns", n, "rows", 1, "cells", cells);
}

static void mask_keeps_bins_with_enough_customers_and_hides_what_the_rest_would_tell(void **state)
{
    (void)state;
    const int many[] = {200, 7, 100, 5, 30}, one[] = {200, 300, 4};
    json_t *json = tree((const long[]){500, 30}, 2), *map = map_of(many, 5), *tsne = map_of(one, 3);

    json_object_set_new(json, "pca", json_pack("{s:o}", "map", map));
    json_object_set_new(json, "tsne", json_pack("{s:o}", "map", tsne));
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    /* 7 and 5 together are 12: enough to hide in. 4 alone are not: 200 go with them. */
    assert_int_equal(json_array_size(json_object_get(map, "cells")), 3);
    assert_int_equal(json_array_size(json_object_get(tsne, "cells")), 1);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(json_object_get(tsne, "cells"), 0), 2)), 300);
    json_decref(json);
}

static json_t *grid_of(const int *people)
{
    json_t *grid = json_array();

    for (int i = 0; i < 4; i++)
        json_array_append_new(grid, json_pack("{s:i, s:i, s:i, s:s}", "r", i / 2 + 1, "f", i % 2 + 1, "customers",
                                              people[i], "revenue", "1.00"));
    return grid;
}

static void mask_hides_cells_of_the_grid_with_their_revenue(void **state)
{
    (void)state;
    const int people[] = {3, 100, 150, 277};
    json_t *json = tree((const long[]){500, 30}, 2), *grid = grid_of(people);

    json_object_set_new(json, "rfm", json_pack("{s:{s:i}, s:o}", "groups", "All", 530, "grid", grid));
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(json_is_null(json_object_get(json_array_get(grid, i), "customers")));
        assert_true(json_is_null(json_object_get(json_array_get(grid, i), "revenue")));
        assert_true(json_is_integer(json_object_get(json_array_get(grid, i), "r")));
    }
    json_decref(json);
}

static void mask_hides_groups_of_a_segment_that_follow_from_totals(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){503, 90, 70}, 3);
    const int people[3][3] = {{500, 3, 0}, {20, 30, 40}, {25, 0, 45}};

    for (int s = 0; s < 3; s++)
        json_object_set_new(at(json, s), "rfm_groups",
                            json_pack("{s:i, s:i, s:i}", "A", people[s][0], "B", people[s][1], "C", people[s][2]));
    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    json_t *first = json_object_get(at(json, 0), "rfm_groups"), *second = json_object_get(at(json, 1), "rfm_groups");
    json_t *third = json_object_get(at(json, 2), "rfm_groups");
    assert_true(json_is_null(json_object_get(first, "A")) && json_is_null(json_object_get(first, "B")));
    assert_true(json_is_null(json_object_get(second, "A")) && json_is_null(json_object_get(second, "B")));
    assert_int_equal(json_integer_value(json_object_get(first, "C")), 0);
    assert_int_equal(json_integer_value(json_object_get(third, "C")), 45);
    json_decref(json);
}

static void mask_hides_everything_of_a_handful_of_customers(void **state)
{
    (void)state;
    json_t *json = tree((const long[]){4, 5}, 2);

    assert_int_equal(tsr_segments_mask(json, 10), TSR_OK);
    assert_true(json_is_null(json_object_get(json, "customers")));
    assert_true(json_is_null(json_object_get(json, "revenue")));
    assert_true(json_is_null(json_object_get(json, "segments")));
    assert_true(is_masked(json_object_get(json, "total")));
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_text_sorts_keys_and_keeps_all_bits),
        cmocka_unit_test(mask_leaves_large_segments_alone),
        cmocka_unit_test(mask_hides_a_small_segment_and_the_next_smallest_with_it),
        cmocka_unit_test(mask_hides_one_more_where_all_hidden_together_are_few),
        cmocka_unit_test(mask_hides_small_rfm_groups_but_shows_empty_ones),
        cmocka_unit_test(mask_hides_means_of_few_buyers),
        cmocka_unit_test(mask_hides_models_of_few_customers),
        cmocka_unit_test(mask_hides_quantiles_with_few_customers_beyond_them),
        cmocka_unit_test(mask_keeps_bins_with_enough_customers_and_hides_what_the_rest_would_tell),
        cmocka_unit_test(mask_hides_cells_of_the_grid_with_their_revenue),
        cmocka_unit_test(mask_hides_groups_of_a_segment_that_follow_from_totals),
        cmocka_unit_test(mask_hides_everything_of_a_handful_of_customers),
    };
    return RUN_UNIT_TESTS(tests);
}
