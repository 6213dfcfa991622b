/**
 * @file value_job.h
 * The value models of a job alone: fit, compare and validate, without segments.
 */
#ifndef TSR_VALUE_JOB_H
#define TSR_VALUE_JOB_H

#include "tessera/segment.h"

/**
 * Collective. Features and value models of a job, in its run directory, where the main job finds them finished.
 * @param validate    the holdout is wanted: value.calibration_end must be set
 * @param[out] text   JSON as the member `value` of segments.json, with the currency; the same on all ranks; new,
 *                    tsr_free()
 * @return TSR_OK; TSR_ECONF (no dataset, no model, no calibration_end); as tsr_segment()
 */
tsr_status tsr_value_job(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                         bool validate, char **text) TSR_NODISCARD;

#endif
