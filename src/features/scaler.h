/**
 * @file scaler.h
 * Making a scaler.
 */
#ifndef TSR_FEATURES_SCALER_H
#define TSR_FEATURES_SCALER_H

#include "tessera/scale.h"

/** Local. Room for @p cols features and @p constant_n names; zeroed. Free with tsr_scaler_destroy(). */
tsr_status tsr_scaler_create(int32_t cols, int32_t constant_n, tsr_scaler **scaler) TSR_NODISCARD;

#endif
