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
    int32_t *transform;    /* [cols] tsr_transform. log1p is sign(x) log1p(|x|), so that negative money is legal */
    double *fill;          /* [cols] raw value that stands for a missing one */
    double *mean, *sd;     /* [cols] of transformed values; scale: none has sd = 1 and mean rounded to the step */
    double *missing_share; /* [cols] */
    int64_t *clipped;      /* [cols] values beyond clip */
    double clip;           /* standard deviations; 0: nothing is clipped */
    double step;           /* of the tiles */
    int32_t constant_n;    /* columns left out because they hold one value */
    char (*constant)[TSR_NAME_BYTES];
} tsr_scaler;

/**
 * Collective. Learn the scaler from features.h5: exact moments, exact medians; each rank reads an even share of rows.
 * @return TSR_OK; TSR_EDATA (all columns constant, infinite values, log of values <= 0; names row and column);
 * TSR_ENOMEM
 */
tsr_status tsr_scale_fit(const tsr_comm *comm, const tsr_features_params *params, const char *features,
                         tsr_scaler **scaler) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_scaler_destroy(tsr_scaler **scaler);

/**
 * Collective. Read features.h5 block by block into tiles; counts what was clipped into the scaler.
 * @param span  rows of this rank; @param key [span->rows] or NULL, borrowed by the tiles
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
