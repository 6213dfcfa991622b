#include "mpi_test.h"

#include <math.h>

#include "mpi/rfm_table.h"

static char scheme[64]; /* a file beside that of the customers */

/* ---- made-up customers ---- */

static void make_some(int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        customers[i] = (customer){(int32_t)(i * 37 % 101), (int32_t)(i * i % 7) + 1, i * 7919 % 1009 - 50};
}

/* All alike but for their keys: equal counts, rising with the row. */
static void ties_are_cut_in_the_order_of_keys(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = "table_c", .rule = TSR_RFM_RANK};
    static tsr_rfm rfm;

    for (int i = 0; i < 101; i++) customers[i] = (customer){i == 50 ? -1 : 9, i == 50 ? 0 : 1, 100};
    for (int shape = 0; shape < 3; shape++) {
        CHECK_ALL(comm, fit_params(comm, &params, 101, shape, 2, &rfm) == TSR_OK);
        for (int i = 0; i < 5; i++) CHECK_ALL(comm, rfm.axis[0].count[i] == 20 && rfm.axis[1].count[i] == 20);
        for (int i = 0; i < 101; i++) {
            int place = i < 50 ? i : i - 1; /* without the prospect */
            tsr_rfm_scores s = tsr_rfm_score(&rfm, &(tsr_rfm_customer){9, 1, 100, keys[i]}, 2);
            if (i != 50) CHECK_ALL(comm, s.f == place / 20 + 1 && s.r == 5 - place / 20);
        }
    }
}

/* As cut by quantiles in pandas, where duplicates are dropped: 60 of 100 came last 90 days ago, 70 bought once. */
static void classes_that_nobody_would_be_in_are_left_out_by_distinct(void **state)
{
    const tsr_comm *comm = *state;
    static tsr_rfm rfm;

    for (int i = 0; i < 100; i++) customers[i] = (customer){i < 60 ? 90 : i - 50, i < 70 ? 1 : i - 68, 100 * i};
    CHECK_ALL(comm, fit(comm, "quartiles_e", 100, 1, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.axis[0].edge[0][0] == 34.75 && isnan(rfm.axis[0].edge[0][1]) && isnan(rfm.axis[0].edge[0][2]));
    CHECK_ALL(comm, rfm.axis[0].count[0] == 75 && rfm.axis[0].count[1] == 25);
    CHECK_ALL(comm, rfm.axis[1].edge[0][2] == 6.25 && rfm.axis[1].count[0] == 75 && rfm.axis[1].count[1] == 25);
    CHECK_ALL(comm, rfm.axis[2].count[0] == 25 && rfm.axis[2].count[3] == 25);
}

static void every_rule_gives_the_same_bits_on_any_ranks(void **state)
{
    static const char *const scheme_of[TSR_RFM_RULES] = {[TSR_RFM_MEAN] = "eight_f", [TSR_RFM_MEDIAN] = "eight_f"};
    const tsr_comm *comm = *state;
    static tsr_rfm first, rfm;

    make_some(700);
    for (int i = 0; i < 700; i += 9) customers[i] = (customer){-1, 0, 0};
    for (int32_t rule = TSR_RFM_VALUE; rule < TSR_RFM_RULES; rule++)
        for (int nested = 0; nested < 2; nested++) {
            tsr_rfm_params params = {.scheme = (char *)(scheme_of[rule] != NULL ? scheme_of[rule] : "none"),
                                     .rule = rule,
                                     .nested = nested > 0,
                                     .weights = TSR_RFM_ENTROPY,
                                     .bins = scheme_of[rule] != NULL ? 0 : 3 + rule};
            int64_t cells = 0;
            for (int shape = 0; shape < 2; shape++) {
                CHECK_ALL(comm, fit_params(comm, &params, 700, shape, 2, shape == 0 ? &first : &rfm) == TSR_OK);
            }
            CHECK_ALL(comm, same_fit(&first, &rfm) && same_on_all(comm, &rfm, sizeof rfm));
            for (int i = 0; i < TSR_RFM_CELLS_MAX; i++) cells += rfm.cell_count[i];
            CHECK_ALL(comm, cells == 622 && rfm.customers == 622);
        }
}

static void given_thresholds_replace_those_of_the_data(void **state)
{
    const tsr_comm *comm = *state;
    char *days[] = {"30"}, *orders[] = {"2.5"};
    tsr_rfm_params params = {.scheme = "eight_f", .threshold = {{1, days}, {1, orders}, {0, NULL}}};
    static tsr_rfm rfm;

    for (int i = 0; i < 100; i++) customers[i] = (customer){i, i % 5 + 1, 100 * i};
    CHECK_ALL(comm, fit_params(comm, &params, 100, 1, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.axis[0].count[1] == 31 && rfm.axis[1].count[0] == 40);
    CHECK_ALL(comm, rfm.axis[2].edge[0][0] == 49.5 && rfm.axis[2].count[1] == 50);
}

static bool is_refused(const tsr_comm *comm, const tsr_rfm_params *params, const char *message)
{
    static tsr_rfm rfm;

    if (fit_params(comm, params, 50, 0, 2, &rfm) != TSR_ECONF || strstr(tsr_error_last()->text, message) == NULL)
        return false;
    return tsr_rfm_check(comm, params, true) == TSR_ECONF && strstr(tsr_error_last()->text, message) != NULL;
}

static void faulty_settings_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    char *falling[] = {"1", "5", "4", "9"}, *words[] = {"1", "2", "three", "4"};
    char *text[] = {"3", "4"}, *contrary[] = {"3", "1/3", "3"};

    make_some(50);
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {{.n = 4, .text = falling}}},
                               "`rfm.thresholds.recency_days`: thresholds must rise, but 4"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {[2] = {4, words}}},
                               "`rfm.thresholds.revenue`: three is no number"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .threshold = {[1] = {2, text}}},
                               "`rfm.thresholds.orders` has 2 thresholds: 5 classes need 4"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "table_c", .bins = 4}, "names cells of 5 classes"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .rule = TSR_RFM_MEAN}, "makes two classes"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .weights = TSR_RFM_AHP}, "`rfm.ahp`"));
    CHECK_ALL(comm, is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .ahp = {2, text}}, "2 comparisons"));
    CHECK_ALL(comm,
              is_refused(comm, &(tsr_rfm_params){.scheme = "grid_a", .weights = TSR_RFM_AHP, .ahp = {3, contrary}},
                         "the second one should be near the first times the third, 9"));
    CHECK_ALL(comm,
              is_refused(comm, &(tsr_rfm_params){.scheme = "tabel_c"}, "no scheme of this name; there are table_c"));
}

