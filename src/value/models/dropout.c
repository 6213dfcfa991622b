#include "value/models/dropout.h"

#include <math.h>

#include "tessera/maths.h"
#include "tessera/status.h"
#include "value/integrals/forever.h"
#include "value/models/lanes.h"

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
 * recurrence from n = 1. The largest z, at `last`, is the last to converge; false where it has not.
 */
TSR_INLINE void add_series_at_width(double a, double b, double shape, const double *z, int32_t n, int32_t last,
                                    double *out, bool *converged)
{
    double power[TSR_AHEAD_MAX];
    double c = a + b - 1, e = shape, sigma = c - shape, weight = 1;
    double enough = 0x1p-56 * (1 - z[last]); /* what a term leaves behind is below term / (1 - z) */

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
        if (fabs(factor * power[last]) <= enough * fabs(out[last])) {
            *converged = true;
            return;
        }
    }
    *converged = false;
}

TSR_AT_ALL_WIDTHS(add_series,
                  (double a, double b, double shape, const double *z, int32_t n, int32_t last, double *out,
                   bool *converged),
                  (a, b, shape, z, n, last, out, converged))

static bool sum_series(double a, double b, double shape, const double *z, int32_t n, int32_t last, double *out)
{
    bool converged;

    add_series(a, b, shape, z, n, last, out, &converged);
    return converged;
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
    if (first > 0 && !sum_series(a, b, shape, z, first, first - 1, out)) first = 0;
    for (int32_t i = 0; i < first; i++) out[i] *= tsr_exp((1 - a) * tsr_log1p(ahead[i] / rate));
    if (first < n) tsr_dropout_mean_integrated(a, b, shape, rate, ahead + first, n - first, out + first);
}

/* Coefficients of the series do not depend on the rate: one sweep serves all rates. False: it serves not all of them.
 */
static bool sum_rates(double a, double b, double shape, const double *rate, int32_t m, const double *ahead, int32_t n,
                      double *out)
{
    double z[TSR_AHEAD_MAX], factor[TSR_AHEAD_MAX];
    int32_t last = 0;

    for (int32_t i = 0; i < m; i++)
        for (int32_t k = 0; k < n; k++) {
            int32_t at = i * n + k;
            z[at] = ahead[k] / (rate[i] + ahead[k]);
            factor[at] = ahead[k] / rate[i];
            if (z[at] > z[last]) last = at;
        }
    if (series_serves(a, b, shape, &z[last], 1) == 0 || !sum_series(a, b, shape, z, m * n, last, out)) return false;
    tsr_log1p_block(factor, m * n);
    for (int32_t i = 0; i < m * n; i++) factor[i] *= 1 - a;
    tsr_exp_block(factor, m * n);
    for (int32_t i = 0; i < m * n; i++) out[i] *= factor[i];
    return true;
}

void tsr_dropout_means(double a, double b, double shape, const double *rate, int32_t m, const double *ahead, int32_t n,
                       double *out)
{
    int32_t most = TSR_AHEAD_MAX / n;

    for (int32_t at = 0; at < m; at += most) {
        int32_t rates = m - at < most ? m - at : most;
        if (sum_rates(a, b, shape, rate + at, rates, ahead, n, out + at * n)) continue;
        for (int32_t i = at; i < at + rates; i++) tsr_dropout_mean(a, b, shape, rate[i], ahead, n, out + i * n);
    }
}

/* log(1 + e^y) without overflow. */
static double softplus(double y)
{
    return y > 0 ? y + tsr_log1p(tsr_exp(-y)) : tsr_log1p(tsr_exp(y));
}

/*
 * p = 1 / (1 + e^-y): dp = p (1-p) dy, so the density in y is p^a (1-p)^b, up to a factor that cancels in the mean. Its
 * peak is at p = a / (a + b), its second derivative there -sharp = -a b / (a + b). Of it everything is measured from
 * the peak on, since of large a and b nothing would be left of a difference.
 *
 * The integrand is analytic for |Im y| < pi / 2 and a sum with step h is off by exp(-pi^2 / h) there; a sharp peak is
 * narrower, exp(-2 pi^2 / (h^2 sharp)). Steps in proportion to its width make as many nodes of any peak. Of one so
 * sharp that p hardly varies its value there is the mean, off by 1 / sharp relatively.
 */
#define SHARPEST 1e13

