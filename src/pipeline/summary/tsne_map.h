/**
 * @file tsne_map.h
 * The plane of t-SNE as a report draws it: counts in bins and the segment that most customers of a bin are in, never
 * single customers.
 */
#ifndef TSR_TSNE_MAP_H
#define TSR_TSNE_MAP_H

#include <jansson.h>

#include "pipeline/summary/maps.h"
#include "tessera/tsne.h"

typedef struct tsr_tsne_map {
    int32_t columns, rows;  /* 0: there is no plane */
    double low[2], high[2]; /* whole numbers around all places */
    int64_t customers[TSR_MAP_ROWS * TSR_MAP_COLUMNS];
    int32_t segment[TSR_MAP_ROWS * TSR_MAP_COLUMNS]; /* of most of them; the lower one where two are equal */
} tsr_tsne_map;

/**
 * Collective. Count the sample, by the segments of customers.h5.
 * @param span      rows of this rank
 * @param[out] map  the same on all ranks; nothing to free
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_tsne_map_run(const tsr_comm *comm, const tsr_tsne *tsne, const char *customers, const tsr_span *span,
                            int32_t k, tsr_tsne_map *map) TSR_NODISCARD;

/** Local. `tsne` of segments.json; null where there is no plane. New. */
json_t *tsr_tsne_map_json(const tsr_tsne *tsne, const tsr_tsne_map *map);

#endif
