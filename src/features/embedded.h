/**
 * @file features/embedded.h
 * Features from vectors of the dataset.
 */
#ifndef TSR_FEATURES_EMBEDDED_H
#define TSR_FEATURES_EMBEDDED_H

#include "tessera/features.h"

/** Local. Principal component @p component of customer @p i of a block, of the embedding whose first attribute is
 *  @p first; NaN: there is no vector before @p end_day. */
double tsr_embedded_value(const tsr_embedding_bases *bases, int32_t first, int32_t component, const tsr_block *block,
                          int64_t i, int64_t end_day);

#endif
