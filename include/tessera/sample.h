/**
 * @file sample.h
 * A sample of customers that does not depend on how they are dealt to ranks, the same on every rank.
 */
#ifndef TSR_SAMPLE_H
#define TSR_SAMPLE_H

#include "tessera/tiles.h"

/**
 * Collective. The @p size customers with the smallest draws of (seed, key), in the order of their draws, on every rank;
 * all customers where there are no more; their weights go with them. Same on all ranks: seed, size, tiles->cols,
 * tiles->step.
 * @param[out] row     new, [rows of the sample] their numbers in the whole matrix; tsr_free(); NULL: not wanted
 * @param[out] sample  new, without keys; tsr_tiles_destroy()
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_sample_draw(const tsr_comm *comm, const tsr_tiles *tiles, uint64_t seed, int64_t size, int64_t **row,
                           tsr_tiles **sample) TSR_NODISCARD;

/**
 * Local. The first @p rows rows of a sample, or as many as there are; of those the ones that @p keep says (NULL: all).
 * @param[out] part  new, in the same order; tsr_tiles_destroy()
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_sample_part(const tsr_tiles *sample, int64_t rows, bool (*keep)(const void *context, int64_t row),
                           const void *context, tsr_tiles **part) TSR_NODISCARD;

#endif
