/*
 * Householder reduction to tridiagonal form and implicit QL with accumulation (tred2 and tql2 of EISPACK, Bowdler,
 * Martin, Reinsch and Wilkinson, 1968). LAPACK is faster on large matrices, but its bits depend on the kernel that
 * OpenBLAS picks, and where eigenvalues coincide (columns that depend on each other) whole vectors do: no rounding
 * afterwards can hide that.
 *
 * The matrix is kept transposed, v[j][k] for V(k, j) of the papers: the inner loops run along rows, and vectors end as
 * rows.
 */
#include "reduce/eigen.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "tessera/memory.h"

#define SWEEPS_MAX 60 /* per eigenvalue; two or three are usual */

/* Householder's reflection of row i, applied from both sides to the leading i x i block. Returns h of the papers. */
static double reflect(double *v, int32_t n, int32_t i, double scale, double *d, double *e)
{
    double h = 0, f, g, along = 0;

    for (int32_t k = 0; k < i; k++) {
        d[k] /= scale;
        h += d[k] * d[k];
    }
    f = d[i - 1];
    g = f > 0 ? -sqrt(h) : sqrt(h);
    e[i] = scale * g;
    h -= f * g;
    d[i - 1] = f - g;
    for (int32_t j = 0; j < i; j++) e[j] = 0;
    for (int32_t j = 0; j < i; j++) {
        const double *column = v + (int64_t)j * n;
        f = d[j];
        v[(int64_t)i * n + j] = f;
        g = e[j] + column[j] * f;
        for (int32_t k = j + 1; k < i; k++) {
            g += column[k] * d[k];
            e[k] += column[k] * f;
        }
        e[j] = g;
    }
    for (int32_t j = 0; j < i; j++) {
        e[j] /= h;
        along += e[j] * d[j];
    }
    for (int32_t j = 0; j < i; j++) e[j] -= along / (h + h) * d[j];
    for (int32_t j = 0; j < i; j++) {
        double *column = v + (int64_t)j * n;
        f = d[j];
        g = e[j];
        for (int32_t k = j; k < i; k++) column[k] -= f * e[k] + g * d[k];
        d[j] = column[i - 1];
        column[i] = 0;
    }
    return h;
}

static void tridiagonal(double *v, int32_t n, double *d, double *e)
{
    for (int32_t j = 0; j < n; j++) d[j] = v[(int64_t)j * n + n - 1];
    for (int32_t i = n - 1; i > 0; i--) {
        double scale = 0, h = 0;

        for (int32_t k = 0; k < i; k++) scale += fabs(d[k]);
        if (scale == 0) {
            e[i] = d[i - 1];
            for (int32_t j = 0; j < i; j++) {
                d[j] = v[(int64_t)j * n + i - 1];
                v[(int64_t)j * n + i] = 0;
                v[(int64_t)i * n + j] = 0;
            }
        } else {
            h = reflect(v, n, i, scale, d, e);
        }
        d[i] = h;
    }
}

/* The product of all reflections, in v. */
static void accumulate(double *v, int32_t n, double *d, double *e)
{
    for (int32_t i = 0; i < n - 1; i++) {
        double *next = v + (int64_t)(i + 1) * n, h = d[i + 1];

        v[(int64_t)i * n + n - 1] = v[(int64_t)i * n + i];
        v[(int64_t)i * n + i] = 1;
        if (h != 0) {
            for (int32_t k = 0; k <= i; k++) d[k] = next[k] / h;
            for (int32_t j = 0; j <= i; j++) {
                double *column = v + (int64_t)j * n, g = 0;
                for (int32_t k = 0; k <= i; k++) g += next[k] * column[k];
                for (int32_t k = 0; k <= i; k++) column[k] -= g * d[k];
            }
        }
        for (int32_t k = 0; k <= i; k++) next[k] = 0;
    }
    for (int32_t j = 0; j < n; j++) {
        d[j] = v[(int64_t)j * n + n - 1];
        v[(int64_t)j * n + n - 1] = 0;
    }
    v[(int64_t)n * n - 1] = 1;
    e[0] = 0;
}

/* libm's hypot rounds differently from release to release; the sizes here need no guard against overflow. */
static double length(double a, double b)
{
    return sqrt(a * a + b * b);
}

