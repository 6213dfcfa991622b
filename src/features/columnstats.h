/**
 * @file columnstats.h
 * Exact statistics of the columns of features.h5: each rank reads an even share of rows, sums are integers.
 */
#ifndef TSR_FEATURES_COLUMNSTATS_H
#define TSR_FEATURES_COLUMNSTATS_H

#include "tessera/scale.h"

/* Values beyond this are refused as infinite ones are: differences and squares of scaled values stay finite. */
#define TSR_VALUE_MAX 1e300

/* A column whose values lie no farther apart is a constant: the squares of its deviations would be nothing. */
#define TSR_SPREAD_LEAST 0x1p-1000

#define TSR_NO_ROW INT64_MAX

/* This rank's rows of an open features.h5. */
typedef struct tsr_reader {
    tsr_table *table;
    tsr_span span;
    double *values; /* [TSR_BLOCK_ROWS] */
} tsr_reader;

/** Collective. Open the file on each rank and deal its rows evenly. Free with tsr_reader_close(). */
tsr_status tsr_reader_open(const tsr_comm *comm, const char *path, tsr_reader *reader) TSR_NODISCARD;
void tsr_reader_close(tsr_reader *reader);

/* What a first look at a column tells, over all ranks. Rows are those of the table, from 0. */
typedef struct tsr_range_stats {
    int64_t present, missing;
    int64_t missing_here;            /* of this rank */
    double low, high;                /* of the present values; high < low: none */
    int64_t first_missing;           /* row of the first one; TSR_NO_ROW: none */
    int64_t first_infinite;          /* or beyond TSR_VALUE_MAX; it does not count as present */
    int64_t first_without_logarithm; /* value <= 0 */
} tsr_range_stats;

/** Collective. Same on all ranks: names, n. @param[out] stats  [n] @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_column_ranges(const tsr_comm *comm, const tsr_reader *reader, const char (*names)[TSR_NAME_BYTES],
                             int32_t n, tsr_range_stats *stats) TSR_NODISCARD;

/* Mean, spread and skewness of one transformed column. */
typedef struct tsr_moments {
    const char *name;
    int32_t transform;
    double fill;          /* stands for missing values, raw; NaN: they are left out */
    int64_t missing_here; /* of this rank */
    int64_t count;        /* values that count, over all ranks */
    double low, high;     /* of the transformed values that count; more than TSR_SPREAD_LEAST apart */
    double mean, sd;      /* out; sd with divisor n - 1 */
    double skewness;      /* out; m3 / m2^1.5 */
} tsr_moments;

/** Collective. Two passes over each column: mean, then central moments. Same on all ranks: n, all but missing_here. */
tsr_status tsr_column_moments(const tsr_comm *comm, const tsr_reader *reader, tsr_moments *column,
                              int32_t n) TSR_NODISCARD;

/** Collective. Exact medians of the present values. Same on all ranks: names, n. @param[out] median  [n] */
tsr_status tsr_column_medians(const tsr_comm *comm, const tsr_reader *reader, const char *const *names, int32_t n,
                              double *median) TSR_NODISCARD;

/** Local. Raw value -> transformed value, and back. */
double tsr_transform_forward(int32_t transform, double raw);
double tsr_transform_backward(int32_t transform, double value);

#endif
