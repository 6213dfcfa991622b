/**
 * @file value_json.h
 * The member `value` of segments.json: fits, candidates, holdout.
 */
#ifndef TSR_VALUE_JSON_H
#define TSR_VALUE_JSON_H

#include "pipeline/summary/summary.h"

/** Local. New; small cells of the check-up are masked. @param profile  with the totals of the customers; NULL: none */
json_t *tsr_value_json(const tsr_settings *settings, const tsr_worth *worth, const tsr_profile *profile);

#endif
