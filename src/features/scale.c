#include "tessera/scale.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "features/behaviour.h"
#include "features/columnstats.h"
#include "features/featureset.h"
#include "features/scaler.h"
#include "features/value_features.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define SKEWNESS_MOST 1.0  /* of a column that `auto` leaves as it is */
#define UNSCALED_MOST 1e30 /* with scale: none; distances are kept in float */

/* Choices of features.*, in the order of tsr_features_keys. The first three transforms are tsr_transform's. */
enum { TRANSFORM_AUTO = TSR_TRANSFORM_LOG + 1 };
enum { SCALE_NONE, SCALE_STANDARD };
enum { MISSING_REJECT, MISSING_MEDIAN, MISSING_MEAN };

/* All that is learned about the columns of features.h5, constant ones too. */
typedef struct fitting {
    const tsr_features_params *params;
    tsr_reader reader;
    int32_t n;
    char (*name)[TSR_NAME_BYTES];
    tsr_range_stats *range; /* [n] */
    int32_t *transform;     /* [n] */
    double *fill;           /* [n] */
    tsr_moments *moments;   /* [n] of the transformed values */
    bool *measured;         /* [n] moments hold */
    bool *constant;         /* [n] one value only */
} fitting;

static void fitting_clear(fitting *f)
{
    tsr_reader_close(&f->reader);
    tsr_free(&f->name);
    tsr_free(&f->range);
    tsr_free(&f->transform);
    tsr_free(&f->fill);
    tsr_free(&f->moments);
    tsr_free(&f->measured);
    tsr_free(&f->constant);
}

static tsr_status prepare(fitting *f)
{
    tsr_status st;

    TSR_TRY(tsr_features_names(f->reader.table, &f->name, &f->n));
    TSR_TRY(tsr_alloc(&f->range, f->n, sizeof *f->range));
    TSR_TRY(tsr_alloc(&f->transform, f->n, sizeof *f->transform));
    TSR_TRY(tsr_alloc(&f->fill, f->n, sizeof *f->fill));
    TSR_TRY(tsr_alloc(&f->moments, f->n, sizeof *f->moments));
    TSR_TRY(tsr_alloc(&f->measured, f->n, sizeof *f->measured));
    TSR_TRY(tsr_alloc(&f->constant, f->n, sizeof *f->constant));
done:
    return st;
}

/* ---- what is asked for ---- */

/* features.h5 of a matrix has no money: there a column called "trend" is the user's, not ours. */
static bool of_dataset(const tsr_table *features)
{
    const tsr_column *revenue = tsr_table_find(features, "revenue");

    return revenue != NULL && revenue->position == 0;
}

static tsr_status ask_transforms(fitting *f)
{
    int32_t table_n;
    const tsr_feature_about *about = tsr_features_table(&table_n);
    bool ours = of_dataset(f->reader.table);
    tsr_status st = TSR_OK;

    for (int32_t c = 0; c < f->n && st == TSR_OK; c++) {
        int32_t behaviour = ours ? tsr_behaviour_find(f->name[c]) : -1;
        f->transform[c] = f->params->transform;
        if (f->transform[c] == TRANSFORM_AUTO && behaviour >= 0 && strcmp(about[behaviour].transform, "none") == 0)
            f->transform[c] = TSR_TRANSFORM_NONE;
        if (f->transform[c] == TRANSFORM_AUTO && ours &&
            (tsr_feature_is_share(f->name[c]) || tsr_feature_is_component(f->name[c]) ||
             tsr_value_feature_is_share(f->name[c])))
            f->transform[c] = TSR_TRANSFORM_NONE;
        st = tsr_feature_transform(f->params, f->name[c], &f->transform[c]);
    }
    return st;
}

/* ---- what the values allow; the same on all ranks, as the ranges are ---- */

/* The first row with something wrong, and in it the first column. */
static int32_t first_wrong(const fitting *f, size_t row_of_range, int64_t *row)
{
    int32_t column = -1;

    *row = TSR_NO_ROW;
    for (int32_t c = 0; c < f->n; c++) {
        int64_t at;
        memcpy(&at, (const char *)&f->range[c] + row_of_range, sizeof at);
        if (at >= *row) continue;
        *row = at;
        column = c;
    }
    return column;
}

