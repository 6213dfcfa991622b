#include "unit_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/rfm.h"
#include "value/rfm/rfm_parts.h"
#include "value/rfm/rfm_scheme.h"

extern const char rfm_table_c[], rfm_grid_a[], rfm_ranges_b[], rfm_ranges_d[], rfm_quartiles_e[], rfm_eight_f[];
extern const size_t rfm_table_c_bytes, rfm_grid_a_bytes, rfm_ranges_b_bytes, rfm_ranges_d_bytes, rfm_quartiles_e_bytes,
    rfm_eight_f_bytes;

static int32_t group_of(const tsr_rfm *rfm, int r, int f, int m)
{
    return rfm->group[((r - 1) * 5 + f - 1) * 5 + m - 1];
}

static const char *name_of(const tsr_rfm *rfm, int r, int f, int m)
{
    return rfm->name[group_of(rfm, r, f, m)];
}

static int cells_of(const tsr_rfm *rfm, const char *name)
{
    int cells = 0;

    for (int cell = 0; cell < 125; cell++) cells += strcmp(rfm->name[rfm->group[cell]], name) == 0;
    return cells;
}

static void table_c_has_the_published_cells(void **state)
{
    static const struct {
        const char *name;
        int cells;
    } groups[] = {{"Champions", 7},      {"Loyal", 8},      {"Potential Loyalists", 24},
                  {"New Customers", 7},  {"Promising", 16}, {"Need Attention", 8},
                  {"About to Sleep", 5}, {"At Risk", 22},   {"Cannot Lose Them", 8},
                  {"Hibernating", 14},   {"Lost", 6}};
    tsr_rfm rfm = {0};

    (void)state;
    assert_int_equal(tsr_rfm_scheme_parse("table_c", rfm_table_c, (int64_t)rfm_table_c_bytes, &rfm), TSR_OK);
    assert_int_equal(rfm.groups, 12);
    for (int i = 0; i < 11; i++) {
        assert_string_equal(rfm.name[i], groups[i].name);
        assert_int_equal(cells_of(&rfm, groups[i].name), groups[i].cells);
    }
    assert_string_equal(rfm.name[11], "Prospect");
    assert_string_equal(name_of(&rfm, 5, 5, 5), "Champions");
    assert_string_equal(name_of(&rfm, 1, 4, 4), "Cannot Lose Them");
    assert_string_equal(name_of(&rfm, 1, 1, 1), "Lost");
}

static void grid_a_covers_recency_and_frequency(void **state)
{
    tsr_rfm rfm = {0};

    (void)state;
    assert_int_equal(tsr_rfm_scheme_parse("grid_a", rfm_grid_a, (int64_t)rfm_grid_a_bytes, &rfm), TSR_OK);
    assert_int_equal(rfm.groups, 11);
    for (int m = 1; m <= 5; m++) {
        assert_string_equal(name_of(&rfm, 2, 2, m), "Hibernating");
        assert_string_equal(name_of(&rfm, 1, 5, m), "Can't Lose");
        assert_string_equal(name_of(&rfm, 4, 1, m), "Promising");
        assert_string_equal(name_of(&rfm, 5, 3, m), "Potential Loyalists");
    }
    assert_int_equal(cells_of(&rfm, "Champions"), 10);
    assert_int_equal(cells_of(&rfm, "Hibernating"), 20);
}

typedef struct cell_count {
    const char *name;
    int cells;
} cell_count;

static void check_scheme(const char *text, size_t bytes, int bins, int32_t rule, const cell_count *groups, int n)
{
    tsr_rfm rfm = {0};
    int cells = 0;

    assert_int_equal(tsr_rfm_scheme_parse("scheme", text, (int64_t)bytes, &rfm), TSR_OK);
    assert_int_equal(rfm.bins, bins);
    assert_int_equal(rfm.rule, rule);
    assert_int_equal(rfm.groups, n + 1);
    for (int i = 0; i < n; i++) {
        int its = 0;
        assert_string_equal(rfm.name[i], groups[i].name);
        for (int cell = 0; cell < bins * bins * bins; cell++) its += rfm.group[cell] == i;
        assert_int_equal(its, groups[i].cells);
        assert_true(its > 0);
        cells += its;
    }
    assert_int_equal(cells, bins * bins * bins);
}

