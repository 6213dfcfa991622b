/**
 * @file values.h
 * A column of numbers that the job names: a feature, an attribute of the customers, or a column of the matrix.
 */
#ifndef TSR_VALUES_H
#define TSR_VALUES_H

#include "pipeline/run/run.h"

/**
 * Collective. Read rows of features.h5: from itself where @p name is one of its columns, else from the input. Codes of
 * categories are numbers; what is missing is NaN.
 * @param key          of the job, for messages
 * @param[out] values  [span->rows]
 * @return TSR_OK; TSR_ECONF (there is no such column); TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_values_read(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, const tsr_span *span,
                           const char *key, const char *name, double *values) TSR_NODISCARD;

#endif
