#include "value/models/tails.h"

#include <math.h>

#include "tessera/maths.h"
#include "value/models/lanes.h"

#define PI      3.14159265358979323846
#define DIGITS  36.0 /* e^-36 is 2e-16 */
#define LEAST   10
#define NOTHING 1e-13
#define SHALLOW 4.0 /* below this power an endless tail is long, and one that ends has no edge */

/* ---- making ---- */

void tsr_tails_place(double a, double b, double end, tsr_tail_nodes *nodes)
{
    double c, terms, quarter[4 * TSR_TAIL_TERMS]; /* cosines of pi m / (2 n) */

    nodes->terms = 0;
    if (!(end > 0)) return;
    nodes->a = a;
    nodes->b = b;
    nodes->end = end;
    nodes->length = tsr_log1p(end / fmin(a, b));
    c = 1.5 * PI / nodes->length;
    terms = fmax(LEAST, ceil(DIGITS / tsr_log(c + sqrt(1 + c * c))) + 2);
    if (terms > TSR_TAIL_TERMS) return;

    int32_t n = nodes->terms = (int32_t)terms;
    for (int32_t m = 0; m < 4 * n; m++) quarter[m] = tsr_cos(PI * m / (2 * n));
    for (int32_t k = 0; k < n; k++) {
        nodes->since[k] = fmin(a, b) * tsr_expm1(nodes->length / 2 * (1 + quarter[2 * k + 1]));
        for (int32_t j = 0; j < n; j++) nodes->cosine[k][j] = quarter[j * (2 * k + 1) % (4 * n)];
    }
}

static void set_lives(const tsr_tail_nodes *at, const tsr_tails *s, tsr_lifetime *life)
{
    bool endless = s->power_a + s->power_b > SHALLOW;

    for (int32_t k = 0; k < s->terms; k++) {
        life->a[k] = s->a + at->since[k];
        life->b[k] = s->b + at->since[k];
        life->power_a[k] = s->power_a;
        life->power_b[k] = s->power_b;
        life->range[k] = endless ? INFINITY : fmax(at->end - at->since[k], 0);
    }
}

/* Value after value: each coefficient is a sum of its own, and the compiler makes vectors of them. */
static void add_node(const tsr_tail_nodes *at, int32_t k, double value, double *coefficient)
{
    double weight = 2 * value / at->terms;

    coefficient[0] += weight * at->cosine[k][0] / 2;
    for (int32_t j = 1; j < at->terms; j++) coefficient[j] += weight * at->cosine[k][j];
}

static tsr_tails series_of(const tsr_tail_nodes *nodes, double power_a, double power_b)
{
    return (tsr_tails){.a = nodes->a,
                       .b = nodes->b,
                       .power_a = power_a,
                       .power_b = power_b,
                       .length = nodes->length,
                       .terms = nodes->terms};
}

void tsr_tails_make(const tsr_tail_nodes *nodes, double power_a, double power_b, tsr_tails *s)
{
    tsr_lifetime life;

    *s = series_of(nodes, power_a, power_b);
    set_lives(nodes, s, &life);
    tsr_lifetime_integrate(&life, s->terms);
    for (int32_t k = 0; k < s->terms; k++) {
        double total = life.total[k] / fmin(life.a[k], life.b[k]);
        add_node(nodes, k, total, s->coefficient[TSR_TAIL_TOTAL]);
        add_node(nodes, k, total * life.log_a[k], s->coefficient[TSR_TAIL_LOG_A]);
        add_node(nodes, k, total * life.log_b[k], s->coefficient[TSR_TAIL_LOG_B]);
        add_node(nodes, k, total * life.inverse_a[k] * life.a[k], s->coefficient[TSR_TAIL_INVERSE_A]);
        add_node(nodes, k, total * life.inverse_b[k] * life.b[k], s->coefficient[TSR_TAIL_INVERSE_B]);
    }
}

/* Do the last terms say that there is nothing more to come? */
static bool has_converged(const double *coefficient, int32_t n)
{
    double most = 0;

    for (int32_t j = 0; j < n; j++) most = fmax(most, fabs(coefficient[j]));
    return fabs(coefficient[n - 1]) <= NOTHING * most && fabs(coefficient[n - 2]) <= NOTHING * most;
}

bool tsr_tails_of(const tsr_tail_nodes *nodes, tsr_tail_values value, tsr_tails *s)
{
    bool good = true;

    *s = series_of(nodes, 0, 0);
    for (int q = 0; q < TSR_TAILS; q++) {
        for (int32_t k = 0; k < s->terms; k++) add_node(nodes, k, value[q][k], s->coefficient[q]);
        good = good && has_converged(s->coefficient[q], s->terms);
    }
    return good;
}

