/*
 * BG/NBD: purchases at rate lambda ~ Gamma(r, alpha), dropout with probability p ~ Beta(a, b) after each repeat
 * purchase. Fader, Hardie & Lee (2005), Marketing Science 24(2) 275-284.
 */
#include <math.h>

#include "tessera/maths.h"
#include "value/dropout.h"
#include "value/purchase.h"

enum { R, ALPHA, A, B };

/*
 * What depends on x alone: x is an integer, so each log-gamma of the likelihood is a short sum of logarithms, exact to
 * the last digits however large the parameter. Histories rise by x: one sweep makes all of them.
 */
typedef struct terms {
    int32_t x;
    double value; /* ln G(r+x)/G(r) + ln [G(a+b) G(b+x)] / [G(b) G(a+b+x)] */
    double dr, da, db;
    double log_odds; /* ln a - ln(b+x-1), for x > 0 */
} terms;

static double log_odds_at_x(const double *parameter, int32_t x)
{
    return tsr_log(parameter[A]) - tsr_log(parameter[B] + x - 1);
}

static void advance(terms *at, const double *parameter, int32_t x)
{
    double r = parameter[R], a = parameter[A], b = parameter[B];

    if (x > at->x) at->log_odds = log_odds_at_x(parameter, x);
    for (; at->x < x; at->x++) {
        double j = at->x, inverse = 1 / (a + b + j);
        at->value += tsr_log(r + j) - tsr_log1p(a / (b + j));
        at->dr += 1 / (r + j);
        at->da -= inverse;
        at->db += a / (b + j) * inverse;
    }
}

static void add_likelihood(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    double r = parameter[R], alpha = parameter[ALPHA], a = parameter[A], b = parameter[B];
    double log_alpha = tsr_log(alpha);
    terms at = {0};

    for (int64_t i = 0; i < h->n; i++) {
        int32_t x = h->x[i];
        double log_t = tsr_log(alpha + h->t[i]), log_tx = log_t;
        double dead = 0, lift = 0; /* P(dead), ln(1 + odds) */
        double by_b = 0;

        advance(&at, parameter, x);
        if (x > 0) {
            log_tx = tsr_log(alpha + h->tx[i]);
            double odds = at.log_odds + (r + x) * (log_t - log_tx), small = tsr_exp(-fabs(odds));
            dead = (odds > 0 ? 1 : small) / (1 + small);
            lift = fmax(odds, 0) + tsr_log1p(small);
            by_b = dead / (b + x - 1);
        }
        double alive = 1 - dead;
        double dr = at.dr + log_alpha - alive * log_t - dead * log_tx;
        double dalpha = r / alpha - (r + x) * (alive / (alpha + h->t[i]) + dead / (alpha + h->tx[i]));

        tsr_fixed_add(&sums[0], at.value + r * log_alpha - (r + x) * log_t + lift, h->count[i]);
        tsr_fixed_add(&sums[1 + R], r * dr, h->count[i]);
        tsr_fixed_add(&sums[1 + ALPHA], alpha * dalpha, h->count[i]);
        tsr_fixed_add(&sums[1 + A], a * at.da + dead, h->count[i]);
        tsr_fixed_add(&sums[1 + B], b * (at.db - by_b), h->count[i]);
    }
}

/* The mean of p is a / (a + b). */
static bool no_dropout(const double *parameter)
{
    return parameter[A] < 1e-3 * (parameter[A] + parameter[B]);
}

static double p_alive(const double *parameter, int32_t x, double tx, double t)
{
    if (x == 0) return 1; /* by the model: only a repeat purchase can be the last */
    double log_ratio = tsr_log(parameter[ALPHA] + t) - tsr_log(parameter[ALPHA] + tx);
    return 1 / (1 + tsr_exp(log_odds_at_x(parameter, x) + (parameter[R] + x) * log_ratio));
}

static tsr_prediction predict(const double *parameter, int32_t x, double tx, double t, const double *ahead, int32_t n,
                              double *expected)
{
    double shape = parameter[R] + x, rate = parameter[ALPHA] + t;
    tsr_prediction out = {.p_alive = p_alive(parameter, x, tx, t)};

    out.p_buy = -out.p_alive * tsr_expm1(-shape * tsr_log1p(ahead[n - 1] / rate));
    tsr_dropout_mean(parameter[A], parameter[B] + x, shape, rate, ahead, n, expected);
    for (int32_t i = 0; i < n; i++) expected[i] *= out.p_alive;
    return out;
}

const tsr_purchase_model tsr_bg_nbd = {.name = "bg_nbd",
                                       .parameters = 4,
                                       .parameter_name = {"r", "alpha", "a", "b"},
                                       .is_time = {false, true, false, false},
                                       .add_likelihood = add_likelihood,
                                       .no_dropout = no_dropout,
                                       .p_alive = p_alive,
                                       .predict = predict};
