/**
 * @file featureset.h
 * Which features a run uses: `features.set` against what a dataset or a matrix offers.
 */
#ifndef TSR_FEATURES_FEATURESET_H
#define TSR_FEATURES_FEATURESET_H

#include "tessera/features.h"

/* A feature that can be chosen. */
typedef struct tsr_feature {
    char name[TSR_NAME_BYTES];
    int32_t behaviour; /* number in tsr_features_table(); -1: taken from a column */
    int32_t column;    /* attribute of the dataset or column of the matrix; -1: computed */
    bool in_default;
    bool categorical; /* codes are no numbers: cannot be chosen */
} tsr_feature;

typedef struct tsr_feature_set {
    int32_t n;
    tsr_feature *feature; /* [n] in the order of the run */
} tsr_feature_set;

/**
 * Local. "default" in the list stands for the default set; a name that comes twice counts once.
 * Exactly one of @p dataset and @p matrix is given. @param[out] set  free with tsr_feature_set_clear()
 * @return TSR_OK; TSR_ECONF (unknown feature: names the nearest, and all; an attribute that is no number or takes the
 *         name of another column; a transform of a feature that is not used); TSR_ENOMEM
 */
tsr_status tsr_feature_set_choose(const tsr_features_params *params, const tsr_dataset_info *dataset,
                                  const tsr_matrix *matrix, tsr_feature_set *set) TSR_NODISCARD;
void tsr_feature_set_clear(tsr_feature_set *set);

/**
 * Local. The transform (TSR_TRANSFORM_* or "auto") that the job gives feature @p name in `features.transforms`.
 * @param[out] transform  left alone where the job gives none
 * @return TSR_OK; TSR_ECONF (no such transform)
 */
tsr_status tsr_feature_transform(const tsr_features_params *params, const char *name, int32_t *transform) TSR_NODISCARD;

#endif
