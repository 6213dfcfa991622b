/*
 * Pareto/NBD: purchases at rate lambda ~ Gamma(r, alpha), death at rate mu ~ Gamma(s, beta). Schmittlein, Morrison &
 * Colombo (1987), Management Science 33(1) 1-24.
 *
 * Who died did so at some u in tx..t. The literature writes that integral as a difference of two hypergeometric
 * functions, which cancels and overflows; the integrand itself is positive and smooth, and quadrature (lifetime.h)
 * gives it and its derivatives to the last digits.
 */
#include <math.h>
#include <string.h>

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/integrals/forever.h"
#include "value/models/lanes.h"
#include "value/models/lifetime.h"
#include "value/models/tails.h"

enum { R, ALPHA, S, BETA };

/* Up to this many purchases integrals come from tables: few customers have more, and a table costs what 80 integrals
 * do. Which way one goes is a matter of its x, of the parameters and of what all ranks know of the histories. */
#define COMMON        12
#define COMMON_OF_FEW 5
#define FEW           30000 /* customers */

/* Of each history of a run. */
typedef struct run_terms {
    double log_t[TSR_RUN], log_bt[TSR_RUN];   /* ln(alpha+t), ln(beta+t) */
    double log_tx[TSR_RUN], log_btx[TSR_RUN]; /* ln(alpha+tx), ln(beta+tx) */
    double total[TSR_RUN];                    /* ln of the integral, relative to its integrand at tx */
    double odds[TSR_RUN], small[TSR_RUN];     /* small: e^-|odds| */
    double lift[TSR_RUN];                     /* ln(1 + small) */
    double log_beta;
} run_terms;

/* @param own  how many have times of their own; the others have that of the first */
static void take_logarithms(double start, const double *time, int32_t own, int32_t n, double *log)
{
    for (int32_t i = 0; i < own; i++) log[i] = start + time[i];
    tsr_log_block(log, own);
    for (int32_t i = own; i < n; i++) log[i] = log[0];
}

static void take_all_logarithms(const double *parameter, const tsr_histories *h, int64_t first, int32_t n, run_terms *w)
{
    int32_t own = h->x[first] > 0 ? n : 1; /* who never came back: tx = 0 */

    take_logarithms(parameter[ALPHA], h->t + first, n, n, w->log_t);
    take_logarithms(parameter[BETA], h->t + first, n, n, w->log_bt);
    take_logarithms(parameter[ALPHA], h->tx + first, own, n, w->log_tx);
    take_logarithms(parameter[BETA], h->tx + first, own, n, w->log_btx);
}

/* odds = ln(P(dead) / P(alive)): -inf where t = tx. */
TSR_INLINE void find_odds_at_width(double log_s, double s, double shape, int32_t n, run_terms *w)
{
    for (int32_t i = 0; i < n; i++) {
        w->odds[i] = log_s + w->total[i] + shape * (w->log_t[i] - w->log_tx[i]) + s * (w->log_bt[i] - w->log_btx[i]) -
                     w->log_btx[i];
        w->small[i] = -fabs(w->odds[i]);
    }
}

TSR_AT_ALL_WIDTHS(find_odds, (double log_s, double s, double shape, int32_t n, run_terms *w), (log_s, s, shape, n, w))

/* What each history adds to the log-likelihood and to its derivatives in the logarithms of the parameters. */
_Static_assert(1 + BETA + 1 == TSR_TAILS, "as many as a table has series");

/* @param start  what depends on the parameters and x alone @param psi  so too, of the derivative in r */
TSR_INLINE void add_up_at_width(const double *parameter, double start, double psi, double shape, const double *t,
                                const run_terms *w, const tsr_lifetime *life, int32_t n, tsr_tail_values term)
{
    double r = parameter[R], alpha = parameter[ALPHA], s = parameter[S], beta = parameter[BETA];

    for (int32_t i = 0; i < n; i++) {
        double dead = (w->odds[i] > 0 ? 1 : w->small[i]) / (1 + w->small[i]), alive = 1 - dead;
        term[0][i] = start - shape * w->log_t[i] - s * w->log_bt[i] + w->lift[i] + (w->odds[i] > 0 ? w->odds[i] : 0);
        term[1 + R][i] = r * (psi - alive * w->log_t[i] - dead * (w->log_tx[i] + life->log_a[i]));
        term[1 + ALPHA][i] = r - shape * alpha * (alive / (alpha + t[i]) + dead * life->inverse_a[i]);
        term[1 + S][i] = s * (w->log_beta - alive * w->log_bt[i] - dead * (w->log_btx[i] + life->log_b[i])) + dead;
        term[1 + BETA][i] = s - beta * (alive * s / (beta + t[i]) + dead * (s + 1) * life->inverse_b[i]);
    }
}

