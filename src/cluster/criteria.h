/**
 * @file criteria.h
 * Criteria for k that need fits of their own: gap statistic and stability, on the first rows of the sample.
 */
#ifndef TSR_CRITERIA_H
#define TSR_CRITERIA_H

#include "tessera/kmeans.h"

/* What they are computed from; the same on all ranks. */
typedef struct tsr_criteria_input {
    const tsr_cluster_params *params;
    uint64_t seed;
    tsr_isa isa;
    const tsr_tiles *sample;
    int32_t low, high;            /* candidates */
    const float *const *centroid; /* [high - low + 1] of the fit for each k, [k][cols] */
} tsr_criteria_input;

/**
 * Collective. Gap statistic (Tibshirani, Walther & Hastie, 2001): by how much log(inertia) lies below that of customers
 * who are uniform in the box of the sample. Undefined where the inertia of the data or of a reference is 0.
 * @param[in,out] candidate  [high - low + 1] gap and gap_error are set; NaN with gap_references 0
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 * Cost: (gap_references + 1) x (high - low + 1) tasks dealt over ranks.
 */
tsr_status tsr_gap(const tsr_comm *comm, const tsr_criteria_input *in, tsr_candidate *candidate) TSR_NODISCARD;

/**
 * Collective. Stability: fits on pairs of half-samples label all rows; adjusted Rand index of the two labellings, and
 * how well each finds the segments of the fit on the whole sample again. A half is drawn by (seed, pair, row).
 * @param[in,out] candidate  [high - low + 1] stability, stability_sd and jaccard are set; NaN with stability_pairs 0
 * @param[out] jaccard       [high - low + 1][high] mean Jaccard index of each segment; NaN: it has no rows here
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 * Cost: stability_pairs x (high - low + 1) tasks dealt over ranks.
 */
tsr_status tsr_stability(const tsr_comm *comm, const tsr_criteria_input *in, tsr_candidate *candidate,
                         double *jaccard) TSR_NODISCARD;

/**
 * Collective. As tsr_stability(), of the segments that a fit on all rows found, whatever it started from.
 * Same on all ranks: all but tiles.
 * @param centroid      [k][cols] that labels are found with, in steps
 * @param[out] jaccard  new, [k]; tsr_free(); NULL with stability_pairs 0, and for more segments than half-samples can
 * tell anything about (a sixteenth of sample_criteria)
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 * Cost: a sample of sample_criteria rows, stability_pairs tasks dealt over ranks.
 */
tsr_status tsr_segment_stability(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                                 const tsr_tiles *tiles, const float *centroid, int32_t k,
                                 double **jaccard) TSR_NODISCARD;

#endif