/* One implicit QL sweep over rows l .. m. Returns the shift to be added to the eigenvalue. */
static double sweep(double *v, int32_t n, int32_t l, int32_t m, double *d, double *e)
{
    double g = d[l], p = (d[l + 1] - g) / (2 * e[l]), r = p < 0 ? -length(p, 1) : length(p, 1);
    double c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0, next = e[l + 1], shift;

    d[l] = e[l] / (p + r);
    d[l + 1] = e[l] * (p + r);
    double before = d[l + 1];
    shift = g - d[l];
    for (int32_t i = l + 2; i < n; i++) d[i] -= shift;
    p = d[m];
    for (int32_t i = m - 1; i >= l; i--) {
        double *a = v + (int64_t)i * n, *b = a + n;
        c3 = c2;
        c2 = c;
        s2 = s;
        g = c * e[i];
        double h = c * p;
        r = length(p, e[i]);
        e[i + 1] = s * r;
        s = e[i] / r;
        c = p / r;
        p = c * d[i] - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]);
        for (int32_t k = 0; k < n; k++) {
            double y = b[k];
            b[k] = s * a[k] + c * y;
            a[k] = c * a[k] - s * y;
        }
    }
    p = -s * s2 * c3 * next * e[l] / before;
    e[l] = s * p;
    d[l] = c * p;
    return shift;
}

static tsr_status diagonal(double *v, int32_t n, double *d, double *e)
{
    double shifts = 0, largest = 0;

    for (int32_t i = 1; i < n; i++) e[i - 1] = e[i];
    e[n - 1] = 0;
    for (int32_t l = 0; l < n; l++) {
        int32_t m = l;

        largest = fmax(largest, fabs(d[l]) + fabs(e[l]));
        while (fabs(e[m]) > 0x1p-52 * largest) m++;
        for (int sweeps = 0; m > l && fabs(e[l]) > 0x1p-52 * largest; sweeps++) {
            if (sweeps == SWEEPS_MAX) return TSR_FAIL(TSR_EBUG, "eigenvalue %d of %d does not converge", l + 1, n);
            shifts += sweep(v, n, l, m, d, e);
        }
        d[l] += shifts;
        e[l] = 0;
    }
    return TSR_OK;
}

tsr_status tsr_eigen_ql(double *a, int32_t n, double *value)
{
    tsr_status st;
    double *e = NULL, largest = 0;

    TSR_TRY(tsr_alloc(&e, n, sizeof *e));
    for (int64_t i = 0; i < (int64_t)n * n; i++) largest = fmax(largest, fabs(a[i]));
    if (largest == 0) largest = 1;
    for (int64_t i = 0; i < (int64_t)n * n; i++) a[i] /= largest;
    tridiagonal(a, n, value, e);
    accumulate(a, n, value, e);
    TSR_TRY(diagonal(a, n, value, e));
    for (int32_t i = 0; i < n; i++) value[i] *= largest;
done:
    tsr_free(&e);
    return st;
}

tsr_status tsr_eigen_lapack(double *a, int32_t n, double *value)
{
    lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, a, n, value);

    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return TSR_FAIL(TSR_ENOMEM, "out of memory for the eigenvectors of %d columns", n);
    if (info != 0) return TSR_FAIL(TSR_EBUG, "LAPACK's dsyevd returned %d for %d columns", (int)info, n);
    return TSR_OK;
}

/* Largest first; equal values keep their order. */
static void sort(double *a, int32_t n, double *value, double *row)
{
    size_t bytes = (size_t)n * sizeof *row;

    for (int32_t i = 1; i < n; i++) {
        double v = value[i];
        int32_t to = i;

        while (to > 0 && value[to - 1] < v) to--;
        if (to == i) continue;
        memcpy(row, a + (int64_t)i * n, bytes);
        memmove(a + (int64_t)(to + 1) * n, a + (int64_t)to * n, (size_t)(i - to) * bytes);
        memcpy(a + (int64_t)to * n, row, bytes);
        memmove(value + to + 1, value + to, (size_t)(i - to) * sizeof *value);
        value[to] = v;
    }
}

tsr_status tsr_eigen(double *a, int32_t n, double *value)
{
    tsr_status st;
    double *row = NULL;

    TSR_TRY(tsr_alloc(&row, n, sizeof *row));
    TSR_TRY(n <= TSR_EIGEN_OWN ? tsr_eigen_ql(a, n, value) : tsr_eigen_lapack(a, n, value));
    sort(a, n, value, row);
done:
    tsr_free(&row);
    return st;
}
