/**
 * @file summary.h
 * What is known at the end of a run, gathered: the model (model.h5), the aggregates (segments.json), and what run.json
 * says beside the stages.
 */
#ifndef TSR_SUMMARY_H
#define TSR_SUMMARY_H

#include "pipeline/profile/advice.h"
#include "pipeline/profile/profile.h"
#include "pipeline/steps/steps.h"
#include "pipeline/summary/maps.h"
#include "pipeline/summary/tsne_map.h"

/* All results of a run but the rows of customers; borrowed. */
typedef struct tsr_findings {
    const tsr_run *run;
    const tsr_input *input;
    const tsr_features_info *info;
    const tsr_embedding_bases *bases;
    const tsr_scaler *scaler;
    const tsr_pca *pca; /* NULL: none */
    const tsr_segmentation *segmentation;
    const tsr_quality *quality;
    const tsr_rfm *rfm;     /* groups = 0: none */
    const tsr_worth *worth; /* not fitted: none */
    const tsr_profile *profile;
    const tsr_surrogate *surrogate; /* rules = 0: none */
    const tsr_maps *maps;
    const tsr_tsne *tsne; /* rows = 0: none */
    const tsr_tsne_map *plane;
    const tsr_advice *advice;
} tsr_findings;

/** Local. All that scoring and drift need (DESIGN section 5). @param[out] model  new; tsr_bundle_destroy() */
tsr_status tsr_summary_model(const tsr_findings *findings, tsr_bundle **model) TSR_NODISCARD;

/** Local. segments.json, small cells masked. @param[out] text  new; tsr_free() */
tsr_status tsr_summary_segments(const tsr_findings *findings, char **text) TSR_NODISCARD;

/** Local. What run.json says beside its stages: cluster, counts, warnings. @param[out] facts  new; json_decref() */
tsr_status tsr_summary_facts(const tsr_findings *findings, json_t **facts) TSR_NODISCARD;

#endif
