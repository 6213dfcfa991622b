/**
 * @file value/check/ranking.h
 * Customers by classes of a score: how well it ranks what they did.
 */
#ifndef TSR_VALUE_RANKING_H
#define TSR_VALUE_RANKING_H

#include "tessera/comm.h"

#define TSR_CLASSES 65536

/* Per class of the score; sums of integers. */
typedef struct tsr_ranking {
    int64_t *customers, *buyers, *amount; /* [TSR_CLASSES] */
} tsr_ranking;

/** Local. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_ranking_create(tsr_ranking *ranking) TSR_NODISCARD;
void tsr_ranking_clear(tsr_ranking *ranking);

/** Local. Nobody any more. */
void tsr_ranking_reset(tsr_ranking *ranking);

/** Local. One customer; a score that is NaN or below 0 counts as 0. @param amount  >= 0 */
void tsr_ranking_add(tsr_ranking *ranking, double score, bool bought, int64_t amount);

/** Local. The class of a score: rises with it. */
int32_t tsr_ranking_class(double score);

/** Collective. */
void tsr_ranking_reduce(const tsr_comm *comm, tsr_ranking *ranking);

/** Local. Area under the ROC curve of `bought`: ties count half; NaN where all or nobody bought. */
double tsr_ranking_auc(const tsr_ranking *ranking);

/** Local. Gini of the amounts, ranked by descending score: positive where a high score goes with much; in -1..1;
 *  NaN where there is no amount. */
double tsr_ranking_gini(const tsr_ranking *ranking);

/** Local. Share of the amounts that the first @p share of the customers hold, by descending score. */
double tsr_ranking_share(const tsr_ranking *ranking, double share);

#endif
