/**
 * @file quality.h
 * How good is a segmentation: numbers from (tiles, labels), computed exactly and so the same on any number of ranks.
 */
#ifndef TSR_QUALITY_H
#define TSR_QUALITY_H

#include "tessera/job.h"
#include "tessera/tiles.h"

typedef struct tsr_quality_params {
    int64_t silhouette_sample; /* customers; 0: no Euclidean silhouette */
    char *truth;               /* column with given labels; NULL: none */
    char *truth_table;         /* file with that column; NULL: the job's input */
} tsr_quality_params;

extern const tsr_key tsr_quality_keys[];

/* The silhouette by Euclidean distances (Rousseeuw, 1987), on a sample. Undefined: NaN. */
typedef struct tsr_silhouette {
    int32_t k;
    int64_t sample;          /* customers in it; 0: not computed */
    double value, low, high; /* and a 95 % interval; of no width where the sample is all customers: then exact */
    double *segment;         /* [k] means; owned */
    double *segment_error;   /* [k] half the width of a 95 % interval; owned */
} tsr_silhouette;

#define TSR_CLASSES_MAX 4096
#define TSR_NO_CLASS    INT64_MIN /* no label was given for this row */

/* How segments agree with labels that were given. Undefined: NaN. */
typedef struct tsr_agreement {
    int64_t rows;    /* with a given label */
    int32_t classes; /* different given labels; 0: none were given */
    double adjusted_rand;
    double normalised_information; /* mutual information over the mean of the two entropies */
} tsr_agreement;

/*
 * All in the units of the matrix that was clustered. Undefined values (one segment) are NaN. Where rows have weights, a
 * row counts as many times (inertia in real weights), so that whole numbers measure what repeated rows would; only the
 * degrees of freedom of Calinski-Harabasz and segment_rows count rows. The Euclidean silhouette and the agreement with
 * given labels count rows.
 */
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
    tsr_silhouette euclidean;   /* where it was asked for; owned */
    tsr_agreement agreement;    /* with given labels, where there are any */
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

/**
 * Collective. Rows are drawn by (seed, key) from each segment in proportion to its size, at least 200 of each (2 size /
 * k where that is less), and compared with each other. A row alone in its segment counts as 0. The interval is that of
 * a stratified mean; that mean distances are taken over the sample too is not in it, so it is a little narrow.
 * Same on all ranks: k, seed, size. Labels by slot of the tiles.
 * @param size             rows wanted; at most three times as many are drawn. 0: nothing is computed
 * @param[out] silhouette  filled; tsr_silhouette_clear()
 * @return TSR_OK; TSR_ENOMEM
 * Cost: sample^2 x cols multiply-adds, dealt over ranks; each rank holds the sample.
 */
tsr_status tsr_silhouette_sample(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label, int32_t k,
                                 uint64_t seed, int64_t size, tsr_silhouette *silhouette) TSR_NODISCARD;

/** Local. Free what it owns. */
void tsr_silhouette_clear(tsr_silhouette *silhouette);

/**
 * Collective. Compare labels with given ones, by row: any integers. Counts are exact; pairs are counted in 128 bits.
 * @return TSR_OK; TSR_EDATA (more than TSR_CLASSES_MAX different labels were given); TSR_ENOMEM
 */
tsr_status tsr_agreement_compute(const tsr_comm *comm, const uint16_t *label, int32_t k, const int64_t *truth,
                                 int64_t rows, tsr_agreement *agreement) TSR_NODISCARD;

/** Local. Adjusted Rand index of a contingency table [rows][cols]; 128-bit arithmetic. */
double tsr_adjusted_rand(const int64_t *table, int32_t rows, int32_t cols);

#endif
