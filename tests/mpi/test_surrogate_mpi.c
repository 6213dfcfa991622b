#include "mpi_test.h"

#include <string.h>

#include "forest_test.h"
#include "tessera/surrogate.h"

enum { ROWS = 4000, COLS = 4, SEGMENTS = 5 };

/* Five groups apart from each other in two columns of whole numbers and one of money; the fourth says nothing. One
 * group is small. */
static int32_t segment_of(int64_t row)
{
    return row % 100 < 2 ? 4 : (int32_t)(row % 4);
}

static double value_of(int64_t row, int32_t col)
{
    static const double centre[SEGMENTS][3] = {
        {20, 12, 4000}, {200, 11, 900}, {210, 2, 700}, {30, 2, 120}, {400, 40, 9000}};
    double spread = test_draw(row, col) + test_draw(row, col + 10) - 1;

    if (col == 3) return test_draw(row, col);
    double value = centre[segment_of(row)][col] * (1 + 0.45 * spread);
    return col == 2 ? value : floor(value);
}

static bool explain(const tsr_comm *comm, bool readable, int32_t depth, tsr_surrogate *s)
{
    test_rows rows = {tsr_span_even(ROWS, 16, comm->rank, comm->size), COLS, value_of};
    tsr_binned *x = NULL;
    int32_t *segment = NULL;
    bool good = tsr_alloc(&segment, rows.span.rows, sizeof *segment) == TSR_OK;

    for (int64_t i = 0; i < rows.span.rows; i++) segment[i] = segment_of(rows.span.first + i);
    good = good && test_bins(comm, &rows, (tsr_bins_params){.bins = 255, .readable = readable}, &x) == TSR_OK &&
           tsr_surrogate_fit(comm, x, segment, SEGMENTS, depth, 10, s) == TSR_OK;
    tsr_binned_destroy(&x);
    tsr_free(&segment);
    return good;
}

static bool meets(const tsr_rule *rule, int64_t row)
{
    bool all = true;

    for (int32_t c = 0; c < rule->conditions; c++) {
        double value = value_of(row, rule->condition[c].column);
        all = all && value > rule->condition[c].above && value <= rule->condition[c].at_most;
    }
    return all;
}

static void separated_groups_are_explained_and_counts_are_true(void **state)
{
    const tsr_comm *comm = *state;
    tsr_surrogate s;

    CHECK_ALL(comm, explain(comm, true, 4, &s));
    CHECK_ALL(comm, s.customers == ROWS && (double)s.hits / ROWS >= 0.9);
    for (int32_t c = 0; c < SEGMENTS; c++) CHECK_ALL(comm, (double)s.hit[c] >= 0.8 * (double)s.size[c]);
    /* From the raw values: each customer meets exactly one rule, and the rules count right. */
    int64_t described = 0;
    for (int32_t i = 0; i < s.rules; i++) {
        int64_t customers = 0, hits = 0;
        for (int64_t row = 0; row < ROWS; row++) {
            if (!meets(&s.rule[i], row)) continue;
            customers++;
            hits += segment_of(row) == s.rule[i].segment;
        }
        CHECK_ALL(comm, customers == s.rule[i].customers && hits == s.rule[i].hits);
        described += customers;
    }
    CHECK_ALL(comm, described == ROWS);
    CHECK_ALL(comm, same_on_all(comm, s.rule, sizeof *s.rule * (size_t)s.rules));
    tsr_surrogate_clear(&s);
}

static void readable_thresholds_cost_no_fidelity(void **state)
{
    const tsr_comm *comm = *state;
    tsr_surrogate plain, readable;

    CHECK_ALL(comm, explain(comm, false, 4, &plain));
    CHECK_ALL(comm, explain(comm, true, 4, &readable));
    CHECK_ALL(comm, readable.hits >= plain.hits - ROWS / 200);
    for (int32_t i = 0; i < readable.rules; i++)
        for (int32_t c = 0; c < readable.rule[i].conditions; c++) {
            double bound = readable.rule[i].condition[c].at_most;
            CHECK_ALL(comm, isinf(bound) || bound == tsr_round_digits(bound, 3));
        }
    tsr_surrogate_clear(&readable);
    tsr_surrogate_clear(&plain);
}

static void surrogate_survives_a_bundle(void **state)
{
    const tsr_comm *comm = *state;
    tsr_bundle *bundle = NULL;
    tsr_surrogate s, back;

    CHECK_ALL(comm, explain(comm, true, 3, &s));
    CHECK_ALL(comm, tsr_bundle_create(&bundle) == TSR_OK && tsr_surrogate_save(&s, bundle) == TSR_OK);
    CHECK_ALL(comm, tsr_surrogate_load(bundle, &back) == TSR_OK);
    CHECK_ALL(comm, back.k == s.k && back.rules == s.rules && back.hits == s.hits && back.depth == 3);
    for (int32_t i = 0; i < s.rules; i++) {
        const tsr_rule *a = &s.rule[i], *b = &back.rule[i];
        bool same = a->segment == b->segment && a->hits == b->hits && a->conditions == b->conditions;
        for (int32_t c = 0; c < a->conditions; c++)
            same = same && memcmp(&a->condition[c].above, &b->condition[c].above, 2 * sizeof(double)) == 0;
        CHECK_ALL(comm, same);
    }
    tsr_surrogate_clear(&back);
    tsr_surrogate_clear(&s);
    tsr_bundle_destroy(&bundle);
}

static void depth_beyond_what_people_read_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_binned x = {0};
    tsr_surrogate s;

    CHECK_ALL(comm, tsr_surrogate_fit(comm, &x, NULL, 3, TSR_SURROGATE_DEPTH + 1, 1, &s) == TSR_ECONF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separated_groups_are_explained_and_counts_are_true),
        cmocka_unit_test(readable_thresholds_cost_no_fidelity),
        cmocka_unit_test(surrogate_survives_a_bundle),
        cmocka_unit_test(depth_beyond_what_people_read_is_refused),
    };

    return RUN_MPI_TESTS(tests);
}
