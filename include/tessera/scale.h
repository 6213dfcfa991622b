/**
 * @file scale.h
 * From raw features to tiles: fill, transform, centre, scale, quantise. The scaler is all that scoring needs.
 */
#ifndef TSR_SCALE_H
#define TSR_SCALE_H

#include "tessera/bundle.h"
#include "tessera/features.h"
#include "tessera/tiles.h"

typedef enum tsr_transform { TSR_TRANSFORM_NONE, TSR_TRANSFORM_LOG1P, TSR_TRANSFORM_LOG } tsr_transform;

typedef struct tsr_scaler {
    int32_t cols; /* features in the tiles: constant columns are left out */
    char (*name)[TSR_NAME_BYTES];
    int32_t *transform; /* [cols] tsr_transform. log1p is sign(x) log1p(|x|), so that negative money is legal */
    double *fill;       /* [cols] raw value that stands for a missing one */
    double *mean, *sd;  /* [cols] of transformed values (sd: divisor n - 1); scale: none: 1, mean rounded to the step */
    double *missing_share; /* [cols] */
    int64_t *clipped;      /* [cols] values beyond clip */
    double clip;           /* standard deviations; 0: nothing is clipped */
    double step;           /* of the tiles */
    int32_t constant_n;    /* columns left out because they hold one value, or none */
    char (*constant)[TSR_NAME_BYTES];
} tsr_scaler;

/**
 * Collective. Learn the scaler from features.h5: exact moments, exact medians; each rank reads an even share of rows.
 * Same on all ranks: params, features.
 *
 * auto is log1p where the skewness (m3 / m2^1.5) of the values that are there is above 1, but leaves the shares of the
 * feature table as they are. Mean and standard deviation (divisor n - 1: components of standardised features are those
 * of the correlations) are those of the transformed values with missing ones filled in. A column that had none missing
 * has its mean as fill, for scoring.
 *
 * @param[out] scaler  new, the same on all ranks; tsr_scaler_destroy(); NULL on failure
 * @return TSR_OK; TSR_EDATA (all columns constant; missing: reject, infinite values, log of values <= 0: names row and
 *         column; scale: none and values beyond 1e30); TSR_EIO; TSR_ENOMEM
 * Cost: one pass over each column for its range, two for raw moments, two where it is transformed or filled, and those
 * of tsr_quantiles() for medians.
 */
tsr_status tsr_scale_fit(const tsr_comm *comm, const tsr_features_params *params, const char *features,
                         tsr_scaler **scaler) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_scaler_destroy(tsr_scaler **scaler);

/**
 * Collective. Read features.h5 block by block into tiles. Sets scaler->clipped to the counts of this application.
 * @param span        rows of this rank
 * @param key         [span->rows] or NULL, borrowed by the tiles
 * @param[out] tiles  new; tsr_tiles_destroy(); NULL on failure
 * @return TSR_OK; TSR_EDATA (another number of rows); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_scale_apply(const tsr_comm *comm, tsr_scaler *scaler, const char *features, const tsr_span *span,
                           const uint64_t *key, tsr_tiles **tiles) TSR_NODISCARD;

/** Local. One raw value of column @p col (NaN: missing) -> centred and scaled, real units of the tiles; and back. */
double tsr_scaler_forward(const tsr_scaler *scaler, int32_t col, double raw);
double tsr_scaler_backward(const tsr_scaler *scaler, int32_t col, double scaled);

/** Local. To and from /scaler/... of a bundle. */
tsr_status tsr_scaler_save(const tsr_scaler *scaler, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_scaler_load(const tsr_bundle *bundle, tsr_scaler **scaler) TSR_NODISCARD;

#endif
