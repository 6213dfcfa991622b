#include <string.h>

#include "cluster/lloyd.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"

static tsr_status put_state(const tsr_lloyd *fit, tsr_bundle *state)
{
    tsr_status st;
    int32_t cols = fit->tiles->cols;

    TSR_TRY(tsr_bundle_put(state, "/lloyd/centroids", TSR_F32, fit->k, cols, fit->centroid, "steps", NULL));
    TSR_TRY(tsr_bundle_put(state, "/lloyd/mark", TSR_I64, tsr_lloyd_numbers(fit), 0, fit->mark, "steps", NULL));
    TSR_TRY(tsr_bundle_put(state, "/lloyd/repaired", TSR_I32, fit->k, 0, fit->repaired, NULL, NULL));
    TSR_TRY(tsr_bundle_put_int(state, "/lloyd/iterations", fit->iterations));
    TSR_TRY(tsr_bundle_put_int(state, "/lloyd/moved", fit->moved));
    TSR_TRY(tsr_bundle_put_int(state, "/lloyd/repairs", fit->repairs));
done:
    return st;
}

tsr_status tsr_lloyd_save(const tsr_comm *comm, const tsr_checkpoint *checkpoint, tsr_lloyd *fit)
{
    tsr_status st;
    tsr_bundle *state = NULL;

    TSR_AGREE(comm, tsr_bundle_create(&state));
    TSR_AGREE(comm, put_state(fit, state));
    TSR_TRY(checkpoint->save(comm, checkpoint->context, state));
    fit->saved = tsr_seconds();
done:
    tsr_bundle_destroy(&state);
    return st;
}

static tsr_status take_array(const tsr_bundle *from, const char *path, tsr_type type, int64_t rows, int64_t cols,
                             void *into)
{
    tsr_status st;
    int64_t rows_there = 0, cols_there = 0;
    const void *values = NULL;

    TSR_TRY(tsr_bundle_get(from, path, type, &rows_there, &cols_there, &values));
    if (rows_there != rows || (cols > 0 && cols_there != cols))
        return TSR_FAIL(TSR_EDATA, "%s of the checkpoint does not fit this job", path);
    memcpy(into, values, (size_t)rows * (size_t)(cols > 0 ? cols : 1) * tsr_type_bytes(type));
done:
    return st;
}

/* The pass that finds the labels again is the last one that was counted. */
tsr_status tsr_lloyd_restore(const tsr_bundle *from, tsr_lloyd *fit)
{
    tsr_status st;
    int32_t cols = fit->tiles->cols;

    TSR_TRY(take_array(from, "/lloyd/centroids", TSR_F32, fit->k, cols, fit->centroid));
    TSR_TRY(take_array(from, "/lloyd/mark", TSR_I64, tsr_lloyd_numbers(fit), 0, fit->mark));
    TSR_TRY(take_array(from, "/lloyd/repaired", TSR_I32, fit->k, 0, fit->repaired));
    TSR_TRY(tsr_bundle_get_int(from, "/lloyd/iterations", &fit->iterations));
    TSR_TRY(tsr_bundle_get_int(from, "/lloyd/moved", &fit->moved_before));
    TSR_TRY(tsr_bundle_get_int(from, "/lloyd/repairs", &fit->repairs));
    fit->iterations--;
done:
    return st;
}