typedef struct peak {
    double a, b, y, p, q; /* p + q = 1 */
    double sharp;
} peak;

static peak peak_of(double a, double b)
{
    return (peak){a, b, tsr_log(a) - tsr_log(b), a / (a + b), b / (a + b), a / (a + b) * b};
}

/* At distance u from the peak, above it. */
static double log_weight(const peak *at, double u)
{
    if (fabs(u) > 1)
        return -at->a * (softplus(-at->y - u) - softplus(-at->y)) - at->b * (softplus(at->y + u) - softplus(at->y));
    return -at->a * tsr_log1p(at->q * tsr_expm1(-u)) - at->b * tsr_log1p(at->p * tsr_expm1(u));
}

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
static double add_side(int side, const peak *at, const grid *g, double steep, add_node add, void *context)
{
    double h = fmin(g->step, 0.7 / sqrt(at->sharp)), end = side < 0 ? at->a : at->b, total = 0;
    double q_last = g->rounding / (side < 0 ? 1 + at->b + steep : 1 + at->a + steep);

    for (int32_t k = side < 0; k < INT32_MAX; k++) {
        double y = at->y + side * (k * h), weight = log_weight(at, side * (k * h));
        if (!(weight >= -g->cut)) break; /* not a number ends it too */
        bool last = tsr_exp(-softplus(side * y)) < q_last;
        weight = tsr_exp(weight) / (last ? -tsr_expm1(-end * h) : 1);
        total += weight;
        add(context, weight, tsr_exp(-softplus(-y)));
        if (last) break;
    }
    return total;
}

/* The sum of all weights. */
static double add_sides(double a, double b, const grid *g, const double steep[2], add_node add, void *context)
{
    peak at = peak_of(a, b);

    if (!(at.sharp < SHARPEST)) {
        add(context, 1, at.p);
        return 1;
    }
    double below = add_side(-1, &at, g, steep[0], add, context);
    return below + add_side(1, &at, g, steep[1], add, context);
}

/* ---- up to a few moments ---- */

#define NODES 256 /* worked on together */

typedef struct mean {
    double shape, rate;
    const double *ahead; /* [n] */
    int32_t n;
    double *out;
    int32_t nodes;
    double weight[NODES], p[NODES];
} mean;

static void add_nodes(mean *m)
{
    double bought[NODES];

    for (int32_t i = 0; i < m->n; i++) {
        double by = m->ahead[i] / m->rate;
        for (int32_t k = 0; k < m->nodes; k++) bought[k] = m->p[k] * by;
        tsr_log1p_block(bought, m->nodes);
        for (int32_t k = 0; k < m->nodes; k++) bought[k] *= -m->shape;
        tsr_expm1_block(bought, m->nodes);
        for (int32_t k = 0; k < m->nodes; k++) m->out[i] -= m->weight[k] * bought[k] / m->p[k];
    }
    m->nodes = 0;
}

static void add_mean(void *context, double weight, double p)
{
    mean *m = context;

    m->weight[m->nodes] = weight;
    m->p[m->nodes++] = p;
    if (m->nodes == NODES) add_nodes(m);
}

void tsr_dropout_mean_integrated(double a, double b, double shape, double rate, const double *ahead, int32_t n,
                                 double *out)
{
    mean m = {.shape = shape, .rate = rate, .ahead = ahead, .n = n, .out = out};
    const double steep[2] = {shape + shape * ahead[n - 1] / rate, shape};

    for (int32_t i = 0; i < n; i++) out[i] = 0;
    double total = add_sides(a, b, &fine, steep, add_mean, &m);
    add_nodes(&m);
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
    const double steep[2] = {shape * r.moments.t[r.moments.n - 1] / rate, shape};
    double total = add_sides(a, b, &coarse, steep, add_residual, &r);
    return shape / rate * r.sum / total;
}

/* ---- chances that come one by one, for ever ---- */

typedef struct chances {
    double wait; /* interest of one chance */
    double sum;
} chances;

static void add_chances(void *context, double weight, double p)
{
    chances *c = context;

    c->sum += weight / (c->wait + p);
}

double tsr_dropout_discounted(double a, double b, double interest)
{
    chances c = {.wait = tsr_expm1(interest)};
    const double steep[2] = {1 / c.wait, 1};
    double total = add_sides(a, b, &fine, steep, add_chances, &c);

    return c.sum / total;
}
