#include <math.h>

#include "pipeline/summary/maps.h"

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value + 0.0) : json_null();
}

json_t *tsr_maps_grid(const tsr_maps *maps, int32_t money_scale)
{
    json_t *cells = json_array();
    char revenue[48];

    for (int i = 0; i < maps->bins * maps->bins; i++) {
        tsr_int128_print(maps->grid_revenue[i], money_scale, revenue);
        json_array_append_new(cells, json_pack("{s:i, s:i, s:I, s:s}", "r", i / maps->bins + 1, "f", i % maps->bins + 1,
                                               "customers", (json_int_t)maps->grid[i], "revenue", revenue));
    }
    return cells;
}

json_t *tsr_maps_mix(const tsr_maps *maps, const tsr_rfm *rfm, int32_t segment)
{
    json_t *mix = json_object();

    for (int32_t g = 0; g < maps->groups; g++)
        json_object_set_new(mix, rfm->name[g], json_integer(maps->mix[(int64_t)segment * maps->groups + g]));
    return mix;
}

json_t *tsr_maps_density(const tsr_maps *maps)
{
    json_t *cells = json_array();

    if (!maps->scores) {
        json_decref(cells);
        return json_null();
    }
    for (int i = 0; i < maps->rows * maps->columns; i++)
        if (maps->density[i] > 0)
            json_array_append_new(cells, json_pack("[i, i, I]", i % maps->columns, i / maps->columns,
                                                   (json_int_t)maps->density[i]));
    return json_pack("{s:i, s:i, s:[o, o], s:[o, o], s:o}", "columns", (int)maps->columns, "rows", (int)maps->rows, "x",
                     real(maps->low[0]), real(maps->high[0]), "y", real(maps->low[1]), real(maps->high[1]), "cells",
                     cells);
}

json_t *tsr_maps_loadings(const tsr_pca *pca, const tsr_scaler *scaler)
{
    json_t *loadings = json_object();

    for (int32_t c = 0; pca->components >= 2 && c < pca->cols; c++)
        json_object_set_new(loadings, scaler->name[c],
                            json_pack("[o, o]", real(pca->vector[c]), real(pca->vector[pca->cols + c])));
    return loadings;
}

json_t *tsr_maps_place(const tsr_maps *maps, int32_t segment)
{
    const tsr_map_moments *m = &maps->moments[segment];

    if (!maps->scores) return json_null();
    return json_pack("{s:[o, o], s:[o, o], s:o}", "mean", real(m->mean[0]), real(m->mean[1]), "sd", real(m->sd[0]),
                     real(m->sd[1]), "correlation", real(m->correlation));
}
