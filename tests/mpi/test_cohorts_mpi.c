#include "mpi_test.h"

#include <math.h>

#include "mpi/value_table.h"
#include "tessera/cohorts.h"

static char path[64]; /* of this number of ranks: tests of several may run at once */

enum { ROWS = 2000 };
static int32_t x[ROWS], tx[ROWS], t[ROWS];
static int64_t spend[ROWS];

static const value_column columns[] = {{"buy_x", TSR_I32, x, sizeof x[0]},
                                       {"buy_tx_days", TSR_I32, tx, sizeof tx[0]},
                                       {"buy_t_days", TSR_I32, t, sizeof t[0]},
                                       {"buy_spend", TSR_I64, spend, sizeof spend[0]}};

/* Collective. The ratio, the same from rows dealt in three ways. */
static double ratio_of(const tsr_comm *comm, double longest)
{
    double first = 0, ratio;

    CHECK_ALL(comm, write_features(comm, path, columns, 4, ROWS) == TSR_OK);
    for (int shape = 0; shape < 3; shape++) {
        tsr_span span = span_shape(comm, shape, ROWS);
        CHECK_ALL(comm, tsr_cohorts_compare(comm, path, &span, longest, &ratio) == TSR_OK);
        if (shape == 0) first = ratio;
        CHECK_ALL(comm, same_on_all(comm, &ratio, sizeof ratio) && memcmp(&first, &ratio, sizeof ratio) == 0);
    }
    return ratio;
}

static void even_births_have_a_ratio_of_one(void **state)
{
    const tsr_comm *comm = *state;

    for (int i = 0; i < ROWS; i++) t[i] = i % 280;
    double ratio = ratio_of(comm, 279);
    CHECK_ALL(comm, fabs(ratio - 1) < .05);
}

/* Half of all on the first day, the others evenly over ten months of 28 days; prospects do not count. */
static void old_customers_at_the_start_raise_the_ratio(void **state)
{
    const tsr_comm *comm = *state;

    for (int i = 0; i < ROWS; i++) {
        t[i] = i % 2 == 0 ? 279 : i / 2 % 280;
        x[i] = i < 4 ? -1 : 0;
    }
    double ratio = ratio_of(comm, 279);
    CHECK_ALL(comm, ratio > 10 && ratio < 12);
    for (int i = 0; i < ROWS; i++) x[i] = 0;
}

/* A cohort that was chosen by its first purchase: 12 weeks of births, observed for a year after. */
static void chosen_cohort_is_no_sign_of_old_customers(void **state)
{
    const tsr_comm *comm = *state;

    for (int i = 0; i < ROWS; i++) t[i] = 365 + i % 84;
    double ratio = ratio_of(comm, 448);
    CHECK_ALL(comm, fabs(ratio - 1) < .05);
}

/* Births of half a year; whose first purchase was sent back appears later, one by one, over all of two years. */
static void stragglers_after_a_cohort_are_no_sign_of_old_customers(void **state)
{
    const tsr_comm *comm = *state;

    for (int i = 0; i < ROWS; i++) t[i] = i % 100 == 0 ? i * 727 / ROWS : 546 + i % 182;
    double ratio = ratio_of(comm, 727);
    CHECK_ALL(comm, ratio > 1 && ratio < 1.2);
}

static void few_weeks_of_births_say_nothing(void **state)
{
    const tsr_comm *comm = *state;

    for (int i = 0; i < ROWS; i++) t[i] = i % 50;
    double ratio = ratio_of(comm, 49);
    CHECK_ALL(comm, isnan(ratio));
}

static void failure_of_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_status st = TSR_ENOMEM;
    double ratio;
    int nth;

    CHECK_ALL(comm, write_features(comm, path, columns, 4, ROWS) == TSR_OK);
    for (nth = 1; nth < 100 && st != TSR_OK; nth++) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_cohorts_compare(comm, path, &span, 49, &ratio);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
    }
    CHECK_ALL(comm, nth > 5 && nth < 100);
}

static void remove_the_file(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_births_have_a_ratio_of_one),
        cmocka_unit_test(old_customers_at_the_start_raise_the_ratio),
        cmocka_unit_test(chosen_cohort_is_no_sign_of_old_customers),
        cmocka_unit_test(stragglers_after_a_cohort_are_no_sign_of_old_customers),
        cmocka_unit_test(few_weeks_of_births_say_nothing),
        cmocka_unit_test(failure_of_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(remove_the_file),
    };
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");

    snprintf(path, sizeof path, "cohorts_mpi_%s.h5", ranks != NULL ? ranks : "1");
    return RUN_MPI_TESTS(tests);
}
