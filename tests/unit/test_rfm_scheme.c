#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "tessera/rfm.h"
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
        {"***\tAll\n123\tOne\n", "own.tsv:2:1: cell 123 was named on line 1 already; with `match first`"},
        {"5**\tA\n4**\tB\n3**\tC\n2**\tD\n",
         "own.tsv: cell 111 has no name, nor have 24 others; under `match first` a last line of `***`"},
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
    };

    return RUN_UNIT_TESTS(tests);
}
