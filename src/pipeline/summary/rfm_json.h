/**
 * @file rfm_json.h
 * The member `rfm` of segments.json: rule, thresholds, scores, groups, weights.
 */
#ifndef TSR_RFM_JSON_H
#define TSR_RFM_JSON_H

#include <jansson.h>

#include "tessera/rfm.h"

/** Local. New. Thresholds within a class of fewer than @p min_cell customers are null; counts are not masked yet. */
json_t *tsr_rfm_json(const tsr_rfm *rfm, long min_cell);

/** Local. Groups that nobody is in, as "A, B"; cut short where they do not fit. Returns how many there are. */
int32_t tsr_rfm_empty_groups(const tsr_rfm *rfm, char *text, size_t bytes);

#endif
