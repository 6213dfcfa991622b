#include <math.h>
#include <string.h>

#include "pipeline/run/label_table.h"
#include "pipeline/run/values.h"
#include "pipeline/steps/steps.h"
#include "tessera/memory.h"

static tsr_status save_silhouette(const tsr_silhouette *s, tsr_bundle *keep)
{
    const double whole[] = {s->value, s->low, s->high};
    tsr_status st;

    TSR_TRY(tsr_bundle_put_int(keep, "/silhouette/sample", s->sample));
    TSR_TRY(tsr_bundle_put(keep, "/silhouette/whole", TSR_F64, 3, 0, whole, NULL, NULL));
    TSR_TRY(tsr_bundle_put(keep, "/silhouette/segment", TSR_F64, s->k, 0, s->segment, NULL, NULL));
    TSR_TRY(tsr_bundle_put(keep, "/silhouette/error", TSR_F64, s->k, 0, s->segment_error, NULL, NULL));
done:
    return st;
}

static tsr_status save_agreement(const tsr_agreement *a, tsr_bundle *keep)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put_int(keep, "/agreement/rows", a->rows));
    TSR_TRY(tsr_bundle_put_int(keep, "/agreement/classes", a->classes));
    TSR_TRY(tsr_bundle_put_real(keep, "/agreement/adjusted_rand", a->adjusted_rand));
    TSR_TRY(tsr_bundle_put_real(keep, "/agreement/normalised_information", a->normalised_information));
done:
    return st;
}

static tsr_status save_quality(const tsr_quality *quality, tsr_bundle *keep)
{
    const double whole[] = {quality->inertia,
                            quality->explained_variance,
                            quality->silhouette_squared,
                            quality->silhouette_simplified,
                            quality->davies_bouldin,
                            quality->calinski_harabasz};
    tsr_status st;

    TSR_TRY(tsr_bundle_put(keep, "/quality/whole", TSR_F64, 6, 0, whole, NULL, NULL));
    TSR_TRY(
        tsr_bundle_put(keep, "/quality/silhouette", TSR_F64, quality->k, 0, quality->segment_silhouette, NULL, NULL));
    TSR_TRY(tsr_bundle_put(keep, "/quality/inertia", TSR_F64, quality->k, 0, quality->segment_inertia, NULL, NULL));
    TSR_TRY(tsr_bundle_put(keep, "/quality/rows", TSR_I64, quality->k, 0, quality->segment_rows, NULL, NULL));
    if (quality->euclidean.sample > 0) TSR_TRY(save_silhouette(&quality->euclidean, keep));
    if (quality->agreement.classes > 0) TSR_TRY(save_agreement(&quality->agreement, keep));
done:
    return st;
}

static tsr_status copy_array(const tsr_bundle *kept, const char *path, tsr_type type, void *out, int64_t *n)
{
    const void *values = NULL;
    void *copy = NULL;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(kept, path, type, n, NULL, &values));
    TSR_TRY(tsr_alloc(&copy, *n, tsr_type_bytes(type)));
    memcpy(copy, values, (size_t)*n * tsr_type_bytes(type));
    memcpy(out, &copy, sizeof copy);
done:
    return st;
}

static tsr_status load_silhouette(const tsr_bundle *kept, tsr_silhouette *s)
{
    const void *values = NULL;
    int64_t k = 0;
    tsr_status st;

    TSR_TRY(tsr_bundle_get_int(kept, "/silhouette/sample", &s->sample));
    TSR_TRY(tsr_bundle_get(kept, "/silhouette/whole", TSR_F64, NULL, NULL, &values));
    TSR_TRY(copy_array(kept, "/silhouette/segment", TSR_F64, &s->segment, &k));
    TSR_TRY(copy_array(kept, "/silhouette/error", TSR_F64, &s->segment_error, &k));
    const double *whole = values;
    s->k = (int32_t)k;
    s->value = whole[0];
    s->low = whole[1];
    s->high = whole[2];
done:
    return st;
}

static tsr_status load_agreement(const tsr_bundle *kept, tsr_agreement *a)
{
    int64_t classes = 0;
    tsr_status st;

    TSR_TRY(tsr_bundle_get_int(kept, "/agreement/rows", &a->rows));
    TSR_TRY(tsr_bundle_get_int(kept, "/agreement/classes", &classes));
    TSR_TRY(tsr_bundle_get_real(kept, "/agreement/adjusted_rand", &a->adjusted_rand));
    TSR_TRY(tsr_bundle_get_real(kept, "/agreement/normalised_information", &a->normalised_information));
    a->classes = (int32_t)classes;
done:
    return st;
}

