#include "value/tails.h"

#include <math.h>
#include <string.h>

#include "tessera/maths.h"

#define PI      3.14159265358979323846
#define DIGITS  36.0 /* e^-36 is 2e-16 */
#define LEAST   10
#define SHALLOW 4.0 /* below this power an endless tail is long, and one that ends has no edge */

/* ---- making ---- */

static double length_of(double a, double b, double end)
{
    return tsr_log1p(end / fmin(a, b));
}

int32_t tsr_tails_terms(double a, double b, double end)
{
    if (!(end > 0)) return 0;

    double c = 1.5 * PI / length_of(a, b, end), terms = DIGITS / tsr_log(c + sqrt(1 + c * c));
    return terms + 2 > TSR_TAIL_TERMS ? 0 : (int32_t)fmax(LEAST, ceil(terms) + 2);
}

/* The node of a series: v, and how far that is from 0 in time. */
static double node_at(const tsr_tails *s, int32_t k)
{
    double v = s->length / 2 * (1 + tsr_cos(PI * (k + 0.5) / s->terms));

    return fmin(s->a, s->b) * tsr_expm1(v);
}

static void set_lives(const tsr_tails *s, double end, tsr_lifetime *life)
{
    bool endless = s->power_a + s->power_b > SHALLOW;

    for (int32_t k = 0; k < s->terms; k++) {
        double y = node_at(s, k);
        life->a[k] = s->a + y;
        life->b[k] = s->b + y;
        life->power_a[k] = s->power_a;
        life->power_b[k] = s->power_b;
        life->range[k] = endless ? INFINITY : fmax(end - y, 0);
    }
}

/* cosine [4 n] of pi m / (2 n): all that a series of n terms asks for. */
static void transform(const double *value, int32_t n, const double *cosine, double *coefficient)
{
    for (int32_t j = 0; j < n; j++) {
        double sum = 0;
        for (int32_t k = 0; k < n; k++) sum += value[k] * cosine[j * (2 * k + 1) % (4 * n)];
        coefficient[j] = sum * (j == 0 ? 1.0 : 2.0) / n;
    }
}

void tsr_tails_make(double a, double b, double power_a, double power_b, double end, tsr_tails *s)
{
    double value[TSR_TAILS][TSR_TAIL_TERMS], cosine[4 * TSR_TAIL_TERMS];
    tsr_lifetime life;

    *s = (tsr_tails){.a = a,
                     .b = b,
                     .power_a = power_a,
                     .power_b = power_b,
                     .length = length_of(a, b, end),
                     .terms = tsr_tails_terms(a, b, end)};
    set_lives(s, end, &life);
    tsr_lifetime_integrate(&life, s->terms);
    for (int32_t k = 0; k < s->terms; k++) {
        double total = life.total[k] / fmin(life.a[k], life.b[k]);
        value[TSR_TAIL_TOTAL][k] = total;
        value[TSR_TAIL_LOG_A][k] = total * life.log_a[k];
        value[TSR_TAIL_LOG_B][k] = total * life.log_b[k];
        value[TSR_TAIL_INVERSE_A][k] = total * life.inverse_a[k] * life.a[k];
        value[TSR_TAIL_INVERSE_B][k] = total * life.inverse_b[k] * life.b[k];
    }
    for (int32_t m = 0; m < 4 * s->terms; m++) cosine[m] = tsr_cos(PI * m / (2 * s->terms));
    for (int q = 0; q < TSR_TAILS; q++) transform(value[q], s->terms, cosine, s->coefficient[q]);
}

/* ---- summing ---- */

#define LANES 8

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

typedef struct tail_values {
    double of[TSR_TAILS][TSR_RUN];
} tail_values;

/*
 * Clenshaw's recurrence, eight moments at a time and all series together, since a single one would wait for its own
 * last step. Without fused operations (the build forbids them) each lane has the same bits whatever the width of the
 * vectors.
 */
