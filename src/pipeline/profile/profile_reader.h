/**
 * @file profile_reader.h
 * What the passes over features.h5 and customers.h5 gather for a profile, and the figures that come of it.
 */
#ifndef TSR_PROFILE_READER_H
#define TSR_PROFILE_READER_H

#include "pipeline/profile/profile.h"
#include "tessera/features.h"

/* Rows at a time; small, since all features of a block are held at once. */
#define TSR_PROFILE_ROWS 8192

/* Sums of value columns of one segment. */
enum { CLV, FOREVER, PURCHASES, ALIVE, BUY, CHURN, VALUES };

/* Integer sums of one segment, in one reduction. */
enum { CUSTOMERS, BUYERS, ORDERS, RECENCY, REVENUE, COUNTS };

typedef struct tsr_profile_reader {
    tsr_table *features, *customers;
    const tsr_span *span;
    const tsr_scaler *scaler;
    int32_t k, cols;
    bool money, value;
    char (*name)[TSR_NAME_BYTES];
    double *values;   /* [cols][TSR_PROFILE_ROWS] */
    int32_t *segment; /* [TSR_PROFILE_ROWS] */
    int32_t *recency, *orders;
    int64_t *revenue;
    float *value_column[VALUES];
    double *largest;        /* [cols] largest |value| over all ranks */
    tsr_int128 *counts;     /* [k][COUNTS] */
    tsr_fixed *worth;       /* [k][VALUES] */
    tsr_fixed *sums;        /* [k][cols] */
    int32_t *scaled;        /* [cols] place of the feature in the scaler; -1: one value for all customers */
    tsr_fixed *scaled_sums; /* [k][cols] of scaled values */
    tsr_fixed *squares;     /* [cols] of scaled values of all customers */
} tsr_profile_reader;

/** Local. Means, totals and effects of each segment and of all, from sums over all ranks.
 *  @param present, present_total  values that are not missing, [k][cols] and [cols] */
void tsr_profile_fill(const tsr_profile_reader *r, int32_t money_scale, const int64_t *present,
                      const int64_t *present_total, tsr_profile *profile);

#endif
