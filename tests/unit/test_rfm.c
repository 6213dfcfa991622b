#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "tessera/rfm.h"
#include "value/rfm/rfm_parts.h"
#include "value/rfm/rfm_scheme.h"

extern const char rfm_table_c[];
extern const size_t rfm_table_c_bytes;

static tsr_rfm simple(void)
{
    static const double edge[3][4] = {{10, 20, 30, 40}, {1, 2, 3, 6}, {10, 20.5, 30, 40}};
    tsr_rfm rfm = {.weights = {.used = {.5, .25, .25}}};

    assert_int_equal(tsr_rfm_scheme_parse("table_c", rfm_table_c, (int64_t)rfm_table_c_bytes, &rfm), TSR_OK);
    for (int a = 0; a < 3; a++) {
        rfm.axis[a].parts = 1;
        memcpy(rfm.axis[a].edge[0], edge[a], sizeof edge[a]);
    }
    return rfm;
}

static tsr_rfm_scores score(const tsr_rfm *rfm, int32_t days, int32_t orders, int64_t revenue, uint64_t key)
{
    return tsr_rfm_score(rfm, &(tsr_rfm_customer){days, orders, revenue, key}, 2);
}

static bool scores_are(tsr_rfm_scores s, int r, int f, int m)
{
    return s.r == r && s.f == f && s.m == m;
}

/* Rule V: an edge belongs to the score below it. */
static void scores_count_the_edges_below(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    assert_true(scores_are(score(&rfm, 10, 1, 1000, 0), 5, 1, 1));
    assert_true(scores_are(score(&rfm, 11, 2, 2050, 0), 4, 2, 2));
    tsr_rfm_scores s = score(&rfm, 41, 7, 2051, 0);
    assert_true(scores_are(s, 1, 5, 3));
    assert_int_equal(s.group, rfm.group[(0 * 5 + 4) * 5 + 2]);
    assert_true(s.weighted == .5 * 1 + .25 * 5 + .25 * 3);
    assert_true(scores_are(score(&rfm, 0, 7, -500, 0), 5, 5, 1));
}

/* Rule P: an edge belongs to the class above it. */
static void closed_edges_belong_above(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    for (int a = 0; a < 3; a++) rfm.axis[a].closed = true;
    assert_true(scores_are(score(&rfm, 10, 1, 1000, 0), 4, 2, 2));
    assert_true(scores_are(score(&rfm, 9, 6, 3999, 0), 5, 5, 4));
}

/* Rule N: customers at an edge fall on either side of it by their keys. */
static void keys_decide_at_an_edge(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    rfm.axis[1].has_keys = true;
    for (int i = 0; i < 4; i++) rfm.axis[1].edge[0][i] = i < 3 ? 1 : 4;
    for (int i = 0; i < 4; i++) rfm.axis[1].edge_key[0][i] = 100 + 100 * (uint64_t)i;
    assert_int_equal(score(&rfm, 0, 1, 0, 100).f, 1);
    assert_int_equal(score(&rfm, 0, 1, 0, 101).f, 2);
    assert_int_equal(score(&rfm, 0, 1, 0, UINT64_MAX).f, 4);
    assert_int_equal(score(&rfm, 0, 4, 0, 400).f, 4);
    assert_int_equal(score(&rfm, 0, 4, 0, 401).f, 5);
}

static void nested_edges_are_those_of_the_part(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    rfm.axis[1].parts = 5;
    rfm.axis[2].parts = 25;
    for (int p = 0; p < 25; p++)
        for (int i = 0; i < 4; i++) {
            if (p < 5) rfm.axis[1].edge[p][i] = 10 * p + i;
            rfm.axis[2].edge[p][i] = 100 * p + i;
        }
    assert_true(scores_are(score(&rfm, 41, 3, 40250, 0), 1, 4, 5));
    assert_true(scores_are(score(&rfm, 41, 3, 30050, 0), 1, 4, 2));
    assert_true(scores_are(score(&rfm, 10, 40, 200000, 0), 5, 1, 1));
    assert_true(scores_are(score(&rfm, 10, 41, 210000, 0), 5, 2, 1));
}

static void who_has_not_bought_is_a_prospect(void **state)
{
    tsr_rfm rfm = simple();
    tsr_rfm_scores s = score(&rfm, -1, 0, 0, 0);

    (void)state;
    assert_true(scores_are(s, 0, 0, 0) && s.weighted == 0);
    assert_string_equal(rfm.name[s.group], "Prospect");
}