static tsr_status check_values(const fitting *f)
{
    int64_t row;
    int32_t c = first_wrong(f, offsetof(tsr_range_stats, first_infinite), &row);

    if (c >= 0)
        return TSR_FAIL(TSR_EDATA, "feature %s, row %" PRId64 " (from 0): the value is infinite, or beyond %g",
                        f->name[c], row, TSR_VALUE_MAX);
    c = first_wrong(f, offsetof(tsr_range_stats, first_missing), &row);
    if (c >= 0 && f->params->missing == MISSING_REJECT)
        return TSR_FAIL(TSR_EDATA,
                        "feature %s, row %" PRId64 " (from 0): the value is missing; features.missing: median or mean "
                        "would fill it",
                        f->name[c], row);
    for (c = 0; c < f->n; c++)
        if (f->transform[c] == TSR_TRANSFORM_LOG && f->range[c].first_without_logarithm != TSR_NO_ROW)
            return TSR_FAIL(TSR_EDATA,
                            "feature %s, row %" PRId64 " (from 0): log needs values above 0; features.transforms.%s: "
                            "log1p takes any",
                            f->name[c], f->range[c].first_without_logarithm, f->name[c]);
    return TSR_OK;
}

static bool is_constant(double low, double high)
{
    return !(high - low > TSR_SPREAD_LEAST);
}

static void find_constants(fitting *f)
{
    for (int32_t c = 0; c < f->n; c++) {
        const tsr_range_stats *range = &f->range[c];
        int32_t transform = f->transform[c] == TRANSFORM_AUTO ? TSR_TRANSFORM_NONE : f->transform[c];
        f->constant[c] = range->present == 0 || is_constant(tsr_transform_forward(transform, range->low),
                                                            tsr_transform_forward(transform, range->high));
    }
}

/* ---- filling ---- */

static tsr_status fill_by_median(const tsr_comm *comm, fitting *f)
{
    const char **names = NULL;
    double *median = NULL;
    int32_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&names, f->n, sizeof *names));
    TSR_AGREE(comm, tsr_alloc(&median, f->n, sizeof *median));
    for (int32_t c = 0; c < f->n; c++)
        if (f->range[c].missing > 0 && !f->constant[c]) names[n++] = f->name[c];
    TSR_TRY(tsr_column_medians(comm, &f->reader, names, n, median));
    n = 0;
    for (int32_t c = 0; c < f->n; c++)
        if (f->range[c].missing > 0 && !f->constant[c]) f->fill[c] = median[n++];
done:
    tsr_free(&median);
    tsr_free(&names);
    return st;
}

/* ---- moments ---- */

static tsr_moments ask_moments(const fitting *f, int32_t c, int32_t transform, double fill)
{
    const tsr_range_stats *range = &f->range[c];

    return (tsr_moments){.name = f->name[c],
                         .transform = transform,
                         .fill = range->missing > 0 ? fill : NAN,
                         .missing_here = range->missing_here,
                         .count = range->present + (isnan(fill) ? 0 : range->missing),
                         .low = tsr_transform_forward(transform, range->low),
                         .high = tsr_transform_forward(transform, range->high)};
}

/* Measure the columns that `wanted` names, in one go; the answers land in f->moments. */
static tsr_status measure(const tsr_comm *comm, fitting *f, const bool *wanted)
{
    tsr_moments *some = NULL;
    int32_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&some, f->n, sizeof *some));
    for (int32_t c = 0; c < f->n; c++)
        if (wanted[c]) some[n++] = f->moments[c];
    TSR_TRY(tsr_column_moments(comm, &f->reader, some, n));
    n = 0;
    for (int32_t c = 0; c < f->n; c++)
        if (wanted[c]) f->moments[c] = some[n++];
done:
    tsr_free(&some);
    return st;
}

