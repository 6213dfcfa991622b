#include "predict/draws.h"

#include <string.h>

#include "tessera/forest.h"
#include "tessera/rng.h"

#define TRIED_BITS 20 /* of a draw's number: which of a node's draws it is */

/* P(Poisson(1) <= w) x 2^16. */
static const uint16_t POISSON[] = {24109, 48219, 60274, 64292, 65296, 65497, 65531, 65535};

int32_t tsr_forest_draws(const tsr_forest_params *params, uint64_t key, int32_t tree)
{
    int32_t times = 0;

    if (!params->bootstrap) return 1;
    uint64_t bits = tsr_draw(params->seed, TSR_STREAM_BOOTSTRAP, key, (uint64_t)tree / 4);
    uint16_t mine = (uint16_t)(bits >> 16 * (tree % 4));
    while (times < 8 && mine >= POISSON[times]) times++;
    return times;
}

void tsr_node_columns(uint64_t seed, int32_t tree, uint64_t path, const int32_t *useful, int32_t n, int32_t tried,
                      int32_t *work, int32_t *column)
{
    if (tried == n) {
        memcpy(column, useful, sizeof *column * (size_t)n);
        return;
    }
    memcpy(work, useful, sizeof *work * (size_t)n);
    for (int32_t i = 0; i < tried; i++) {
        uint64_t draw = tsr_draw(seed, TSR_STREAM_COLUMNS, path, (uint64_t)tree << TRIED_BITS | (uint64_t)i);
        int32_t at = i + (int32_t)(draw % (uint64_t)(n - i)), chosen = work[at], place = i;
        work[at] = work[i];
        for (; place > 0 && column[place - 1] > chosen; place--) column[place] = column[place - 1];
        column[place] = chosen;
    }
}
