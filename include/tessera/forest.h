/**
 * @file forest.h
 * Decision trees and random forests from histograms of integers: classification and regression over all ranks.
 *
 * Rows stand as one byte per value (bins.h). Trees grow level by level: every rank counts, for each node of the level
 * and each column tried there, its rows by (bin, class); one reduction adds the counts; every rank finds the same best
 * splits. Counts are integers and draws are keyed by the customer, so a forest has the same bits on any number of
 * ranks. Where the whole matrix fits every rank's memory it is copied to all, and each grows whole trees for itself
 * without a reduction: the same trees.
 *
 * Sources: Breiman, Random Forests, Machine Learning 45 (2001); histograms, subtraction and level-wise growth: Ranka
 * and Singh (CLOUDS, KDD 1998), Ke et al. (LightGBM, NIPS 2017); bootstrap weights Poisson(1): Oza and Russell (2001).
 */
#ifndef TSR_FOREST_H
#define TSR_FOREST_H

#include "tessera/bins.h"

#define TSR_LABELS_MAX 1000
#define TSR_DEPTH_MAX  40

typedef enum tsr_criterion_of_split { TSR_SPLIT_GINI, TSR_SPLIT_ENTROPY } tsr_criterion_of_split;

typedef struct tsr_forest_params {
    int32_t trees;
    int32_t depth;     /* splits from the root to a leaf at most; 1..TSR_DEPTH_MAX */
    int64_t min_leaf;  /* rows (as often as they are drawn) of a leaf at least; >= 1 */
    int32_t mtry;      /* columns tried at each node, of those that vary; 0: all */
    bool bootstrap;    /* each tree sees each row Poisson(1) times; false: once */
    int32_t criterion; /* of classification; regression takes the squared error */
    uint64_t seed;
    const double *class_weight; /* [classes] for choosing splits; NULL: all 1. Borrowed */
} tsr_forest_params;

/* What a tree learns from: rows of this rank. Exactly one of label and target is given. Borrowed. */
typedef struct tsr_examples {
    const tsr_binned *x;
    const uint64_t *key;   /* [rows] what draws go by */
    const uint8_t *held;   /* [rows] 1: not learned from; NULL: all are */
    int32_t classes;       /* 2..TSR_LABELS_MAX; 0: regression */
    const uint16_t *label; /* [rows] 0 .. classes - 1 */
    const int32_t *target; /* [rows] of a regression, in steps of `step` from `origin`; |target| <= 2^28 */
    double origin, step;
} tsr_examples;

typedef struct tsr_tree_node {
    int32_t column;    /* -1: a leaf */
    int32_t child;     /* node of the left child, the right one follows; of a leaf: its place among the values */
    uint8_t code;      /* codes up to this go left */
    bool missing_left; /* and those that are missing, where this says so */
    double threshold;  /* values up to this go left; infinity: all that are not missing */
    double gain;       /* of the criterion, in rows */
    int64_t rows;      /* of training that came here, as often as they were drawn */
} tsr_tree_node;

typedef struct tsr_forest {
    int32_t classes; /* 0: regression */
    int32_t outputs; /* per leaf: a share for each class, or one mean */
    int32_t cols, trees;
    int32_t *first;      /* [trees + 1] the nodes of each tree; child counts from the tree's first node */
    int32_t *first_leaf; /* [trees + 1] likewise leaves */
    tsr_tree_node *node;
    float *value;       /* [leaves][outputs] */
    double *importance; /* [cols] by gain, adding up to 1 (all 0 where nothing was split) */
} tsr_forest;

/** Local. A tree of all rows: depth 6, leaves of 20. */
tsr_forest_params tsr_forest_params_default(void);

/**
 * Collective. Grow a forest. Same on all ranks: params, examples->classes, columns and edges. May differ: rows.
 * @param[out] forest  new, the same on all ranks; tsr_forest_destroy(); NULL on failure
 * @return TSR_OK; TSR_ECONF (params); TSR_EDATA (no rows to learn from); TSR_ENOMEM
 * Cost per tree and level: rows x columns tried additions; one reduction of 2 KiB x nodes x columns tried x classes for
 * all trees of a batch together, in pieces of 64 MiB; none where the matrix is copied to all ranks (up to 256 MiB).
 * Where all columns are tried the larger child is its parent minus its sibling. Memory: 8 bytes per row and tree.
 */
tsr_status tsr_forest_fit(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *examples,
                          tsr_forest **forest) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_forest_destroy(tsr_forest **forest);

/** Local. How often a tree has drawn a row: 0, 1, 2, ...; a function of (seed, key, tree). */
int32_t tsr_forest_draws(const tsr_forest_params *params, uint64_t key, int32_t tree);

/** Local. The leaf, counted within tree @p tree, that a row of @p x falls into. */
int32_t tsr_forest_leaf(const tsr_forest *forest, int32_t tree, const tsr_binned *x, int64_t row);

/**
 * Local. Means of the leaves over all trees, row by row.
 * @param out_of_bag  not NULL: of the trees that did not draw the row (and learned from it not at all); rows that every
 *                    tree has drawn get NaN
 * @param[out] out    [rows of x][outputs]
 * @return TSR_OK; TSR_ENOMEM
 * Cost: rows x trees x depth.
 */
tsr_status tsr_forest_apply(const tsr_forest *forest, const tsr_binned *x, const tsr_forest_params *out_of_bag,
                            const uint64_t *key, double *out) TSR_NODISCARD;

#endif
