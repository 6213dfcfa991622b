/**
 * @file tracking.h
 * Repeat purchases period by period, as they came and as a model expects them: the tracking plot of the literature.
 */
#ifndef TSR_TRACKING_H
#define TSR_TRACKING_H

#include "tessera/value.h"

enum { TSR_TRACK_MAX = 260 };

/* Numbers only, so that it is stored as one array. */
typedef struct tsr_tracking {
    double periods;     /* at most TSR_TRACK_MAX; the last one may be cut short by the end of the data */
    double length;      /* of a period, in time units: 1, or as many as make the periods few enough */
    double calibration; /* where calibration ends, in periods */
    double actual[TSR_TRACK_MAX], expected[TSR_TRACK_MAX]; /* repeat purchases within each period */
    double total_actual, total_expected;                   /* after calibration ends */
    double share_error; /* mean of |cumulative expected / actual - 1| over the periods after calibration ends */
} tsr_tracking;

/**
 * Local. Expected by a period's end: the sum over customers born before of E(X(end - birth)) of a new customer.
 *
 * @param model             fitted to the calibration period
 * @param births, repeats   [days] customers by first purchase day, and later purchase days; of those born by the end of
 *                          calibration
 * @param calibration_days  days from the first one to the end of calibration, that day included; 0 < it < days
 * @return TSR_OK; TSR_ENOMEM
 * Cost: days predictions and days x periods multiplications.
 */
tsr_status tsr_value_track(const tsr_value_model *model, const int64_t *births, const int64_t *repeats, int64_t days,
                           int64_t calibration_days, tsr_tracking *tracking) TSR_NODISCARD;

/** Local. To and from PATH of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_tracking_save(const tsr_tracking *tracking, const char *path, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_tracking_load(const tsr_bundle *bundle, const char *path, tsr_tracking *tracking) TSR_NODISCARD;

#endif
