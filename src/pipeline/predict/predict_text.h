/**
 * @file predict_text.h
 * What came of `tessera predict`: predict.json, and a summary for people.
 */
#ifndef TSR_PREDICT_TEXT_H
#define TSR_PREDICT_TEXT_H

#include "pipeline/predict/lesson.h"

/** Local. predict.json; small counts are null. @param[out] text  new; tsr_free() */
tsr_status tsr_predict_json(const tsr_settings *settings, const tsr_lesson *lesson, const tsr_binned *x,
                            const tsr_prediction *prediction, char **text) TSR_NODISCARD;

/** Local. A few lines with the scores and the columns that matter most. @param[out] text  new; tsr_free() */
tsr_status tsr_predict_summary(const tsr_settings *settings, const tsr_lesson *lesson, const tsr_prediction *prediction,
                               char **text) TSR_NODISCARD;

#endif
