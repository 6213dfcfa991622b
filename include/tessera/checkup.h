/**
 * @file checkup.h
 * The validation of a purchase model in detail: what the calibration fit says about customers one by one, beside what
 * they did in the holdout and beside what simple rules would have said.
 *
 * Rankings (AUC, Gini, deciles) are made from counts in 65,536 classes of a score (its leading 16 bits, 0.4 % wide):
 * memory and messages do not grow with the customers. Customers of one class are ties and share alike.
 */
#ifndef TSR_CHECKUP_H
#define TSR_CHECKUP_H

#include "tessera/value.h"

enum { TSR_CHECK_COUNTS = 8, TSR_CHECK_TENTHS = 10 }; /* counts: 0..6 and 7 or more */

/* What customers are ranked by. The last three need no model: purchases per time, days since the last purchase,
 * money per time. */
enum { TSR_RANK_MODEL, TSR_RANK_FREQUENCY, TSR_RANK_RECENCY, TSR_RANK_SPEND, TSR_RANKS };

/* Numbers only, so that it is stored as one array. NaN: not to be had. */
typedef struct tsr_checkup {
    /* Customers by repeat purchases in the calibration period, and as many as the model expects. Chi-square is over
     * classes, taken together where fewer than five are expected; degrees: these less one less the numbers of the
     * model; NaN, both: none are left. */
    double counted[TSR_CHECK_COUNTS], expected[TSR_CHECK_COUNTS], chi_square, degrees;
    /* Purchases in the holdout by purchases before: customers, means of actual and predicted. */
    double by_count[TSR_CHECK_COUNTS], count_actual[TSR_CHECK_COUNTS], count_predicted[TSR_CHECK_COUNTS];
    /* The same by tenths of the customers, highest prediction first. */
    double by_decile[TSR_CHECK_TENTHS], decile_actual[TSR_CHECK_TENTHS], decile_predicted[TSR_CHECK_TENTHS];
    /* Customers by P(at least one purchase in the holdout), in tenths of it: mean of it, share who bought. */
    double by_chance[TSR_CHECK_TENTHS], chance_predicted[TSR_CHECK_TENTHS], chance_actual[TSR_CHECK_TENTHS];
    double brier, brier_of_share;  /* mean of (P - bought)^2; the same where P is the share who bought, for everybody */
    double auc[TSR_RANKS];         /* of who buys in the holdout */
    double gini[TSR_RANKS];        /* of money in the holdout, divided by that of the perfect ranking */
    double mae[2], rmse[2];        /* of purchases: the model; the past frequency carried on */
    double correlation[TSR_RANKS]; /* of purchases in the holdout with what the model expects, and with the rules */
} tsr_checkup;

/**
 * Collective. Same on all ranks: all but span.
 * @param validation    of tsr_value_validate() on the same columns
 * @param holdout_days  > 0
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Cost: one pass over the customers, 11 MiB of memory and reductions of it.
 */
tsr_status tsr_value_checkup(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                             const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                             const tsr_validation *validation, tsr_checkup *checkup) TSR_NODISCARD;

/** Local. To and from PATH of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_checkup_save(const tsr_checkup *checkup, const char *path, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_checkup_load(const tsr_bundle *bundle, const char *path, tsr_checkup *checkup) TSR_NODISCARD;

#endif