TSR_AT_ALL_WIDTHS(add_up,
                  (const double *parameter, double start, double psi, double shape, const double *t, const run_terms *w,
                   const tsr_lifetime *life, int32_t n, tsr_tail_values term),
                  (parameter, start, psi, shape, t, w, life, n, term))

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

/* @param value, psi  of x: ln G(r+x)/G(r) and its derivative @param tails  tables for this x; NULL: none */
static void find_terms(const double *parameter, double value, double psi, const tsr_tails *tails,
                       const tsr_histories *h, int64_t first, int32_t n, tsr_tail_values term)
{
    double s = parameter[S], shape = parameter[R] + h->x[first], log_alpha = tsr_log(parameter[ALPHA]);
    tsr_lifetime life;
    run_terms w;

    w.log_beta = tsr_log(parameter[BETA]);
    set_lifetimes(parameter, h, first, n, &life);
    take_all_logarithms(parameter, h, first, n, &w);
    if (tails != NULL)
        tsr_tails_between(tails, w.log_tx, w.log_btx, w.log_t, w.log_bt, n, &life);
    else
        tsr_lifetime_integrate(&life, n);
    memcpy(w.total, life.total, (size_t)n * sizeof *w.total);
    tsr_log_block(w.total, n);
    find_odds(tsr_log(s), s, shape, n, &w);
    tsr_exp_block(w.small, n);
    memcpy(w.lift, w.small, (size_t)n * sizeof *w.lift);
    tsr_log1p_block(w.lift, n);
    add_up(parameter, value + parameter[R] * log_alpha + s * w.log_beta, psi + log_alpha, shape, h->t + first, &w,
           &life, n, term);
}

/* Of who never came back all depends on t alone: series of the terms themselves. False: they are not smooth enough. */
static bool make_newcomers(const double *parameter, const tsr_tail_nodes *nodes, tsr_tails *tails)
{
    static const int32_t none[TSR_TAIL_TERMS];
    static const double birth[TSR_TAIL_TERMS];
    tsr_histories at_nodes = {.n = nodes->terms, .x = (int32_t *)none, .tx = (double *)birth};
    double t[TSR_TAIL_TERMS];
    tsr_tail_values term;

    memcpy(t, nodes->since, sizeof t);
    at_nodes.t = t;
    find_terms(parameter, 0, 0, NULL, &at_nodes, 0, nodes->terms, term);
    return tsr_tails_of(nodes, term, tails);
}

static void add_likelihood(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    double value = 0, psi = 0; /* ln G(r+x)/G(r) and its derivative: sums over integers below x */
    int32_t x = 0, made = -1, most = h->customers < FEW ? COMMON_OF_FEW : COMMON;
    bool whole = false;
    tsr_tail_values term;
    tsr_tail_nodes nodes;
    tsr_tails tails;

    tsr_tails_place(parameter[ALPHA], parameter[BETA], h->t_max, &nodes);
    for (int64_t first = 0; first < h->n;) {
        int32_t n = tsr_histories_run(h, first);
        for (; x < h->x[first]; x++) {
            value += tsr_log(parameter[R] + x);
            psi += 1 / (parameter[R] + x);
        }
        bool common = nodes.terms > 0 && x <= most;
        if (common && made != x) {
            whole = x == 0 && make_newcomers(parameter, &nodes, &tails);
            if (!whole) tsr_tails_make(&nodes, parameter[R] + x, parameter[S] + 1, &tails);
            made = x;
        }
        if (common && whole)
            tsr_tails_at(&tails, h->t + first, n, term);
        else
            find_terms(parameter, value, psi, common ? &tails : NULL, h, first, n, term);
        for (int32_t k = 0; k < TSR_TAILS; k++) tsr_fixed_add_block(&sums[k], term[k], h->count + first, n);
        first += n;
    }
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

static void predict_many(const double *parameter, int32_t x, const double *t, int32_t m, const double *ahead, int32_t n,
                         double *expected, double *buys)
{
    double shape = parameter[R] + x, s = parameter[S];
    tsr_lifetime life;

    for (int32_t i = 0; i < m; i++) {
        life.a[i] = parameter[ALPHA] + t[i];
        life.b[i] = parameter[BETA] + t[i];
        life.power_a[i] = shape + 1;
        life.power_b[i] = s;
        life.range[i] = ahead[n - 1];
        for (int32_t k = 0; k < n; k++)
            expected[i * n + k] = shape * life.b[i] / life.a[i] * shrinking(s, tsr_log1p(ahead[k] / life.b[i]));
    }
    tsr_lifetime_integrate(&life, m);
    for (int32_t i = 0; i < m; i++) buys[i] = shape / life.a[i] * life.total[i];
}

static double predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected)
{
    double buys;

    predict_many(parameter, x, &t, 1, ahead, n, expected, &buys);
    return buys;
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
                                           .predict_many = predict_many,
                                           .residual = residual,
                                           .count = count};
