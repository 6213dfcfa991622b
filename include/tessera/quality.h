/**
 * @file quality.h
 * How good is a segmentation: numbers from (tiles, labels), computed exactly and so the same on any number of ranks.
 */
#ifndef TSR_QUALITY_H
#define TSR_QUALITY_H

#include "tessera/tiles.h"

/* All in the units of the matrix that was clustered. Undefined values (one segment) are NaN. */
typedef struct tsr_quality {
    int32_t k;
    double inertia;               /* sum of squared distances to the own centroid */
    double explained_variance;    /* between over total sum of squares */
    double silhouette_squared;    /* exact, squared Euclidean distances */
    double silhouette_simplified; /* distances to centroids */
    double davies_bouldin;
    double calinski_harabasz;
    double *segment_silhouette; /* [k] mean simplified silhouette of each segment; owned */
    double *segment_inertia;    /* [k]; owned */
    int64_t *segment_rows;      /* [k]; owned */
} tsr_quality;

/**
 * Collective. Same on all ranks: k. Labels by slot of the tiles.
 * @param[out] quality  filled; free with tsr_quality_clear()
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_quality_compute(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label, int32_t k,
                               tsr_quality *quality) TSR_NODISCARD;

/** Local. Free what it owns. */
void tsr_quality_clear(tsr_quality *quality);

/** Local. Adjusted Rand index of a contingency table [rows][cols]; 128-bit arithmetic. */
double tsr_adjusted_rand(const int64_t *table, int32_t rows, int32_t cols);

#endif