/* Many equal values (F = 1 for a third of customers) make edges equal: scores stay empty, nothing fails. */
static void equal_edges_leave_scores_empty(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    for (int i = 0; i < 4; i++) rfm.axis[1].edge[0][i] = i < 3 ? 1 : 2;
    assert_int_equal(score(&rfm, 0, 1, 0, 0).f, 1);
    assert_int_equal(score(&rfm, 0, 2, 0, 0).f, 4);
    assert_int_equal(score(&rfm, 0, 3, 0, 0).f, 5);
}

/* Rule Q: where edges coincide there are fewer classes, and the best recency is as many as there are. */
static void missing_edges_make_fewer_classes(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    rfm.axis[0].edge[0][1] = rfm.axis[1].edge[0][0] = NAN;
    assert_true(scores_are(score(&rfm, 5, 9, 0, 0), 4, 4, 1));
    assert_true(scores_are(score(&rfm, 99, 1, 0, 0), 1, 1, 1));
}

static void rfm_comes_back_from_a_bundle_as_it_was(void **state)
{
    static tsr_rfm in, out;
    tsr_bundle *bundle = NULL;

    (void)state;
    in = simple();
    in.customers = 4;
    in.count[in.group[124]] = 4;
    in.cell_count[124] = 4;
    in.nested = true;
    in.axis[1].parts = 5;
    in.axis[1].edge[4][3] = 7;
    in.axis[2].closed = true;
    in.axis[2].has_keys = true;
    in.axis[2].edge_key[0][2] = UINT64_MAX;
    in.weighting = TSR_RFM_CRITIC;
    strcpy(in.scheme, "table_c");
    strcpy(in.other_name[3], "名");
    for (int a = 0; a < 3; a++) in.axis[a].count[4] = 4;
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_rfm_load(bundle, &out), TSR_EDATA);
    assert_int_equal(tsr_rfm_save(&in, bundle), TSR_OK);
    assert_int_equal(tsr_rfm_load(bundle, &out), TSR_OK);
    assert_memory_equal(in.axis, out.axis, sizeof in.axis);
    assert_memory_equal(in.group, out.group, sizeof in.group);
    assert_memory_equal(in.name, out.name, sizeof in.name);
    assert_memory_equal(in.other_name, out.other_name, sizeof in.other_name);
    assert_memory_equal(in.count, out.count, sizeof in.count);
    assert_memory_equal(in.cell_count, out.cell_count, sizeof in.cell_count);
    assert_memory_equal(&in.weights, &out.weights, sizeof in.weights);
    assert_string_equal(in.scheme, out.scheme);
    assert_true(in.rule == out.rule && in.bins == out.bins && out.nested && in.weighting == out.weighting);
    assert_true(in.groups == out.groups && in.customers == out.customers);
    tsr_bundle_destroy(&bundle);
}

/* ---- weights ---- */

static tsr_status read_ahp(const char *a, const char *b, const char *c, double comparison[3])
{
    char *text[] = {(char *)a, (char *)b, (char *)c};

    return tsr_rfm_comparisons(&(tsr_texts){3, text}, comparison);
}

static void comparisons_are_numbers_or_fractions(void **state)
{
    double c[3];

    (void)state;
    assert_int_equal(read_ahp("3", "1/5", "0.5", c), TSR_OK);
    assert_true(c[0] == 3 && c[1] == .2 && c[2] == .5);
    assert_int_equal(read_ahp("3", "10", "1", c), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "10 is no comparison"));
    assert_int_equal(read_ahp("3", "1/0", "1", c), TSR_ECONF);
    assert_int_equal(read_ahp("3", "five", "1", c), TSR_ECONF);
    assert_int_equal(tsr_rfm_comparisons(&(tsr_texts){0, NULL}, c), TSR_ECONF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_count_the_edges_below),
        cmocka_unit_test(closed_edges_belong_above),
        cmocka_unit_test(keys_decide_at_an_edge),
        cmocka_unit_test(nested_edges_are_those_of_the_part),
        cmocka_unit_test(missing_edges_make_fewer_classes),
        cmocka_unit_test(comparisons_are_numbers_or_fractions),
        cmocka_unit_test(who_has_not_bought_is_a_prospect),
        cmocka_unit_test(equal_edges_leave_scores_empty),
        cmocka_unit_test(rfm_comes_back_from_a_bundle_as_it_was),
    };

    return RUN_UNIT_TESTS(tests);
}