static void rank_is_refused_where_keys_are_not_kept(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_rfm_params params = {.scheme = "table_c", .rule = TSR_RFM_RANK};

    CHECK_ALL(comm, tsr_rfm_check(comm, &params, true) == TSR_OK);
    CHECK_ALL(comm, tsr_rfm_check(comm, &params, false) == TSR_ECONF);
    CHECK_ALL(comm, tsr_rfm_check(comm, &(tsr_rfm_params){.scheme = "table_c"}, false) == TSR_OK);
}

static void rule_of_two_classes_needs_no_bins_without_a_scheme(void **state)
{
    const tsr_comm *comm = *state;
    static tsr_rfm rfm;

    make_some(50);
    CHECK_ALL(comm,
              fit_params(comm, &(tsr_rfm_params){.scheme = "none", .rule = TSR_RFM_MEAN}, 50, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.bins == 2 && rfm.groups == 3);
    CHECK_ALL(comm,
              is_refused(comm, &(tsr_rfm_params){.scheme = "none", .rule = TSR_RFM_MEAN, .bins = 5}, "two classes"));
}

static void prospects_count_in_no_score(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm with, without;

    make_some(600);
    CHECK_ALL(comm, fit(comm, "table_c", 300, 0, 2, &without) == TSR_OK);
    for (int i = 300; i < 600; i++) customers[i] = (customer){-1, 0, 0};
    CHECK_ALL(comm, fit(comm, "table_c", 600, 0, 2, &with) == TSR_OK);
    CHECK_ALL(comm, memcmp(with.axis, without.axis, sizeof with.axis) == 0 && with.customers == 300);
    CHECK_ALL(comm, count_of(&with, "Prospect") == 300 && count_of(&without, "Prospect") == 0);
}

static void nobody_with_a_purchase_leaves_only_prospects(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    for (int i = 0; i < 10; i++) customers[i] = (customer){-1, 0, 0};
    CHECK_ALL(comm, fit(comm, "table_c", 10, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.customers == 0 && count_of(&rfm, "Prospect") == 10 && isnan(rfm.axis[0].edge[0][0]));
}

static void one_customer_has_equal_edges_and_the_lowest_scores(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    customers[0] = (customer){5, 3, 1000};
    CHECK_ALL(comm, fit(comm, "grid_a", 1, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.customers == 1 && rfm.axis[2].edge[0][0] == 10 && rfm.axis[2].edge[0][3] == 10);
    CHECK_ALL(comm, rfm.axis[0].count[4] == 1 && rfm.axis[1].count[0] == 1 && rfm.axis[2].count[0] == 1);
}

/* Collective. A scheme file that the root writes. */
static void write_scheme(const tsr_comm *comm, const char *text)
{
    if (comm->rank == 0) {
        FILE *file = fopen(scheme, "w");
        if (file != NULL) fputs(text, file);
        if (file != NULL) fclose(file);
    }
    MPI_Barrier(comm->mpi);
}

static void own_scheme_file_names_the_groups(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "**5\tBig\n**4\tBig\n**3\tSmall\n**2\tSmall\n**1\tSmall\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, rfm.groups == 3 && count_of(&rfm, "Big") == 40 && count_of(&rfm, "Small") == 60);
    CHECK_ALL(comm, strcmp(rfm.scheme, scheme) == 0);
}

static void faulty_scheme_file_is_one_error_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "***\tAll\n111\tOne\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, ":2:1: cell 111") != NULL);
    CHECK_ALL(comm, fit(comm, "no/such/scheme.tsv", 100, 0, 2, &rfm) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "no/such/scheme.tsv") != NULL);
    write_scheme(comm, "1**\tAll\n[2-5]**\tGr\xfc\xdf\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, ":2: not text in UTF-8: convert the file") != NULL);
}

/* The folder is not; and half a character would be no text for segments.json. */
static void name_of_a_scheme_file_is_told_up_to_its_last_whole_character(void **state)
{
    const tsr_comm *comm = *state;
    char path_of_it[128];
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "***\tAll\n");
    snprintf(path_of_it, sizeof path_of_it, "./%s", scheme);
    CHECK_ALL(comm, fit(comm, path_of_it, 100, 0, 2, &rfm) == TSR_OK && strcmp(rfm.scheme, scheme) == 0);
    snprintf(path_of_it, sizeof path_of_it, "./%059d\xe2\x82\xac\xe2\x82\xac_np%d.tsv", 0, comm->size);
    if (comm->rank == 0) assert_int_equal(rename(scheme, path_of_it), 0);
    MPI_Barrier(comm->mpi);
    CHECK_ALL(comm, fit(comm, path_of_it, 100, 0, 2, &rfm) == TSR_OK);
    CHECK_ALL(comm, strlen(rfm.scheme) == 62 && strcmp(rfm.scheme + 58, "0\xe2\x82\xac") == 0);
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) remove(path_of_it);
}

