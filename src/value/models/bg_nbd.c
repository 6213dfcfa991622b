/*
 * BG/NBD: purchases at rate lambda ~ Gamma(r, alpha), dropout with probability p ~ Beta(a, b) after each repeat
 * purchase. Fader, Hardie & Lee (2005), Marketing Science 24(2) 275-284.
 * MBG/NBD: the same, and the customer may drop out right after the first purchase as well. Batislam, Denizel &
 * Filiztekin (2007), IJRM 24(3) 201-209. So a customer has had one more chance to leave: x + 1 in place of x.
 */
#include <math.h>

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/models/dropout.h"
#include "value/models/lanes.h"

#define NEVER 1e300 /* subtracted from a logarithm: that of 0 */

enum { R, ALPHA, A, B };

#define EFFECTS                                                                                                        \
    .effects = 3, .effect_name = {"purchase_rate", "dropout_a", "dropout_b"}, .effect = {{ALPHA, -1}, {A, 1}, {B, 1}}

/*
 * What depends on x alone: x is an integer, so each log-gamma of the likelihood is a short sum of logarithms, exact to
 * the last digits however large the parameter. Histories rise by x: one sweep makes all of them. Each sum goes its own
 * way, so that its bits do not depend on which x this rank has in between.
 */
typedef struct terms {
    int32_t x, chances;
    double bought; /* ln G(r+x)/G(r) */
    double stayed; /* ln [G(a+b) G(b+chances)] / [G(b) G(a+b+chances)] */
    double dr, da, db;
} terms;

/* ln a - ln(b+chances-1), for chances > 0 */
static double log_odds_at(const double *parameter, int32_t chances)
{
    return tsr_log(parameter[A]) - tsr_log(parameter[B] + chances - 1);
}

static void advance(terms *at, const double *parameter, int32_t x, int32_t chances)
{
    double r = parameter[R], a = parameter[A], b = parameter[B];

    for (; at->x < x; at->x++) {
        at->bought += tsr_log(r + at->x);
        at->dr += 1 / (r + at->x);
    }
    for (; at->chances < chances; at->chances++) {
        double j = at->chances, inverse = 1 / (a + b + j);
        at->stayed -= tsr_log1p(a / (b + j));
        at->da -= inverse;
        at->db += a / (b + j) * inverse;
    }
}

/* Of each history of a run: P(dead), ln(1 + odds of being dead), and a factor (alpha+t)/(alpha+tx) in logarithms. */
typedef struct run_terms {
    double log_t[TSR_RUN], log_tx[TSR_RUN], small[TSR_RUN], odds[TSR_RUN], dead[TSR_RUN], lift[TSR_RUN];
} run_terms;

static void find_dead(const double *parameter, const tsr_histories *h, int64_t first, int32_t n, double shape,
                      double log_odds, run_terms *w)
{
    for (int32_t i = 0; i < n; i++) w->log_tx[i] = parameter[ALPHA] + h->tx[first + i];
    tsr_log_block(w->log_tx, n);
    for (int32_t i = 0; i < n; i++) {
        w->odds[i] = log_odds + shape * (w->log_t[i] - w->log_tx[i]);
        w->small[i] = -fabs(w->odds[i]);
    }
    tsr_exp_block(w->small, n);
    for (int32_t i = 0; i < n; i++) {
        w->dead[i] = (w->odds[i] > 0 ? 1 : w->small[i]) / (1 + w->small[i]);
        w->lift[i] = w->small[i];
    }
    tsr_log1p_block(w->lift, n);
    for (int32_t i = 0; i < n; i++) w->lift[i] += w->odds[i] > 0 ? w->odds[i] : 0;
}

static void add_run(const double *parameter, const terms *at, const tsr_histories *h, int64_t first, int32_t n,
                    tsr_fixed *sums)
{
    double r = parameter[R], alpha = parameter[ALPHA], a = parameter[A], b = parameter[B], shape = r + at->x;
    double log_alpha = tsr_log(alpha), value = at->bought + at->stayed, term[5][TSR_RUN];
    run_terms w;

    for (int32_t i = 0; i < n; i++) w.log_t[i] = alpha + h->t[first + i];
    tsr_log_block(w.log_t, n);
    if (at->chances > 0)
        find_dead(parameter, h, first, n, shape, log_odds_at(parameter, at->chances), &w);
    else
        for (int32_t i = 0; i < n; i++) w.dead[i] = w.lift[i] = 0, w.log_tx[i] = w.log_t[i];
    double by_b = at->chances > 0 ? 1 / (b + at->chances - 1) : 0;
    for (int32_t i = 0; i < n; i++) {
        double dead = w.dead[i], alive = 1 - dead;
        double dr = at->dr + log_alpha - alive * w.log_t[i] - dead * w.log_tx[i];
        double dalpha = r / alpha - shape * (alive / (alpha + h->t[first + i]) + dead / (alpha + h->tx[first + i]));
        term[0][i] = value + r * log_alpha - shape * w.log_t[i] + w.lift[i];
        term[1 + R][i] = r * dr;
        term[1 + ALPHA][i] = alpha * dalpha;
        term[1 + A][i] = a * at->da + dead;
        term[1 + B][i] = b * (at->db - dead * by_b);
    }
    for (int32_t k = 0; k < 5; k++) tsr_fixed_add_block(&sums[k], term[k], h->count + first, n);
}

