/**
 * @file value/rfm/rfm_parts.h
 * What the files of RFM share: reading customers block by block, edges, weights.
 */
#ifndef TSR_VALUE_RFM_PARTS_H
#define TSR_VALUE_RFM_PARTS_H

#include "tessera/rfm.h"
#include "tessera/rows.h"

/* Reads this rank's customers from features.h5, one block at a time. */
typedef struct tsr_rfm_reader {
    tsr_table *table;
    tsr_span span;
    const uint64_t *key; /* [span.rows] */
    int32_t money_scale;
    int32_t *recency_days, *orders; /* [TSR_BLOCK_ROWS], of the block in hand */
    int64_t *revenue;
} tsr_rfm_reader;

/** Local. @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_rfm_reader_open(tsr_rfm_reader *reader, const char *features, const tsr_span *span, const uint64_t *key,
                               int32_t money_scale) TSR_NODISCARD;
void tsr_rfm_reader_close(tsr_rfm_reader *reader);
int64_t tsr_rfm_reader_blocks(const tsr_rfm_reader *reader);

/** Local. @param[out] rows  of that block. @return TSR_OK; TSR_EIO; TSR_EDATA */
tsr_status tsr_rfm_reader_read(tsr_rfm_reader *reader, int64_t block, int64_t *rows) TSR_NODISCARD;

/** Local. Customer i of the block in hand. */
tsr_rfm_customer tsr_rfm_reader_customer(const tsr_rfm_reader *reader, int64_t block, int64_t i);

/** Local. The value of an axis: days, orders, currency units. */
double tsr_rfm_value(const tsr_rfm_customer *customer, int axis, int32_t money_scale);

/** Local. The score on an axis within a part (0 where the axis has one part). */
int8_t tsr_rfm_axis_score(const tsr_rfm *rfm, int axis, int32_t part, double value, uint64_t key);

/**
 * Collective. Find the edges of one axis from the data, by rfm->rule; the axes before it are cut already.
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_rfm_cut(const tsr_comm *comm, tsr_rfm_reader *reader, int axis, tsr_rfm *rfm) TSR_NODISCARD;

/** Local. Customers per score, from those per cell. */
void tsr_rfm_count_scores(tsr_rfm *rfm);

/** Local. Read three comparisons ("3", "1/5", "0.2"). @return TSR_OK; TSR_ECONF */
tsr_status tsr_rfm_comparisons(const tsr_texts *texts, double comparison[3]) TSR_NODISCARD;

/** Local. Their consistency ratio (Saaty): 0 where recency : money is recency : frequency times frequency : money. */
double tsr_rfm_consistency(const double comparison[3]);

/**
 * Collective. All weights, from the counts of cells and from the values. Same on all ranks: rfm (counted), comparison.
 * @param comparison  of AHP; NULL: none
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_rfm_weigh(const tsr_comm *comm, tsr_rfm_reader *reader, const double *comparison,
                         tsr_rfm *rfm) TSR_NODISCARD;

#endif
