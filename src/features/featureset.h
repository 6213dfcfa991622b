/**
 * @file featureset.h
 * Which features a run uses: `features.set` against what a dataset or a matrix offers.
 */
#ifndef TSR_FEATURES_FEATURESET_H
#define TSR_FEATURES_FEATURESET_H

#include "tessera/features.h"

/* Where the values of a feature come from. A group can be chosen, and stands for one feature per code. */
typedef enum tsr_feature_from {
    TSR_FROM_BEHAVIOUR,  /* computed from records: a line of tsr_features_table() */
    TSR_FROM_COLUMN,     /* a numeric attribute, or a column of a matrix */
    TSR_FROM_CODE,       /* 1 where a category attribute has this code, else 0 */
    TSR_FROM_FREQUENCY,  /* of a category attribute: share of all customers who have the same value */
    TSR_FROM_CHANNEL,    /* share of events */
    TSR_FROM_CATEGORY,   /* share of purchase rows */
    TSR_FROM_EMBEDDING,  /* a principal component */
    TSR_FROM_VALUE,      /* of the value model: a line of tsr_features_of_value(); the column lies in worth.h5 */
    TSR_FROM_CODES,      /* a group: a category attribute */
    TSR_FROM_CHANNELS,   /* a group */
    TSR_FROM_CATEGORIES, /* a group */
    TSR_FROM_EMBEDDINGS  /* a group: an embedding */
} tsr_feature_from;

/* A feature that can be chosen. */
typedef struct tsr_feature {
    char name[TSR_NAME_BYTES];
    int32_t from;      /* tsr_feature_from */
    int32_t behaviour; /* number in tsr_features_table(), or in that of TSR_FROM_VALUE; -1: another origin */
    int32_t column;    /* attribute of the dataset (the first of an embedding) or column of the matrix; -1: none */
    int32_t code;      /* of the dictionary, or number of the component from 0; -1: none */
    int32_t position;  /* among all that were chosen, from 1 */
    bool in_default;
} tsr_feature;

typedef struct tsr_feature_set {
    int32_t n;
    tsr_feature *feature; /* [n] in the order of the run */
} tsr_feature_set;

/**
 * Local. "default" in the list stands for the default set; a name that comes twice counts once. A category attribute
 * becomes a column `name=value` for each value, or, where there are more than params->categories, one column with the
 * share of customers who have the same value; `channel_share` and `category_share` become such columns too.
 * Exactly one of @p dataset and @p matrix is given. @param[out] set  free with tsr_feature_set_clear()
 * @return TSR_OK; TSR_ECONF (unknown feature: names the nearest, and all; an attribute that takes the name of another
 *         column; a value too long for the name of one; channels beyond params->categories; a transform of a feature
 *         that is not used); TSR_ENOMEM
 */
tsr_status tsr_feature_set_choose(const tsr_features_params *params, const tsr_dataset_info *dataset,
                                  const tsr_matrix *matrix, tsr_feature_set *set) TSR_NODISCARD;
void tsr_feature_set_clear(tsr_feature_set *set);

/** Local. Is a column of features.h5 with this name a share, or 0 and 1, by its form `name=value`? */
bool tsr_feature_is_share(const char *name);

/** Local. Is it a principal component of an embedding, by its form `name:number`? */
bool tsr_feature_is_component(const char *name);

/**
 * Local. The transform (TSR_TRANSFORM_* or "auto") that the job gives feature @p name in `features.transforms`.
 * @param[out] transform  left alone where the job gives none
 * @return TSR_OK; TSR_ECONF (no such transform)
 */
tsr_status tsr_feature_transform(const tsr_features_params *params, const char *name, int32_t *transform) TSR_NODISCARD;

#endif
