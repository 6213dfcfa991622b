#include "value/dropout.h"

#include <math.h>

#include "tessera/maths.h"
#include "tessera/status.h"
#include "value/forever.h"

/* Beyond these the series takes more than a thousand terms, its terms leave the range of a double, or they change
 * signs and cancel. */
#define SERIES_Z_MAX 0.97
#define SERIES_A_MAX 20.0
#define SERIES_B_MIN (-2.0)
#define TERMS_MAX    4000

/*
 * With ratio_n = (B)_n / (c)_n the published form is c / (a - 1) [1 - (1-z)^(a-1) 2F1(a-1, B; c; z)]. Expanding
 * (1-z)^(1-a) = 2F1(a-1, c; c; z) as well and subtracting term by term takes out the factor 1 / (a - 1); multiplying c
 * into e_n takes out the division by c, which is 0 for a + b = 1. So sigma_n = c ratio_n and e_n = c - sigma_n, both by
 * recurrence from n = 1. Returns false where it has not converged.
 */
static bool sum_series(double a, double b, double shape, const double *z, int32_t n, double *out)
{
    double power[TSR_AHEAD_MAX];
    double c = a + b - 1, e = shape, sigma = c - shape, weight = 1;
    double enough = 0x1p-56 * (1 - z[n - 1]); /* what a term leaves behind is below term / (1 - z) */

    for (int32_t i = 0; i < n; i++) {
        power[i] = z[i];
        out[i] = shape * z[i];
    }
    for (int32_t k = 1; k < TERMS_MAX; k++) {
        double inverse = 1 / (c + k);
        e += sigma * shape * inverse;
        sigma *= (c - shape + k) * inverse;
        weight *= (a + k - 1) / (k + 1);
        double factor = weight * e;
        for (int32_t i = 0; i < n; i++) {
            power[i] *= z[i];
            out[i] += factor * power[i];
        }
        if (fabs(factor * power[n - 1]) <= enough * fabs(out[n - 1])) return true;
    }
    return false;
}

/* How many of the moments the series serves: the first ones, since z rises. */
static int32_t series_serves(double a, double b, double shape, const double *z, int32_t n)
{
    if (a > SERIES_A_MAX || a + b - 1 - shape < SERIES_B_MIN) return 0;
    while (n > 0 && z[n - 1] > SERIES_Z_MAX) n--;
    return n;
}

void tsr_dropout_mean(double a, double b, double shape, double rate, const double *ahead, int32_t n, double *out)
{
    double z[TSR_AHEAD_MAX];

    TSR_ASSERT(n >= 1 && n <= TSR_AHEAD_MAX);
    for (int32_t i = 0; i < n; i++) z[i] = ahead[i] / (rate + ahead[i]);
    int32_t first = series_serves(a, b, shape, z, n);
    if (first > 0 && !sum_series(a, b, shape, z, first, out)) first = 0;
    for (int32_t i = 0; i < first; i++) out[i] *= tsr_exp((1 - a) * tsr_log1p(ahead[i] / rate));
    if (first < n) tsr_dropout_mean_integrated(a, b, shape, rate, ahead + first, n - first, out + first);
}

/* log(1 + e^y) without overflow. */
static double softplus(double y)
{
    return y > 0 ? y + tsr_log1p(tsr_exp(-y)) : tsr_log1p(tsr_exp(y));
}

/* p = 1 / (1 + e^-y): dp = p (1-p) dy, so the density in y is p^a (1-p)^b, up to a factor that cancels in the mean. */
static double log_weight(double a, double b, double y)
{
    return -a * softplus(-y) - b * softplus(y);
}

/*
 * The integrand is analytic for |Im y| < pi / 2 and a sum with step h is off by exp(-pi^2 / h) there; a large a makes
 * the peak narrower, exp(-2 pi^2 / (h^2 a)).
 */
