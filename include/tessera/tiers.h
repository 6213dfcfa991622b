/**
 * @file tiers.h
 * Segments by customer lifetime value alone: tiers from the top, cut at shares of the customers, at shares of the value
 * of all, or at given values. A customer is in the first tier whose least value is not above the own one.
 */
#ifndef TSR_TIERS_H
#define TSR_TIERS_H

#include "tessera/bundle.h"
#include "tessera/comm.h"
#include "tessera/job.h"

/* Values of cluster.tiers.by. */
typedef enum tsr_tiers_by { TSR_TIERS_CUSTOMERS, TSR_TIERS_VALUE, TSR_TIERS_THRESHOLDS } tsr_tiers_by;

enum { TSR_TIERS_MAX = 16 };

typedef struct tsr_tiers_params {
    int32_t by;
    tsr_texts cuts;  /* numbers; fewer than TSR_TIERS_MAX - 1 */
    tsr_texts names; /* [cuts + 1] */
    char *rest;
} tsr_tiers_params;

/* A tier that is empty is left out: its values belong to the tier below, or above where there is none below. */
typedef struct tsr_tiers {
    int32_t k;                   /* 0: no tiers */
    bool rest;                   /* the last one is who has no value */
    double least[TSR_TIERS_MAX]; /* value in the tier, currency units; -inf: the lowest of all; NaN: the rest */
    int64_t customers[TSR_TIERS_MAX];
    char name[TSR_TIERS_MAX][TSR_NAME_BYTES];
    int32_t left_out; /* tiers that were empty */
} tsr_tiers;

/** Local. Cuts that can be, and as many names? @return TSR_OK; TSR_ECONF */
tsr_status tsr_tiers_check(const tsr_tiers_params *params) TSR_NODISCARD;

/**
 * Collective. Same on all ranks: params. May differ: rows (0 is allowed).
 *
 * Shares of customers are cut at exact quantiles (type 7) of the values. Shares of value are cut at the value of the
 * first customer, from the top, with whom the sum reaches the share; sums are exact. A share of value needs values that
 * are not negative: others count as 0.
 *
 * @param value       [rows]; NaN: none
 * @param[out] label  [rows]
 * @return TSR_OK; TSR_EDATA (nobody has a value); TSR_ENOMEM
 * Cost: that of tsr_quantiles(), or 32 passes over the values with one reduction each.
 */
tsr_status tsr_tiers_fit(const tsr_comm *comm, const tsr_tiers_params *params, const float *value, int64_t rows,
                         tsr_tiers *tiers, uint16_t *label) TSR_NODISCARD;

/** Local. The tier of a value; NaN where no tier is for those without: the lowest. */
int32_t tsr_tiers_of(const tsr_tiers *tiers, float value);

/** Local. To and from /tiers/... of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_tiers_save(const tsr_tiers *tiers, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_tiers_load(const tsr_bundle *bundle, tsr_tiers *tiers) TSR_NODISCARD;

#endif
