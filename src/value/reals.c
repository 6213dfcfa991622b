#include "value/reals.h"

#include <string.h>

tsr_status tsr_reals_save(const void *reals, size_t bytes, const char *description, const char *path,
                          tsr_bundle *bundle)
{
    return tsr_bundle_put(bundle, path, TSR_F64, (int64_t)(bytes / sizeof(double)), 0, reals, NULL, description);
}

tsr_status tsr_reals_load(const tsr_bundle *bundle, const char *path, void *reals, size_t bytes)
{
    const void *stored;
    int64_t rows;

    tsr_status st = tsr_bundle_get(bundle, path, TSR_F64, &rows, NULL, &stored);
    if (st != TSR_OK) return st;
    if (rows != (int64_t)(bytes / sizeof(double)))
        return TSR_FAIL(TSR_EDATA, "%s has another shape than expected", path);
    memcpy(reals, stored, bytes);
    return TSR_OK;
}
