#include "mpi_test.h"

#include <math.h>

#include "mpi/value_table.h"
#include "tessera/concentration.h"

static char path[64]; /* of this number of ranks: tests of several may run at once */

enum { ROWS = 3000, GROUPS = 20 };
static int32_t segment[ROWS];
static float clv[ROWS];

static const value_column columns[] = {{"segment", TSR_I32, segment, sizeof segment[0]},
                                       {"clv", TSR_F32, clv, sizeof clv[0]}};

/* Skewed values over several orders of size; some customers have none, some have 0; group 19 has nobody. */
static void make_customers(double total[GROUPS + 1])
{
    for (int g = 0; g <= GROUPS; g++) total[g] = 0;
    for (int i = 0; i < ROWS; i++) {
        double u = fmod(i * 0.6180339887498949, 1);
        segment[i] = i * 7 % (GROUPS - 1);
        clv[i] = i % 11 == 0 ? (float)NAN : (float)(i % 13 == 0 ? 0 : exp(6 * u * u) * (1 + segment[i]));
        if (isnan(clv[i])) continue;
        total[segment[i]] += (double)clv[i];
        total[GROUPS] += (double)clv[i];
    }
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* By sorting everybody: Gini = sum (2 i - n - 1) x_i / (n sum x). */
static double exact_gini(int32_t group, double *share_of_poorest_half)
{
    static double x[ROWS];
    double sum = 0, weighted = 0, half = 0;
    int n = 0;

    for (int i = 0; i < ROWS; i++)
        if (!isnan(clv[i]) && (group == GROUPS || segment[i] == group)) x[n++] = (double)clv[i];
    qsort(x, (size_t)n, sizeof x[0], by_size);
    for (int i = 0; i < n; i++) {
        sum += x[i];
        weighted += (2.0 * (i + 1) - n - 1) * x[i];
        half += x[i] * fmax(0, fmin(1, n / 2.0 - i));
    }
    *share_of_poorest_half = half / sum;
    return weighted / (n * sum);
}

static void figures_are_those_of_all_customers_sorted(void **state)
{
    const tsr_comm *comm = *state;
    tsr_concentration first[GROUPS + 1], found[GROUPS + 1];
    double total[GROUPS + 1], half;

    make_customers(total);
    CHECK_ALL(comm, write_features(comm, path, columns, 2, ROWS) == TSR_OK);
    for (int shape = 0; shape < 3; shape++) {
        tsr_span span = span_shape(comm, shape, ROWS);
        CHECK_ALL(comm, tsr_value_concentration(comm, path, &span, GROUPS, total, found) == TSR_OK);
        CHECK_ALL(comm, same_on_all(comm, found, sizeof found));
        if (shape == 0) memcpy(first, found, sizeof first);
        CHECK_ALL(comm, memcmp(first, found, sizeof first) == 0);
    }
    for (int g = 0; g <= GROUPS; g++) {
        if (g == GROUPS - 1) continue;
        CHECK_ALL(comm, fabs(found[g].gini - exact_gini(g, &half)) < 1e-3);
        CHECK_ALL(comm, fabs(found[g].lorenz[5] - half) < 1e-3);
        CHECK_ALL(comm, found[g].lorenz[0] == 0 && found[g].lorenz[10] == 1);
        CHECK_ALL(comm, fabs(found[g].top_decile + found[g].lorenz[9] - 1) < 1e-12);
    }
    CHECK_ALL(comm, isnan(found[GROUPS - 1].gini) && isnan(found[GROUPS - 1].top_decile));
}

static void unknown_totals_still_give_figures(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_concentration found[2];
    const double total[2] = {NAN, NAN};

    make_customers((double[GROUPS + 1]){0});
    for (int i = 0; i < ROWS; i++) clv[i] = i == 5 ? 3000.0f : 1000.0f;
    for (int i = 0; i < ROWS; i++) segment[i] = 0;
    CHECK_ALL(comm, write_features(comm, path, columns, 2, ROWS) == TSR_OK);
    CHECK_ALL(comm, tsr_value_concentration(comm, path, &span, 1, total, found) == TSR_OK);
    CHECK_ALL(comm, fabs(found[0].top_decile - (300 + 2) / 3002.0) < 1e-12 && found[1].gini == found[0].gini);
}

static void missing_column_is_one_error_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_concentration found[2];
    const double total[2] = {1, 1};

    CHECK_ALL(comm, write_features(comm, path, columns, 1, ROWS) == TSR_OK);
    CHECK_ALL(comm, tsr_value_concentration(comm, path, &span, 1, total, found) == TSR_EDATA);
}

static void failure_of_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_concentration found[2];
    const double total[2] = {1e6, 1e6};
    tsr_status st = TSR_ENOMEM;
    int nth;

    for (int i = 0; i < ROWS; i++) segment[i] = 0;
    CHECK_ALL(comm, write_features(comm, path, columns, 2, ROWS) == TSR_OK);
    for (nth = 1; nth < 100 && st != TSR_OK; nth++) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_value_concentration(comm, path, &span, 1, total, found);
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
        cmocka_unit_test(figures_are_those_of_all_customers_sorted),
        cmocka_unit_test(unknown_totals_still_give_figures),
        cmocka_unit_test(missing_column_is_one_error_on_all_ranks),
        cmocka_unit_test(failure_of_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(remove_the_file),
    };
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");

    snprintf(path, sizeof path, "concentration_mpi_%s.h5", ranks != NULL ? ranks : "1");
    return RUN_MPI_TESTS(tests);
}
