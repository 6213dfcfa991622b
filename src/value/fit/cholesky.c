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
