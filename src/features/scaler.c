#include "features/scaler.h"

#include <math.h>
#include <string.h>

#include "features/columnstats.h"
#include "tessera/memory.h"

tsr_status tsr_scaler_create(int32_t cols, int32_t constant_n, tsr_scaler **scaler)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(scaler, 1, sizeof **scaler));
    tsr_scaler *s = *scaler;
    s->cols = cols;
    s->constant_n = constant_n;
    TSR_TRY(tsr_alloc(&s->name, cols, sizeof *s->name));
    TSR_TRY(tsr_alloc(&s->transform, cols, sizeof *s->transform));
    TSR_TRY(tsr_alloc(&s->fill, cols, sizeof *s->fill));
    TSR_TRY(tsr_alloc(&s->mean, cols, sizeof *s->mean));
    TSR_TRY(tsr_alloc(&s->sd, cols, sizeof *s->sd));
    TSR_TRY(tsr_alloc(&s->missing_share, cols, sizeof *s->missing_share));
    TSR_TRY(tsr_alloc(&s->clipped, cols, sizeof *s->clipped));
    TSR_TRY(tsr_alloc(&s->constant, constant_n, sizeof *s->constant));
done:
    if (st != TSR_OK) tsr_scaler_destroy(scaler);
    return st;
}

void tsr_scaler_destroy(tsr_scaler **scaler)
{
    tsr_scaler *s = *scaler;

    if (s == NULL) return;
    tsr_free(&s->name);
    tsr_free(&s->transform);
    tsr_free(&s->fill);
    tsr_free(&s->mean);
    tsr_free(&s->sd);
    tsr_free(&s->missing_share);
    tsr_free(&s->clipped);
    tsr_free(&s->constant);
    tsr_free(scaler);
}

double tsr_scaler_forward(const tsr_scaler *scaler, int32_t col, double raw)
{
    double known = isnan(raw) ? scaler->fill[col] : raw;

    return (tsr_transform_forward(scaler->transform[col], known) - scaler->mean[col]) / scaler->sd[col];
}

double tsr_scaler_backward(const tsr_scaler *scaler, int32_t col, double scaled)
{
    return tsr_transform_backward(scaler->transform[col], scaled * scaler->sd[col] + scaler->mean[col]);
}

tsr_status tsr_scaler_save(const tsr_scaler *s, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(bundle, "/scaler/names", TSR_TEXT, s->cols, TSR_NAME_BYTES, s->name, NULL,
                           "features in the order of the tiles"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/transform", TSR_I32, s->cols, 0, s->transform, NULL,
                           "0 none, 1 sign(x) log1p(|x|), 2 log"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/fill", TSR_F64, s->cols, 0, s->fill, NULL,
                           "raw value that stands for a missing one"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/mean", TSR_F64, s->cols, 0, s->mean, NULL, "of the transformed values"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/sd", TSR_F64, s->cols, 0, s->sd, NULL, "of the transformed values"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/missing_share", TSR_F64, s->cols, 0, s->missing_share, NULL,
                           "share of customers without a value"));
    TSR_TRY(tsr_bundle_put(bundle, "/scaler/clipped", TSR_I64, s->cols, 0, s->clipped, NULL,
                           "values farther from the mean than clip"));
    TSR_TRY(tsr_bundle_put_real(bundle, "/scaler/clip", s->clip));
    TSR_TRY(tsr_bundle_put_real(bundle, "/scaler/step", s->step));
    if (s->constant_n > 0)
        TSR_TRY(tsr_bundle_put(bundle, "/scaler/constant", TSR_TEXT, s->constant_n, TSR_NAME_BYTES, s->constant, NULL,
                               "features left out: one value only"));
done:
    return st;
}

/* An array with one value per feature. */
static tsr_status load_array(const tsr_bundle *bundle, const char *path, tsr_type type, int32_t cols, void *values)
{
    const void *stored;
    int64_t n;
    tsr_status st = tsr_bundle_get(bundle, path, type, &n, NULL, &stored);

    if (st != TSR_OK) return st;
    if (n != cols) return TSR_FAIL(TSR_EDATA, "%s: %lld values for %d features", path, (long long)n, (int)cols);
    memcpy(values, stored, (size_t)n * tsr_type_bytes(type));
    return TSR_OK;
}

/* Texts of any width below TSR_NAME_BYTES. */
static tsr_status load_names(const tsr_bundle *bundle, const char *path, char (*names)[TSR_NAME_BYTES])
{
    const void *stored;
    int64_t n, width;
    tsr_status st = tsr_bundle_get(bundle, path, TSR_TEXT, &n, &width, &stored);

    if (st != TSR_OK) return st;
    if (width > TSR_NAME_BYTES) return TSR_FAIL(TSR_EDATA, "%s: names longer than %d bytes", path, TSR_NAME_BYTES);
    for (int64_t i = 0; i < n; i++) memcpy(names[i], (const char *)stored + i * width, (size_t)width);
    return TSR_OK;
}

static tsr_status count_names(const tsr_bundle *bundle, const char *path, int32_t *n)
{
    const void *stored;
    int64_t rows = 0;
    tsr_status st = tsr_bundle_get(bundle, path, TSR_TEXT, &rows, NULL, &stored);

    *n = (int32_t)rows;
    return st;
}

tsr_status tsr_scaler_load(const tsr_bundle *bundle, tsr_scaler **scaler)
{
    int32_t cols, constant_n = 0;
    tsr_status st;

    *scaler = NULL;
    TSR_TRY(count_names(bundle, "/scaler/names", &cols));
    if (tsr_bundle_has(bundle, "/scaler/constant")) TSR_TRY(count_names(bundle, "/scaler/constant", &constant_n));
    TSR_TRY(tsr_scaler_create(cols, constant_n, scaler));
    tsr_scaler *s = *scaler;
    TSR_TRY(load_names(bundle, "/scaler/names", s->name));
    TSR_TRY(load_array(bundle, "/scaler/transform", TSR_I32, cols, s->transform));
    TSR_TRY(load_array(bundle, "/scaler/fill", TSR_F64, cols, s->fill));
    TSR_TRY(load_array(bundle, "/scaler/mean", TSR_F64, cols, s->mean));
    TSR_TRY(load_array(bundle, "/scaler/sd", TSR_F64, cols, s->sd));
    TSR_TRY(load_array(bundle, "/scaler/missing_share", TSR_F64, cols, s->missing_share));
    TSR_TRY(load_array(bundle, "/scaler/clipped", TSR_I64, cols, s->clipped));
    TSR_TRY(tsr_bundle_get_real(bundle, "/scaler/clip", &s->clip));
    TSR_TRY(tsr_bundle_get_real(bundle, "/scaler/step", &s->step));
    if (constant_n > 0) TSR_TRY(load_names(bundle, "/scaler/constant", s->constant));
done:
    if (st != TSR_OK) tsr_scaler_destroy(scaler);
    return st;
}
