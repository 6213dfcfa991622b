#include "value/lifetime.h"

#include <math.h>

#include "tessera/maths.h"
#include "value/gauss.h"

#define NODES TSR_GAUSS_NODES

/* A panel spans at most this much of the integrand's decline, as a logarithm, and of v: beyond them its polynomial
 * misses the curve. Later panels carry less and may be longer. */
#define FIRST_DECLINE 4.0
#define LONGEST       2.5

/* Below e^-this nothing is left to add. */
#define ENOUGH 42.0

/* One element's way through its panels. */
typedef struct walk {
    double m, end, at, step,
        last_log; /* min(a, b), ln(1 + range/m), v so far, next panel, -ln of the integrand there */
    int32_t element;
} walk;

typedef struct panels {
    walk walk[TSR_RUN];
    int32_t n; /* still walking */
    double length[TSR_RUN];
    double v[TSR_RUN * NODES], d[TSR_RUN * NODES], other[TSR_RUN * NODES], g[TSR_RUN * NODES];
} panels;

static void start(panels *p, tsr_lifetime *life, double power_a, double power_b, int32_t n)
{
    double end[TSR_RUN];

    for (int32_t i = 0; i < n; i++) end[i] = life->range[i] / fmin(life->a[i], life->b[i]);
    tsr_log1p_block(end, n);
    p->n = 0;
    for (int32_t i = 0; i < n; i++) {
        double m = fmin(life->a[i], life->b[i]);
        double decline = m * (power_a / life->a[i] + power_b / life->b[i]);
        life->total[i] = life->log_a[i] = life->log_b[i] = life->inverse_a[i] = life->inverse_b[i] = 0;
        if (!(end[i] > 0)) continue;
        p->walk[p->n++] = (walk){.m = m, .end = end[i], .step = FIRST_DECLINE / decline, .element = i};
    }
}

/* Nodes of the next panel of each: v, d = m (e^v - 1), ln(1 + d / max(a, b)), and the integrand times its measure. */
static void place_nodes(panels *p, const tsr_lifetime *life, double power_a, double power_b)
{
    for (int32_t i = 0; i < p->n; i++) {
        const walk *w = &p->walk[i];
        double length = fmin(fmin(w->step, LONGEST), w->end - w->at), middle = w->at + length / 2;
        p->length[i] = length;
        for (int k = 0; k < NODES / 2; k++) {
            p->v[i * NODES + 2 * k] = middle - length / 2 * tsr_gauss_node[k];
            p->v[i * NODES + 2 * k + 1] = middle + length / 2 * tsr_gauss_node[k];
        }
    }
    for (int32_t j = 0; j < p->n * NODES; j++) p->d[j] = p->v[j];
    tsr_expm1_block(p->d, (int64_t)p->n * NODES);
    for (int32_t i = 0; i < p->n; i++) {
        const walk *w = &p->walk[i];
        double inverse = 1 / fmax(life->a[w->element], life->b[w->element]);
        for (int32_t j = i * NODES; j < (i + 1) * NODES; j++) {
            p->d[j] *= w->m;
            p->other[j] = p->d[j] * inverse;
        }
    }
    tsr_log1p_block(p->other, (int64_t)p->n * NODES);
    for (int32_t i = 0; i < p->n; i++) {
        int32_t e = p->walk[i].element;
        double own = life->a[e] <= life->b[e] ? power_a : power_b,
               others = life->a[e] <= life->b[e] ? power_b : power_a;
        for (int32_t j = i * NODES; j < (i + 1) * NODES; j++) p->g[j] = p->v[j] - own * p->v[j] - others * p->other[j];
    }
    tsr_exp_block(p->g, (int64_t)p->n * NODES);
}

static void add_panel(const panels *p, int32_t i, tsr_lifetime *life)
{
    const walk *w = &p->walk[i];
    int32_t e = w->element;
    bool first = life->a[e] <= life->b[e];

    for (int32_t k = 0; k < NODES; k++) {
        int32_t j = i * NODES + k;
        double share = tsr_gauss_weight[k / 2] * p->length[i] / 2 * w->m * p->g[j];
        life->total[e] += share;
        life->log_a[e] += share * (first ? p->v[j] : p->other[j]);
        life->log_b[e] += share * (first ? p->other[j] : p->v[j]);
        life->inverse_a[e] += share / (life->a[e] + p->d[j]);
        life->inverse_b[e] += share / (life->b[e] + p->d[j]);
    }
}

/* Elements that are through leave the list; the order of the others stays. */
static void move_on(panels *p, double power_a, double power_b, const tsr_lifetime *life)
{
    int32_t left = 0;

    for (int32_t i = 0; i < p->n; i++) {
        walk w = p->walk[i];
        int32_t last = i * NODES + NODES - 1, e = w.element;
        bool first = life->a[e] <= life->b[e];
        double decline =
            (first ? power_a : power_b) * p->v[last] + (first ? power_b : power_a) * p->other[last] - p->v[last];
        w.at += p->length[i];
        w.step = 2 * p->length[i];
        if (w.at < w.end && decline <= ENOUGH) p->walk[left++] = w;
    }
    p->n = left;
}

void tsr_lifetime_integrate(tsr_lifetime *life, double power_a, double power_b, int32_t n)
{
    panels p;

    start(&p, life, power_a, power_b, n);
    while (p.n > 0) {
        place_nodes(&p, life, power_a, power_b);
        for (int32_t i = 0; i < p.n; i++) add_panel(&p, i, life);
        move_on(&p, power_a, power_b, life);
    }
    for (int32_t i = 0; i < n; i++) {
        if (!(life->total[i] > 0)) continue;
        life->log_a[i] /= life->total[i];
        life->log_b[i] /= life->total[i];
        life->inverse_a[i] /= life->total[i];
        life->inverse_b[i] /= life->total[i];
    }
}
