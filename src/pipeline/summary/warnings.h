/**
 * @file warnings.h
 * What people should know before they believe a run: sentences in run.json, on the terminal and in the report.
 */
#ifndef TSR_WARNINGS_H
#define TSR_WARNINGS_H

#include <jansson.h>

#include "pipeline/summary/summary.h"

/** Local. One more sentence. */
void tsr_warn_of(json_t *warnings, const char *format, ...) TSR_PRINTF(2, 3);

/** Local. All that there is to warn of: a list of sentences; new, json_decref(). */
json_t *tsr_warnings_of(const tsr_findings *f);

#endif
