/**
 * @file value_text.h
 * The value models of a job as tables for a terminal.
 */
#ifndef TSR_VALUE_TEXT_H
#define TSR_VALUE_TEXT_H

#include "tessera/status.h"

/** Local. @param value  the member `value` of segments.json, as JSON. @param[out] text  UTF-8, at most 100 columns;
 * new, tsr_free(). @return TSR_OK; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_value_text(const char *value, char **text) TSR_NODISCARD;

#endif
