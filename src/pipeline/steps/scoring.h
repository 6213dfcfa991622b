/**
 * @file scoring.h
 * Value scores of rows of features.h5, block by block.
 */
#ifndef TSR_SCORING_H
#define TSR_SCORING_H

#include "pipeline/steps/steps.h"
#include "tessera/table.h"

typedef struct tsr_scoring tsr_scoring;

/**
 * Local. @param features  open; borrowed. @param worth, params  fitted; borrowed
 * @param for_ever      clv_infinite too, which takes ten times as long
 * @param rows          at most, in any block
 * @param[out] scoring  new; tsr_scoring_destroy(). @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_scoring_create(const tsr_table *features, const tsr_worth *worth, const tsr_value_params *params,
                              bool for_ever, int64_t rows, tsr_scoring **scoring) TSR_NODISCARD;

/** Local. @param first  row of features.h5. @param[out] scores  [rows], borrowed until the next block.
 *  @return TSR_OK; TSR_EIO; TSR_EDATA */
tsr_status tsr_scoring_block(tsr_scoring *scoring, int64_t first, int64_t rows,
                             const tsr_value_scores **scores) TSR_NODISCARD;

/** Local. NULL is fine. */
void tsr_scoring_destroy(tsr_scoring **scoring);

#endif