typedef struct grid {
    double step;
    double cut;      /* weights below e^-cut of the largest are as good as zero */
    double rounding; /* a change of this size is none */
} grid;

static const grid fine = {.step = 0.25, .cut = 60, .rounding = 0x1p-56};
static const grid coarse = {.step = 0.4, .cut = 30, .rounding = 0x1p-38};

/* The mean over p is a sum over nodes: what a node adds. */
typedef void (*add_node)(void *context, double weight, double p);

/*
 * Nodes from the peak outwards, to p = 0 (side -1) or p = 1 (side 1). Where q, the distance to that end, no longer
 * matters to anything but the weight q^end, the rest is a geometric series: small a and b cost no more than others.
 * @param steep  how quickly what is averaged may change near p = 0
 */
static double add_side(int side, double a, double b, const grid *g, double steep, add_node add, void *context)
{
    double peak = tsr_log(a) - tsr_log(b), top = log_weight(a, b, peak), total = 0;
    double h = fmin(g->step, 0.7 / sqrt(a)), end = side < 0 ? a : b;
    double q_last = g->rounding / (side < 0 ? 1 + b + steep : 1 + a + steep);

    for (int32_t k = side < 0; k < INT32_MAX; k++) {
        double y = peak + side * (k * h), weight = log_weight(a, b, y) - top;
        if (!(weight >= -g->cut)) break; /* not a number ends it too */
        bool last = tsr_exp(-softplus(side * y)) < q_last;
        weight = tsr_exp(weight) / (last ? -tsr_expm1(-end * h) : 1);
        total += weight;
        add(context, weight, tsr_exp(-softplus(-y)));
        if (last) break;
    }
    return total;
}

/* ---- up to a few moments ---- */

typedef struct mean {
    double shape, rate;
    const double *ahead; /* [n] */
    int32_t n;
    double *out;
} mean;

static void add_mean(void *context, double weight, double p)
{
    const mean *m = context;

    for (int32_t i = 0; i < m->n; i++)
        m->out[i] -= weight * tsr_expm1(-m->shape * tsr_log1p(p * m->ahead[i] / m->rate)) / p;
}

void tsr_dropout_mean_integrated(double a, double b, double shape, double rate, const double *ahead, int32_t n,
                                 double *out)
{
    mean m = {shape, rate, ahead, n, out};
    double reach = shape * ahead[n - 1] / rate;

    for (int32_t i = 0; i < n; i++) out[i] = 0;
    double total = add_side(-1, a, b, &fine, shape + reach, add_mean, &m);
    total += add_side(1, a, b, &fine, shape, add_mean, &m);
    for (int32_t i = 0; i < n; i++) out[i] /= total;
}

/* ---- for ever ---- */

typedef struct residual {
    double shape, rate;
    tsr_moments moments;
    double sum;
} residual;

static void add_residual(void *context, double weight, double p)
{
    residual *r = context;
    const tsr_moments *m = &r->moments;
    double rate_at[TSR_MOMENTS_MAX], sum = 0;

    for (int32_t j = 0; j < m->n; j++) rate_at[j] = p * m->t[j] / r->rate;
    tsr_log1p_block(rate_at, m->n);
    for (int32_t j = 0; j < m->n; j++) rate_at[j] *= -(r->shape + 1);
    tsr_exp_block(rate_at, m->n);
    for (int32_t j = 0; j < m->n; j++) sum += m->weight[j] * rate_at[j];
    r->sum += weight * sum;
}

double tsr_dropout_residual(double a, double b, double shape, double rate, double interest)
{
    residual r = {.shape = shape, .rate = rate};

    tsr_moments_place(rate, shape + 1, interest, &r.moments);
    double steep = shape * r.moments.t[r.moments.n - 1] / rate;
    double total = add_side(-1, a, b, &coarse, steep, add_residual, &r);
    total += add_side(1, a, b, &coarse, shape, add_residual, &r);
    return shape / rate * r.sum / total;
}
