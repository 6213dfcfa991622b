#include "tessera/features.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

tsr_status tsr_features_info_save(const tsr_features_info *info, tsr_bundle *bundle)
{
    int64_t revenue[2] = {(int64_t)(info->revenue >> 64), (int64_t)(uint64_t)info->revenue};
    tsr_status st;

    TSR_TRY(tsr_bundle_put_int(bundle, "/features/customers", info->customers));
    TSR_TRY(tsr_bundle_put_int(bundle, "/features/after_as_of", info->after_as_of));
    TSR_TRY(tsr_bundle_put_int(bundle, "/features/prospects", info->prospects));
    TSR_TRY(tsr_bundle_put(bundle, "/features/revenue", TSR_I64, 2, 0, revenue, "money units",
                           "128-bit sum: high and low 64 bits"));
    TSR_TRY(tsr_bundle_put_int(bundle, "/features/money_scale", info->money_scale));
    TSR_TRY(tsr_bundle_put_int(bundle, "/features/as_of", info->as_of));
    TSR_TRY(tsr_bundle_put_int(bundle, "/features/columns", info->features));
done:
    return st;
}

static tsr_status get_int32(const tsr_bundle *bundle, const char *path, int32_t *value)
{
    int64_t wide;
    tsr_status st = tsr_bundle_get_int(bundle, path, &wide);

    if (st == TSR_OK) *value = (int32_t)wide;
    return st;
}

tsr_status tsr_features_info_load(const tsr_bundle *bundle, tsr_features_info *info)
{
    const void *values;
    int64_t n;
    tsr_status st;

    *info = (tsr_features_info){0};
    TSR_TRY(tsr_bundle_get_int(bundle, "/features/customers", &info->customers));
    TSR_TRY(tsr_bundle_get_int(bundle, "/features/after_as_of", &info->after_as_of));
    TSR_TRY(tsr_bundle_get_int(bundle, "/features/prospects", &info->prospects));
    TSR_TRY(tsr_bundle_get(bundle, "/features/revenue", TSR_I64, &n, NULL, &values));
    if (n != 2) return TSR_FAIL(TSR_EDATA, "/features/revenue: two numbers belong here");
    const int64_t *revenue = values;
    info->revenue = (tsr_int128)revenue[0] * ((tsr_int128)1 << 64) + (uint64_t)revenue[1];
    TSR_TRY(get_int32(bundle, "/features/money_scale", &info->money_scale));
    TSR_TRY(tsr_bundle_get_int(bundle, "/features/as_of", &info->as_of));
    TSR_TRY(get_int32(bundle, "/features/columns", &info->features));
done:
    return st;
}

static int by_position(const void *left, const void *right)
{
    const tsr_column *a = *(const tsr_column *const *)left, *b = *(const tsr_column *const *)right;

    return (a->position > b->position) - (a->position < b->position);
}

tsr_status tsr_features_names(const tsr_table *features, char (**names)[TSR_NAME_BYTES], int32_t *n)
{
    int32_t columns, found = 0;
    const tsr_column *column = tsr_table_columns(features, &columns), **sorted = NULL;
    tsr_status st;

    *n = 0;
    *names = NULL;
    TSR_TRY(tsr_alloc(&sorted, columns, sizeof *sorted));
    TSR_TRY(tsr_alloc(names, columns, TSR_NAME_BYTES));
    for (int32_t i = 0; i < columns; i++)
        if (column[i].position > 0) sorted[found++] = &column[i];
    qsort(sorted, (size_t)found, sizeof *sorted, by_position);
    for (int32_t i = 0; i < found && st == TSR_OK; i++) {
        memcpy((*names)[i], sorted[i]->name, TSR_NAME_BYTES);
        if (i > 0 && sorted[i - 1]->position == sorted[i]->position)
            st = TSR_FAIL(TSR_EDATA, "features: columns %s and %s have one position", sorted[i - 1]->name,
                          sorted[i]->name);
    }
    *n = found;
done:
    if (st != TSR_OK) tsr_free(names);
    tsr_free(&sorted);
    return st;
}
