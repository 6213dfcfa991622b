/**
 * @file seed.h
 * Starting centroids: on a sample, or on all rows.
 */
#ifndef TSR_SEED_H
#define TSR_SEED_H

#include "tessera/tiles.h"

/**
 * Local. Greedy k-means++ (Arthur & Vassilvitskii, 2007; of several candidates drawn by squared distance, the one that
 * leaves the smallest sum of squared distances). Distances between rows are integers: exact, so the draws are too.
 * Weights count: in the chance of a row and in the sums.
 * Where the sample has fewer than k distinct rows, the centroids left over repeat the first one.
 *
 * @param start      number of this start: other starts draw other rows
 * @param[out] centroid  [k][cols] in steps
 * @return TSR_OK; TSR_ENOMEM
 * Cost: k (2 + ln k) passes over the sample.
 */
tsr_status tsr_seed_plus_plus(const tsr_tiles *sample, uint64_t seed, int64_t start, int32_t k,
                              float *centroid) TSR_NODISCARD;

/**
 * Collective. kmeans|| (Bahmani et al., 2012) on all rows: in five rounds each row becomes a candidate with a chance in
 * proportion to its squared distance, about 2 k in a round; candidates, weighted by the rows nearest to them, are
 * brought down to k by greedy k-means++ and a few of Lloyd's iterations. Draws go by (seed, round, key), distances and
 * their sums are integers. Weights count in the chance of a row and in those of candidates; the very first candidate is
 * drawn from all rows alike. Same on all ranks: seed, k. With fewer distinct rows than k centroids repeat.
 *
 * @param[out] centroid  [k][cols] in steps
 * @return TSR_OK; TSR_ENOMEM
 * Cost: about 10 k distances for each row, 12 bytes a row, six small reductions.
 */
tsr_status tsr_seed_parallel(const tsr_comm *comm, const tsr_tiles *tiles, uint64_t seed, int32_t k,
                             float *centroid) TSR_NODISCARD;

#endif
