/**
 * @file maps.h
 * Where the customers lie: counts over pairs of things that a report draws, never single customers.
 */
#ifndef TSR_MAPS_H
#define TSR_MAPS_H

#include <jansson.h>

#include "tessera/exact.h"
#include "tessera/pca.h"
#include "tessera/rfm.h"
#include "tessera/scale.h"
#include "tessera/table.h"

/* At most; fewer where there are few customers, so that most bins hold enough of them. */
#define TSR_MAP_COLUMNS 40
#define TSR_MAP_ROWS    28

/* The first two principal components of the customers of a segment. */
typedef struct tsr_map_moments {
    double mean[2], sd[2], correlation; /* NaN: nobody, or no spread */
} tsr_map_moments;

typedef struct tsr_maps {
    int32_t k, groups, bins;                           /* of RFM scores; groups = 0: no RFM */
    bool scores;                                       /* there are two principal components */
    int64_t grid[TSR_RFM_BINS_MAX * TSR_RFM_BINS_MAX]; /* [r-1][f-1] customers */
    tsr_int128 grid_revenue[TSR_RFM_BINS_MAX * TSR_RFM_BINS_MAX];
    int64_t *mix;           /* [k][groups] customers */
    double low[2], high[2]; /* of the map: the middle 99.5 % along each component */
    int32_t columns, rows;
    int64_t density[TSR_MAP_ROWS * TSR_MAP_COLUMNS]; /* [rows][columns] customers; who lies outside is not in it */
    tsr_map_moments *moments;                        /* [k] */
} tsr_maps;

/**
 * Collective. Count rows of features.h5 and customers.h5.
 * @param span       rows of this rank
 * @param rfm        groups = 0: there are no scores
 * @param[out] maps  same on all ranks; tsr_maps_clear()
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 * Cost: one pass over the scores, one more with those of tsr_quantiles() for the range of the map.
 */
tsr_status tsr_maps_run(const tsr_comm *comm, const char *features, const char *customers, const tsr_span *span,
                        int32_t k, const tsr_rfm *rfm, tsr_maps *maps) TSR_NODISCARD;
void tsr_maps_clear(tsr_maps *maps);

/** Local. Parts of segments.json: the RFM grid, the RFM groups of a segment, the map with the directions of features,
 *  and a segment's place on it. New. */
json_t *tsr_maps_grid(const tsr_maps *maps, int32_t money_scale);
json_t *tsr_maps_mix(const tsr_maps *maps, const tsr_rfm *rfm, int32_t segment);
json_t *tsr_maps_density(const tsr_maps *maps);
json_t *tsr_maps_loadings(const tsr_pca *pca, const tsr_scaler *scaler);
json_t *tsr_maps_place(const tsr_maps *maps, int32_t segment);

#endif