/* Raw columns, present values only: skewness decides `auto`, the mean may be the filling. */
static tsr_status measure_raw(const tsr_comm *comm, fitting *f, bool *wanted)
{
    tsr_status st;

    for (int32_t c = 0; c < f->n; c++) {
        bool by_mean = f->params->missing == MISSING_MEAN && f->range[c].missing > 0;
        wanted[c] = !f->constant[c] && (f->transform[c] == TRANSFORM_AUTO || by_mean);
        if (wanted[c]) f->moments[c] = ask_moments(f, c, TSR_TRANSFORM_NONE, NAN);
    }
    TSR_TRY(measure(comm, f, wanted));
    for (int32_t c = 0; c < f->n; c++) {
        if (!wanted[c]) continue;
        if (f->params->missing == MISSING_MEAN) f->fill[c] = f->moments[c].mean;
        if (f->transform[c] == TRANSFORM_AUTO)
            f->transform[c] = f->moments[c].skewness > SKEWNESS_MOST ? TSR_TRANSFORM_LOG1P : TSR_TRANSFORM_NONE;
        f->measured[c] = f->transform[c] == TSR_TRANSFORM_NONE && f->range[c].missing == 0;
    }
done:
    return st;
}

static tsr_status measure_transformed(const tsr_comm *comm, fitting *f, bool *wanted)
{
    for (int32_t c = 0; c < f->n; c++) {
        wanted[c] = !f->constant[c] && !f->measured[c];
        if (!wanted[c]) continue;
        f->moments[c] = ask_moments(f, c, f->transform[c], f->fill[c]);
        /* values that differ by less than log1p can tell */
        f->constant[c] = is_constant(f->moments[c].low, f->moments[c].high);
        wanted[c] = !f->constant[c];
    }
    return measure(comm, f, wanted);
}

static tsr_status measure_all(const tsr_comm *comm, fitting *f)
{
    bool *wanted = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&wanted, f->n, sizeof *wanted));
    TSR_TRY(measure_raw(comm, f, wanted));
    TSR_TRY(measure_transformed(comm, f, wanted));
done:
    tsr_free(&wanted);
    return st;
}

/* ---- the scaler ---- */

/* scale: none. The step holds the largest deviation from a centre that is itself rounded to the step: what is a
 * multiple of the step stays one. Rounding the centre may push the largest value out: then the next power of two. */
static tsr_status centre_only(tsr_scaler *s, const tsr_moments *moments)
{
    double largest = 0.0;
    bool fits = false;

    for (int32_t c = 0; c < s->cols; c++) {
        largest = fmax(largest, fmax(moments[c].high - moments[c].mean, moments[c].mean - moments[c].low));
        if (largest > UNSCALED_MOST)
            return TSR_FAIL(TSR_EDATA,
                            "feature %s lies from %g to %g: too far for `features.scale: none` (%g from the mean); "
                            "standard takes it",
                            s->name[c], moments[c].low, moments[c].high, UNSCALED_MOST);
    }
    s->step = tsr_step_for(largest) / 2;
    while (!fits) {
        s->step *= 2;
        fits = true;
        for (int32_t c = 0; c < s->cols; c++) {
            s->sd[c] = 1.0;
            s->mean[c] = rint(moments[c].mean / s->step) * s->step;
            fits &= rint((moments[c].high - s->mean[c]) / s->step) <= TSR_STEPS_MAX;
            fits &= rint((moments[c].low - s->mean[c]) / s->step) >= -TSR_STEPS_MAX;
        }
    }
    return TSR_OK;
}

static void standardise(tsr_scaler *s, const tsr_moments *moments, double clip)
{
    s->clip = clip;
    s->step = clip / TSR_STEPS_MAX;
    for (int32_t c = 0; c < s->cols; c++) {
        s->mean[c] = moments[c].mean;
        s->sd[c] = moments[c].sd;
    }
}

