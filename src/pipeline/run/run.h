/**
 * @file run.h
 * The run directory while a job works on it: its lock, its manifest run.json, and which stages are finished.
 *
 * A stage is known by a fingerprint: version, the keys of the job that it depends on, and the fingerprints of the
 * stages before it. A stage that makes a file of the run notes its fingerprint in run.json; a stage with a small result
 * keeps it as a bundle in checkpoint/ with the fingerprint inside. What carries the right fingerprint and is whole is
 * not done again. The manifest is the same on all ranks; the root writes it after each stage.
 */
#ifndef TSR_RUN_H
#define TSR_RUN_H

#include <jansson.h>

#include "pipeline/run/input.h"
#include "tessera/segment.h"

/* The folder of small results, in the run directory. */
#define TSR_CHECKPOINT "checkpoint"
#define TSR_UNFINISHED "/unfinished" /* in the checkpoint of a stage that was left in the middle */

/* In the order of the work. */
typedef enum tsr_stage {
    TSR_STAGE_FEATURES,
    TSR_STAGE_RFM,
    TSR_STAGE_VALUE,
    TSR_STAGE_WORTH, /* where features.set names features of the value model */
    TSR_STAGE_TIERS, /* segments by customer lifetime value, in place of tiles, PCA, K-means and quality */
    TSR_STAGE_SCALE,
    TSR_STAGE_TILES,
    TSR_STAGE_PCA,
    TSR_STAGE_KMEANS,
    TSR_STAGE_TSNE,
    TSR_STAGE_QUALITY,
    TSR_STAGE_CUSTOMERS,
    TSR_STAGE_PROFILE,
    TSR_STAGE_EXPLAIN,
    TSR_STAGE_MODEL,
    TSR_STAGE_SEGMENTS,
    TSR_STAGE_REPORT,
    TSR_STAGES
} tsr_stage;

typedef struct tsr_run {
    const tsr_settings *settings; /* borrowed */
    char *folder;
    int lock;                                    /* of the root; -1: none */
    json_t *manifest;                            /* run.json; the same on all ranks */
    bool wanted[TSR_STAGES];                     /* stages that belong to this job */
    char fingerprint[TSR_STAGES][65];            /* of what this job would make; empty: not wanted */
    bool done[TSR_STAGES];                       /* stages with a file: it is there, whole, and of this job */
    tsr_bundle *kept[TSR_STAGES];                /* stages with a small result: from its checkpoint; NULL: none */
    tsr_bundle *begun[TSR_STAGES];               /* where a stage was left in the middle; NULL: nowhere */
    uint8_t digest[TSR_STAGES][TSR_DIGEST_SIZE]; /* of the files that have one */
} tsr_run;

/* What came of a stage, on this rank. */
typedef struct tsr_outcome {
    int64_t rows;           /* worked through by this rank */
    const tsr_bundle *keep; /* small result for checkpoint/; NULL: none */
    const uint8_t *digest;  /* of the stage's file; NULL: none */
    json_t *facts;          /* to be noted with the stage's file; borrowed; NULL: none */
} tsr_outcome;

/**
 * Collective. Open or make the run directory, lock it, and find out what is finished.
 * @param[out] run  new; tsr_run_close()
 * @return TSR_OK; TSR_ECONF (a folder of something else, or of another job without options->redo: names the first key
 *         that differs); TSR_EIO (locked, not writable); TSR_ENOMEM
 */
tsr_status tsr_run_open(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                        const tsr_input *input, tsr_run **run) TSR_NODISCARD;
void tsr_run_close(tsr_run **run);

/** Local. Are all files of the run finished? */
bool tsr_run_finished(const tsr_run *run);

/** Local. Text of a setting of kind text or choice, as resolved ("value.model"); empty where it is null. Borrowed. */
const char *tsr_run_setting(const tsr_run *run, const char *key);

/** Local. What a finished stage noted with its file; NULL: nothing. Borrowed. */
const json_t *tsr_run_facts(const tsr_run *run, tsr_stage stage);

/** Local. Path of a stage's file in the run directory; new, tsr_free(). */
tsr_status tsr_run_path(const tsr_run *run, tsr_stage stage, char **path) TSR_NODISCARD;

/** Local. Path of a stage's small result; new, tsr_free(). */
tsr_status tsr_run_checkpoint(const tsr_run *run, tsr_stage stage, char **path) TSR_NODISCARD;

/** Collective. Bytes of a file, as the root sees it; -1: not there. */
int64_t tsr_run_file_bytes(const tsr_comm *comm, const char *path);

/**
 * Collective. Enter a stage that must be done: stop here if asked to; forget what run.json says of the stage's file.
 * @return TSR_OK; TSR_EINTR; TSR_EIO
 */
tsr_status tsr_run_begin(const tsr_comm *comm, tsr_run *run, tsr_stage stage) TSR_NODISCARD;

/**
 * Collective. Keep where a stage stands, in its checkpoint: run->begun of the next run; the stage's result takes its
 * place. @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_run_keep(const tsr_comm *comm, const tsr_run *run, tsr_stage stage,
                        const tsr_bundle *state) TSR_NODISCARD;

/**
 * Collective. Leave a stage: keep its small result, note time, rows, memory and fingerprint in run.json, say one line.
 * @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_run_end(const tsr_comm *comm, tsr_run *run, tsr_stage stage, const tsr_outcome *outcome) TSR_NODISCARD;

/** Local. The result stands: its digest and @p facts (an object whose members join the manifest) go into run.json. */
void tsr_run_conclude(tsr_run *run, json_t *facts);

/** Local. Has the result been concluded, so that only the page for people may be missing? */
bool tsr_run_concluded(const tsr_run *run);

/** Collective. All is done: write run.json for the last time and remove checkpoint/. @return TSR_OK; TSR_EIO */
tsr_status tsr_run_finish(const tsr_comm *comm, tsr_run *run) TSR_NODISCARD;

/** Collective. Write the manifest. @return TSR_OK; TSR_EIO; TSR_ENOMEM */
tsr_status tsr_run_save(const tsr_comm *comm, const tsr_run *run) TSR_NODISCARD;

/** Local. The digest of a result from those of its files, by stage. */
void tsr_run_result_digest(uint8_t digest[TSR_STAGES][TSR_DIGEST_SIZE], char hex[65]);

/** Collective. The digest of a stage's file, from its bytes. @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_run_digest_file(const tsr_comm *comm, tsr_stage stage, const char *path,
                               uint8_t digest[TSR_DIGEST_SIZE]) TSR_NODISCARD;

/** Collective. The manifest of a run directory. @param[out] manifest  new on all ranks; json_decref()
 *  @return TSR_OK; TSR_EIO (no run directory); TSR_EDATA */
tsr_status tsr_run_manifest(const tsr_comm *comm, const char *folder, json_t **manifest) TSR_NODISCARD;

#endif
