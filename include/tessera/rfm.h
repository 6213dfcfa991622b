/**
 * @file rfm.h
 * Recency, frequency, monetary value: scores from 1 (worst) up by one of several rules in use, and named groups from a
 * scheme, which is a table: data, not code.
 *
 * Every rule comes to edges between classes; a score is 1 + the edges below the value, reversed for recency. Edges lie
 * in model.h5 and segments.json, so that others can be scored by them. Equal values get equal scores, but for the rule
 * `rank`, which cuts ties by the customers' keys.
 */
#ifndef TSR_RFM_H
#define TSR_RFM_H

#include "tessera/bundle.h"
#include "tessera/job.h"

/* Values of rfm.rule. With b classes and n customers, i = 1 .. b - 1: */
enum {
    TSR_RFM_AUTO,       /* as the scheme says; else value */
    TSR_RFM_VALUE,      /* quantiles i/b of type 7; an edge belongs below (rule V; cut by quantiles in pandas) */
    TSR_RFM_PACKAGE,    /* the same plus 1; an edge belongs above (rule P; the R package rfm, SPSS) */
    TSR_RFM_RANK,       /* quantiles of the ranks 1 .. n, ties in the order of keys (rule N; rank first, then cut) */
    TSR_RFM_RANK_WIDTH, /* classes of equal width of the ranks, ties share the lowest (rule K) */
    TSR_RFM_DISTINCT,   /* as value, but edges that coincide count once: fewer classes (rule Q, with b = 4) */
    TSR_RFM_MEAN,       /* two classes: better than the mean, or not */
    TSR_RFM_MEDIAN,     /* two classes: better than the median, or not */
    TSR_RFM_RULES
};

/* Values of rfm.weights: how a score of all three is made. */
enum { TSR_RFM_EQUAL, TSR_RFM_ENTROPY, TSR_RFM_CRITIC, TSR_RFM_AHP, TSR_RFM_WEIGHTINGS };
/* Values of rfm.weights_of: what entropy and CRITIC look at. */
enum { TSR_RFM_OF_SCORES, TSR_RFM_OF_VALUES };

/* All zero: the defaults. */
typedef struct tsr_rfm_params {
    char *scheme; /* one of the house, none, or the path of a scheme file */
    int32_t rule;
    int64_t bins;           /* classes per axis; 0: as the scheme says */
    bool nested;            /* frequency within the classes of recency, money within both */
    tsr_texts threshold[3]; /* given edges, rising; n = 0: from the data */
    int32_t weights, weights_of;
    tsr_texts ahp; /* comparisons recency : frequency, recency : money, frequency : money; n = 0: none */
} tsr_rfm_params;

extern const tsr_key tsr_rfm_keys[];

enum {
    TSR_RFM_AXES = 3,     /* recency (days), frequency (orders), money (whole currency units) */
    TSR_RFM_BINS_MAX = 9, /* a score is one digit */
    TSR_RFM_CELLS_MAX = 729,
    TSR_RFM_PARTS_MAX = 81, /* classes of other axes that an axis is cut within */
    TSR_RFM_GROUPS_MAX = 32
};

/* The edges of one axis. */
typedef struct tsr_rfm_axis {
    int32_t parts; /* 1; nested: bins for frequency, bins^2 for money, by the scores before: (r-1) bins + f-1 */
    bool closed;   /* an edge belongs to the class above it */
    bool has_keys; /* at an edge the key decides: up to edge_key the class below */
    double edge[TSR_RFM_PARTS_MAX][TSR_RFM_BINS_MAX - 1]; /* NaN: none */
    uint64_t edge_key[TSR_RFM_PARTS_MAX][TSR_RFM_BINS_MAX - 1];
    int64_t count[TSR_RFM_BINS_MAX]; /* customers per score */
} tsr_rfm_axis;

