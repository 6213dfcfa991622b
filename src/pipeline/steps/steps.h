/**
 * @file steps.h
 * The steps of the main job: each one does its stage, or takes its result from where an earlier run left it.
 *
 * All are collective and leave the same result whether they worked or remembered.
 */
#ifndef TSR_STEPS_H
#define TSR_STEPS_H

#include "pipeline/run/population.h"
#include "pipeline/run/run.h"
#include "pipeline/steps/embeddings.h"
#include "tessera/checkup.h"
#include "tessera/quality.h"
#include "tessera/scale.h"
#include "tessera/surrogate.h"
#include "tessera/tracking.h"
#include "tessera/tsne.h"

/** Collective. Raw features -> features.h5. @param[out] bases  of embeddings, where features or the model are still to
 * be made; tsr_embeddings_clear(), also after a failure. @return TSR_OK; what tsr_features_run() returns; TSR_EINTR;
 * TSR_EIO */
tsr_status tsr_step_features(const tsr_comm *comm, tsr_run *run, const tsr_input *input, tsr_features_info *info,
                             tsr_embedding_bases *bases) TSR_NODISCARD;

/** Collective. @param[out] scaler  new; tsr_scaler_destroy(). @return TSR_OK; what tsr_scale_fit() returns; TSR_EINTR
 */
tsr_status tsr_step_scale(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                          tsr_scaler **scaler) TSR_NODISCARD;

/**
 * Collective. Features -> tiles. Where all that comes from tiles is finished there is nothing to do.
 * @param[in,out] scaler  its counts of clipped values are set
 * @param[out]    tiles   new; NULL where nobody needs them
 */
tsr_status tsr_step_tiles(const tsr_comm *comm, tsr_run *run, tsr_scaler *scaler, const tsr_population *population,
                          tsr_tiles **tiles) TSR_NODISCARD;

/** Collective. @param[out] pca, scores  new; NULL with reduce.method none; scores NULL where tiles are */
tsr_status tsr_step_pca(const tsr_comm *comm, tsr_run *run, const tsr_tiles *tiles, tsr_pca **pca,
                        tsr_tiles **scores) TSR_NODISCARD;

/**
 * Collective. Give the space its weights, where the job names a column of them and something is still to be learned
 * from them. @return TSR_OK; what tsr_values_read() and tsr_weights_attach() return
 */
tsr_status tsr_step_weights(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                            tsr_tiles *space) TSR_NODISCARD;

/** Collective. Leaves tsne->rows = 0 with tsne.sample 0. @param space  what is clustered; NULL where the stage is
 *  finished. @param[out] tsne  tsr_tsne_clear(). @return TSR_OK; what tsr_tsne_run() returns; TSR_EIO */
tsr_status tsr_step_tsne(const tsr_comm *comm, tsr_run *run, const tsr_tiles *space, tsr_tsne *tsne) TSR_NODISCARD;

/* Segments found, numbered by revenue per customer (largest first), or by size where there is no money; tiers from the
 * top down. */
typedef struct tsr_segmentation {
    int32_t k;
    tsr_kmeans *model; /* in segment order; owned; NULL: tiers */
    tsr_tiers tiers;   /* k = 0: K-means */
    uint16_t *label;   /* [rows] segment of each customer, by slot; owned; NULL where nobody needs it */
} tsr_segmentation;

/** Collective. @param space  what is clustered; NULL where labels are not needed. @param pca  NULL: none */
tsr_status tsr_step_kmeans(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_scaler *scaler,
                           const tsr_pca *pca, const tsr_tiles *space, tsr_segmentation *segmentation) TSR_NODISCARD;
void tsr_segmentation_clear(tsr_segmentation *segmentation);

/** Collective. @param[out] quality  tsr_quality_clear() */
tsr_status tsr_step_quality(const tsr_comm *comm, tsr_run *run, const tsr_input *input,
                            const tsr_population *population, const tsr_tiles *space,
                            const tsr_segmentation *segmentation, tsr_quality *quality) TSR_NODISCARD;

/** Collective. Leaves rfm->groups = 0 where there is no money. */
tsr_status tsr_step_rfm(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                        const tsr_features_info *info, tsr_rfm *rfm) TSR_NODISCARD;

/* The value model, and what the calibration fit came to. */
typedef struct tsr_worth {
    bool fitted, validated;
    tsr_value_model model;
    tsr_validation validation;
    int64_t without;       /* customers without a purchase that counts: the models leave them out */
    double cohort_ratio;   /* customers new in the first weeks against later; NaN: unknown */
    tsr_checkup checkup;   /* where validated */
    tsr_tracking tracking; /* where validated by days and without covariates; else no periods */
    tsr_value_candidate candidate[TSR_VALUE_MODELS]; /* all that were fitted; the chosen one is `model` */
    int32_t candidates;
} tsr_worth;

/** Collective. Leaves worth->fitted = false with value.model none or where there is no money. */
tsr_status tsr_step_value(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_population *population,
                          const tsr_features_info *info, tsr_worth *worth) TSR_NODISCARD;

/** Collective. Features that the value model gives -> worth.h5, where the job asks for some. @return TSR_OK; TSR_EIO;
 *  TSR_EDATA; TSR_EINTR; TSR_ENOMEM */
tsr_status tsr_step_worth(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_population *population,
                          const tsr_worth *worth) TSR_NODISCARD;

/** Collective. Segments by customer lifetime value. @return TSR_OK; what tsr_tiers_fit() returns; TSR_EIO; TSR_EINTR */
tsr_status tsr_step_tiers(const tsr_comm *comm, tsr_run *run, const tsr_population *population, const tsr_worth *worth,
                          tsr_segmentation *segmentation) TSR_NODISCARD;

/**
 * Collective. Rules that say who is in which segment, from features.h5 and customers.h5. With explain.depth 0, or one
 * segment, there are none.
 * @param[out] surrogate  columns of its rules are those of @p scaler; tsr_surrogate_clear()
 */
tsr_status tsr_step_explain(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                            const tsr_scaler *scaler, int32_t k, tsr_surrogate *surrogate) TSR_NODISCARD;

#endif
