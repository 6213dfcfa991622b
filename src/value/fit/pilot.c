#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/histories/histories.h"

#define PILOT    8192
#define AT_LEAST 3 /* times as many, or a sample saves nothing */

/* How many histories stand behind one of the sample; 0: no sample. */
static uint64_t one_in(int64_t distinct)
{
    return distinct < AT_LEAST * PILOT ? 0 : (uint64_t)(distinct / PILOT);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* splitmix64, word by word. */
static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) + 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

static uint64_t mix_three(uint64_t a, uint64_t b, uint64_t c)
{
    return mix(mix(mix(0, a), b), c);
}

/* What a history, or what was spent, is: the hash of it decides. */
typedef uint64_t (*hash_of)(const void *all, int64_t i);

static uint64_t hash_of_history(const void *all, int64_t i)
{
    const tsr_histories *h = all;
    uint64_t hash = mix_three((uint64_t)h->x[i], bits_of(h->tx[i]), bits_of(h->t[i]));

    for (int32_t k = 0; k < h->covariates; k++) hash = mix(hash, (uint64_t)h->z[i * h->covariates + k]);
    return hash;
}

static uint64_t hash_of_spend(const void *all, int64_t i)
{
    const tsr_spends *s = all;

    return mix_three((uint64_t)s->x[i], bits_of(s->total[i]), 0);
}

/* Places of the chosen ones, in their order. */
typedef struct choice {
    int64_t *place; /* [n] */
    int64_t n;
} choice;

static tsr_status choose(const void *all, int64_t n, hash_of hash, uint64_t one, choice *c)
{
    tsr_status st;

    for (int64_t i = 0; i < n; i++) c->n += hash(all, i) % one == 0;
    TSR_TRY(tsr_alloc(&c->place, c->n, sizeof *c->place));
    for (int64_t i = 0, at = 0; i < n; i++)
        if (hash(all, i) % one == 0) c->place[at++] = i;
done:
    return st;
}

/* @param[out] column  new: of each chosen one `size` bytes */
static tsr_status gather(const choice *c, const void *from, size_t size, void *column)
{
    tsr_status st = tsr_alloc(column, c->n, size);

    if (st != TSR_OK) return st;
    char *to = *(void **)column;
    for (int64_t i = 0; i < c->n; i++)
        memcpy(to + (size_t)i * size, (const char *)from + (size_t)c->place[i] * size, size);
    return TSR_OK;
}

static tsr_status pick_histories(const tsr_histories *h, uint64_t one, tsr_histories *pilot)
{
    choice c = {0};
    tsr_status st;

    TSR_TRY(choose(h, h->n, hash_of_history, one, &c));
    TSR_TRY(gather(&c, h->x, sizeof *h->x, &pilot->x));
    TSR_TRY(gather(&c, h->tx, sizeof *h->tx, &pilot->tx));
    TSR_TRY(gather(&c, h->t, sizeof *h->t, &pilot->t));
    TSR_TRY(gather(&c, h->count, sizeof *h->count, &pilot->count));
    if (h->covariates > 0) TSR_TRY(gather(&c, h->z, (size_t)h->covariates * sizeof *h->z, &pilot->z));
    pilot->n = c.n;
    for (int64_t i = 0; i < c.n; i++) pilot->customers += pilot->count[i];
done:
    tsr_free(&c.place);
    return st;
}

tsr_status tsr_histories_pilot(const tsr_comm *comm, const tsr_histories *h, tsr_histories *pilot)
{
    uint64_t one = one_in(h->distinct);
    tsr_status st = TSR_OK;

    *pilot = (tsr_histories){.t_max = h->t_max, .covariates = h->covariates};
    if (one == 0) goto done;
    TSR_AGREE(comm, pick_histories(h, one, pilot));
    tsr_sum_int64(comm, &pilot->customers, 1);
done:
    return st;
}

static tsr_status pick_spends(const tsr_spends *s, uint64_t one, tsr_spends *pilot)
{
    choice c = {0};
    tsr_status st;

    TSR_TRY(choose(s, s->n, hash_of_spend, one, &c));
    TSR_TRY(gather(&c, s->x, sizeof *s->x, &pilot->x));
    TSR_TRY(gather(&c, s->total, sizeof *s->total, &pilot->total));
    TSR_TRY(gather(&c, s->count, sizeof *s->count, &pilot->count));
    pilot->n = c.n;
    for (int64_t i = 0; i < c.n; i++) pilot->customers += pilot->count[i];
done:
    tsr_free(&c.place);
    return st;
}

tsr_status tsr_spends_pilot(const tsr_comm *comm, const tsr_spends *s, tsr_spends *pilot)
{
    uint64_t one = one_in(s->distinct);
    tsr_status st = TSR_OK;

    *pilot = (tsr_spends){0};
    if (one == 0) goto done;
    TSR_AGREE(comm, pick_spends(s, one, pilot));
    tsr_sum_int64(comm, &pilot->customers, 1);
done:
    return st;
}
