#include "value/models/lifetime.h"

#include <math.h>

#include "tessera/maths.h"
#include "value/integrals/gauss.h"

#define NODES TSR_GAUSS_NODES

/* A panel spans at most this much of the integrand's decline, as a logarithm, and of v: beyond them its polynomial
 * misses the curve. Later panels carry less and may be longer. */
#define FIRST_DECLINE 4.0
#define LONGEST       2.5

/* Below e^-this nothing is left to add. */
#define ENOUGH 42.0

/* What is summed: the integral, and over it ln(1 + d/low), ln(1 + d/high), 1 / (low + d), 1 / (high + d). */
enum { TOTAL, LOG_LOW, LOG_HIGH, INVERSE_LOW, INVERSE_HIGH, SUMS };

/*
 * The elements that are on their way, each through panels of its own. Node by node, so that every loop runs over
 * elements and the compiler makes vectors of it; an element's own order of sums is that of its nodes.
 */
typedef struct panels {
    int32_t n, element[TSR_RUN];
    double low[TSR_RUN], high[TSR_RUN];             /* min(a, b) and max(a, b) */
    double power_low[TSR_RUN], power_high[TSR_RUN]; /* the powers that go with them */
    double end[TSR_RUN], at[TSR_RUN];               /* ln(1 + range/low), and how far of it is done */
    double step[TSR_RUN], length[TSR_RUN];          /* of the next panel: as it may be, and as it is */
    double sum[SUMS][TSR_RUN];
    double v[NODES][TSR_RUN], d[NODES][TSR_RUN], other[NODES][TSR_RUN], g[NODES][TSR_RUN];
} panels;

static void start(panels *p, tsr_lifetime *life, int32_t n)
{
    double end[TSR_RUN];

    for (int32_t i = 0; i < n; i++) end[i] = life->range[i] / fmin(life->a[i], life->b[i]);
    tsr_log1p_block(end, n);
    p->n = 0;
    for (int32_t i = 0; i < n; i++) {
        bool a_is_low = life->a[i] <= life->b[i];
        int32_t j = p->n;
        life->total[i] = life->log_a[i] = life->log_b[i] = life->inverse_a[i] = life->inverse_b[i] = 0;
        if (!(end[i] > 0)) continue;
        p->element[j] = i;
        p->low[j] = a_is_low ? life->a[i] : life->b[i];
        p->high[j] = a_is_low ? life->b[i] : life->a[i];
        p->power_low[j] = a_is_low ? life->power_a[i] : life->power_b[i];
        p->power_high[j] = a_is_low ? life->power_b[i] : life->power_a[i];
        p->end[j] = end[i];
        p->at[j] = 0;
        p->step[j] = FIRST_DECLINE / (p->power_low[j] + p->low[j] * p->power_high[j] / p->high[j]);
        for (int k = 0; k < SUMS; k++) p->sum[k][j] = 0;
        p->n++;
    }
}

/* A node of the next panel of each: v, d = low (e^v - 1), ln(1 + d / high), and the integrand times its measure. */
static void place_node(panels *p, int k)
{
    double offset = k % 2 == 0 ? -tsr_gauss_node[k / 2] : tsr_gauss_node[k / 2];
    double *v = p->v[k], *d = p->d[k], *other = p->other[k], *g = p->g[k];

    for (int32_t i = 0; i < p->n; i++) v[i] = d[i] = p->at[i] + p->length[i] / 2 + p->length[i] / 2 * offset;
    tsr_expm1_block(d, p->n);
    for (int32_t i = 0; i < p->n; i++) {
        d[i] *= p->low[i];
        other[i] = d[i] / p->high[i];
    }
    tsr_log1p_block(other, p->n);
    for (int32_t i = 0; i < p->n; i++) g[i] = v[i] - p->power_low[i] * v[i] - p->power_high[i] * other[i];
    tsr_exp_block(g, p->n);
}

static void add_node(panels *p, int k)
{
    const double *v = p->v[k], *d = p->d[k], *other = p->other[k], *g = p->g[k];

    for (int32_t i = 0; i < p->n; i++) {
        double share = tsr_gauss_weight[k / 2] * p->length[i] / 2 * p->low[i] * g[i];
        double low = p->low[i] + d[i], high = p->high[i] + d[i], both = share / (low * high);
        p->sum[TOTAL][i] += share;
        p->sum[LOG_LOW][i] += share * v[i];
        p->sum[LOG_HIGH][i] += share * other[i];
        p->sum[INVERSE_LOW][i] += both * high;
        p->sum[INVERSE_HIGH][i] += both * low;
    }
}

static void finish(const panels *p, int32_t i, tsr_lifetime *life)
{
    int32_t e = p->element[i];
    bool a_is_low = life->a[e] <= life->b[e];
    double total = p->sum[TOTAL][i], mean[SUMS];

    for (int k = 0; k < SUMS; k++) mean[k] = total > 0 ? p->sum[k][i] / total : 0;
    life->total[e] = total;
    life->log_a[e] = mean[a_is_low ? LOG_LOW : LOG_HIGH];
    life->log_b[e] = mean[a_is_low ? LOG_HIGH : LOG_LOW];
    life->inverse_a[e] = mean[a_is_low ? INVERSE_LOW : INVERSE_HIGH];
    life->inverse_b[e] = mean[a_is_low ? INVERSE_HIGH : INVERSE_LOW];
}

/* What element i carries on moves to place j. */
static void move(panels *p, int32_t i, int32_t j)
{
    p->element[j] = p->element[i];
    p->low[j] = p->low[i];
    p->high[j] = p->high[i];
    p->power_low[j] = p->power_low[i];
    p->power_high[j] = p->power_high[i];
    p->end[j] = p->end[i];
    p->at[j] = p->at[i] + p->length[i];
    p->step[j] = 2 * p->length[i];
    for (int k = 0; k < SUMS; k++) p->sum[k][j] = p->sum[k][i];
}

/* Elements that are through leave the list; the order of the others stays. */
static void move_on(panels *p, tsr_lifetime *life)
{
    int32_t left = 0;

    for (int32_t i = 0; i < p->n; i++) {
        double v = p->v[NODES - 1][i];
        double decline = p->power_low[i] * v + p->power_high[i] * p->other[NODES - 1][i] - v;
        if (p->at[i] + p->length[i] < p->end[i] && decline <= ENOUGH)
            move(p, i, left++);
        else
            finish(p, i, life);
    }
    p->n = left;
}

void tsr_lifetime_integrate(tsr_lifetime *life, int32_t n)
{
    panels p;

    start(&p, life, n);
    while (p.n > 0) {
        for (int32_t i = 0; i < p.n; i++) p.length[i] = fmin(fmin(p.step[i], LONGEST), p.end[i] - p.at[i]);
        for (int k = 0; k < NODES; k++) {
            place_node(&p, k);
            add_node(&p, k);
        }
        move_on(&p, life);
    }
}
