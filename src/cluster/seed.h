/**
 * @file seed.h
 * Starting centroids on a sample.
 */
#ifndef TSR_SEED_H
#define TSR_SEED_H

#include "tessera/tiles.h"

/**
 * Local. Greedy k-means++ (Arthur & Vassilvitskii, 2007; of several candidates drawn by squared distance, the one that
 * leaves the smallest sum of squared distances). Distances between rows are integers: exact, so the draws are too.
 * Where the sample has fewer than k distinct rows, the centroids left over repeat the first one.
 *
 * @param start      number of this start: other starts draw other rows
 * @param[out] centroid  [k][cols] in steps
 * @return TSR_OK; TSR_ENOMEM
 * Cost: k (2 + ln k) passes over the sample.
 */
tsr_status tsr_seed_plus_plus(const tsr_tiles *sample, uint64_t seed, int64_t start, int32_t k,
                              float *centroid) TSR_NODISCARD;

#endif
