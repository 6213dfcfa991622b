#include "unit_test.h"

#include <math.h>

#include "tessera/kmeans.h"

/* Candidates 3 .. 6 that are the same for all criteria. */
static void make(tsr_candidate c[4])
{
    for (int i = 0; i < 4; i++)
        c[i] = (tsr_candidate){.k = 3 + i,
                               .silhouette_simplified = 0.5,
                               .calinski_harabasz = 100,
                               .davies_bouldin = 1,
                               .gap = 0.2,
                               .gap_error = 0.01,
                               .stability = 0.9};
}

static void ties_go_to_the_smaller_k(void **state)
{
    tsr_candidate c[4];

    (void)state;
    make(c);
    for (int i = 0; i < TSR_CRITERIA; i++) assert_int_equal(tsr_candidates_vote(c, 4, (tsr_criterion)i), 3);
}

static void each_criterion_names_its_own_k(void **state)
{
    tsr_candidate c[4];

    (void)state;
    make(c);
    c[1].silhouette_simplified = 0.6;
    c[2].calinski_harabasz = 101;
    c[3].davies_bouldin = 0.9;
    c[2].stability = 0.95;
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_SILHOUETTE), 4);
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_CALINSKI_HARABASZ), 5);
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_DAVIES_BOULDIN), 6);
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_STABILITY), 5);
}

static void gap_names_the_first_k_that_one_more_does_not_beat_by_its_error(void **state)
{
    tsr_candidate c[4];
    const double gap[4] = {0.10, 0.30, 0.305, 0.50};

    (void)state;
    make(c);
    for (int i = 0; i < 4; i++) c[i].gap = gap[i];
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_GAP), 4); /* 0.30 >= 0.305 - 0.01 */
    for (int i = 0; i < 4; i++) c[i].gap_error = 0.001;
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_GAP), 6); /* each is beaten: the last */
}

static void undefined_values_do_not_vote(void **state)
{
    tsr_candidate c[4];

    (void)state;
    make(c);
    c[0].silhouette_simplified = c[0].gap = NAN;
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_SILHOUETTE), 4);
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_GAP), 4);
    for (int i = 0; i < 4; i++) c[i].silhouette_simplified = c[i].gap = NAN;
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_SILHOUETTE), 0);
    assert_int_equal(tsr_candidates_vote(c, 4, TSR_GAP), 0);
}

static void ties_are_told_by_the_error_of_the_criterion(void **state)
{
    tsr_candidate c[4];

    (void)state;
    make(c);
    for (int i = 0; i < 4; i++) {
        c[i].silhouette_simplified = 0.5 - 0.1 * i;
        c[i].stability = 0.9 - 0.1 * i;
        c[i].stability_sd = 0.02;
    }
    assert_int_equal(tsr_candidates_tie(c, 4, TSR_SILHOUETTE), 0);
    assert_int_equal(tsr_candidates_tie(c, 4, TSR_STABILITY), 0);
    c[2].silhouette_simplified = 0.496; /* within one part in a hundred */
    c[3].silhouette_simplified = 0.498; /* and nearer */
    c[3].stability = 0.89;              /* within the spread of the best */
    assert_int_equal(tsr_candidates_tie(c, 4, TSR_SILHOUETTE), 6);
    assert_int_equal(tsr_candidates_tie(c, 4, TSR_STABILITY), 6);
    for (int i = 0; i < 4; i++) c[i].silhouette_simplified = NAN;
    assert_int_equal(tsr_candidates_tie(c, 4, TSR_SILHOUETTE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_go_to_the_smaller_k),
        cmocka_unit_test(each_criterion_names_its_own_k),
        cmocka_unit_test(gap_names_the_first_k_that_one_more_does_not_beat_by_its_error),
        cmocka_unit_test(undefined_values_do_not_vote),
        cmocka_unit_test(ties_are_told_by_the_error_of_the_criterion),
    };
    return RUN_UNIT_TESTS(tests);
}
