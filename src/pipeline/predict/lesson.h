/**
 * @file lesson.h
 * What `tessera predict` learns from: columns, labels and classes of a job.
 */
#ifndef TSR_LESSON_H
#define TSR_LESSON_H

#include "pipeline/run/population.h"
#include "pipeline/run/run.h"
#include "tessera/predict.h"

/* A category used as a number: the place of its word in the order of the words. */
typedef struct tsr_lesson_attribute {
    char name[TSR_NAME_BYTES];
    double *value; /* [rows] */
} tsr_lesson_attribute;

typedef struct tsr_lesson {
    int32_t cols, features;
    char (*name)[TSR_NAME_BYTES];     /* [cols] features first, then attributes */
    tsr_lesson_attribute *attribute;  /* [cols - features] */
    tsr_table *table;                 /* features.h5, open */
    const tsr_population *population; /* borrowed */
    double *truth;                    /* [rows] the label as a number; NaN: unlabelled */
    uint8_t *part;                    /* [rows] learn, test, unlabelled */
    int64_t count[3];                 /* rows of each part, on all ranks */
    int32_t classes;                  /* 0: regression */
    char **class_name;                /* [classes] */
    uint16_t *label;                  /* [rows] */
    int32_t *target;                  /* [rows] */
    double origin, step;
} tsr_lesson;

/**
 * Collective. @param[out] lesson  tsr_lesson_clear()
 * @return TSR_OK; TSR_ECONF (no such label or attribute); TSR_EDATA (see tsr_predict_job()); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_lesson_read(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                           const tsr_population *population, tsr_lesson *lesson) TSR_NODISCARD;
void tsr_lesson_clear(tsr_lesson *lesson);

/** Local. Rows of all columns, by block: for tsr_bins_fit(). Borrows the lesson. */
tsr_quantile_source tsr_lesson_source(tsr_lesson *lesson);

#endif