static void add_all(const double *parameter, int32_t at_birth, const tsr_histories *h, tsr_fixed *sums)
{
    terms at = {0};

    for (int64_t first = 0; first < h->n;) {
        int32_t n = tsr_histories_run(h, first);
        advance(&at, parameter, h->x[first], h->x[first] + at_birth);
        add_run(parameter, &at, h, first, n, sums);
        first += n;
    }
}

/* The mean of p is a / (a + b). */
static bool no_dropout(const double *parameter)
{
    return parameter[A] < 1e-3 * (parameter[A] + parameter[B]);
}

/* ln of the odds of being dead, without the share of chances, from ln(alpha+t) and ln(alpha+tx). By the model only a
 * purchase can be the last: without a chance to leave, the odds are 0 and P(alive) is exactly 1. (Conditions are sums
 * here: who has bought again nobody can foretell, and branches would make no vectors.) */
TSR_INLINE void find_lift_at_width(double r, int32_t at_birth, const int32_t *x, const double *log_t,
                                   const double *log_tx, int32_t n, double *lift)
{
    for (int32_t i = 0; i < n; i++)
        lift[i] = (r + x[i]) * (log_t[i] - log_tx[i]) - NEVER * (double)(x[i] + at_birth < 1);
}

TSR_AT_ALL_WIDTHS(find_lift,
                  (double r, int32_t at_birth, const int32_t *x, const double *log_t, const double *log_tx, int32_t n,
                   double *lift),
                  (r, at_birth, x, log_t, log_tx, n, lift))

TSR_INLINE void find_alive_at_width(double a, double b, int32_t at_birth, const int32_t *x, const double *lift,
                                    int32_t n, double *p)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t chances = x[i] + at_birth, last = chances + 2 * (chances < 1); /* any that leaves no b alone */
        p[i] = 1 / (1 + a / (b + last - 1) * lift[i]);
    }
}

TSR_AT_ALL_WIDTHS(find_alive,
                  (double a, double b, int32_t at_birth, const int32_t *x, const double *lift, int32_t n, double *p),
                  (a, b, at_birth, x, lift, n, p))

static void alive_run(const double *parameter, int32_t at_birth, const int32_t *x, const double *tx, const double *t,
                      int32_t n, double *p)
{
    double alpha = parameter[ALPHA], log_t[TSR_RUN], log_tx[TSR_RUN], lift[TSR_RUN];

    for (int32_t i = 0; i < n; i++) log_t[i] = alpha + t[i];
    for (int32_t i = 0; i < n; i++) log_tx[i] = alpha + tx[i];
    tsr_log_block(log_t, n);
    tsr_log_block(log_tx, n);
    find_lift(parameter[R], at_birth, x, log_t, log_tx, n, lift);
    tsr_exp_block(lift, n);
    find_alive(parameter[A], parameter[B], at_birth, x, lift, n, p);
}

static void alive_after(const double *parameter, int32_t at_birth, const int32_t *x, const double *tx, const double *t,
                        int32_t n, double *p)
{
    for (int32_t at = 0; at < n; at += TSR_RUN)
        alive_run(parameter, at_birth, x + at, tx + at, t + at, n - at < TSR_RUN ? n - at : TSR_RUN, p + at);
}

static double predict_after(const double *parameter, int32_t x, int32_t chances, double t, const double *ahead,
                            int32_t n, double *expected)
{
    double shape = parameter[R] + x, rate = parameter[ALPHA] + t;

    tsr_dropout_mean(parameter[A], parameter[B] + chances, shape, rate, ahead, n, expected);
    return -tsr_expm1(-shape * tsr_log1p(ahead[n - 1] / rate));
}

