/**
 * @file value_json.h
 * The member `value` of segments.json: fits, candidates, holdout.
 */
#ifndef TSR_VALUE_JSON_H
#define TSR_VALUE_JSON_H

#include "pipeline/summary.h"

/** Local. New; NULL-safe to put into an object (a failure of memory shows there). */
json_t *tsr_value_json(const tsr_findings *findings);

#endif
