/**
 * @file number.h
 * Numbers of segments that mean something: 0 has the largest revenue per customer.
 */
#ifndef TSR_NUMBER_H
#define TSR_NUMBER_H

#include "tessera/table.h"
#include "tessera/tiles.h"

/**
 * Collective. Segments by revenue per customer (exact), largest first; ties by size, then by old number. Where the
 * table has no revenue: by size, then by old number.
 * @param features    path of features.h5; its rows of space->span are those of @p label
 * @param label       [space->span.rows] by slot
 * @param[out] order  new [k]: new number of each old one; tsr_free()
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_number_segments(const tsr_comm *comm, const char *features, const tsr_tiles *space,
                               const uint16_t *label, int32_t k, int32_t **order) TSR_NODISCARD;

#endif
