/**
 * @file segments.h
 * segments.json as bytes: sorted keys, %.17g, small cells masked.
 */
#ifndef TSR_SEGMENTS_H
#define TSR_SEGMENTS_H

#include "tessera/status.h"

struct json_t;

/** Local. Canonical text of a JSON value (sorted keys, two blanks, numbers that read back to the same bits). New. */
tsr_status tsr_json_text(const struct json_t *json, char **text) TSR_NODISCARD;

/** Local. Put null in place of every figure about fewer than @p min_cell customers, in the tree of segments.json, with
 *  secondary suppression where one masked cell could be found from a total. */
tsr_status tsr_segments_mask(struct json_t *segments, long min_cell) TSR_NODISCARD;

#endif