/* Weights of recency, frequency, money, each set adding up to 1; NaN: not to be had. */
typedef struct tsr_rfm_weights {
    double used[TSR_RFM_AXES];
    double of_scores[TSR_RFM_WEIGHTINGS][TSR_RFM_AXES]; /* equal, entropy, CRITIC of scores scaled to 0..1; AHP */
    double of_values[TSR_RFM_WEIGHTINGS][TSR_RFM_AXES]; /* the same of values scaled to 0..1 between their extremes */
    double consistency; /* ratio of the AHP comparisons: at most .1 where they fit together; NaN: none given */
} tsr_rfm_weights;

typedef struct tsr_rfm {
    int32_t rule, bins, weighting, weights_of; /* as resolved */
    bool nested;
    tsr_rfm_axis axis[TSR_RFM_AXES];
    char scheme[TSR_NAME_BYTES];                         /* its name, or that of its file without folders */
    int32_t groups;                                      /* the last one is Prospect: no purchase yet */
    char name[TSR_RFM_GROUPS_MAX][TSR_NAME_BYTES];       /* in the order of the scheme */
    char other_name[TSR_RFM_GROUPS_MAX][TSR_NAME_BYTES]; /* in another language; empty: none */
    int8_t group[TSR_RFM_CELLS_MAX];                     /* of cell ((r-1) bins + f-1) bins + m-1 */
    int64_t customers;                                   /* with a purchase */
    int64_t count[TSR_RFM_GROUPS_MAX];                   /* customers per group */
    int64_t cell_count[TSR_RFM_CELLS_MAX];
    tsr_rfm_weights weights;
} tsr_rfm;

/* What of a customer counts. */
typedef struct tsr_rfm_customer {
    int32_t recency_days; /* below 0: has not bought yet */
    int32_t orders;
    int64_t revenue; /* money units */
    uint64_t key;
} tsr_rfm_customer;

typedef struct tsr_rfm_scores {
    int8_t r, f, m; /* 1 .. bins; 0 for prospects */
    int8_t group;
    double weighted; /* mean of the three by their weights; 0 for prospects */
} tsr_rfm_scores;

/**
 * Collective. Would tsr_rfm_fit() refuse the params? For a look before there are features. Same on all ranks: all.
 * @param keep_keys  may keys of customers be kept? The rule `rank` needs those at edges, to score others later
 * @return TSR_OK; TSR_ECONF (params, or scheme: file, line, column, what is wrong); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_rfm_check(const tsr_comm *comm, const tsr_rfm_params *params, bool keep_keys) TSR_NODISCARD;

/**
 * Collective. Edges over customers with a purchase, from features.h5; then counts of scores and groups, and weights.
 * Same on all ranks: all but span and key. Nobody with a purchase is no error: edges are NaN, all are prospects.
 * @param key          [span->rows] rising over all rows of all ranks; borrowed
 * @param money_scale  decimals of a money unit: 2 for cents
 * @return TSR_OK; TSR_ECONF (params, or scheme: file, line, column, what is wrong); TSR_EIO; TSR_EDATA; TSR_ENOMEM
 * Cost: a few passes over three columns, block by block.
 */
tsr_status tsr_rfm_fit(const tsr_comm *comm, const tsr_rfm_params *params, const char *features, const tsr_span *span,
                       const uint64_t *key, int32_t money_scale, tsr_rfm *rfm) TSR_NODISCARD;

/** Local. */
tsr_rfm_scores tsr_rfm_score(const tsr_rfm *rfm, const tsr_rfm_customer *customer, int32_t money_scale);

/** Local. "value", "rank", ... ; "equal", "entropy", ... */
const char *tsr_rfm_rule_name(int32_t rule);
const char *tsr_rfm_weighting_name(int32_t weighting);

/** Local. To and from /rfm/... of a bundle. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (load) */
tsr_status tsr_rfm_save(const tsr_rfm *rfm, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_rfm_load(const tsr_bundle *bundle, tsr_rfm *rfm) TSR_NODISCARD;

#endif
