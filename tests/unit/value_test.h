/**
 * @file value_test.h
 * What tests of customer value share: nearness, and the fit of the CDNOW sample (Fader, Hardie & Lee 2005; Fader &
 * Hardie 2013, to more digits) with a year ahead.
 */
#ifndef TSR_VALUE_TEST_H
#define TSR_VALUE_TEST_H

#include <math.h>

#include "tessera/value.h"
#include "unit_test.h"

static inline void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not %.17g", value, expected);
}

static const tsr_value_params yearly = {.model = TSR_VALUE_BG_NBD,
                                        .time_unit = TSR_UNIT_WEEK,
                                        .horizon = 52,
                                        .discount_rate = .15,
                                        .steps = 12,
                                        .margin = 1};

static inline tsr_value_model cdnow_model(void)
{
    return (tsr_value_model){.model = TSR_VALUE_BG_NBD,
                             .time_unit = TSR_UNIT_WEEK,
                             .money_scale = 2,
                             .parameter = {0.242594522403, 4.413602018005, 0.792922016746, 2.425906775412},
                             .has_spend = true,
                             .spend = {6.249572645650212, 3.7442244833238827, 15.443518699916925}};
}

#endif
