/**
 * @file draws.h
 * What chance decides in a forest: which rows a tree sees (tsr_forest_draws()) and which columns a node tries.
 */
#ifndef TSR_PREDICT_DRAWS_H
#define TSR_PREDICT_DRAWS_H

#include <stdint.h>

/**
 * Local. Columns to try at a node, rising: all where tried = n, else so many of them drawn without replacement; a
 * function of (seed, tree, path).
 * @param path         1, and a bit for each turn from the root
 * @param useful       [n] to choose from, rising
 * @param work         [n]
 * @param[out] column  [tried]
 * Cost: n + tried^2 steps.
 */
void tsr_node_columns(uint64_t seed, int32_t tree, uint64_t path, const int32_t *useful, int32_t n, int32_t tried,
                      int32_t *work, int32_t *column);

#endif
