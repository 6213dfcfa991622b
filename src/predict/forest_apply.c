#include <math.h>

#include "tessera/forest.h"
#include "tessera/memory.h"

int32_t tsr_forest_leaf(const tsr_forest *forest, int32_t tree, const tsr_binned *x, int64_t row)
{
    const tsr_tree_node *root = forest->node + forest->first[tree], *at = root;

    while (at->column >= 0) {
        uint8_t code = x->code[at->column * x->rows + row];
        bool left = code == TSR_CODE_MISSING ? at->missing_left : code <= at->code;
        at = root + at->child + (left ? 0 : 1);
    }
    return at->child;
}

tsr_status tsr_forest_apply(const tsr_forest *forest, const tsr_binned *x, const tsr_forest_params *out_of_bag,
                            const uint64_t *key, double *out)
{
    const int32_t outputs = forest->outputs;
    int32_t *trees = NULL;
    tsr_status st = tsr_alloc(&trees, x->rows, sizeof *trees);

    if (st != TSR_OK) return st;
    for (int64_t i = 0; i < x->rows * outputs; i++) out[i] = 0;
    /* Tree by tree: one tree fits the nearest memory, a forest does not. The sums keep their order: by tree. */
    for (int32_t t = 0; t < forest->trees; t++)
        for (int64_t i = 0; i < x->rows; i++) {
            if (out_of_bag != NULL && tsr_forest_draws(out_of_bag, key[i], t) > 0) continue;
            int64_t leaf = forest->first_leaf[t] + tsr_forest_leaf(forest, t, x, i);
            trees[i]++;
            for (int32_t c = 0; c < outputs; c++) out[i * outputs + c] += (double)forest->value[leaf * outputs + c];
        }
    for (int64_t i = 0; i < x->rows; i++)
        for (int32_t c = 0; c < outputs; c++)
            out[i * outputs + c] = trees[i] > 0 ? out[i * outputs + c] / trees[i] : (double)NAN;
    tsr_free(&trees);
    return TSR_OK;
}
