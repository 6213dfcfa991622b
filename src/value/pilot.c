#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/histories.h"

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

static bool history_is_chosen(const tsr_histories *h, int64_t i, uint64_t one)
{
    uint64_t hash = mix_three((uint64_t)h->x[i], bits_of(h->tx[i]), bits_of(h->t[i]));

    for (int32_t k = 0; k < h->covariates; k++) hash = mix(hash, (uint64_t)h->z[i * h->covariates + k]);
    return hash % one == 0;
}

static tsr_status pick_histories(const tsr_histories *h, uint64_t one, tsr_histories *pilot)
{
    int64_t n = 0;
    tsr_status st;

    for (int64_t i = 0; i < h->n; i++) n += history_is_chosen(h, i, one);
    TSR_TRY(tsr_alloc(&pilot->x, n, sizeof *pilot->x));
    TSR_TRY(tsr_alloc(&pilot->tx, n, sizeof *pilot->tx));
    TSR_TRY(tsr_alloc(&pilot->t, n, sizeof *pilot->t));
    TSR_TRY(tsr_alloc(&pilot->count, n, sizeof *pilot->count));
    TSR_TRY(tsr_alloc(&pilot->z, n * h->covariates, sizeof *pilot->z));
    for (int64_t i = 0; i < h->n; i++) {
        if (!history_is_chosen(h, i, one)) continue;
        for (int32_t k = 0; k < h->covariates; k++)
            pilot->z[pilot->n * h->covariates + k] = h->z[i * h->covariates + k];
        pilot->x[pilot->n] = h->x[i];
        pilot->tx[pilot->n] = h->tx[i];
        pilot->t[pilot->n] = h->t[i];
        pilot->count[pilot->n++] = h->count[i];
        pilot->customers += h->count[i];
    }
done:
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

static bool spend_is_chosen(const tsr_spends *s, int64_t i, uint64_t one)
{
    return mix_three((uint64_t)s->x[i], bits_of(s->total[i]), 0) % one == 0;
}

static tsr_status pick_spends(const tsr_spends *s, uint64_t one, tsr_spends *pilot)
{
    int64_t n = 0;
    tsr_status st;

    for (int64_t i = 0; i < s->n; i++) n += spend_is_chosen(s, i, one);
    TSR_TRY(tsr_alloc(&pilot->x, n, sizeof *pilot->x));
    TSR_TRY(tsr_alloc(&pilot->total, n, sizeof *pilot->total));
    TSR_TRY(tsr_alloc(&pilot->count, n, sizeof *pilot->count));
    for (int64_t i = 0; i < s->n; i++) {
        if (!spend_is_chosen(s, i, one)) continue;
        pilot->x[pilot->n] = s->x[i];
        pilot->total[pilot->n] = s->total[i];
        pilot->count[pilot->n++] = s->count[i];
        pilot->customers += s->count[i];
    }
done:
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
