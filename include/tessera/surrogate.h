/**
 * @file surrogate.h
 * A shallow tree that says which segment a customer is in, and its paths as rules: an explanation of segments that were
 * found by other means.
 *
 * Three trees are grown: for one all customers count alike when it chooses splits, for one all segments, so that small
 * ones get their rules, and one lies between. The one with the best fidelity stays: the share of all customers whom it
 * puts where they are, plus the mean of that share over segments. A leaf stands for the segment that most of its
 * customers are in; siblings that say the same are joined. Thresholds are
 * readable from the start: bins end at round numbers (tsr_bins_params.readable).
 */
#ifndef TSR_SURROGATE_H
#define TSR_SURROGATE_H

#include "tessera/bundle.h"
#include "tessera/forest.h"
#include "tessera/job.h"

#define TSR_SURROGATE_DEPTH 4 /* at most: more turns nobody keeps in mind */

typedef struct tsr_explain_params {
    int64_t depth; /* of the tree; 0: no rules */
} tsr_explain_params;

extern const tsr_key tsr_explain_keys[];

/* What a rule asks of one column: above < value <= at_most. */
typedef struct tsr_condition {
    int32_t column;
    double above, at_most; /* -inf, inf: no bound */
} tsr_condition;

typedef struct tsr_rule {
    int32_t segment;    /* that it points to */
    int32_t conditions; /* 0: all customers */
    tsr_condition condition[TSR_SURROGATE_DEPTH];
    int64_t customers; /* whom it describes */
    int64_t hits;      /* of them in the segment: precision = hits / customers, coverage = hits / size of the segment */
} tsr_rule;

typedef struct tsr_surrogate {
    int32_t k, depth, rules;
    tsr_rule *rule;    /* [rules] by segment, then by hits, most first */
    int64_t customers; /* all */
    int64_t hits;      /* in the segment that their rule says: fidelity = hits / customers */
    int64_t *size;     /* [k] customers of each segment */
    int64_t *hit;      /* [k] of them described by rules of their segment */
} tsr_surrogate;

/**
 * Collective. Same on all ranks: bins, k, depth, min_leaf.
 * @param x           features as bins, best readable ones; rules do not speak of missing values: fill them before
 * @param segment     [x->rows] 0..k-1
 * @param depth       1..TSR_SURROGATE_DEPTH
 * @param min_leaf    customers of a rule at least
 * @param[out] out    the same on all ranks; tsr_surrogate_clear()
 * @return TSR_OK; TSR_ECONF; TSR_EDATA (no customers, a segment out of range); TSR_ENOMEM
 * Cost: three trees (forest.h) and three passes over the bins.
 */
tsr_status tsr_surrogate_fit(const tsr_comm *comm, const tsr_binned *x, const int32_t *segment, int32_t k,
                             int32_t depth, int64_t min_leaf, tsr_surrogate *out) TSR_NODISCARD;

/** Local. */
void tsr_surrogate_clear(tsr_surrogate *surrogate);

/** Local. To and from /surrogate/... of a bundle. @return TSR_OK; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_surrogate_save(const tsr_surrogate *surrogate, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_surrogate_load(const tsr_bundle *bundle, tsr_surrogate *surrogate) TSR_NODISCARD;

#endif
