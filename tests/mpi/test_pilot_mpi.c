#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/rng.h"
#include "tessera/rows.h"
#include "value/fit/fit.h"

enum { CUSTOMERS = 26000 }; /* more than three samples: a search finds its way on one */

/* Customers in continuous time: no two histories are equal. Those of this rank are every size-th one. */
typedef struct crowd {
    int32_t x[CUSTOMERS], spend_x[CUSTOMERS];
    double tx[CUSTOMERS], t[CUSTOMERS], total[CUSTOMERS];
    int64_t count[CUSTOMERS];
    tsr_histories histories;
    tsr_spends spends;
} crowd;

static crowd whole, own;

typedef struct person {
    int32_t x;
    double tx, t, total;
} person;

static person draw(uint64_t key)
{
    tsr_rng rng = {.seed = 3, .key = key, .stream = TSR_STREAM_SYNTH};
    person p = {.t = 26 + 52 * tsr_rng_open(&rng)};
    double rate = tsr_rng_gamma(&rng, .243) / 4.414, dropout = tsr_rng_beta(&rng, .793, 2.426);
    double scale = tsr_rng_gamma(&rng, 3.74) / 15.44, at = 0;

    for (;;) {
        at += tsr_rng_exponential(&rng) / rate;
        if (!(at < p.t)) return p;
        p.x++;
        p.tx = at;
        p.total += tsr_rng_gamma(&rng, 6.25) / scale;
        if (tsr_rng_open(&rng) < dropout) return p;
    }
}

static int by_x(const void *left, const void *right)
{
    const person *a = left, *b = right;

    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->tx > b->tx) - (a->tx < b->tx);
}

/* @param distinct  as many as a fit is told of: of few it takes no sample */
static void take(const person *all, int rank, int size, int64_t distinct, crowd *c)
{
    tsr_histories *h = &c->histories;
    tsr_spends *s = &c->spends;

    *h = (tsr_histories){.x = c->x, .tx = c->tx, .t = c->t, .count = c->count, .customers = CUSTOMERS};
    *s = (tsr_spends){.x = c->spend_x, .total = c->total, .count = c->count};
    h->distinct = s->distinct = distinct;
    for (int i = 0; i < CUSTOMERS; i++) {
        const person *p = &all[i];
        h->repeat += p->x > 0;
        h->t_max = fmax(h->t_max, p->t);
        if (i % size != rank) continue;
        c->count[h->n] = 1;
        c->x[h->n] = p->x;
        c->tx[h->n] = p->tx;
        c->t[h->n++] = p->t;
        if (p->x == 0) continue;
        c->spend_x[s->n] = p->x;
        c->total[s->n++] = p->total;
    }
    s->customers = h->repeat;
}

static tsr_status fit(const tsr_comm *comm, int32_t model, const crowd *c, tsr_value_model *m)
{
    tsr_status st;

    *m = (tsr_value_model){.model = model, .time_unit = TSR_UNIT_WEEK};
    TSR_TRY(tsr_purchases_fit(comm, &c->histories, m));
    st = tsr_spend_fit(comm, &c->spends, m);
done:
    return st;
}

static bool same_fit(const tsr_value_model *a, const tsr_value_model *b, double tolerance)
{
    bool same = a->converged && b->converged && a->has_errors && b->has_errors;

    for (int i = 0; i < 4; i++)
        same = same && fabs(a->parameter[i] / b->parameter[i] - 1) <= tolerance &&
               fabs(tsr_value_error(a, i) / tsr_value_error(b, i) - 1) <= tolerance;
    for (int i = 0; i < 3; i++)
        same = same && fabs(a->spend[i] / b->spend[i] - 1) <= tolerance &&
               fabs(tsr_value_spend_error(a, i) / tsr_value_spend_error(b, i) - 1) <= tolerance;
    return same;
}

static void fit_that_begins_on_a_sample_ends_where_others_do(void **state)
{
    static person all[CUSTOMERS];
    const int32_t models[] = {TSR_VALUE_BG_NBD, TSR_VALUE_PARETO_NBD};
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);

    for (uint64_t i = 0; i < CUSTOMERS; i++) all[i] = draw(i);
    qsort(all, CUSTOMERS, sizeof all[0], by_x);
    for (int k = 0; k < 2; k++) {
        tsr_value_model sampled, without, alone;
        take(all, comm->rank, comm->size, CUSTOMERS, &own);
        CHECK_ALL(comm, fit(comm, models[k], &own, &sampled) == TSR_OK);
        take(all, 0, 1, CUSTOMERS, &whole);
        CHECK_ALL(comm, fit(&self, models[k], &whole, &alone) == TSR_OK);
        CHECK_ALL(comm, memcmp(sampled.parameter, alone.parameter, sizeof alone.parameter) == 0 &&
                            memcmp(sampled.covariance, alone.covariance, sizeof alone.covariance) == 0 &&
                            memcmp(sampled.spend, alone.spend, sizeof alone.spend) == 0);
        take(all, comm->rank, comm->size, 1, &own);
        CHECK_ALL(comm, fit(comm, models[k], &own, &without) == TSR_OK);
        CHECK_ALL(comm, sampled.evaluations < without.evaluations);
        CHECK_ALL(comm, same_fit(&sampled, &without, 2e-4));
    }
    tsr_comm_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fit_that_begins_on_a_sample_ends_where_others_do)};
    return RUN_MPI_TESTS(tests);
}
