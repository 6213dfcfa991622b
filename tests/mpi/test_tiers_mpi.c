#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/rows.h"
#include "tessera/tiers.h"

enum { ROWS = 1000 };

static char rest[] = "None", *names[] = {"A", "B", "C", "D"};

/* 990 customers are worth 1 .. 990, in a mixed order; every hundredth of all has no value. */
static float climbing(int64_t row)
{
    int64_t mixed = row * 389 % ROWS;

    return mixed % 100 == 0 ? NAN : (float)(mixed - mixed / 100);
}

/* Half of them 1, the others 2. */
static float two_values(int64_t row)
{
    return row % 2 == 0 ? 1 : 2;
}

static float nothing(int64_t row)
{
    (void)row;
    return NAN;
}

static float zero(int64_t row)
{
    (void)row;
    return 0;
}

/* Collective. The last of several ranks has no rows. @param[out] fits  is every row in the tier of its value? */
static tsr_status fit(const tsr_comm *comm, int32_t by, char **cuts, int32_t n, float (*value)(int64_t),
                      tsr_tiers *tiers, bool *fits)
{
    const int32_t workers = comm->size > 1 ? comm->size - 1 : 1;
    const tsr_tiers_params params = {.by = by, .cuts = {n, cuts}, .names = {n + 1, names}, .rest = rest};
    tsr_span span = comm->rank < workers ? tsr_span_even(ROWS, 1, comm->rank, workers) : (tsr_span){0};
    static float own[ROWS];
    static uint16_t label[ROWS];

    for (int64_t i = 0; i < span.rows; i++) own[i] = value(span.first + i);
    tsr_status st = tsr_tiers_fit(comm, &params, own, span.rows, tiers, label);
    *fits = true;
    for (int64_t i = 0; st == TSR_OK && i < span.rows; i++) *fits = *fits && label[i] == tsr_tiers_of(tiers, own[i]);
    return st;
}

static void shares_of_customers_are_cut_at_exact_quantiles(void **state)
{
    const tsr_comm *comm = *state;
    char *cuts[] = {"0.05", "0.2", "0.5"};
    tsr_tiers tiers;
    bool fits;

    CHECK_ALL(comm, fit(comm, TSR_TIERS_CUSTOMERS, cuts, 3, climbing, &tiers, &fits) == TSR_OK);
    CHECK_ALL(comm, fits && tiers.k == 5 && tiers.rest && tiers.left_out == 0);
    /* Type 7 of 1 .. 990: 1 + 989 p. */
    CHECK_ALL(comm, fabs(tiers.least[0] - (1 + 989 * .95)) < 1e-9 && fabs(tiers.least[1] - (1 + 989 * .8)) < 1e-9);
    CHECK_ALL(comm, tiers.least[2] == 495.5 && isinf(tiers.least[3]) && isnan(tiers.least[4]));
    const int64_t people[] = {50, 148, 297, 495, 10};
    CHECK_ALL(comm, memcmp(tiers.customers, people, sizeof people) == 0);
    CHECK_ALL(comm, strcmp(tiers.name[0], "A") == 0 && strcmp(tiers.name[4], "None") == 0);
    CHECK_ALL(comm, same_on_all(comm, tiers.least, sizeof *tiers.least * 4));
}

static void shares_of_value_end_with_the_customer_who_fills_them(void **state)
{
    const tsr_comm *comm = *state;
    char *cuts[] = {"0.25", "0.5"};
    tsr_tiers tiers;
    bool fits;
    int from = 991;
    double sum = 0, all = 990 * 991 / 2.0;

    CHECK_ALL(comm, fit(comm, TSR_TIERS_VALUE, cuts, 2, climbing, &tiers, &fits) == TSR_OK);
    CHECK_ALL(comm, fits && tiers.k == 4);
    while (sum < .25 * all) sum += --from;
    CHECK_ALL(comm, tiers.least[0] == from);
    while (sum < .5 * all) sum += --from;
    CHECK_ALL(comm, tiers.least[1] == from);
}

static void equal_customers_stay_together_and_empty_tiers_are_left_out(void **state)
{
    const tsr_comm *comm = *state;
    char *cuts[] = {"0.1", "0.4", "0.7"};
    tsr_tiers tiers;
    bool fits;

    CHECK_ALL(comm, fit(comm, TSR_TIERS_CUSTOMERS, cuts, 3, two_values, &tiers, &fits) == TSR_OK);
    CHECK_ALL(comm, fits && tiers.k == 2 && !tiers.rest && tiers.left_out == 2);
    CHECK_ALL(comm, tiers.customers[0] == 500 && tiers.customers[1] == 500);
    CHECK_ALL(comm, tiers.least[0] == 2 && isinf(tiers.least[1]) && strcmp(tiers.name[1], "C") == 0);
}

static void given_values_are_taken_as_they_are(void **state)
{
    const tsr_comm *comm = *state;
    char *cuts[] = {"5000", "900", "1"};
    tsr_tiers tiers;
    bool fits;

    CHECK_ALL(comm, fit(comm, TSR_TIERS_THRESHOLDS, cuts, 3, climbing, &tiers, &fits) == TSR_OK);
    CHECK_ALL(comm, fits && tiers.k == 3 && tiers.left_out == 2 && strcmp(tiers.name[0], "B") == 0);
    CHECK_ALL(comm, tiers.least[0] == 900 && tiers.customers[0] == 91 && tiers.customers[2] == 10);
}

static void nobody_with_a_value_is_an_error_and_no_value_at_all_is_one_tier(void **state)
{
    const tsr_comm *comm = *state;
    char *cuts[] = {"0.5"};
    tsr_tiers tiers;
    bool fits;

    CHECK_ALL(comm, fit(comm, TSR_TIERS_VALUE, cuts, 1, nothing, &tiers, &fits) == TSR_EDATA);
    tsr_error_clear();
    CHECK_ALL(comm, fit(comm, TSR_TIERS_VALUE, cuts, 1, zero, &tiers, &fits) == TSR_OK);
    CHECK_ALL(comm, fits && tiers.k == 1 && tiers.customers[0] == ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_of_customers_are_cut_at_exact_quantiles),
        cmocka_unit_test(shares_of_value_end_with_the_customer_who_fills_them),
        cmocka_unit_test(equal_customers_stay_together_and_empty_tiers_are_left_out),
        cmocka_unit_test(given_values_are_taken_as_they_are),
        cmocka_unit_test(nobody_with_a_value_is_an_error_and_no_value_at_all_is_one_tier),
    };

    return RUN_MPI_TESTS(tests);
}