static tsr_status load_quality(const tsr_bundle *kept, tsr_quality *quality)
{
    const void *values = NULL;
    int64_t k = 0;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(kept, "/quality/whole", TSR_F64, NULL, NULL, &values));
    TSR_TRY(copy_array(kept, "/quality/silhouette", TSR_F64, &quality->segment_silhouette, &k));
    TSR_TRY(copy_array(kept, "/quality/inertia", TSR_F64, &quality->segment_inertia, &k));
    TSR_TRY(copy_array(kept, "/quality/rows", TSR_I64, &quality->segment_rows, &k));
    const double *whole = values;
    quality->k = (int32_t)k;
    quality->inertia = whole[0];
    quality->explained_variance = whole[1];
    quality->silhouette_squared = whole[2];
    quality->silhouette_simplified = whole[3];
    quality->davies_bouldin = whole[4];
    quality->calinski_harabasz = whole[5];
    if (tsr_bundle_has(kept, "/silhouette/sample")) TSR_TRY(load_silhouette(kept, &quality->euclidean));
    if (tsr_bundle_has(kept, "/agreement/classes")) TSR_TRY(load_agreement(kept, &quality->agreement));
done:
    return st;
}

/* In the order of slots. */
static tsr_status classes_of(const tsr_tiles *space, const double *value, const char *name, int64_t *truth)
{
    for (int64_t i = 0; i < space->span.rows; i++) {
        double v = value[space->map != NULL ? space->map[i] : i];
        if (!isnan(v) && (v != floor(v) || fabs(v) > 0x1p53))
            return TSR_FAIL(TSR_EDATA, "quality.truth: %s holds %g, which is no label: use categories or integers",
                            name, v);
        truth[i] = isnan(v) ? TSR_NO_CLASS : (int64_t)v;
    }
    return TSR_OK;
}

/* Labels that were given, against the segments. */
static tsr_status compare_with_truth(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                                     const tsr_population *population, const tsr_tiles *space,
                                     const tsr_segmentation *segmentation, tsr_agreement *agreement)
{
    const char *name = run->settings->quality.truth, *table = run->settings->quality.truth_table;
    double *value = NULL;
    int64_t *truth = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&value, space->span.rows, sizeof *value));
    TSR_AGREE(comm, tsr_alloc(&truth, space->span.rows, sizeof *truth));
    if (table != NULL)
        TSR_TRY(tsr_label_table_read(comm, table, name, population, value));
    else
        TSR_TRY(tsr_values_read(comm, run, input, &space->span, "quality.truth", name, value));
    TSR_AGREE(comm, classes_of(space, value, name, truth));
    TSR_TRY(
        tsr_agreement_compute(comm, segmentation->label, segmentation->model->k, truth, space->span.rows, agreement));
done:
    tsr_free(&truth);
    tsr_free(&value);
    return st;
}

static tsr_status measure(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                          const tsr_population *population, const tsr_tiles *space,
                          const tsr_segmentation *segmentation, tsr_quality *quality)
{
    const tsr_quality_params *params = &run->settings->quality;
    int32_t k = segmentation->model->k;
    tsr_status st;

    TSR_TRY(tsr_quality_compute(comm, space, segmentation->label, k, quality));
    TSR_TRY(tsr_silhouette_sample(comm, space, segmentation->label, k, (uint64_t)run->settings->run.seed,
                                  params->silhouette_sample, &quality->euclidean));
    if (params->truth != NULL)
        TSR_TRY(compare_with_truth(comm, run, input, population, space, segmentation, &quality->agreement));
done:
    return st;
}

tsr_status tsr_step_quality(const tsr_comm *comm, tsr_run *run, const tsr_input *input,
                            const tsr_population *population, const tsr_tiles *space,
                            const tsr_segmentation *segmentation, tsr_quality *quality)
{
    tsr_bundle *keep = NULL;
    tsr_status st;

    memset(quality, 0, sizeof *quality);
    if (run->kept[TSR_STAGE_QUALITY] != NULL) {
        TSR_AGREE(comm, load_quality(run->kept[TSR_STAGE_QUALITY], quality));
        goto done;
    }
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_QUALITY));
    TSR_TRY(measure(comm, run, input, population, space, segmentation, quality));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, save_quality(quality, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_QUALITY, &(tsr_outcome){.rows = space->span.rows, .keep = keep}));
done:
    if (st != TSR_OK) tsr_quality_clear(quality);
    tsr_bundle_destroy(&keep);
    return st;
}
