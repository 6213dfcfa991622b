/**
 * @file maker.h
 * What turns blocks of input into blocks of features.h5, shared by features.c (from a matrix), from_dataset.c and
 * columns.c.
 */
#ifndef TSR_FEATURES_MAKER_H
#define TSR_FEATURES_MAKER_H

#include <string.h>

#include "features/featureset.h"
#include "features/history.h"
#include "tessera/table.h"

/* Everything that turns a block of input into a block of features.h5. */
typedef struct tsr_maker {
    tsr_feature_set set;
    tsr_column *column; /* of features.h5: what is known about the customer, then the features */
    int32_t columns;
    bool keep_ids;
    int64_t block_rows; /* customers or rows of the matrix to read at a time */
    /* from a dataset */
    const tsr_dataset *dataset;
    tsr_window window;
    tsr_order_sorter sorter;
    uint8_t *event_bits;
    const tsr_embedding_bases *bases;
    int64_t end_day;       /* of vectors: from it on they are not looked at */
    double **frequency;    /* [set.n] of TSR_FROM_FREQUENCY: share of customers by code; else NULL */
    uint32_t members;      /* what is read of the dataset to know who belongs to the run; 0: all do */
    uint32_t reads;        /* what is read to make features */
    tsr_block block;       /* the customers now read */
    int64_t at, next, end; /* position in the block; rows of the dataset still to read: next .. end - 1 */
    int64_t made;
    tsr_int128 revenue;
    int64_t prospects;
    /* from a matrix */
    const tsr_matrix *matrix;
    int64_t first; /* of this rank */
    int32_t id_width;
    double *values; /* [block_rows][cols] */
    char *ids;      /* [block_rows][id_width] */
} tsr_maker;

/** Local. Plan the columns of features.h5: what is known about the customer, then the features. */
tsr_status tsr_maker_columns(tsr_maker *m, int32_t id_width) TSR_NODISCARD;

/**
 * Collective. What must be known of all customers before features are made of each: who belongs to the run, which
 * values occur before as_of (features of others do not exist yet: they leave m->set), whether times of transactions
 * before as_of hold hours (m->window.clock), and m->frequency.
 * @param[out] span  the customers of the run. @return TSR_OK; TSR_EDATA (no feature is left); TSR_EIO; TSR_ENOMEM
 * Cost: one pass over m->next .. m->end - 1, which ends as soon as nothing is left to learn.
 */
tsr_status tsr_maker_survey(const tsr_comm *comm, tsr_maker *m, tsr_span *span) TSR_NODISCARD;

/** Local. Rows to read at a time for about @p items items. */
int64_t tsr_rows_per_block(int64_t items, int64_t items_per_row);

/** Collective. features.h5 from m->dataset. Statuses as tsr_features_run(). */
tsr_status tsr_maker_run_dataset(const tsr_comm *comm, tsr_maker *m, const tsr_features_params *params,
                                 const tsr_observation *observation, const char *path,
                                 tsr_features_info *info) TSR_NODISCARD;

/* The next column of a row. */
typedef struct tsr_row_writer {
    void *const *values;
    int64_t row;
} tsr_row_writer;

static inline void tsr_put_i32(tsr_row_writer *w, int64_t value)
{
    ((int32_t *)*w->values++)[w->row] = (int32_t)value;
}

static inline void tsr_put_i64(tsr_row_writer *w, int64_t value)
{
    ((int64_t *)*w->values++)[w->row] = value;
}

static inline void tsr_put_u64(tsr_row_writer *w, uint64_t value)
{
    ((uint64_t *)*w->values++)[w->row] = value;
}

static inline void tsr_put_f64(tsr_row_writer *w, double value)
{
    ((double *)*w->values++)[w->row] = value;
}

static inline void tsr_put_text(tsr_row_writer *w, const char *text, int32_t width)
{
    memcpy((char *)*w->values++ + w->row * width, text, (size_t)width);
}

#endif