/* Cells counted by the ranges as published, first match wins, in a few lines of Python. */
static void schemes_of_ranges_reach_every_group(void **state)
{
    static const cell_count b[] = {{"Champions", 12},
                                   {"Can't Lose", 6},
                                   {"New", 2},
                                   {"Promising", 1},
                                   {"Lost", 1},
                                   {"Loyal", 48},
                                   {"Potential Loyalists", 27},
                                   {"Need Attention", 7},
                                   {"About to Sleep", 3},
                                   {"At Risk", 16},
                                   {"Hibernating", 2}};
    static const cell_count d[] = {{"Champions", 1},
                                   {"Potential Loyalists", 35},
                                   {"Loyal", 15},
                                   {"Promising", 8},
                                   {"New", 15},
                                   {"Can't Lose", 6},
                                   {"At Risk", 7},
                                   {"Need Attention", 4},
                                   {"About to Sleep", 10},
                                   {"Lost", 14},
                                   {"Others", 10}};

    (void)state;
    check_scheme(rfm_ranges_b, rfm_ranges_b_bytes, 5, TSR_RFM_VALUE, b, 11);
    check_scheme(rfm_ranges_d, rfm_ranges_d_bytes, 5, TSR_RFM_PACKAGE, d, 11);
}

static void scheme_e_has_quartiles_and_others(void **state)
{
    static const cell_count e[] = {{"Premium Customer", 8},  {"Repeat Customer", 7},   {"Top Spender", 13},
                                   {"At Risk Customer", 11}, {"Inactive Customer", 7}, {"Other", 18}};

    (void)state;
    check_scheme(rfm_quartiles_e, rfm_quartiles_e_bytes, 4, TSR_RFM_DISTINCT, e, 6);
}

static void scheme_f_has_eight_groups_with_two_names(void **state)
{
    tsr_rfm rfm = {0};

    (void)state;
    assert_int_equal(tsr_rfm_scheme_parse("eight_f", rfm_eight_f, (int64_t)rfm_eight_f_bytes, &rfm), TSR_OK);
    assert_true(rfm.bins == 2 && rfm.rule == TSR_RFM_MEAN && rfm.groups == 9);
    assert_string_equal(rfm.name[rfm.group[7]], "Important: value");
    assert_string_equal(rfm.other_name[rfm.group[7]], "重要价值客户");
    assert_string_equal(rfm.other_name[rfm.group[1]], "重要挽留客户");
    assert_string_equal(rfm.other_name[rfm.group[6]], "一般价值客户");
    assert_string_equal(rfm.other_name[8], "");
}

static tsr_status parse(const char *text, tsr_rfm *rfm)
{
    *rfm = (tsr_rfm){0};
    return tsr_rfm_scheme_parse("own.tsv", text, (int64_t)strlen(text), rfm);
}

static void own_scheme_numbers_groups_by_first_appearance(void **state)
{
    tsr_rfm rfm;

    (void)state;
    assert_int_equal(parse("# mine\r\n\r\n5**\tFresh\r\n4**\tOld\r\n3**\tFresh \n2**\tOld\n1**\tGone for good", &rfm),
                     TSR_OK);
    assert_int_equal(rfm.groups, 4);
    assert_string_equal(rfm.name[0], "Fresh");
    assert_string_equal(rfm.name[1], "Old");
    assert_string_equal(rfm.name[2], "Gone for good");
    assert_int_equal(group_of(&rfm, 3, 1, 4), 0);
    assert_int_equal(group_of(&rfm, 1, 1, 1), 2);
}

static void settings_and_ranges_of_a_scheme_are_read(void **state)
{
    tsr_rfm rfm;

    (void)state;
    assert_int_equal(parse("bins 3\nrule rank\nmatch first\n33[2-3]\tTop\n*\tx\n", &rfm), TSR_ECONF);
    assert_int_equal(parse("bins 3\nrule rank\nmatch first\n33[2-3]\tTop\toben\n3**\tTop\n***\tRest", &rfm), TSR_OK);
    assert_true(rfm.bins == 3 && rfm.rule == TSR_RFM_RANK && rfm.groups == 3);
    assert_true(rfm.group[26] == 0 && rfm.group[18] == 0 && rfm.group[17] == 1);
    assert_string_equal(rfm.other_name[0], "oben");
    assert_string_equal(rfm.other_name[1], "");
}

