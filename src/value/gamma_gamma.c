#include "value/gamma_gamma.h"

#include "tessera/maths.h"

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
void tsr_gamma_gamma_add(const double *parameter, const tsr_spends *spends, tsr_fixed *sums)
{
    double p = parameter[TSR_SPEND_P], q = parameter[TSR_SPEND_Q], gamma = parameter[TSR_SPEND_GAMMA];
    terms at = {0};

    for (int64_t i = 0; i < spends->n; i++) {
        int32_t x = spends->x[i];
        double s = spends->total[i], log_s = tsr_log(s), log_sum = tsr_log(gamma + s);

        if (x != at.x) at = terms_of(parameter, x);
        double value = at.value + (p * x - 1) * log_s - (p * x + q) * log_sum;
        double dp = x * (at.dp + log_s - log_sum), dq = at.dq - log_sum;
        double dgamma = q / gamma - (p * x + q) / (gamma + s);

        tsr_fixed_add(&sums[0], value, spends->count[i]);
        tsr_fixed_add(&sums[1 + TSR_SPEND_P], p * dp, spends->count[i]);
        tsr_fixed_add(&sums[1 + TSR_SPEND_Q], (q - 1) * dq, spends->count[i]);
        tsr_fixed_add(&sums[1 + TSR_SPEND_GAMMA], gamma * dgamma, spends->count[i]);
    }
}

double tsr_gamma_gamma_mean(const double *parameter, int32_t x, double total)
{
    double p = parameter[TSR_SPEND_P], q = parameter[TSR_SPEND_Q], gamma = parameter[TSR_SPEND_GAMMA];

    return p * (gamma + (x > 0 && total > 0 ? total : 0)) / (p * x + q - 1);
}
