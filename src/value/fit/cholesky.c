#include "value/fit/cholesky.h"

#include <math.h>

void tsr_cholesky(const double *square, int32_t n, int32_t stride, double rest, double *l)
{
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) {
            double sum = j <= i ? square[i * stride + j] : 0, all = sum;
            for (int32_t m = 0; m < j && j <= i; m++) sum -= l[i * n + m] * l[j * n + m];
            if (i == j)
                l[i * n + i] = sum > rest * all ? sqrt(sum) : 0;
            else
                l[i * n + j] = j < i && l[j * n + j] > 0 ? sum / l[j * n + j] : 0;
        }
}

bool tsr_cholesky_solve(const double *l, int32_t n, double *x)
{
    for (int32_t i = 0; i < n; i++)
        if (!(l[i * n + i] > 0)) return false;
    for (int32_t i = 0; i < n; i++) {
        for (int32_t k = 0; k < i; k++) x[i] -= l[i * n + k] * x[k];
        x[i] /= l[i * n + i];
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        for (int32_t k = i + 1; k < n; k++) x[i] -= l[k * n + i] * x[k];
        x[i] /= l[i * n + i];
    }
    return true;
}