/* ---- summing ---- */

/* Who never came back has been watched from the same moment on as all others: one sum serves all of them. */
TSR_INLINE void sum_series_at_width(const tsr_tails *s, const double *z, int32_t n, tsr_tail_values out)
{
    int32_t same = 1;

    while (same < n && z[same] == z[0]) same++;
    for (int32_t at = 0; at < (same == n ? 1 : n); at += TSR_LANES) {
        tsr_lanes sum[TSR_TAILS];
        tsr_chebyshev_lanes(TSR_TAILS, s->coefficient[0], TSR_TAIL_TERMS, s->terms, z + at, sum);
        for (int q = 0; q < TSR_TAILS; q++) memcpy(&out[q][at], &sum[q], sizeof sum[q]);
    }
    for (int q = 0; same == n && q < TSR_TAILS; q++)
        for (int32_t i = 1; i < n; i++) out[q][i] = out[q][0];
}

TSR_AT_ALL_WIDTHS(sum_series, (const tsr_tails *s, const double *z, int32_t n, tsr_tail_values out), (s, z, n, out))

/* Places of moments in a series, -1..1; lanes beyond the last one are filled. */
static void place(const tsr_tails *s, const double *log_low, int32_t n, double *z)
{
    double start = tsr_log(fmin(s->a, s->b)), factor = 2 / s->length;

    for (int32_t i = 0; i < n; i++) z[i] = (log_low[i] - start) * factor - 1;
    for (int32_t i = n; i % TSR_LANES != 0; i++) z[i] = 0;
}

/* share: the integrand times m + u at t, relative to that at tx. */
TSR_INLINE void subtract_at_width(tsr_tail_values from, tsr_tail_values beyond, const double *share, const double *by_a,
                                  const double *by_b, int32_t n, tsr_lifetime *life)
{
    for (int32_t i = 0; i < n; i++) {
        double a = life->a[i], b = life->b[i], range = life->range[i], rest = share[i] * beyond[TSR_TAIL_TOTAL][i];
        double total = from[TSR_TAIL_TOTAL][i] - rest, per = total > 0 ? 1 / total : 0;
        life->total[i] = (total > 0 ? total : 0) * (a < b ? a : b);
        life->log_a[i] = per * (from[TSR_TAIL_LOG_A][i] - share[i] * beyond[TSR_TAIL_LOG_A][i] - by_a[i] * rest);
        life->log_b[i] = per * (from[TSR_TAIL_LOG_B][i] - share[i] * beyond[TSR_TAIL_LOG_B][i] - by_b[i] * rest);
        life->inverse_a[i] =
            per * (from[TSR_TAIL_INVERSE_A][i] / a - share[i] / (a + range) * beyond[TSR_TAIL_INVERSE_A][i]);
        life->inverse_b[i] =
            per * (from[TSR_TAIL_INVERSE_B][i] / b - share[i] / (b + range) * beyond[TSR_TAIL_INVERSE_B][i]);
    }
}

TSR_AT_ALL_WIDTHS(subtract,
                  (tsr_tail_values from, tsr_tail_values beyond, const double *share, const double *by_a,
                   const double *by_b, int32_t n, tsr_lifetime *life),
                  (from, beyond, share, by_a, by_b, n, life))

void tsr_tails_between(const tsr_tails *s, const double *log_atx, const double *log_btx, const double *log_at,
                       const double *log_bt, int32_t n, tsr_lifetime *life)
{
    bool a_is_low = s->a <= s->b;
    double z[TSR_RUN], share[TSR_RUN], by_a[TSR_RUN], by_b[TSR_RUN];
    tsr_tail_values from, beyond;

    place(s, a_is_low ? log_atx : log_btx, n, z);
    sum_series(s, z, n, from);
    place(s, a_is_low ? log_at : log_bt, n, z);
    sum_series(s, z, n, beyond);
    for (int32_t i = 0; i < n; i++) {
        by_a[i] = log_at[i] - log_atx[i];
        by_b[i] = log_bt[i] - log_btx[i];
        share[i] = (a_is_low ? by_a[i] : by_b[i]) - s->power_a * by_a[i] - s->power_b * by_b[i];
    }
    tsr_exp_block(share, n);
    subtract(from, beyond, share, by_a, by_b, n, life);
}

void tsr_tails_at(const tsr_tails *s, const double *t, int32_t n, tsr_tail_values out)
{
    double low = fmin(s->a, s->b), log_low[TSR_RUN], z[TSR_RUN];

    for (int32_t i = 0; i < n; i++) log_low[i] = low + t[i];
    tsr_log_block(log_low, n);
    place(s, log_low, n, z);
    sum_series(s, z, n, out);
}
