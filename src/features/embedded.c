/* Vectors of a dataset as features: their coordinates in a basis that the caller found. */
#include <math.h>

#include "features/embedded.h"

#define SECONDS_PER_DAY 86400

int32_t tsr_embedding_parts(const tsr_features_params *params, const tsr_embedding *embedding)
{
    return params->embedding_components < embedding->dimensions ? (int32_t)params->embedding_components
                                                                : embedding->dimensions;
}

int64_t tsr_observation_end_day(const tsr_observation *observation, const tsr_dataset_info *about)
{
    if (observation->as_of.set) return observation->as_of.seconds / SECONDS_PER_DAY;
    if (about->transactions == 0) return INT64_MAX;
    return (int64_t)about->time_last / SECONDS_PER_DAY + 1;
}

bool tsr_embedding_there(const tsr_embedding *e, const tsr_block *block, int64_t i, int64_t end_day)
{
    const float day = block->number[e->first + e->dimensions][i];
    bool there = (double)day < (double)end_day; /* not where it is NaN */

    for (int32_t c = 0; there && c < e->dimensions; c++) there = !isnan(block->number[e->first + c][i]);
    return there;
}

double tsr_embedded_value(const tsr_embedding_bases *bases, int32_t first, int32_t component, const tsr_block *block,
                          int64_t i, int64_t end_day)
{
    const tsr_embedding_basis *basis = bases->basis;
    double sum = 0.0;

    while (basis->about.first != first) basis++;
    const double *vector = basis->vector + (int64_t)component * basis->about.dimensions;
    if (!tsr_embedding_there(&basis->about, block, i, end_day)) return NAN;
    for (int32_t c = 0; c < basis->about.dimensions; c++)
        sum = fma((double)block->number[first + c][i] - basis->mean[c], vector[c], sum);
    return sum;
}
