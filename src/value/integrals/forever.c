#include "value/integrals/forever.h"

#include <math.h>

#include "tessera/maths.h"
#include "tessera/status.h"
#include "value/integrals/gauss.h"

#define NODES TSR_GAUSS_NODES

/* A panel spans this much of the integrand's decline, as a logarithm; each is twice as long as the one before, up to a
 * length beyond which e^(-interest t) changes too much in it. */
#define FIRST_DECLINE 2.0
#define LONGEST       1.6

/* e^-this is as good as zero. */
#define ENOUGH 27.0

/* One panel of v = ln(1 + t / scale), dt = scale e^v dv. */
static void place_panel(double scale, double interest, double from, double length, tsr_moments *m)
{
    TSR_ASSERT(m->n + NODES <= TSR_MOMENTS_MAX);
    for (int k = 0; k < NODES; k++) {
        double offset = k % 2 == 0 ? -tsr_gauss_node[k / 2] : tsr_gauss_node[k / 2];
        double v = from + length / 2 * (1 + offset), t = scale * tsr_expm1(v);
        m->t[m->n] = t;
        m->weight[m->n++] = tsr_gauss_weight[k / 2] * length / 2 * (t + scale) * tsr_exp(-interest * t);
    }
}

void tsr_moments_place(double scale, double power, double interest, tsr_moments *moments)
{
    double z = interest * scale, end = tsr_log1p(ENOUGH / z), step = FIRST_DECLINE / (power + z);

    moments->n = 0;
    for (double at = 0; at < end; at += step, step *= 2) {
        if (step > LONGEST) step = LONGEST;
        place_panel(scale, interest, at, fmin(step, end - at), moments);
    }
}

double tsr_discounted_survival(double power, double scale, double interest)
{
    tsr_moments m;
    double sum = 0;

    tsr_moments_place(scale, power, interest, &m);
    for (int32_t j = 0; j < m.n; j++) sum += m.weight[j] * tsr_exp(-power * tsr_log1p(m.t[j] / scale));
    return sum;
}
