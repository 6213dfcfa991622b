#include "value/models/gamma_gamma.h"

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/models/lanes.h"

/* What depends on x alone; spends rise by x, so it is made once per distinct x. */
typedef struct terms {
    int32_t x;
    double value; /* ln [G(px+q) / (G(px) G(q))] + q ln gamma + ln x */
    double dp;    /* psi(px+q) - psi(px) */
    double dq;    /* psi(px+q) - psi(q) + ln gamma */
} terms;

static terms terms_of(const double *parameter, int32_t x)
{
    double px = parameter[TSR_SPEND_P] * x, q = parameter[TSR_SPEND_Q];
    double log_gamma = tsr_log(parameter[TSR_SPEND_GAMMA]), psi = tsr_digamma(px + q);

    return (terms){.x = x,
                   .value = tsr_lgamma(px + q) - tsr_lgamma(px) - tsr_lgamma(q) + q * log_gamma + tsr_log(x),
                   .dp = psi - tsr_digamma(px),
                   .dq = psi - tsr_digamma(q) + log_gamma};
}

/* With the total s = x z: (px-1) ln z + px ln x = px ln s - ln s + ln x. */
static void add_run(const double *parameter, const terms *at, const tsr_spends *spends, int64_t first, int32_t n,
                    tsr_fixed *sums)
{
    double p = parameter[TSR_SPEND_P], q = parameter[TSR_SPEND_Q], gamma = parameter[TSR_SPEND_GAMMA];
    double x = at->x, log_s[TSR_RUN], log_sum[TSR_RUN], term[1 + TSR_SPEND_PARAMETERS][TSR_RUN];

    for (int32_t i = 0; i < n; i++) {
        log_s[i] = spends->total[first + i];
        log_sum[i] = gamma + log_s[i];
    }
    tsr_log_block(log_s, n);
    tsr_log_block(log_sum, n);
    for (int32_t i = 0; i < n; i++) {
        term[0][i] = at->value + (p * x - 1) * log_s[i] - (p * x + q) * log_sum[i];
        term[1 + TSR_SPEND_P][i] = p * x * (at->dp + log_s[i] - log_sum[i]);
        term[1 + TSR_SPEND_Q][i] = (q - 1) * (at->dq - log_sum[i]);
        term[1 + TSR_SPEND_GAMMA][i] = q - gamma * (p * x + q) / (gamma + spends->total[first + i]);
    }
    for (int32_t k = 0; k <= TSR_SPEND_PARAMETERS; k++)
        tsr_fixed_add_block(&sums[k], term[k], spends->count + first, n);
}

void tsr_gamma_gamma_add(const double *parameter, const tsr_spends *spends, tsr_fixed *sums)
{
    terms at = {0};

    for (int64_t first = 0; first < spends->n;) {
        int32_t x = spends->x[first], n = 1;
        while (n < TSR_RUN && first + n < spends->n && spends->x[first + n] == x) n++;
        if (x != at.x) at = terms_of(parameter, x);
        add_run(parameter, &at, spends, first, n, sums);
        first += n;
    }
}

TSR_INLINE void means_at_width(const double *parameter, const int32_t *x, const double *total, int32_t n, double *mean)
{
    double p = parameter[TSR_SPEND_P], q = parameter[TSR_SPEND_Q], gamma = parameter[TSR_SPEND_GAMMA];

    for (int32_t i = 0; i < n; i++) {
        double counted = (x[i] > 0) & (total[i] > 0) ? total[i] : 0;
        mean[i] = p * (gamma + counted) / (p * x[i] + q - 1);
    }
}

TSR_AT_ALL_WIDTHS(means, (const double *parameter, const int32_t *x, const double *total, int32_t n, double *mean),
                  (parameter, x, total, n, mean))

void tsr_gamma_gamma_means(const double *parameter, const int32_t *x, const double *total, int32_t n, double *mean)
{
    means(parameter, x, total, n, mean);
}

double tsr_gamma_gamma_mean(const double *parameter, int32_t x, double total)
{
    double mean;

    means(parameter, &x, &total, 1, &mean);
    return mean;
}
