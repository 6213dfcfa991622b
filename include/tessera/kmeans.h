/**
 * @file kmeans.h
 * Segments by K-means: seeds and k chosen on a deterministic sample, finished on all customers with exact sums.
 */
#ifndef TSR_KMEANS_H
#define TSR_KMEANS_H

#include "tessera/assign.h"
#include "tessera/bundle.h"
#include "tessera/job.h"
#include "tessera/tiers.h"

/* How customers are grouped. */
typedef enum tsr_method {
    TSR_METHOD_KMEANS,
    TSR_METHOD_TIERS /* tiers.h */
} tsr_method;

/* What may decide on k. All are computed, whichever decides. */
typedef enum tsr_criterion {
    TSR_SILHOUETTE,        /* simplified; the largest */
    TSR_CALINSKI_HARABASZ, /* the largest */
    TSR_DAVIES_BOULDIN,    /* the smallest */
    TSR_GAP,               /* the smallest k with gap(k) >= gap(k + 1) - error(k + 1) */
    TSR_STABILITY,         /* the largest */
    TSR_CRITERIA
} tsr_criterion;

/* Where the fit on all rows starts. */
typedef enum tsr_seeding {
    TSR_SEED_SAMPLE,  /* from the best fit on the sample */
    TSR_SEED_PARALLEL /* from kmeans|| on all rows; k is still chosen on the sample */
} tsr_seeding;

/* What becomes of segments that lose all their rows. Eight times at the most for each: then it stays empty. */
typedef enum tsr_empty {
    TSR_EMPTY_FARTHEST, /* each takes the row that lies farthest from its own centroid */
    TSR_EMPTY_SPLIT     /* each takes half of the largest segment, as far as rows allow */
} tsr_empty;

typedef struct tsr_cluster_params {
    int32_t method;          /* a tsr_method */
    tsr_tiers_params tiers;  /* where it is TSR_METHOD_TIERS */
    tsr_range k;             /* 5..8 */
    int32_t choose;          /* a tsr_criterion */
    int64_t restarts;        /* starts per k on the sample */
    int64_t sample;          /* customers in it */
    int64_t sample_criteria; /* of them, for gap and stability */
    int64_t gap_references;  /* 0: no gap statistic */
    int64_t stability_pairs; /* of half-samples; 0: no stability */
    char *start_file,
        *start_path; /* cluster.start: {file, path}: centroids in original units [k][features]; NULL: none */
    int64_t max_iter;
    double tol;       /* stop at squared centroid shift <= tol x mean variance; 0: when no customer moves */
    int32_t seeding;  /* a tsr_seeding */
    int32_t empty;    /* a tsr_empty */
    double min_share; /* smaller segments are flagged */
    char *weights;    /* column with the weights of customers; NULL: all count alike. For who makes the tiles */
    const tsr_checkpoint *checkpoint; /* no key of the job; NULL: none */
} tsr_cluster_params;

extern const tsr_key tsr_cluster_keys[];

typedef enum tsr_stop { TSR_STOP_SETTLED, TSR_STOP_TOLERANCE, TSR_STOP_MAXIMUM, TSR_STOP_CYCLE } tsr_stop;

/** Local. As run.json and the log call it. */
const char *tsr_stop_name(tsr_stop stop);

/** Local. As the job file calls it. */
const char *tsr_criterion_name(tsr_criterion criterion);

/* One candidate k, measured on the sample, in real units. Undefined: NaN. */
typedef struct tsr_candidate {
    int32_t k;
    double inertia, explained_variance, silhouette_simplified, silhouette_squared, davies_bouldin, calinski_harabasz;
    double gap, gap_error; /* Tibshirani, Walther & Hastie (2001): against uniform customers; its standard error s_k */
    double stability, stability_sd; /* adjusted Rand index of fits on two half-samples: mean and sd over pairs */
    double jaccard;                 /* of the segment that half-samples find again worst: see tsr_kmeans */
    double smallest_share;          /* of the sample's customers in its smallest segment */
} tsr_candidate;

/** Local. The k that a criterion names among candidates of rising k, the smallest of equals; 0: it is undefined. */
int32_t tsr_candidates_vote(const tsr_candidate *candidate, int32_t n, tsr_criterion criterion);

/**
 * Local. The k that comes nearest to the one the criterion names, where there is no telling them apart: within the
 * error that the criterion has (gap, stability), or one part in a hundred; 0: none comes so near.
 */