static void byte_order_mark_is_no_part_of_a_scheme(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm rfm;

    make_some(100);
    write_scheme(comm, "\xef\xbb\xbf***\tAll\n");
    CHECK_ALL(comm, fit(comm, scheme, 100, 0, 2, &rfm) == TSR_OK && count_of(&rfm, "All") == 100);
}

static void failure_of_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = scheme};
    tsr_span span = span_shape(comm, 0, 100);
    tsr_status st = TSR_ENOMEM;
    tsr_rfm rfm;
    int nth;

    make_some(100);
    write_scheme(comm, "***\tAll\n");
    CHECK_ALL(comm, write_features(comm, path, columns, 3, 100) == TSR_OK);
    for (nth = 1; nth < 300 && st != TSR_OK; nth++) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_rfm_fit(comm, &params, path, &span, keys + span.first, 2, &rfm);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
    }
    CHECK_ALL(comm, nth > 5 && nth < 300);
}

static void ranks_with_different_schemes_are_told_so(void **state)
{
    const tsr_comm *comm = *state;
    tsr_rfm_params params = {.scheme = (char *)(comm->rank == 0 ? "table_c" : "grid_a")};
    tsr_span span = span_shape(comm, 0, 100);
    tsr_rfm rfm;

    if (comm->size == 1) return;
    make_some(100);
    CHECK_ALL(comm, write_features(comm, path, columns, 3, 100) == TSR_OK);
    CHECK_ALL(comm, tsr_rfm_fit(comm, &params, path, &span, keys + span.first, 2, &rfm) == TSR_ECONF);
}

static void remove_the_files(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank != 0) return;
    remove(path);
    remove(scheme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_are_cut_in_the_order_of_keys),
        cmocka_unit_test(classes_that_nobody_would_be_in_are_left_out_by_distinct),
        cmocka_unit_test(every_rule_gives_the_same_bits_on_any_ranks),
        cmocka_unit_test(given_thresholds_replace_those_of_the_data),
        cmocka_unit_test(faulty_settings_are_refused),
        cmocka_unit_test(rank_is_refused_where_keys_are_not_kept),
        cmocka_unit_test(rule_of_two_classes_needs_no_bins_without_a_scheme),
        cmocka_unit_test(prospects_count_in_no_score),
        cmocka_unit_test(nobody_with_a_purchase_leaves_only_prospects),
        cmocka_unit_test(one_customer_has_equal_edges_and_the_lowest_scores),
        cmocka_unit_test(own_scheme_file_names_the_groups),
        cmocka_unit_test(faulty_scheme_file_is_one_error_on_all_ranks),
        cmocka_unit_test(name_of_a_scheme_file_is_told_up_to_its_last_whole_character),
        cmocka_unit_test(byte_order_mark_is_no_part_of_a_scheme),
        cmocka_unit_test(failure_of_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(ranks_with_different_schemes_are_told_so),
        cmocka_unit_test(remove_the_files),
    };

    name_file(path, "rfm_mpi", ".h5");
    name_file(scheme, "rfm_mpi", ".tsv");
    return RUN_MPI_TESTS(tests);
}
