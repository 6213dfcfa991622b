/**
 * @file crowd.h
 * Customers drawn from a model of purchases with Gamma-Gamma spend, in weeks and in continuous time: no two histories
 * are equal, so that grouping saves nothing.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "tessera/value.h"
#include "value/histories/histories.h"

typedef struct person {
    int32_t x;
    double tx, t, total;
} person;

/* This rank's. */
typedef struct crowd {
    int64_t n;
    person *person; /* [n] */
    tsr_histories histories;
    tsr_spends spends;
    int32_t *x, *tx_days, *t_days; /* [n] whole days, for scoring, in the order of the draw: the histories are sorted */
    int64_t *cents;
    tsr_value_scores *scores; /* [n] room */
} crowd;

extern const double crowd_spending[3]; /* p, q, gamma */

/** Local. The parameters that customers of a model are drawn from [4]: those of the CDNOW sample (MBG/NBD: BG/NBD's).
 */
const double *crowd_truth(int32_t model);

/** Collective. Draw customers; the same ones on any number of ranks.
 *  @param model  bg_nbd, mbg_nbd or pareto_nbd
 *  @param[out] c  crowd_clear(), also after a failure. @return TSR_OK; TSR_ENOMEM */
tsr_status crowd_make(const tsr_comm *comm, int32_t model, uint64_t seed, int64_t customers, crowd *c) TSR_NODISCARD;

/** Local. */
void crowd_clear(crowd *c);

#endif