/* Of two scores of 5 and 4 the mean is 4.5: beyond [3-4], within [4-5]. */
static void joined_axis_is_the_mean_of_frequency_and_money(void **state)
{
    tsr_rfm rfm;

    (void)state;
    assert_int_equal(parse("axes r fm\nmatch first\n*[3-4]\tMiddle\n*[4-5]\tHigh\n**\tLow\n", &rfm), TSR_OK);
    assert_string_equal(name_of(&rfm, 1, 5, 4), "High");
    assert_string_equal(name_of(&rfm, 1, 4, 4), "Middle");
    assert_string_equal(name_of(&rfm, 5, 5, 1), "Middle");
    assert_string_equal(name_of(&rfm, 5, 5, 5), "High");
    assert_string_equal(name_of(&rfm, 5, 1, 4), "Low");
}

static void faulty_schemes_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } faults[] = {
        {"***\tAll\n123\tOne\n", "own.tsv:2:1: cell 123 was named on line 1 already"},
        {"5**\tA\n4**\tB\n3**\tC\n2**\tD\n", "own.tsv: cell 111 has no name"},
        {"", "own.tsv: cell 111 has no name"},
        {"***\tAll\n61*\tB\n", "own.tsv:2:1: a sign of a cell"},
        {"***\tAll\n10*\tB\n", "own.tsv:2:2: a sign of a cell"},
        {"bins 4\n115\tA\n", "own.tsv:2:3: a sign of a cell is a digit from 1 to 4"},
        {"1[4-2]*\tA\n", "own.tsv:1:2: a sign of a cell"},
        {"1[2-]*\tA\n", "own.tsv:1:2: a sign of a cell"},
        {"*** All\n", "own.tsv:1:4: a line is a cell"},
        {"***\t\n", "own.tsv:1:4: a line is a cell"},
        {"11\tA\n", "own.tsv:1:3: a sign of a cell"},
        {"***\tProspect\n", "own.tsv:1:5: the name Prospect is kept"},
        {"***\tA name that is so long that no table of anybody could ever show it whole\n",
         "own.tsv:1:5: a group's name"},
        {"bins 10\n", "own.tsv:1:6: `bins` is a number"},
        {"bins\n", "own.tsv:1:1: a line is a cell"},
        {"rule best\n", "own.tsv:1:6: there is no rule `best`"},
        {"axes f m\n", "own.tsv:1:6: `axes` is"},
        {"match last\n", "own.tsv:1:7: `match` is"},
        {"***\tAll\nbins 5\n", "own.tsv:2:1: settings come before the first cell"},
        {"colour red\n", "own.tsv:1:1: a line is a cell"},
        /* The order that hides two groups of Putler's scheme behind wider ones. */
        {"match first\naxes r fm\n[1-2][2-5]\tAt Risk\n1[4-5]\tCan't Lose\n",
         "own.tsv:4:1: no cell is left for this line"},
    };
    tsr_rfm rfm;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_int_equal(parse(faults[i].text, &rfm), TSR_ECONF);
        if (strstr(tsr_error_last()->text, faults[i].message) == NULL)
            fail_msg("'%s' does not say '%s'", tsr_error_last()->text, faults[i].message);
    }
}

static void too_many_groups_are_refused(void **state)
{
    char text[4096] = "";
    tsr_rfm rfm;

    (void)state;
    for (int i = 0; i < 125; i++) {
        char line[32];
        snprintf(line, sizeof line, "%d%d%d\tg%d\n", i / 25 + 1, i / 5 % 5 + 1, i % 5 + 1, i < 32 ? i : 0);
        strcat(text, line);
    }
    assert_int_equal(parse(text, &rfm), TSR_ECONF);
    assert_non_null(strstr(tsr_error_last()->text, "own.tsv:32:5: more than 31 groups"));
}

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
    assert_int_equal(s.group, group_of(&rfm, 1, 5, 3));
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
        cmocka_unit_test(table_c_has_the_published_cells),
        cmocka_unit_test(grid_a_covers_recency_and_frequency),
        cmocka_unit_test(schemes_of_ranges_reach_every_group),
        cmocka_unit_test(scheme_e_has_quartiles_and_others),
        cmocka_unit_test(scheme_f_has_eight_groups_with_two_names),
        cmocka_unit_test(settings_and_ranges_of_a_scheme_are_read),
        cmocka_unit_test(joined_axis_is_the_mean_of_frequency_and_money),
        cmocka_unit_test(own_scheme_numbers_groups_by_first_appearance),
        cmocka_unit_test(faulty_schemes_are_refused_with_their_place),
        cmocka_unit_test(too_many_groups_are_refused),
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