static void predict_many_after(const double *parameter, int32_t x, int32_t chances, const double *t, int32_t m,
                               const double *ahead, int32_t n, double *expected, double *buys)
{
    double shape = parameter[R] + x, rate[TSR_RUN] = {0};

    for (int32_t i = 0; i < m; i++) {
        rate[i] = parameter[ALPHA] + t[i];
        buys[i] = ahead[n - 1] / rate[i];
    }
    tsr_dropout_means(parameter[A], parameter[B] + chances, shape, rate, m, ahead, n, expected);
    tsr_log1p_block(buys, m);
    for (int32_t i = 0; i < m; i++) buys[i] *= -shape;
    tsr_expm1_block(buys, m);
    for (int32_t i = 0; i < m; i++) buys[i] = -buys[i];
}

static double residual_after(const double *parameter, int32_t x, int32_t chances, double t, double interest)
{
    return tsr_dropout_residual(parameter[A], parameter[B] + chances, parameter[R] + x, parameter[ALPHA] + t, interest);
}

/*
 * Alive with k purchases after k + at_birth chances, or gone at the last of them though the rate would have given more.
 * stay = E (1-p)^chances, a product over chances.
 */
static void count_after(const double *parameter, int32_t at_birth, double t, int32_t n, double *p)
{
    double a = parameter[A], b = parameter[B], stay = at_birth > 0 ? b / (a + b) : 1, at_least = 1;

    tsr_nbd_count(parameter[R], parameter[ALPHA], t, n, p);
    for (int32_t k = 0; k < n; k++) {
        double chances = k + at_birth, bought = p[k];
        double leave = chances > 0 ? stay * a / (b + chances - 1) : 0;
        p[k] = stay * bought + leave * at_least;
        at_least = fmax(at_least - bought, 0);
        stay *= (b + chances) / (a + b + chances);
    }
}

/* ---- dropout after repeat purchases only ---- */

static void bg_add(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    add_all(parameter, 0, h, sums);
}

static void bg_alive(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n, double *p)
{
    alive_after(parameter, 0, x, tx, t, n, p);
}

static double bg_predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected)
{
    return predict_after(parameter, x, x, t, ahead, n, expected);
}

static void bg_predict_many(const double *parameter, int32_t x, const double *t, int32_t m, const double *ahead,
                            int32_t n, double *expected, double *buys)
{
    predict_many_after(parameter, x, x, t, m, ahead, n, expected, buys);
}

static double bg_residual(const double *parameter, int32_t x, double t, double interest)
{
    return residual_after(parameter, x, x, t, interest);
}

static void bg_count(const double *parameter, double t, int32_t n, double *p)
{
    count_after(parameter, 0, t, n, p);
}

const tsr_purchase_model tsr_bg_nbd = {.name = "bg_nbd",
                                       .parameters = 4,
                                       .parameter_name = {"r", "alpha", "a", "b"},
                                       .is_time = {false, true, false, false},
                                       EFFECTS,
                                       .add_likelihood = bg_add,
                                       .no_dropout = no_dropout,
                                       .p_alive = bg_alive,
                                       .predict = bg_predict,
                                       .predict_many = bg_predict_many,
                                       .residual = bg_residual,
                                       .count = bg_count};

/* ---- dropout after any purchase ---- */

static void mbg_add(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    add_all(parameter, 1, h, sums);
}

static void mbg_alive(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n,
                      double *p)
{
    alive_after(parameter, 1, x, tx, t, n, p);
}

static double mbg_predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n,
                          double *expected)
{
    return predict_after(parameter, x, x + 1, t, ahead, n, expected);
}

static void mbg_predict_many(const double *parameter, int32_t x, const double *t, int32_t m, const double *ahead,
                             int32_t n, double *expected, double *buys)
{
    predict_many_after(parameter, x, x + 1, t, m, ahead, n, expected, buys);
}

static double mbg_residual(const double *parameter, int32_t x, double t, double interest)
{
    return residual_after(parameter, x, x + 1, t, interest);
}

static void mbg_count(const double *parameter, double t, int32_t n, double *p)
{
    count_after(parameter, 1, t, n, p);
}

const tsr_purchase_model tsr_mbg_nbd = {.name = "mbg_nbd",
                                        .parameters = 4,
                                        .parameter_name = {"r", "alpha", "a", "b"},
                                        .is_time = {false, true, false, false},
                                        EFFECTS,
                                        .add_likelihood = mbg_add,
                                        .no_dropout = no_dropout,
                                        .p_alive = mbg_alive,
                                        .predict = mbg_predict,
                                        .predict_many = mbg_predict_many,
                                        .residual = mbg_residual,
                                        .count = mbg_count};
