/*
 * Pareto/NBD: purchases at rate lambda ~ Gamma(r, alpha), death at rate mu ~ Gamma(s, beta). Schmittlein, Morrison &
 * Colombo (1987), Management Science 33(1) 1-24.
 *
 * Who died did so at some u in tx..t. The literature writes that integral as a difference of two hypergeometric
 * functions, which cancels and overflows; the integrand itself is positive and smooth, and quadrature (lifetime.h)
 * gives it and its derivatives to the last digits.
 */
#include <math.h>

#include "tessera/maths.h"
#include "value/forever.h"
#include "value/lifetime.h"
#include "value/purchase.h"
#include "value/tails.h"

enum { R, ALPHA, S, BETA };

/* Up to this many purchases integrals come from tables: few customers have more, and a table costs what 50 integrals
 * do. Which way one goes is a matter of its x, of the parameters and of the longest observation alone. */
#define COMMON 12

/* Of each history of a run. */
typedef struct run_terms {
    double log_t[TSR_RUN], log_bt[TSR_RUN];   /* ln(alpha+t), ln(beta+t) */
    double log_tx[TSR_RUN], log_btx[TSR_RUN]; /* ln(alpha+tx), ln(beta+tx) */
    double total[TSR_RUN];                    /* ln of the integral, relative to its integrand at tx */
    double odds[TSR_RUN], small[TSR_RUN];
} run_terms;

static void take_logarithms(const double *parameter, const tsr_histories *h, int64_t first, int32_t n, run_terms *w)
{
    for (int32_t i = 0; i < n; i++) {
        w->log_t[i] = parameter[ALPHA] + h->t[first + i];
        w->log_bt[i] = parameter[BETA] + h->t[first + i];
        w->log_tx[i] = parameter[ALPHA] + h->tx[first + i];
        w->log_btx[i] = parameter[BETA] + h->tx[first + i];
    }
    tsr_log_block(w->log_t, n);
    tsr_log_block(w->log_bt, n);
    tsr_log_block(w->log_tx, n);
    tsr_log_block(w->log_btx, n);
}

/* odds = ln(P(dead) / P(alive)): -inf where t = tx. */
static void find_odds(const double *parameter, double shape, int32_t n, run_terms *w)
{
    double s = parameter[S], log_s = tsr_log(s);

    for (int32_t i = 0; i < n; i++) {
        w->odds[i] = log_s + w->total[i] + shape * (w->log_t[i] - w->log_tx[i]) + s * (w->log_bt[i] - w->log_btx[i]) -
                     w->log_btx[i];
        w->small[i] = -fabs(w->odds[i]);
    }
    tsr_exp_block(w->small, n);
}

static void set_lifetimes(const double *parameter, const tsr_histories *h, int64_t first, int32_t n, tsr_lifetime *life)
{
    for (int32_t i = 0; i < n; i++) {
        life->a[i] = parameter[ALPHA] + h->tx[first + i];
        life->b[i] = parameter[BETA] + h->tx[first + i];
        life->range[i] = h->t[first + i] - h->tx[first + i];
        life->power_a[i] = parameter[R] + h->x[first + i];
        life->power_b[i] = parameter[S] + 1;
    }
}

/* @param tails  tables for this number of purchases; NULL: none */
static void add_run(const double *parameter, double value, double psi, const tsr_tails *tails, const tsr_histories *h,
                    int64_t first, int32_t n, tsr_fixed *sums)
{
    double r = parameter[R], alpha = parameter[ALPHA], s = parameter[S], beta = parameter[BETA];
    double shape = r + h->x[first], log_alpha = tsr_log(alpha), log_beta = tsr_log(beta);
    double start = value + r * log_alpha + s * log_beta, term[5][TSR_RUN], lift[TSR_RUN];
    tsr_lifetime life;
    run_terms w;

    set_lifetimes(parameter, h, first, n, &life);
    take_logarithms(parameter, h, first, n, &w);
    if (tails != NULL)
        tsr_tails_between(tails, w.log_tx, w.log_btx, w.log_t, w.log_bt, n, &life);
    else
        tsr_lifetime_integrate(&life, n);
    for (int32_t i = 0; i < n; i++) w.total[i] = life.total[i];
    tsr_log_block(w.total, n);
    find_odds(parameter, shape, n, &w);
    for (int32_t i = 0; i < n; i++) lift[i] = w.small[i];
    tsr_log1p_block(lift, n);
    for (int32_t i = 0; i < n; i++) {
        double dead = (w.odds[i] > 0 ? 1 : w.small[i]) / (1 + w.small[i]), alive = 1 - dead;
        double t = h->t[first + i];
        term[0][i] = start - shape * w.log_t[i] - s * w.log_bt[i] + lift[i] + (w.odds[i] > 0 ? w.odds[i] : 0);
        term[1 + R][i] = r * (psi + log_alpha - alive * w.log_t[i] - dead * (w.log_tx[i] + life.log_a[i]));
        term[1 + ALPHA][i] = r - shape * alpha * (alive / (alpha + t) + dead * life.inverse_a[i]);
        term[1 + S][i] = s * (log_beta - alive * w.log_bt[i] - dead * (w.log_btx[i] + life.log_b[i])) + dead;
        term[1 + BETA][i] = s - beta * (alive * s / (beta + t) + dead * (s + 1) * life.inverse_b[i]);
    }
    for (int32_t k = 0; k < 5; k++) tsr_fixed_add_block(&sums[k], term[k], h->count + first, n);
}

