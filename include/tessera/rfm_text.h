/**
 * @file rfm_text.h
 * The RFM scores of a run as tables for a terminal: what they mean, how they are weighed, who is in which group.
 */
#ifndef TSR_RFM_TEXT_H
#define TSR_RFM_TEXT_H

#include "tessera/status.h"

/** Local. @param segments  segments.json. @param[out] text  UTF-8, at most 100 columns; new, tsr_free(); NULL where
 * the run has no RFM. @return TSR_OK; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_rfm_text(const char *segments, char **text) TSR_NODISCARD;

#endif
