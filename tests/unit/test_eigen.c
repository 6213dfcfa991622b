#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "reduce/eigen.h"
#include "tessera/rng.h"

static double *matrix(int64_t n)
{
    double *a = NULL;

    assert_int_equal(tsr_alloc(&a, n * n, sizeof *a), TSR_OK);
    return a;
}

/* Covariance of `rank` random directions: rank < n leaves n - rank eigenvalues at zero. */
static void fill(double *a, int32_t n, int32_t rank)
{
    for (int32_t r = 0; r < rank; r++)
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++)
                a[i * n + j] += (tsr_draw_uniform(1, TSR_STREAM_QUALITY, (uint64_t)r, (uint64_t)i) - 0.3) *
                                (tsr_draw_uniform(1, TSR_STREAM_QUALITY, (uint64_t)r, (uint64_t)j) - 0.3);
}

static void check_pairs(const double *a, int32_t n, const double *v, const double *value)
{
    double scale = fabs(value[0]) > 0 ? fabs(value[0]) : 1;

    for (int32_t p = 0; p < n; p++) {
        if (p > 0) assert_true(value[p] <= value[p - 1]);
        for (int32_t i = 0; i < n; i++) {
            double product = 0;
            for (int32_t j = 0; j < n; j++) product += a[i * n + j] * v[p * n + j];
            assert_true(fabs(product - value[p] * v[p * n + i]) < 1e-13 * n * scale);
        }
        for (int32_t q = 0; q <= p; q++) {
            double dot = 0;
            for (int32_t j = 0; j < n; j++) dot += v[p * n + j] * v[q * n + j];
            assert_true(fabs(dot - (p == q)) < 1e-12);
        }
    }
}

static void pairs_solve_the_matrix(void **state)
{
    const int32_t sizes[][2] = {{1, 1}, {2, 2}, {3, 3}, {5, 2}, {16, 20}, {40, 7}, {64, 100}};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int32_t n = sizes[s][0];
        double *a = matrix(n), *v = matrix(n), *value = matrix(n);
        fill(a, n, sizes[s][1]);
        memcpy(v, a, (size_t)(n * n) * sizeof *v);
        assert_int_equal(tsr_eigen(v, n, value), TSR_OK);
        check_pairs(a, n, v, value);
        tsr_free(&value);
        tsr_free(&v);
        tsr_free(&a);
    }
}

static void own_solver_and_lapack_find_the_same_values(void **state)
{
    enum { N = 50 };
    double *a = matrix(N), *b = matrix(N), own[N], lapack[N];

    (void)state;
    fill(a, N, 80);
    memcpy(b, a, N * N * sizeof *b);
    assert_int_equal(tsr_eigen_ql(a, N, own), TSR_OK);
    assert_int_equal(tsr_eigen_lapack(b, N, lapack), TSR_OK);
    for (int i = 0; i < N; i++) {
        double nearest = INFINITY;
        for (int j = 0; j < N; j++) nearest = fmin(nearest, fabs(own[j] - lapack[i]));
        assert_true(nearest < 1e-13 * lapack[N - 1]);
    }
    tsr_free(&b);
    tsr_free(&a);
}

static void matrix_of_zeros_and_matrix_of_one_value_on_the_diagonal_are_solved(void **state)
{
    double zero[9] = {0}, same[9] = {3, 0, 0, 0, 3, 0, 0, 0, 3}, value[3];

    (void)state;
    assert_int_equal(tsr_eigen(zero, 3, value), TSR_OK);
    assert_true(value[0] == 0 && value[2] == 0);
    assert_int_equal(tsr_eigen(same, 3, value), TSR_OK);
    assert_true(value[0] == 3 && value[2] == 3);
}

/* Two columns that are copies of each other, and values from 1e-12 to 1e12. */
static void graded_matrix_is_solved(void **state)
{
    const double a[16] = {1e12, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1e-12};
    double v[16], value[4];

    (void)state;
    memcpy(v, a, sizeof v);
    assert_int_equal(tsr_eigen(v, 4, value), TSR_OK);
    check_pairs(a, 4, v, value);
    assert_true(fabs(value[1] - 2) < 1e-12);
}

static void large_matrix_takes_the_other_solver_and_is_solved(void **state)
{
    enum { N = TSR_EIGEN_OWN + 1 };
    double *a = matrix(N), *value = matrix(N);
    double trace = 0, sum = 0;

    (void)state;
    for (int64_t i = 0; i < N; i++) {
        a[i * N + i] = (double)(i % 7);
        trace += (double)(i % 7);
        if (i > 0) a[i * N + i - 1] = a[(i - 1) * N + i] = 0.25;
    }
    assert_int_equal(tsr_eigen(a, N, value), TSR_OK);
    for (int64_t i = 0; i < N; i++) sum += value[i];
    assert_true(fabs(sum - trace) < 1e-8);
    assert_true(value[0] > 6 && value[0] < 6.5);
    tsr_free(&value);
    tsr_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_solve_the_matrix),
        cmocka_unit_test(own_solver_and_lapack_find_the_same_values),
        cmocka_unit_test(matrix_of_zeros_and_matrix_of_one_value_on_the_diagonal_are_solved),
        cmocka_unit_test(graded_matrix_is_solved),
        cmocka_unit_test(large_matrix_takes_the_other_solver_and_is_solved),
    };

    return RUN_UNIT_TESTS(tests);
}
