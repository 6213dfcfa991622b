#include "crowd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"
#include "tessera/rows.h"

#define WEEK 7

const double crowd_spending[3] = {6.25, 3.74, 15.44};

const double *crowd_truth(int32_t model)
{
    static const double bg[4] = {.243, 4.414, .793, 2.426}, pareto[4] = {.553, 10.578, .606, 11.669};

    return model == TSR_VALUE_PARETO_NBD ? pareto : bg;
}

/* A customer of whom purchases can be the last: each with the probability p, or time itself ends it. */
typedef struct fate {
    double p, end;
    bool at_once; /* the first purchase too */
} fate;

static fate draw_fate(int32_t model, tsr_rng *rng)
{
    const double *truth = crowd_truth(model);

    if (model == TSR_VALUE_PARETO_NBD)
        return (fate){.end = tsr_rng_exponential(rng) / (tsr_rng_gamma(rng, truth[2]) / truth[3])};
    return (fate){.p = tsr_rng_beta(rng, truth[2], truth[3]), .end = INFINITY, .at_once = model == TSR_VALUE_MBG_NBD};
}

static person draw(int32_t model, uint64_t seed, uint64_t key)
{
    const double *truth = crowd_truth(model);
    tsr_rng rng = {.seed = seed, .key = key, .stream = TSR_STREAM_SYNTH};
    person p = {.t = 26 + 52 * tsr_rng_open(&rng)};
    double rate = tsr_rng_gamma(&rng, truth[0]) / truth[1];
    fate end = draw_fate(model, &rng);
    double scale = tsr_rng_gamma(&rng, crowd_spending[1]) / crowd_spending[2], at = 0;

    if (end.at_once && tsr_rng_open(&rng) < end.p) return p;
    for (;;) {
        at += tsr_rng_exponential(&rng) / rate;
        if (!(at < p.t && at < end.end)) return p;
        p.x++;
        p.tx = at;
        p.total += tsr_rng_gamma(&rng, crowd_spending[0]) / scale;
        if (end.p > 0 && tsr_rng_open(&rng) < end.p) return p;
    }
}

static int by_history(const void *left, const void *right)
{
    const person *a = left, *b = right;

    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    if (a->tx != b->tx) return a->tx < b->tx ? -1 : 1;
    return (a->t > b->t) - (a->t < b->t);
}

static tsr_status make_columns(crowd *c)
{
    tsr_histories *h = &c->histories;
    tsr_spends *s = &c->spends;
    tsr_status st;

    TSR_TRY(tsr_alloc(&h->x, c->n, sizeof *h->x));
    TSR_TRY(tsr_alloc(&h->tx, c->n, sizeof *h->tx));
    TSR_TRY(tsr_alloc(&h->t, c->n, sizeof *h->t));
    TSR_TRY(tsr_alloc(&h->count, c->n, sizeof *h->count));
    TSR_TRY(tsr_alloc(&s->x, c->n, sizeof *s->x));
    TSR_TRY(tsr_alloc(&s->total, c->n, sizeof *s->total));
    TSR_TRY(tsr_alloc(&s->count, c->n, sizeof *s->count));
    TSR_TRY(tsr_alloc(&c->x, c->n, sizeof *c->x));
    TSR_TRY(tsr_alloc(&c->tx_days, c->n, sizeof *c->tx_days));
    TSR_TRY(tsr_alloc(&c->t_days, c->n, sizeof *c->t_days));
    TSR_TRY(tsr_alloc(&c->cents, c->n, sizeof *c->cents));
    TSR_TRY(tsr_alloc(&c->scores, c->n, sizeof *c->scores));
done:
    return st;
}

/* As the program would find them: in no order that a scorer could profit from. */
static void fill_scored(crowd *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        const person *p = &c->person[i];
        c->x[i] = p->x;
        c->tx_days[i] = (int32_t)(p->tx * WEEK) + (p->x > 0);
        c->t_days[i] = (int32_t)(p->t * WEEK) + 1;
        c->cents[i] = (int64_t)(p->total * 100);
    }
    memset(c->scores, 0, (size_t)c->n * sizeof *c->scores); /* memory that is there before anybody measures */
}

static void fill_fitted(crowd *c)
{
    tsr_histories *h = &c->histories;
    tsr_spends *s = &c->spends;

    for (int64_t i = 0; i < c->n; i++) {
        const person *p = &c->person[i];
        h->x[i] = p->x;
        h->tx[i] = p->tx;
        h->t[i] = p->t;
        h->count[i] = 1;
        if (p->x == 0) continue;
        s->x[s->n] = p->x;
        s->total[s->n] = p->total;
        s->count[s->n++] = 1;
    }
    h->n = c->n;
}

/* Collective. What the reader of features.h5 would know. */
static void add_up(const tsr_comm *comm, crowd *c)
{
    tsr_histories *h = &c->histories;
    int64_t sums[] = {h->n, c->spends.n};

    for (int64_t i = 0; i < h->n; i++) h->t_max = fmax(h->t_max, h->t[i]);
    tsr_sum_int64(comm, sums, 2);
    tsr_max_double(comm, &h->t_max, 1);
    h->customers = h->distinct = sums[0];
    h->repeat = c->spends.customers = c->spends.distinct = sums[1];
}

tsr_status crowd_make(const tsr_comm *comm, int32_t model, uint64_t seed, int64_t customers, crowd *c)
{
    tsr_span span = tsr_span_even(customers, 1, comm->rank, comm->size);
    tsr_status st;

    *c = (crowd){.n = span.rows};
    TSR_AGREE(comm, tsr_alloc(&c->person, c->n, sizeof *c->person));
    for (int64_t i = 0; i < c->n; i++) c->person[i] = draw(model, seed, (uint64_t)(span.first + i));
    TSR_AGREE(comm, make_columns(c));
    fill_scored(c);
    qsort(c->person, (size_t)c->n, sizeof *c->person, by_history);
    fill_fitted(c);
    add_up(comm, c);
done:
    return st;
}

void crowd_clear(crowd *c)
{
    tsr_free(&c->scores);
    tsr_free(&c->cents);
    tsr_free(&c->t_days);
    tsr_free(&c->tx_days);
    tsr_free(&c->x);
    tsr_spends_clear(&c->spends);
    tsr_histories_clear(&c->histories);
    tsr_free(&c->person);
}
