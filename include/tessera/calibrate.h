/**
 * @file calibrate.h
 * Probabilities that mean what they say: a rising function per class, fitted by pooling adjacent violators (Zadrozny
 * and Elkan, KDD 2002) to predictions that the forest made of rows it had not drawn.
 */
#ifndef TSR_CALIBRATE_H
#define TSR_CALIBRATE_H

#include "tessera/grade.h"

#define TSR_CALIBRATION_BINS 1024

typedef struct tsr_calibration {
    int32_t classes;
    int32_t *points; /* [classes] */
    double *score;   /* [classes][TSR_CALIBRATION_BINS] rising: predicted */
    double *rate;    /* [classes][TSR_CALIBRATION_BINS] rising: observed */
} tsr_calibration;

/**
 * Collective. Same on all ranks: classes, rows->which. @param p [rows][classes]; rows with NaN are left out
 * @param[out] calibration  the same on all ranks; tsr_calibration_clear()
 * @return TSR_OK; TSR_ENOMEM. Cost: one reduction of 24 KiB per class.
 */
tsr_status tsr_calibration_fit(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                               int32_t classes, tsr_calibration *calibration) TSR_NODISCARD;

/** Local. Calibrate p [rows][classes] in place, linear between points; each row adds up to 1 again. */
void tsr_calibration_apply(const tsr_calibration *calibration, int64_t rows, double *p);

/** Local. */
void tsr_calibration_clear(tsr_calibration *calibration);

#endif
