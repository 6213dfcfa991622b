#include "value/fit/pair_sums.h"

#include <math.h>

#include "tessera/reduce.h"

#define PAIR_SCALE 59 /* |a b| <= 4 fits */

/* A variance below this share of the mean square is rounding. */
#define CONSTANT 0x1p-40

tsr_pair_sums tsr_pair_sums_zero(void)
{
    tsr_fixed zero = tsr_fixed_zero(PAIR_SCALE);

    return (tsr_pair_sums){.n = tsr_fixed_zero(0), .a = zero, .b = zero, .aa = zero, .bb = zero, .ab = zero};
}

void tsr_pair_sums_add(tsr_pair_sums *sums, double a, double b, int64_t times)
{
    tsr_fixed_add(&sums->n, 1, times);
    tsr_fixed_add(&sums->a, a, times);
    tsr_fixed_add(&sums->b, b, times);
    tsr_fixed_add(&sums->aa, a * a, times);
    tsr_fixed_add(&sums->bb, b * b, times);
    tsr_fixed_add(&sums->ab, a * b, times);
}

tsr_status tsr_pair_sums_reduce(const tsr_comm *comm, tsr_pair_sums *sums)
{
    tsr_fixed all[6] = {sums->n, sums->a, sums->b, sums->aa, sums->bb, sums->ab};
    tsr_status st = tsr_sum_fixed(comm, all, 6);

    if (st != TSR_OK) return st;
    *sums = (tsr_pair_sums){all[0], all[1], all[2], all[3], all[4], all[5]};
    return TSR_OK;
}

double tsr_pair_sums_mean_b(const tsr_pair_sums *sums)
{
    return tsr_fixed_value(&sums->b) / tsr_fixed_value(&sums->n);
}

double tsr_pair_sums_deviation_b(const tsr_pair_sums *sums)
{
    double mean = tsr_pair_sums_mean_b(sums), square = tsr_fixed_value(&sums->bb) / tsr_fixed_value(&sums->n);
    double variance = square - mean * mean;

    return variance > CONSTANT * square ? sqrt(variance) : 0;
}

double tsr_pair_sums_correlation(const tsr_pair_sums *sums)
{
    double n = tsr_fixed_value(&sums->n);
    double a = tsr_fixed_value(&sums->a) / n, b = tsr_fixed_value(&sums->b) / n;
    double mean_aa = tsr_fixed_value(&sums->aa) / n, mean_bb = tsr_fixed_value(&sums->bb) / n;
    double var_a = mean_aa - a * a, var_b = mean_bb - b * b;

    if (!(var_a > CONSTANT * mean_aa && var_b > CONSTANT * mean_bb)) return NAN;
    return (tsr_fixed_value(&sums->ab) / n - a * b) / sqrt(var_a * var_b);
}
