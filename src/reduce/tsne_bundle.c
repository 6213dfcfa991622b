#include <string.h>

#include "reduce/tsne_parts.h"
#include "tessera/memory.h"

static tsr_status take(const tsr_bundle *from, const char *path, tsr_type type, int64_t rows, int64_t cols, void *into)
{
    int64_t rows_there = 0, cols_there = 0;
    const void *values = NULL;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(from, path, type, &rows_there, &cols_there, &values));
    if (rows_there != rows || cols_there != cols)
        return TSR_FAIL(TSR_EDATA, "%s of the checkpoint does not fit this job", path);
    memcpy(into, values, (size_t)(rows * (cols > 0 ? cols : 1)) * tsr_type_bytes(type));
done:
    return st;
}

/* ---- in the middle ---- */

static tsr_status put_state(const tsr_plane *p, tsr_bundle *state)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(state, "/plane/place", TSR_F64, p->n, 2, p->place, NULL, NULL));
    TSR_TRY(tsr_bundle_put(state, "/plane/speed", TSR_F64, p->n, 2, p->speed, NULL, NULL));
    TSR_TRY(tsr_bundle_put(state, "/plane/gain", TSR_F64, p->n, 2, p->gain, NULL, NULL));
    TSR_TRY(tsr_bundle_put_int(state, "/plane/done", p->done));
done:
    return st;
}

tsr_status tsr_plane_save(const tsr_comm *comm, const tsr_checkpoint *checkpoint, const tsr_plane *plane)
{
    tsr_bundle *state = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_bundle_create(&state));
    TSR_AGREE(comm, put_state(plane, state));
    TSR_TRY(checkpoint->save(comm, checkpoint->context, state));
done:
    tsr_bundle_destroy(&state);
    return st;
}

tsr_status tsr_plane_restore(const tsr_bundle *from, tsr_plane *plane)
{
    tsr_status st;

    TSR_TRY(take(from, "/plane/place", TSR_F64, plane->n, 2, plane->place));
    TSR_TRY(take(from, "/plane/speed", TSR_F64, plane->n, 2, plane->speed));
    TSR_TRY(take(from, "/plane/gain", TSR_F64, plane->n, 2, plane->gain));
    TSR_TRY(tsr_bundle_get_int(from, "/plane/done", &plane->done));
done:
    return st;
}

/* ---- at the end ---- */

tsr_status tsr_tsne_save(const tsr_tsne *tsne, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put_int(bundle, "/tsne/rows", tsne->rows));
    TSR_TRY(tsr_bundle_put_real(bundle, "/tsne/perplexity", tsne->perplexity));
    TSR_TRY(tsr_bundle_put_real(bundle, "/tsne/divergence", tsne->divergence));
    TSR_TRY(tsr_bundle_put_real(bundle, "/tsne/kept", tsne->kept));
    if (tsne->rows == 0) return TSR_OK;
    TSR_TRY(tsr_bundle_put(bundle, "/tsne/row", TSR_I64, tsne->rows, 0, tsne->row, NULL, NULL));
    TSR_TRY(tsr_bundle_put(bundle, "/tsne/place", TSR_F64, tsne->rows, 2, tsne->place, NULL, NULL));
done:
    return st;
}

tsr_status tsr_tsne_load(const tsr_bundle *bundle, tsr_tsne *tsne)
{
    tsr_status st;

    *tsne = (tsr_tsne){0};
    TSR_TRY(tsr_bundle_get_int(bundle, "/tsne/rows", &tsne->rows));
    TSR_TRY(tsr_bundle_get_real(bundle, "/tsne/perplexity", &tsne->perplexity));
    TSR_TRY(tsr_bundle_get_real(bundle, "/tsne/divergence", &tsne->divergence));
    TSR_TRY(tsr_bundle_get_real(bundle, "/tsne/kept", &tsne->kept));
    if (tsne->rows == 0) return TSR_OK;
    TSR_TRY(tsr_alloc(&tsne->row, tsne->rows, sizeof *tsne->row));
    TSR_TRY(tsr_alloc(&tsne->place, 2 * tsne->rows, sizeof *tsne->place));
    TSR_TRY(take(bundle, "/tsne/row", TSR_I64, tsne->rows, 0, tsne->row));
    TSR_TRY(take(bundle, "/tsne/place", TSR_F64, tsne->rows, 2, tsne->place));
done:
    if (st != TSR_OK) tsr_tsne_clear(tsne);
    return st;
}