int32_t tsr_candidates_tie(const tsr_candidate *candidate, int32_t n, tsr_criterion criterion);

/*
 * Labels, sums and counts belong together: a label is the nearest `centroid`, sums and counts are over the labels.
 * Where the fit settled, centroid is sums / weight too (in double, rounded to float); where it stopped before, it is
 * what the labels were found with, one update behind the sums.
 */
typedef struct tsr_kmeans {
    int32_t k, cols;   /* k may be smaller than asked for where there are fewer distinct rows */
    int64_t *sums;     /* [k][cols] exact, steps; each row times its weight */
    int64_t *count;    /* [k] rows; none is 0 */
    int64_t *weight;   /* [k] sums of their weights, in quanta; NULL: rows have none, count stands for it */
    double quantum;    /* real weight = weight x quantum */
    float *centroid;   /* [k][cols] in steps */
    int32_t *priority; /* [k] a row that is equally near to two goes to the one with the smaller priority */
    double step;
    int32_t candidates_n; /* 0 where k or the start was given */
    tsr_candidate *candidate;
    int32_t vote[TSR_CRITERIA]; /* the k that each criterion names; 0: undefined */
    double *jaccard;            /* [k] how well half-samples find each segment again: mean over fits on them of the
                                   largest Jaccard index (Hennig, 2007; below 0.5 it dissolves); NaN: none of its rows is in
                                   the sample; NULL: stability_pairs is 0, or k above sample_criteria / 16 */
    int64_t iterations;         /* of the final fit on all rows: passes of assignment */
    double seconds; /* of it, from starting centroids to final labels, the slowest rank; not saved (0 when loaded) */
    tsr_stop stop;
    int64_t moved;   /* rows that changed segment in the last iteration */
    int64_t repairs; /* empty clusters given a new centroid */
    int64_t sample_rows;
    int32_t asked_k; /* k as asked or chosen; > k: fewer distinct rows */
} tsr_kmeans;

/**
 * Collective. Fit and label. Same on all ranks: params, seed, start. Rows of the tiles change places meanwhile, and
 * stand where they were on return.
 *
 * Without a start: greedy k-means++ on a sample (the params->sample customers with the smallest draws), restarts starts
 * for each k, each brought to convergence on the sample; the smallest inertia wins. k from a range is the one that
 * params->choose names (silhouette: of those at linear cost the nearest to the Euclidean one), the smallest k where
 * several are equal. The sample's centroids start the fit on all rows.
 *
 * A segment left without rows is filled as params->empty says; where no row differs from its centroid, there are fewer
 * segments, with a warning.
 *
 * Where the tiles have weights (weights.h), a row counts as many times in sums, centroids, inertia, tolerance, seeding
 * and the criteria for k; stability and the limits on empty segments count rows. Whole numbers give the bits of rows
 * repeated as often, from the same start.
 *
 * @param start        [k][cols] in real units of the tiles, or NULL (then seeds come from the sample)
 * @param start_k      its k; overrides params->k
 * @param[out] model   new; tsr_kmeans_destroy()
 * @param[out] label   new [rows] by slot; tsr_free()
 * @return TSR_OK; TSR_ECONF (k, disagreement); TSR_EDATA (fewer rows than k, a start that is not finite); TSR_ENOMEM;
 * TSR_EINTR (agreed within one iteration)
 * Cost per iteration: rows x k x cols multiply-adds, one allreduce of k (cols + 1) + 4 int64 (k more with weights).
 */
tsr_status tsr_kmeans_run(const tsr_comm *comm, const tsr_cluster_params *params, uint64_t seed, const tsr_tiles *tiles,
                          const double *start, int32_t start_k, tsr_kmeans **model, uint16_t **label) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_kmeans_destroy(tsr_kmeans **model);

/** Local. Label rows with the model's centroids: the same labels as the fit left. */
tsr_status tsr_kmeans_label(tsr_isa isa, const tsr_kmeans *model, const tsr_tiles *tiles,
                            uint16_t **label) TSR_NODISCARD;

/** Local. Renumber: new number of segment c is order[c]; labels too. */
void tsr_kmeans_renumber(tsr_kmeans *model, const int32_t *order, uint16_t *label, int64_t rows);

/** Local. To and from /kmeans/... of a bundle. */
tsr_status tsr_kmeans_save(const tsr_kmeans *model, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_kmeans_load(const tsr_bundle *bundle, tsr_kmeans **model) TSR_NODISCARD;

#endif