static tsr_status make_scaler(fitting *f, tsr_scaler **scaler)
{
    int32_t constant_n = 0, c = 0, left_out = 0;

    for (int32_t i = 0; i < f->n; i++) constant_n += f->constant[i];
    if (constant_n == f->n)
        return TSR_FAIL(TSR_EDATA, "all %d features are constant: there is nothing to tell customers apart by",
                        (int)f->n);
    tsr_status st = tsr_scaler_create(f->n - constant_n, constant_n, scaler);
    if (st != TSR_OK) return st;
    tsr_scaler *s = *scaler;
    for (int32_t i = 0; i < f->n; i++) {
        if (f->constant[i]) {
            memcpy(s->constant[left_out++], f->name[i], TSR_NAME_BYTES);
            continue;
        }
        memcpy(s->name[c], f->name[i], TSR_NAME_BYTES);
        s->transform[c] = f->transform[i];
        /* a column that had no missing values yet: when scoring, the mean stands for one */
        s->fill[c] = f->range[i].missing > 0 ? f->fill[i] : tsr_transform_backward(f->transform[i], f->moments[i].mean);
        s->missing_share[c] = (double)f->range[i].missing / (double)f->reader.span.rows_global;
        f->moments[c++] = f->moments[i];
    }
    if (f->params->scale == SCALE_NONE) return centre_only(s, f->moments);
    standardise(s, f->moments, f->params->clip);
    return TSR_OK;
}

tsr_status tsr_scale_fit(const tsr_comm *comm, const tsr_features_params *params, const char *features,
                         tsr_scaler **scaler)
{
    fitting f = {.params = params};
    tsr_status st;

    *scaler = NULL;
    TSR_TRY(tsr_reader_open(comm, features, &f.reader));
    TSR_AGREE(comm, prepare(&f));
    TSR_AGREE(comm, ask_transforms(&f));
    TSR_TRY(tsr_column_ranges(comm, &f.reader, (const char(*)[TSR_NAME_BYTES])f.name, f.n, f.range));
    TSR_AGREE(comm, check_values(&f));
    find_constants(&f);
    if (params->missing == MISSING_MEDIAN) TSR_TRY(fill_by_median(comm, &f));
    TSR_TRY(measure_all(comm, &f));
    TSR_AGREE(comm, make_scaler(&f, scaler));
done:
    fitting_clear(&f);
    if (st != TSR_OK) tsr_scaler_destroy(scaler);
    return st;
}

/* ---- applying ---- */

/* One column, block by block, into the tiles. */
static tsr_status fill_column(tsr_scaler *s, int32_t col, const tsr_table *features, const tsr_span *span,
                              tsr_tiles *tiles, double *values)
{
    s->clipped[col] = 0;
    for (int64_t first = 0; first < span->rows; first += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - first < TSR_BLOCK_ROWS ? span->rows - first : TSR_BLOCK_ROWS;
        tsr_status st = tsr_table_read(features, s->name[col], span->first + first, rows, TSR_F64, values);
        if (st != TSR_OK) return st;
        for (int64_t i = 0; i < rows; i++) values[i] = tsr_scaler_forward(s, col, values[i]);
        s->clipped[col] += tsr_tiles_put(tiles, first, rows, col, values);
    }
    return TSR_OK;
}

static tsr_status fill_tiles(tsr_scaler *s, const char *path, const tsr_span *span, const uint64_t *key,
                             tsr_tiles **tiles)
{
    tsr_table *features = NULL;
    double *values = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(path, &features));
    if (tsr_table_rows(features) != span->rows_global)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %" PRId64 " rows where %" PRId64 " belong", path, tsr_table_rows(features),
                         span->rows_global));
    TSR_TRY(tsr_alloc(&values, TSR_BLOCK_ROWS, sizeof *values));
    TSR_TRY(tsr_tiles_create(span, s->cols, s->step, key, tiles));
    for (int32_t c = 0; c < s->cols; c++) TSR_TRY(fill_column(s, c, features, span, *tiles, values));
done:
    tsr_free(&values);
    tsr_table_close(&features);
    return st;
}

tsr_status tsr_scale_apply(const tsr_comm *comm, tsr_scaler *scaler, const char *features, const tsr_span *span,
                           const uint64_t *key, tsr_tiles **tiles)
{
    *tiles = NULL;
    tsr_status st = tsr_agree(comm, fill_tiles(scaler, features, span, key, tiles));

    if (st == TSR_OK)
        tsr_sum_int64(comm, scaler->clipped, scaler->cols);
    else
        tsr_tiles_destroy(tiles);
    return st;
}
