/**
 * @file segment.h
 * The main job: dataset -> run directory (DESIGN section 5). Rerun is resume.
 */
#ifndef TSR_SEGMENT_H
#define TSR_SEGMENT_H

#include "tessera/settings.h"

typedef struct tsr_segment_options {
    bool redo;         /* a changed job computes again from the first stage that it affects */
    const char *build; /* JSON text with facts of the build, for run.json; may be NULL */
} tsr_segment_options;

/**
 * Collective. Run all stages and write the run directory settings->run.output. Finished stages are skipped.
 * @param[out] already  everything was finished before; may be NULL
 * @return TSR_OK; TSR_ECONF (another job's directory: names the first key that differs); TSR_EDATA; TSR_EIO;
 *         TSR_ENOMEM; TSR_EINTR (checkpoint kept)
 */
tsr_status tsr_segment(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                       bool *already) TSR_NODISCARD;

/** Collective. The result digest of a run directory as kept in run.json (64 hex digits and a zero). */
tsr_status tsr_run_digest(const tsr_comm *comm, const char *folder, char hex[65]) TSR_NODISCARD;

/** Collective. Compute the digest again from the files and compare. @return TSR_OK; TSR_EDATA (names the file) */
tsr_status tsr_run_verify(const tsr_comm *comm, const char *folder) TSR_NODISCARD;

/** Collective. Draw report.html again from segments.json and run.json. */
tsr_status tsr_run_report(const tsr_comm *comm, const char *folder) TSR_NODISCARD;

#endif
