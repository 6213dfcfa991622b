/**
 * @file value/fit/covariates.h
 * Static covariates: from columns of features.h5 to the parameters of each customer.
 *
 * In a fit a covariate counts in standard deviations from its mean, in steps of 2^-20: then the derivatives in its
 * coefficients are exact sums of integers as all others are.
 */
#ifndef TSR_VALUE_COVARIATES_H
#define TSR_VALUE_COVARIATES_H

#include "value/histories/histories.h"
#include "value/histories/purchase.h"

#define TSR_COVARIATE_BITS 20

/** Local. Standard deviations between a value and the mean, in units of 2^-20, at most 1,024 of them; missing, or of a
 *  column without spread: 0. */
int64_t tsr_covariate_z(const tsr_covariates *covariates, int32_t k, double value);

/** Local. How many numbers a model has: parameters and coefficients. */
int32_t tsr_model_numbers(const tsr_value_model *model);

/** Local. How many of them the data could move: not the coefficients of columns without spread. */
int32_t tsr_model_degrees(const tsr_value_model *model);

/** Local. Place of a coefficient among the numbers of a model. */
int32_t tsr_coefficient_at(const tsr_purchase_model *purchases, int32_t covariates, int32_t effect, int32_t k);

/** Local. The parameters of customers with covariates z [covariates.n]. */
void tsr_personal_parameters(const tsr_value_model *model, const int64_t *z, double parameter[TSR_PARAMETERS_MAX]);

/**
 * Collective. Find the columns that @p wanted names (an attribute of categories stands for its columns but the first),
 * their means and standard deviations, and put what was read by customers into @p histories in place of the groups.
 * Same on all ranks: all but span.
 * @param histories  of tsr_histories_read() for the same rows
 * @param[out] covariates  names, means, missing; deviations, 0 for columns that say nothing: the same for all, or
 * following from those before
 * @return TSR_OK; TSR_ECONF; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Memory: 88 bytes per customer of this rank while it reads, 28 and 8 per covariate for what stays.
 */
tsr_status tsr_covariates_read(const tsr_comm *comm, const char *features, const tsr_span *span,
                               tsr_value_period period, double unit_days, const tsr_texts *wanted, int32_t model,
                               tsr_covariates *covariates, tsr_histories *histories) TSR_NODISCARD;

/** Local. Add the log-likelihood of all histories and its derivatives to sums: in the logarithms of the parameters, and
 *  in the coefficients per standard deviation. @param theta  the same numbers, parameters as logarithms */
void tsr_covariates_add(const tsr_purchase_model *purchases, const double *theta, const tsr_histories *h,
                        tsr_fixed *sums);

#endif
