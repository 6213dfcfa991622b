/**
 * @file ingest/mapping/policy.h
 * The rules of a job that look at more than one row: keys of sources, returns, several values of an attribute.
 */
#ifndef TSR_INGEST_POLICY_H
#define TSR_INGEST_POLICY_H

#include "ingest/settle/clean.h"
#include "tessera/ingest.h"

/** Local. Check them as they stand. @return TSR_OK; TSR_ECONF */
tsr_status tsr_policy_check(const tsr_ingest_params *params) TSR_NODISCARD;

/** Local. How records are cleaned. @param[out] key  new, [sources], what the plan borrows; tsr_free() */
tsr_status tsr_policy_plan(const tsr_ingest_params *params, uint32_t **key, tsr_clean_plan *plan) TSR_NODISCARD;

/** Local. Do they need all rows of a customer at once, so that rows cannot be added to a dataset? */
bool tsr_policy_needs_all(const tsr_ingest_params *params);

/** Local. Do two sources (or one with itself) give values of the same attribute or vector, of which the last stands? */
bool tsr_policy_share_values(const tsr_source *one, const tsr_source *other);

/** Local. The rule (tsr_reconcile_rule) by which several values of an attribute become one. */
int32_t tsr_policy_reconcile(const tsr_ingest_params *params, const char *attribute);

/** Local. Is it a field of sources of customers that is no attribute: id, time? */
bool tsr_is_customer_field(const char *name);

/** Local. Does a key use this column of transactions? */
bool tsr_policy_key_has(const tsr_ingest_params *params, int32_t column);

#endif
