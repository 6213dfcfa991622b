/**
 * @file radix.h
 * Order statistics of many (group, column) pairs at once, by radix selection over all ranks.
 *
 * A value's key is its 64 bits, turned so that integers sort as numbers do. Each order statistic looked for knows the
 * leading bits of its key (the prefix). A pass counts, for each distinct prefix (a slot), the keys below it by their
 * next bits; after it each prefix is that much longer. Where few keys are left below all prefixes together, the next
 * pass collects and sorts them instead.
 */
#ifndef TSR_RADIX_H
#define TSR_RADIX_H

#include <stdbool.h>

#include "tessera/quantile.h"

#define TSR_RADIX_SLOTS ((int64_t)1 << 17) /* at 2^8 counts each: 256 MiB, the most a pass may take */

/* One order statistic of one (group, column) pair. */
typedef struct tsr_radix_target {
    uint64_t prefix; /* the leading bits known; all of them once found */
    int64_t left;    /* its rank, from 0, among the keys with this prefix */
    int64_t slot;    /* where they are counted; -1: found */
} tsr_radix_target;

/* The keys of one pair that begin with one prefix. */
typedef struct tsr_radix_slot {
    uint64_t prefix;
    int64_t pair;
    int64_t keys; /* how many, on all ranks */
} tsr_radix_slot;

typedef struct tsr_radix {
    const tsr_quantile_source *source;
    int32_t cols, groups, np;
    const double *p;           /* [np] quantiles; NULL: order statistics */
    const int64_t *rank;       /* [groups][cols][np] order statistics */
    int64_t first_pair, pairs; /* of this batch; pair = group x cols + column */

    double *values; /* [cols][block_rows], one block */
    int32_t *group; /* [block_rows] */

    int known;             /* leading bits of all prefixes */
    tsr_radix_slot *slots; /* in order of (pair, prefix) */
    int64_t *slot_start;   /* [pairs + 1]: the slots of each pair */
    int64_t nslots;
    tsr_radix_target *targets; /* [pairs][np][2]: the statistics below and above each quantile */
    int64_t *counts;           /* [pairs] */
    bool counted;              /* counts are known: after the first pass */
} tsr_radix;

/** Local. Room for so many pairs at a time. @return TSR_OK; TSR_ENOMEM (tsr_radix_destroy() it all the same) */
tsr_status tsr_radix_create(tsr_radix *s, int64_t pairs) TSR_NODISCARD;
void tsr_radix_destroy(tsr_radix *s);

/**
 * Collective. The pairs of one batch, from nothing known to all found: then counts and targets hold them.
 * Same on all ranks: all but what s->source reads.
 * @param most  values on all ranks at the most
 * @return TSR_OK; TSR_ENOMEM; TSR_EBUG (the source breaks its promise); what the source returns
 */
tsr_status tsr_radix_select(const tsr_comm *comm, tsr_radix *s, int64_t most) TSR_NODISCARD;

/** Local. The place of a quantile of type 7 among count values: between floor and floor + 1. */
double tsr_radix_place(double p, int64_t count);

/** Local. Is there a value at what is asked for as number i of this pair? */
bool tsr_radix_wanted(const tsr_radix *s, int64_t pair, int32_t i);

/** Local. The value of a target that was found. */
double tsr_radix_value(const tsr_radix_target *t);

#endif
