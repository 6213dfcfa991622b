#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "tessera/rfm.h"
#include "value/rfm_scheme.h"

extern const char rfm_table_c[], rfm_grid_a[];
extern const size_t rfm_table_c_bytes, rfm_grid_a_bytes;

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

static void faulty_schemes_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } faults[] = {
        {"***\tAll\n123\tOne\n", "own.tsv:2: cell 123 was named on line 1 already"},
        {"5**\tA\n4**\tB\n3**\tC\n2**\tD\n", "own.tsv: cell 111 has no name"},
        {"", "own.tsv: cell 111 has no name"},
        {"***\tAll\n61*\tB\n", "own.tsv:2: a line is a cell"},
        {"***\tAll\n0**\tB\n", "own.tsv:2: a line is a cell"},
        {"*** All\n", "own.tsv:1: a line is a cell"},
        {"***\t\n", "own.tsv:1: a line is a cell"},
        {"11\tA\n", "own.tsv:1: a line is a cell"},
        {"***\tProspect\n", "own.tsv:1: the name Prospect is kept"},
        {"***\tA name that is so long that no table of anybody could ever show it whole\n",
         "own.tsv:1: a group's name"},
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
    assert_non_null(strstr(tsr_error_last()->text, "own.tsv:32: more than 31 groups"));
}

static tsr_rfm simple(void)
{
    tsr_rfm rfm = {.edge = {{10, 20, 30, 40}, {1, 2, 3, 6}, {10, 20.5, 30, 40}}};

    assert_int_equal(tsr_rfm_scheme_parse("table_c", rfm_table_c, (int64_t)rfm_table_c_bytes, &rfm), TSR_OK);
    return rfm;
}

/* Rule V: an edge belongs to the score below it. */
static void scores_count_the_edges_below(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    tsr_rfm_scores s = tsr_rfm_score(&rfm, 10, 1, 1000, 2);
    assert_true(s.r == 5 && s.f == 1 && s.m == 1);
    s = tsr_rfm_score(&rfm, 11, 2, 2050, 2);
    assert_true(s.r == 4 && s.f == 2 && s.m == 2);
    s = tsr_rfm_score(&rfm, 41, 7, 2051, 2);
    assert_true(s.r == 1 && s.f == 5 && s.m == 3);
    assert_int_equal(s.group, group_of(&rfm, 1, 5, 3));
    s = tsr_rfm_score(&rfm, 0, 7, -500, 2);
    assert_true(s.r == 5 && s.f == 5 && s.m == 1);
}

static void who_has_not_bought_is_a_prospect(void **state)
{
    tsr_rfm rfm = simple();
    tsr_rfm_scores s = tsr_rfm_score(&rfm, -1, 0, 0, 2);

    (void)state;
    assert_true(s.r == 0 && s.f == 0 && s.m == 0);
    assert_string_equal(rfm.name[s.group], "Prospect");
}

/* Many equal values (F = 1 for a third of customers) make edges equal: scores stay empty, nothing fails. */
static void equal_edges_leave_scores_empty(void **state)
{
    tsr_rfm rfm = simple();

    (void)state;
    for (int i = 0; i < 4; i++) rfm.edge[1][i] = i < 3 ? 1 : 2;
    assert_int_equal(tsr_rfm_score(&rfm, 0, 1, 0, 2).f, 1);
    assert_int_equal(tsr_rfm_score(&rfm, 0, 2, 0, 2).f, 4);
    assert_int_equal(tsr_rfm_score(&rfm, 0, 3, 0, 2).f, 5);
}

static void rfm_comes_back_from_a_bundle_as_it_was(void **state)
{
    tsr_rfm in = simple(), out;
    tsr_bundle *bundle = NULL;

    (void)state;
    in.customers = 10;
    in.count[3] = 4;
    in.score_count[2][4] = 2;
    strcpy(in.scheme, "table_c");
    assert_int_equal(tsr_bundle_create(&bundle), TSR_OK);
    assert_int_equal(tsr_rfm_load(bundle, &out), TSR_EDATA);
    assert_int_equal(tsr_rfm_save(&in, bundle), TSR_OK);
    assert_int_equal(tsr_rfm_load(bundle, &out), TSR_OK);
    assert_memory_equal(in.edge, out.edge, sizeof in.edge);
    assert_memory_equal(in.group, out.group, sizeof in.group);
    assert_memory_equal(in.name, out.name, sizeof in.name);
    assert_memory_equal(in.count, out.count, sizeof in.count);
    assert_memory_equal(in.score_count, out.score_count, sizeof in.score_count);
    assert_string_equal(in.scheme, out.scheme);
    assert_true(in.groups == out.groups && in.customers == out.customers);
    tsr_bundle_destroy(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_c_has_the_published_cells),
        cmocka_unit_test(grid_a_covers_recency_and_frequency),
        cmocka_unit_test(own_scheme_numbers_groups_by_first_appearance),
        cmocka_unit_test(faulty_schemes_are_refused_with_their_place),
        cmocka_unit_test(too_many_groups_are_refused),
        cmocka_unit_test(scores_count_the_edges_below),
        cmocka_unit_test(who_has_not_bought_is_a_prospect),
        cmocka_unit_test(equal_edges_leave_scores_empty),
        cmocka_unit_test(rfm_comes_back_from_a_bundle_as_it_was),
    };
    return RUN_UNIT_TESTS(tests);
}
