/*
 * NBD: purchases at rate lambda ~ Gamma(r, alpha), and nobody ever leaves. The benchmark of the other models, which
 * become it where they find no dropout. Ehrenberg (1959), Applied Statistics 8(1) 26-41.
 */
#include <math.h>

#include "tessera/maths.h"
#include "value/histories/purchase.h"

enum { R, ALPHA };

static void add_likelihood(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    double r = parameter[R], alpha = parameter[ALPHA], log_alpha = tsr_log(alpha), value = 0, dr = 0;
    int32_t x = 0;

    for (int64_t first = 0; first < h->n;) {
        int32_t n = tsr_histories_run(h, first);
        double log_t[TSR_RUN], term[3][TSR_RUN];
        for (; x < h->x[first]; x++) {
            value += tsr_log(r + x);
            dr += 1 / (r + x);
        }
        for (int32_t i = 0; i < n; i++) log_t[i] = alpha + h->t[first + i];
        tsr_log_block(log_t, n);
        for (int32_t i = 0; i < n; i++) {
            term[0][i] = value + r * log_alpha - (r + x) * log_t[i];
            term[1 + R][i] = r * (dr + log_alpha - log_t[i]);
            term[1 + ALPHA][i] = r - (r + x) * alpha / (alpha + h->t[first + i]);
        }
        for (int32_t k = 0; k < 3; k++) tsr_fixed_add_block(&sums[k], term[k], h->count + first, n);
        first += n;
    }
}

static void p_alive(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n, double *p)
{
    (void)parameter, (void)x, (void)tx, (void)t;
    for (int32_t i = 0; i < n; i++) p[i] = 1;
}

static double predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected)
{
    double shape = parameter[R] + x, rate = parameter[ALPHA] + t;

    for (int32_t i = 0; i < n; i++) expected[i] = shape / rate * ahead[i];
    return -tsr_expm1(-shape * tsr_log1p(ahead[n - 1] / rate));
}

static double residual(const double *parameter, int32_t x, double t, double interest)
{
    return (parameter[R] + x) / (parameter[ALPHA] + t) / interest;
}

void tsr_nbd_count(double r, double alpha, double t, int32_t n, double *p)
{
    double term = tsr_exp(-r * tsr_log1p(t / alpha)), share = t / (alpha + t);

    for (int32_t k = 0; k < n; k++) {
        p[k] = term;
        term *= share * (r + k) / (k + 1);
    }
}

static void count(const double *parameter, double t, int32_t n, double *p)
{
    tsr_nbd_count(parameter[R], parameter[ALPHA], t, n, p);
}

const tsr_purchase_model tsr_nbd = {.name = "nbd",
                                    .parameters = 2,
                                    .parameter_name = {"r", "alpha"},
                                    .is_time = {false, true},
                                    .effects = 1,
                                    .effect_name = {"purchase_rate"},
                                    .effect = {{ALPHA, -1}},
                                    .add_likelihood = add_likelihood,
                                    .p_alive = p_alive,
                                    .predict = predict,
                                    .residual = residual,
                                    .count = count};
