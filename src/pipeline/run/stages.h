/**
 * @file stages.h
 * What a run knows of its stages: names, files, and what each one depends on.
 */
#ifndef TSR_STAGES_H
#define TSR_STAGES_H

#include "pipeline/run/run.h"

/** Local. The name of a stage in run.json, messages and TSR_FAULT. */
const char *tsr_stage_name(tsr_stage stage);

/** Local. The file that the stage makes in the run directory; NULL: none. */
const char *tsr_stage_file(tsr_stage stage);

/** Local. Does the stage keep a small result in checkpoint/? */
bool tsr_stage_keeps(tsr_stage stage);

/**
 * Local. Which stages belong to a job. @return TSR_OK; TSR_ECONF (features that cannot be, or without a value model
 * that they need); TSR_ENOMEM
 */
tsr_status tsr_stages_wanted(const tsr_settings *settings, const tsr_input *input,
                             bool wanted[TSR_STAGES]) TSR_NODISCARD;

/**
 * Local. The fingerprints of all stages of a job.
 * @param echo    of the job, as tsr_job_echo() gives it
 * @param wanted  the others have no fingerprint
 * @return TSR_OK; TSR_ENOMEM; TSR_EBUG
 */
tsr_status tsr_stage_fingerprints(const json_t *echo, const tsr_input *input, const bool wanted[TSR_STAGES],
                                  char fingerprint[TSR_STAGES][65]) TSR_NODISCARD;

#endif
