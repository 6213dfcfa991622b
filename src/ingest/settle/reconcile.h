/**
 * @file ingest/settle/reconcile.h
 * Several values of one attribute of one customer become one, by the rule of the attribute. The result depends on the
 * values, their times and their sources alone.
 */
#ifndef TSR_INGEST_RECONCILE_H
#define TSR_INGEST_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

/* A value and where it comes from. */
typedef struct tsr_candidate {
    uint32_t bits; /* of a float, or of a code */
    uint32_t time; /* of its row; 0: not said */
    int32_t source;
} tsr_candidate;

/**
 * Local. The value that stands, as bits. Ties are settled by what the other rules look at, then by the smallest value
 * (text by bytes).
 * @param rule  tsr_reconcile_rule, not LAST: LATEST by time, PRIORITY by the order of sources in the job, MOST_FREQUENT
 * @param all  [n], n > 0; its order changes
 */
uint32_t tsr_reconcile(int32_t rule, bool categorical, tsr_candidate *all, int64_t n);

#endif
