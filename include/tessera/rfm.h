/**
 * @file rfm.h
 * Recency, frequency, monetary value: scores 1..5 from exact quintiles (rule V: 1 + number of edges below the value,
 * reversed for recency) and named groups from a scheme, which is a table: data, not code.
 */
#ifndef TSR_RFM_H
#define TSR_RFM_H

#include "tessera/bundle.h"
#include "tessera/job.h"

typedef struct tsr_rfm_params {
    char *scheme; /* table_c | grid_a | path of a scheme file (lines: cell, tab, name; '*' in a cell is any score) */
} tsr_rfm_params;

extern const tsr_key tsr_rfm_keys[];

#define TSR_RFM_GROUPS_MAX 32

typedef struct tsr_rfm {
    double edge[3][4]; /* recency (days), frequency (orders), money (whole currency units): quantiles .2 .4 .6 .8 */
    int8_t group[125]; /* [r-1][f-1][m-1] -> number in name */
    int32_t groups;    /* the last one is Prospect: no purchase yet */
    char name[TSR_RFM_GROUPS_MAX][TSR_NAME_BYTES];
    char scheme[TSR_NAME_BYTES];
    int64_t customers;                 /* with a purchase */
    int64_t count[TSR_RFM_GROUPS_MAX]; /* customers per group */
    int64_t score_count[3][5];
} tsr_rfm;

typedef struct tsr_rfm_scores {
    int8_t r, f, m; /* 1..5; 0 for prospects */
    int8_t group;
} tsr_rfm_scores;

/**
 * Collective. Edges over customers with a purchase, from features.h5; then counts of scores and groups.
 * Same on all ranks: all but span. Nobody with a purchase is no error: edges are NaN, all are prospects.
 * @param money_scale  decimals of a money unit: 2 for cents
 * @return TSR_OK; TSR_ECONF (scheme: file, line, what is wrong); TSR_EIO; TSR_EDATA (columns); TSR_ENOMEM
 * Cost: a few passes over three columns, block by block.
 */
tsr_status tsr_rfm_fit(const tsr_comm *comm, const tsr_rfm_params *params, const char *features, const tsr_span *span,
                       int32_t money_scale, tsr_rfm *rfm) TSR_NODISCARD;

/** Local. recency_days < 0: prospect. @param revenue  money units */
tsr_rfm_scores tsr_rfm_score(const tsr_rfm *rfm, int32_t recency_days, int32_t orders, int64_t revenue,
                             int32_t money_scale);

/** Local. To and from /rfm/... of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_rfm_save(const tsr_rfm *rfm, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_rfm_load(const tsr_bundle *bundle, tsr_rfm *rfm) TSR_NODISCARD;

#endif
