/**
 * @file grade.h
 * How good predictions are, over all ranks: exact sums, so the same bits on any number of ranks.
 *
 * Brier (1950); AUC by ranks as Mann and Whitney; reliability as in Niculescu-Mizil and Caruana (ICML 2005).
 */
#ifndef TSR_GRADE_H
#define TSR_GRADE_H

#include "tessera/comm.h"

#define TSR_RELIABILITY_BINS 10

/* Rows whose predicted probability lies in one tenth of 0..1. */
typedef struct tsr_reliability {
    int64_t rows;
    double predicted, observed; /* means; NaN without rows */
} tsr_reliability;

typedef struct tsr_grade {
    int64_t rows;
    int32_t classes;    /* 0: regression */
    int64_t *confusion; /* [classes][classes] true class by predicted one; owned */
    double accuracy;
    double log_loss; /* probabilities below 1e-15 count as that */
    double brier;    /* mean of (p - hit)^2, of class 1 where there are two classes, else summed over classes */
    double auc;      /* of class 1, or the mean over classes, each against all others; to 2^-16 of a probability */
    double calibration_error;                  /* mean distance of predicted and observed, weighted by rows */
    tsr_reliability bin[TSR_RELIABILITY_BINS]; /* of class 1 where there are two, else of the predicted class */
    double rmse, mae, r_squared;               /* regression */
} tsr_grade;

/* Rows to be scored: those of this rank whose part is `which`. */
typedef struct tsr_graded {
    int64_t rows;
    const uint8_t *part; /* [rows] */
    uint8_t which;
} tsr_graded;

/**
 * Collective. Same on all ranks: classes, rows->which.
 * @param p      [rows][classes] probabilities; rows with NaN are left out
 * @param label  [rows]
 * @param[out] score  the same on all ranks; tsr_grade_clear()
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_grade_classes(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                             int32_t classes, tsr_grade *score) TSR_NODISCARD;

/** Collective. The same for numbers: @p predicted and @p truth [rows]. */
tsr_status tsr_grade_numbers(const tsr_comm *comm, const tsr_graded *rows, const double *predicted, const double *truth,
                             tsr_grade *score) TSR_NODISCARD;

/** Local. */
void tsr_grade_clear(tsr_grade *score);

#endif
