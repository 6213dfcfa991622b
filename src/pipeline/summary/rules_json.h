/**
 * @file rules_json.h
 * Rules of segments as segments.json has them.
 */
#ifndef TSR_RULES_JSON_H
#define TSR_RULES_JSON_H

#include "pipeline/summary/summary.h"

/**
 * Local. The rules that point to a segment, the one with most of its customers first: text, conditions (feature, above,
 * at_most, text; null: no bound), customers, precision, coverage. Shares are never nearer to 0 or 1 than min_cell
 * customers are, unless they are 0 or 1. New; empty where there are none.
 */
json_t *tsr_rules_json(const tsr_findings *findings, int32_t segment);

/** Local. The share of a segment's customers that its rules describe; null where there are no rules. New. */
json_t *tsr_rules_fidelity(const tsr_findings *findings, int32_t segment);

/** Local. The tree as a whole: depth, rules, fidelity (share of all customers in the segment that their rule says).
 *  New; null where there are no rules. */
json_t *tsr_surrogate_json(const tsr_findings *findings);

#endif