static inline __attribute__((always_inline)) void sum_lanes(const tsr_tails *s, const double *z, tail_values *out,
                                                            int32_t at)
{
    lanes next[TSR_TAILS] = {{0}}, after[TSR_TAILS] = {{0}}, here, twice;

    memcpy(&here, z + at, sizeof here);
    twice = here + here;
    for (int32_t j = s->terms - 1; j > 0; j--)
#pragma GCC unroll 8
        for (int q = 0; q < TSR_TAILS; q++) {
            lanes now = s->coefficient[q][j] - after[q] + twice * next[q];
            after[q] = next[q];
            next[q] = now;
        }
#pragma GCC unroll 8
    for (int q = 0; q < TSR_TAILS; q++) {
        lanes sum = s->coefficient[q][0] - after[q] + here * next[q];
        memcpy(&out->of[q][at], &sum, sizeof sum);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void sum_by_4(const tsr_tails *s, const double *z, tail_values *out, int32_t n)
{
    for (int32_t at = 0; at < n; at += LANES) sum_lanes(s, z, out, at);
}

__attribute__((target("avx512f"))) static void sum_by_8(const tsr_tails *s, const double *z, tail_values *out,
                                                        int32_t n)
{
    for (int32_t at = 0; at < n; at += LANES) sum_lanes(s, z, out, at);
}
#endif

static void sum_many(const tsr_tails *s, const double *z, tail_values *out, int32_t n)
{
#if defined(__x86_64__)
    int32_t width = tsr_maths_width_now();
    if (width == 8) sum_by_8(s, z, out, n);
    if (width == 4) sum_by_4(s, z, out, n);
    if (width > 1) return;
#endif
    for (int32_t at = 0; at < n; at += LANES) sum_lanes(s, z, out, at);
}

/* Who never came back has been watched from the same moment on as all others: one sum serves all of them. */
static void sum_series(const tsr_tails *s, const double *z, tail_values *out, int32_t n)
{
    int32_t same = 1;

    while (same < n && z[same] == z[0]) same++;
    sum_many(s, z, out, same == n ? 1 : n);
    for (int32_t i = 1; same == n && i < n; i++)
        for (int q = 0; q < TSR_TAILS; q++) out->of[q][i] = out->of[q][0];
}

/* Places of moments in a series, -1..1; lanes beyond the last one are filled. */
static void place(const tsr_tails *s, const double *log_a, const double *log_b, int32_t n, double *z)
{
    bool a_is_low = s->a <= s->b;
    double start = tsr_log(fmin(s->a, s->b)), factor = 2 / s->length;

    for (int32_t i = 0; i < n; i++) z[i] = ((a_is_low ? log_a[i] : log_b[i]) - start) * factor - 1;
    for (int32_t i = n; i % LANES != 0; i++) z[i] = 0;
}

void tsr_tails_between(const tsr_tails *s, const double *log_atx, const double *log_btx, const double *log_at,
                       const double *log_bt, int32_t n, tsr_lifetime *life)
{
    bool a_is_low = s->a <= s->b;
    double z[TSR_RUN], share[TSR_RUN];
    tail_values from, beyond;

    place(s, log_atx, log_btx, n, z);
    sum_series(s, z, &from, n);
    place(s, log_at, log_bt, n, z);
    sum_series(s, z, &beyond, n);
    for (int32_t i = 0; i < n; i++) { /* the integrand times m + u at t, relative to that at tx */
        double by_a = log_at[i] - log_atx[i], by_b = log_bt[i] - log_btx[i];
        share[i] = (a_is_low ? by_a : by_b) - s->power_a * by_a - s->power_b * by_b;
    }
    tsr_exp_block(share, n);
    for (int32_t i = 0; i < n; i++) {
        double by_a = log_at[i] - log_atx[i], by_b = log_bt[i] - log_btx[i], rest = share[i] * beyond.of[0][i];
        double total = from.of[0][i] - rest;
        double per = total > 0 ? 1 / total : 0;
        double range = life->range[i];
        life->total[i] = fmax(total, 0) * fmin(life->a[i], life->b[i]);
        life->log_a[i] = per * (from.of[TSR_TAIL_LOG_A][i] - share[i] * beyond.of[TSR_TAIL_LOG_A][i] - by_a * rest);
        life->log_b[i] = per * (from.of[TSR_TAIL_LOG_B][i] - share[i] * beyond.of[TSR_TAIL_LOG_B][i] - by_b * rest);
        life->inverse_a[i] = per / life->a[i] *
                             (from.of[TSR_TAIL_INVERSE_A][i] -
                              share[i] * life->a[i] / (life->a[i] + range) * beyond.of[TSR_TAIL_INVERSE_A][i]);
        life->inverse_b[i] = per / life->b[i] *
                             (from.of[TSR_TAIL_INVERSE_B][i] -
                              share[i] * life->b[i] / (life->b[i] + range) * beyond.of[TSR_TAIL_INVERSE_B][i]);
    }
}
