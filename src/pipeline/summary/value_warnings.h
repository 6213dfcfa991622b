/**
 * @file value_warnings.h
 * What people should know before they believe the value models of a run.
 */
#ifndef TSR_VALUE_WARNINGS_H
#define TSR_VALUE_WARNINGS_H

#include <jansson.h>

#include "pipeline/steps/steps.h"

/** Local. A list of sentences; new, json_decref(). */
json_t *tsr_value_warnings(const tsr_value_params *params, const tsr_worth *worth);

#endif
