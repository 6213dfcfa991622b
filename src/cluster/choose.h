/**
 * @file choose.h
 * Starting centroids and k, from fits on a sample that every rank holds: small tasks dealt over ranks.
 */
#ifndef TSR_CHOOSE_H
#define TSR_CHOOSE_H

#include "tessera/kmeans.h"

typedef struct tsr_choice {
    int32_t k;
    float *centroid;      /* [k][cols] in steps */
    int64_t sample_rows;  /* 0: a given start */
    int32_t candidates_n; /* 0 where there was nothing to choose */
    tsr_candidate *candidate;
    int32_t vote[TSR_CRITERIA]; /* 0: undefined */
} tsr_choice;

/**
 * Collective. For each k of [low, high] the best of params->restarts fits; then the k that `choose` names.
 * Same on all ranks: everything.
 * @param[out] choice  filled; tsr_choice_clear()
 * @return TSR_OK; TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_choose(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, tsr_isa isa,
                      const tsr_tiles *sample, int32_t low, int32_t high, tsr_choice *choice) TSR_NODISCARD;
void tsr_choice_clear(tsr_choice *choice);

/**
 * Local. To and from a checkpoint of the fit that follows, without the centroids: those of the fit stand in for them.
 * @param[out] choice  filled, its centroids 0; tsr_choice_clear()
 */
tsr_status tsr_choice_save(const tsr_choice *choice, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_choice_load(const tsr_bundle *bundle, int32_t cols, tsr_choice *choice) TSR_NODISCARD;

#endif
