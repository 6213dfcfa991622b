/**
 * @file predict_job.h
 * A supervised model of a job: from its features and a label to a probability, or a number, for each customer.
 */
#ifndef TSR_PREDICT_JOB_H
#define TSR_PREDICT_JOB_H

#include "tessera/segment.h"

/**
 * Collective. Learn `predict.label` from the features of the job and its categorical attributes, and write into the
 * run directory, where features.h5 is made or found:
 *
 *   predictions.h5   one row per customer: key, id (with keep_ids), part (learn, test, unlabelled), and predicted
 * (code, with names) and probability [classes], or predicted alone (a number) predict.json     settings, classes,
 * scores on the test and out of bag, reliability, confusion, importances
 *
 * Customers without label are predicted, not learned from. A column with one value says nothing and is listed under
 * `constant`. Counts below privacy.min_cell are null in predict.json.
 *
 * @param[out] text  a summary for people, the same on all ranks; new, tsr_free()
 * @return TSR_OK; TSR_ECONF (no predict.label, no such column); TSR_EDATA (nobody has a label, one class, more than
 * 1,000 classes); as tsr_segment()
 */
tsr_status tsr_predict_job(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                           char **text) TSR_NODISCARD;

#endif
