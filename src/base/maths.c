#include "tessera/maths.h"

#include <math.h>
#include <sleef.h>

/* SLEEF's "finz" functions need FMA; "cinz" ones compute the same to the same accuracy without. */
static inline bool has_fma(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("fma");
#elif defined(__FP_FAST_FMA)
    return true;
#else
    return false;
#endif
}

bool tsr_maths_canonical(void)
{
    return has_fma();
}

/* sleef.h declares the first family only where the compiler was told of FMA; the library always has it. */
#define UNARY(own, name)                                                                                               \
    double Sleef_finz_##name##purecfma(double x);                                                                      \
    double tsr_##own(double x)                                                                                         \
    {                                                                                                                  \
        return has_fma() ? Sleef_finz_##name##purecfma(x) : Sleef_cinz_##name##purec(x);                               \
    }

UNARY(exp, expd1_u10)
UNARY(expm1, expm1d1_u10)
UNARY(log, logd1_u10)
UNARY(log1p, log1pd1_u10)
UNARY(log2, log2d1_u10)
UNARY(lgamma, lgammad1_u10)
UNARY(erfc, erfcd1_u15)
UNARY(sin, sind1_u10)
UNARY(cos, cosd1_u10)

double Sleef_finz_powd1_u10purecfma(double x, double y);

double tsr_pow(double x, double y)
{
    return has_fma() ? Sleef_finz_powd1_u10purecfma(x, y) : Sleef_cinz_powd1_u10purec(x, y);
}

static double polynomial(const double *coefficients, int n, double x)
{
    double sum = coefficients[n - 1];

    for (int i = n - 2; i >= 0; i--) sum = fma(sum, x, coefficients[i]);
    return sum;
}

/* x in 1..2: (x - root) times a rational function, so that the relative error stays small beside the root
 * (coefficients of J. Maddock's digamma in Boost.Math, Boost Software License). */
static double digamma_1_2(double x)
{
    static const double p[] = {0.25479851061131551,  -0.32555031186804491,  -0.65031853770896507,
                               -0.28919126444774784, -0.045251321448739056, -0.0020713321167745952};
    static const double q[] = {1.0,
                               2.0767117023730469,
                               1.4606242909763515,
                               0.43593529692665969,
                               0.054151797245674225,
                               0.0021284987017821144,
                               -0.55789841321675513e-6};
    /* The root in three parts, so that x - root keeps its bits. */
    double distance = x - 1569415565.0 / 1073741824.0;
    distance -= 381566830.0 / 1073741824.0 / 1073741824.0;
    distance -= 0.9016312093258695918615325266959189453125e-19;
    double ratio = polynomial(p, 6, x - 1.0) / polynomial(q, 7, x - 1.0);
    return distance * 0.99558162689208984 + distance * ratio;
}

/* Bernoulli numbers B(2k) / 2k, k = 1..8; the next term is below 1e-17 from x = 10 on. */
static double digamma_series(double x)
{
    static const double terms[] = {1.0 / 12,  -1.0 / 120,       1.0 / 252, -1.0 / 240,
                                   1.0 / 132, -691.0 / 32760.0, 1.0 / 12,  -3617.0 / 8160.0};
    double z = 1.0 / (x * x);

    return tsr_log(x) - 0.5 / x - z * polynomial(terms, 8, z);
}

double tsr_digamma(double x)
{
    double shift = 0.0;

    if (!(x > 0.0)) return NAN;
    if (x >= 10.0) return isinf(x) ? x : digamma_series(x);
    if (x < 1.0) return digamma_1_2(x + 1.0) - 1.0 / x;
    while (x > 2.0) {
        x -= 1.0;
        shift += 1.0 / x;
    }
    return digamma_1_2(x) + shift;
}

double tsr_logaddexp(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;

    if (isnan(a) || isnan(b)) return NAN;
    if (isinf(high)) return high;
    return high + tsr_log1p(tsr_exp(low - high));
}
