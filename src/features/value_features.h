/**
 * @file value_features.h
 * Features that the value model gives: a table as that of behaviour, but another stage computes them.
 */
#ifndef TSR_FEATURES_VALUE_FEATURES_H
#define TSR_FEATURES_VALUE_FEATURES_H

#include "features/featureset.h"
#include "tessera/table.h"

/** Local. The number of a feature in tsr_features_of_value(), or -1. */
int32_t tsr_value_feature_find(const char *name);

/** Local. Is it one of them, and a probability? */
bool tsr_value_feature_is_share(const char *name);

/** Local. Its column of features.h5, which lies in TSR_FEATURES_WORTH. */
tsr_column tsr_value_feature_column(int32_t number, int32_t position);

#endif