static void add_likelihood(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    double value = 0, psi = 0; /* ln G(r+x)/G(r) and its derivative: sums over integers below x */
    bool tables = tsr_tails_terms(parameter[ALPHA], parameter[BETA], h->t_max) > 0;
    int32_t x = 0, made = -1;
    tsr_tails tails;

    for (int64_t first = 0; first < h->n;) {
        int32_t n = tsr_histories_run(h, first);
        for (; x < h->x[first]; x++) {
            value += tsr_log(parameter[R] + x);
            psi += 1 / (parameter[R] + x);
        }
        bool common = tables && x <= COMMON;
        if (common && made != x) {
            tsr_tails_make(parameter[ALPHA], parameter[BETA], parameter[R] + x, parameter[S] + 1, h->t_max, &tails);
            made = x;
        }
        add_run(parameter, value, psi, common ? &tails : NULL, h, first, n, sums);
        first += n;
    }
}

static double integral(double a, double b, double power_a, double power_b, double range)
{
    tsr_lifetime life;

    life.a[0] = a;
    life.b[0] = b;
    life.range[0] = range;
    life.power_a[0] = power_a;
    life.power_b[0] = power_b;
    tsr_lifetime_integrate(&life, 1);
    return life.total[0];
}

static void alive_run(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n,
                      double *p)
{
    double alpha = parameter[ALPHA], s = parameter[S], beta = parameter[BETA], log_s = tsr_log(s);
    double by_alpha[TSR_RUN], by_beta[TSR_RUN];
    tsr_lifetime life;

    for (int32_t i = 0; i < n; i++) {
        life.a[i] = alpha + tx[i];
        life.b[i] = beta + tx[i];
        life.range[i] = t[i] - tx[i];
        life.power_a[i] = parameter[R] + x[i];
        life.power_b[i] = s + 1;
        by_alpha[i] = (alpha + t[i]) / life.a[i];
        by_beta[i] = (beta + t[i]) / life.b[i];
    }
    tsr_lifetime_integrate(&life, n);
    for (int32_t i = 0; i < n; i++) p[i] = life.total[i] / life.b[i];
    tsr_log_block(p, n);
    tsr_log_block(by_alpha, n);
    tsr_log_block(by_beta, n);
    for (int32_t i = 0; i < n; i++) p[i] += log_s + life.power_a[i] * by_alpha[i] + s * by_beta[i];
    tsr_exp_block(p, n);
    for (int32_t i = 0; i < n; i++) p[i] = 1 / (1 + p[i]);
}

static void p_alive(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n, double *p)
{
    for (int32_t at = 0; at < n; at += TSR_RUN)
        alive_run(parameter, x + at, tx + at, t + at, n - at < TSR_RUN ? n - at : TSR_RUN, p + at);
}

/* (1 - e^(-(s-1) y)) / (s - 1), which is y at s = 1. */
static double shrinking(double s, double y)
{
    return s == 1 ? y : -tsr_expm1((1 - s) * y) / (s - 1);
}

static double predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected)
{
    double shape = parameter[R] + x, a = parameter[ALPHA] + t, b = parameter[BETA] + t, s = parameter[S];

    for (int32_t i = 0; i < n; i++) expected[i] = shape * b / a * shrinking(s, tsr_log1p(ahead[i] / b));
    return shape / a * integral(a, b, shape + 1, s, ahead[n - 1]);
}

static double residual(const double *parameter, int32_t x, double t, double interest)
{
    return (parameter[R] + x) / (parameter[ALPHA] + t) *
           tsr_discounted_survival(parameter[S], parameter[BETA] + t, interest);
}

/*
 * Alive at t with a count over t, or dead at u with a count over u: with z = (beta/(beta+u))^s, the chance to live
 * longer, as the variable, the mean over z in (survival, 1) by the midpoints of equal steps. Good to about 1e-5, which
 * a table of customers does not see.
 */
static void count(const double *parameter, double t, int32_t n, double *p)
{
    enum { STEPS = 200, MOST = 64 };
    double s = parameter[S], beta = parameter[BETA], alive = tsr_exp(-s * tsr_log1p(t / beta)), at[MOST];

    TSR_ASSERT(n <= MOST);
    tsr_nbd_count(parameter[R], parameter[ALPHA], t, n, p);
    for (int32_t k = 0; k < n; k++) p[k] *= alive;
    for (int32_t i = 0; i < STEPS; i++) {
        double z = alive + (1 - alive) * (i + .5) / STEPS;
        tsr_nbd_count(parameter[R], parameter[ALPHA], beta * tsr_expm1(-tsr_log(z) / s), n, at);
        for (int32_t k = 0; k < n; k++) p[k] += (1 - alive) / STEPS * at[k];
    }
}

const tsr_purchase_model tsr_pareto_nbd = {.name = "pareto_nbd",
                                           .parameters = 4,
                                           .parameter_name = {"r", "alpha", "s", "beta"},
                                           .is_time = {false, true, false, true},
                                           .effects = 2,
                                           .effect_name = {"purchase_rate", "dropout_rate"},
                                           .effect = {{ALPHA, -1}, {BETA, -1}},
                                           .add_likelihood = add_likelihood,
                                           .p_alive = p_alive,
                                           .predict = predict,
                                           .residual = residual,
                                           .count = count};
