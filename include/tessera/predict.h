/**
 * @file predict.h
 * A supervised model from rows to scores: bins, tree or forest, out-of-bag error, calibration, test, importances.
 */
#ifndef TSR_PREDICT_H
#define TSR_PREDICT_H

#include "tessera/calibrate.h"
#include "tessera/forest.h"
#include "tessera/job.h"

typedef enum tsr_predict_method { TSR_PREDICT_TREE, TSR_PREDICT_FOREST } tsr_predict_method;
typedef enum tsr_predict_task { TSR_TASK_AUTO, TSR_TASK_CLASSES, TSR_TASK_NUMBER } tsr_predict_task;

typedef struct tsr_predict_params {
    char *label;          /* NULL: none */
    char *table;          /* file with the label; NULL: the job's own input */
    tsr_texts attributes; /* beside the features */
    int32_t task, method, criterion, calibration;
    int64_t trees, depth, min_leaf, bins, mtry;
    double test;
} tsr_predict_params;

extern const tsr_key tsr_predict_keys[];

/* What a row is there for. */
enum { TSR_PART_LEARN, TSR_PART_TEST, TSR_PART_UNLABELLED };

typedef struct tsr_prediction {
    tsr_forest *forest;
    int32_t outputs;
    double *out; /* [rows][outputs] calibrated probabilities, or the predicted number, of every row of this rank */
    bool calibrated, out_of_bag; /* are there such figures? */
    tsr_grade test, bag;         /* on rows held back; of trees that had not drawn the row. rows = 0: none */
    tsr_grade raw;               /* test without calibration, where calibrated */
    double *permuted; /* [cols] what the test loses in accuracy (a number: in R squared) without the column */
} tsr_prediction;

/**
 * Collective. Learn from the rows with part 0 and predict all. Same on all ranks: all but rows.
 *
 * Calibration fits a rising function to out-of-bag predictions, so there is none for a single tree. A column's
 * permutation importance is what the test loses when its values are drawn anew from the test's distribution of them
 * (Breiman, 2001), on at most about 20,000 rows.
 *
 * @param examples   examples->held marks rows that are not learned from; it is `part` (0: learn)
 * @param truth      [rows] numbers of a regression; NULL with classes
 * @param[out] out   tsr_prediction_clear()
 * @return TSR_OK; TSR_ECONF; TSR_EDATA (nothing to learn from); TSR_ENOMEM
 */
tsr_status tsr_predict_run(const tsr_comm *comm, const tsr_predict_params *params, uint64_t seed,
                           const tsr_examples *examples, const double *truth, tsr_prediction *out) TSR_NODISCARD;

/** Local. */
void tsr_prediction_clear(tsr_prediction *prediction);

#endif
