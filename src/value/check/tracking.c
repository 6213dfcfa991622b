#include "tessera/tracking.h"

#include <math.h>

#include "tessera/memory.h"
#include "value/histories/purchase.h"
#include "value/models/dropout.h"
#include "value/reals.h"

/* ahead[lag], purchases that a new customer makes within lag days. */
static void expect_new(const tsr_value_model *model, int64_t days, double *ahead)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    double unit = tsr_time_unit_days(model->time_unit), birth = 0, alive;
    int32_t none = 0;

    purchases->p_alive(model->parameter, &none, &birth, &birth, 1, &alive);
    ahead[0] = 0;
    for (int64_t lag = 1; lag < days; lag += TSR_AHEAD_MAX) {
        int32_t n = days - lag < TSR_AHEAD_MAX ? (int32_t)(days - lag) : TSR_AHEAD_MAX;
        double moment[TSR_AHEAD_MAX];
        for (int32_t i = 0; i < n; i++) moment[i] = (double)(lag + i) / unit;
        (void)purchases->predict(model->parameter, 0, 0, moment, n, ahead + lag);
        for (int32_t i = 0; i < n; i++) ahead[lag + i] *= alive;
    }
}

/* Expected from the first day up to and with day `end`. */
static double expect_by(const int64_t *births, const double *ahead, int64_t end)
{
    double sum = 0;

    for (int64_t day = 0; day < end; day++) sum += (double)births[day] * ahead[end - day];
    return sum;
}

static double count_by(const int64_t *repeats, int64_t end)
{
    int64_t sum = 0;

    for (int64_t day = 0; day <= end; day++) sum += repeats[day];
    return (double)sum;
}

/* Time units of a period: as few as leave no more than TSR_TRACK_MAX periods. */
static double length_of(double units)
{
    return fmax(1, ceil(units / TSR_TRACK_MAX));
}

static void fill(const int64_t *births, const int64_t *repeats, const double *ahead, int64_t last, int64_t calibration,
                 double period_days, tsr_tracking *t)
{
    double actual = 0, expected = 0, misses = 0, periods = 0;

    for (int i = 0; i < (int)t->periods; i++) {
        int64_t end = (int64_t)fmin((double)last, floor((i + 1) * period_days));
        double by_actual = count_by(repeats, end), by_expected = expect_by(births, ahead, end);
        t->actual[i] = by_actual - actual;
        t->expected[i] = by_expected - expected;
        actual = by_actual;
        expected = by_expected;
        if (end <= calibration || !(actual > 0)) continue;
        misses += fabs(expected / actual - 1);
        periods++;
    }
    t->share_error = periods > 0 ? misses / periods : (double)NAN;
    t->total_actual = actual - count_by(repeats, calibration);
    t->total_expected = expected - expect_by(births, ahead, calibration);
}

tsr_status tsr_value_track(const tsr_value_model *model, const int64_t *births, const int64_t *repeats, int64_t days,
                           int64_t calibration_days, tsr_tracking *tracking)
{
    double unit = tsr_time_unit_days(model->time_unit), *ahead = NULL;
    int64_t last = days - 1;

    *tracking = (tsr_tracking){.length = length_of((double)last / unit)};
    tsr_status st = tsr_alloc(&ahead, days, sizeof *ahead);
    if (st != TSR_OK) return st;
    double period_days = tracking->length * unit;
    tracking->periods = ceil((double)last / period_days);
    tracking->calibration = (double)(calibration_days - 1) / period_days;
    expect_new(model, days, ahead);
    fill(births, repeats, ahead, last, calibration_days - 1, period_days, tracking);
    tsr_free(&ahead);
    return TSR_OK;
}

tsr_status tsr_tracking_save(const tsr_tracking *tracking, const char *path, tsr_bundle *bundle)
{
    return tsr_reals_save(tracking, sizeof *tracking, "in the order of tsr_tracking", path, bundle);
}

tsr_status tsr_tracking_load(const tsr_bundle *bundle, const char *path, tsr_tracking *tracking)
{
    return tsr_reals_load(bundle, path, tracking, sizeof *tracking);
}
