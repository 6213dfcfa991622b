/**
 * @file value/fit/fit.h
 * The two fits of a value model, from histories and spends in memory.
 */
#ifndef TSR_VALUE_FIT_H
#define TSR_VALUE_FIT_H

#include "value/histories/histories.h"

/** Collective. Fit the purchase model that model->model names; sets all that is about purchases.
 *  Same on all ranks: model. @param h  somebody bought twice. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_purchases_fit(const tsr_comm *comm, const tsr_histories *h, tsr_value_model *model) TSR_NODISCARD;

/** Collective. Fit Gamma-Gamma; sets all that is about spend. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_spend_fit(const tsr_comm *comm, const tsr_spends *s, tsr_value_model *model) TSR_NODISCARD;

#endif
