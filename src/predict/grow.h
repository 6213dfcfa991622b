/**
 * @file grow.h
 * Trees while they grow, level by level, all of a batch together.
 */
#ifndef TSR_PREDICT_GROW_H
#define TSR_PREDICT_GROW_H

#include "predict/split.h"

/* A tree that is grown. */
typedef struct tsr_plant {
    tsr_tree_node *node; /* [nodes] the root first; owned */
    float *value;        /* [leaves][outputs]; owned */
    int32_t nodes, leaves;
    int64_t node_room, leaf_room; /* what is allocated */
} tsr_plant;

/**
 * Collective. Grow trees first .. first + n - 1 of a forest. Same on all ranks: all but rows.
 * @param[out] plant  [n] the same on all ranks; free with tsr_plant_clear(), after failure too
 * @return TSR_OK; TSR_EDATA (no rows); TSR_ENOMEM
 */
tsr_status tsr_grow(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *examples, int32_t first,
                    int32_t n, tsr_plant *plant) TSR_NODISCARD;

/** Local. */
void tsr_plant_clear(tsr_plant *plant);

#endif
