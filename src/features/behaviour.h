/**
 * @file behaviour.h
 * The behavioural features: one line of the table and one function each.
 */
#ifndef TSR_FEATURES_BEHAVIOUR_H
#define TSR_FEATURES_BEHAVIOUR_H

#include "features/history.h"

/** Local. The number of a behavioural feature in tsr_features_table(), or -1. */
int32_t tsr_behaviour_find(const char *name);

/** Local. Feature @p feature of one customer; never NaN. */
double tsr_behaviour_compute(int32_t feature, const tsr_window *window, const tsr_history *history);

#endif
