#include <stdio.h>
#include <string.h>

#include "pipeline/summary/summary.h"
#include "tessera/memory.h"

/* A centroid of the clustered space back to what people measure; constant features have the one value they have. */
static void original_of(const tsr_findings *f, const float *centroid, double *space, double *scaled, double *original)
{
    const tsr_scaler *scaler = f->scaler;
    const tsr_profile *profile = f->profile;
    const double *values = space;

    for (int32_t c = 0; c < f->segmentation->model->cols; c++)
        space[c] = (double)centroid[c] * f->segmentation->model->step;
    if (f->pca != NULL) {
        tsr_pca_backward(f->pca, space, scaled);
        values = scaled;
    }
    for (int32_t i = 0; i < profile->features; i++) original[i] = profile->total.feature[i].p50;
    for (int32_t c = 0; c < scaler->cols; c++)
        for (int32_t i = 0; i < profile->features; i++)
            if (strcmp(scaler->name[c], profile->name[i]) == 0) original[i] = tsr_scaler_backward(scaler, c, values[c]);
}

static tsr_status put_originals(const tsr_findings *f, tsr_bundle *model)
{
    const tsr_kmeans *kmeans = f->segmentation->model;
    int32_t features = f->profile->features;
    double *original = NULL, *space = NULL, *scaled = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&original, (int64_t)kmeans->k * features, sizeof *original));
    TSR_TRY(tsr_alloc(&space, kmeans->cols, sizeof *space));
    TSR_TRY(tsr_alloc(&scaled, f->scaler->cols, sizeof *scaled));
    for (int32_t k = 0; k < kmeans->k; k++)
        original_of(f, kmeans->centroid + (int64_t)k * kmeans->cols, space, scaled, original + (int64_t)k * features);
    TSR_TRY(tsr_bundle_put(model, "/kmeans/centroids_original", TSR_F64, kmeans->k, features, original, NULL,
                           "centroids in the units of the features"));
done:
    tsr_free(&scaled);
    tsr_free(&space);
    tsr_free(&original);
    return st;
}

static tsr_status put_reference(const tsr_profile *profile, tsr_bundle *model)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(model, "/features/names", TSR_TEXT, profile->features, TSR_NAME_BYTES, profile->name, NULL,
                           "features in the order of the run"));
    TSR_TRY(tsr_bundle_put(model, "/reference/edges", TSR_F64, profile->features, TSR_DECILES, profile->edge, NULL,
                           "deciles .1 to .9 of each feature"));
    TSR_TRY(tsr_bundle_put(model, "/reference/counts", TSR_I64, profile->features, TSR_DECILES + 2, profile->counts,
                           "customers", "up to each edge and above the one before, above all edges, missing"));
done:
    return st;
}

/* Codes of categorical attributes mean something only beside their strings. */
static tsr_status put_dictionary(const tsr_attribute *attribute, tsr_bundle *model)
{
    const tsr_dictionary *words = &attribute->dictionary;
    char path[TSR_NAME_BYTES + 16], *texts = NULL;
    size_t width = 1;
    tsr_status st;

    for (int32_t i = 0; i < words->n; i++)
        if (strlen(words->text[i]) > width) width = strlen(words->text[i]);
    TSR_TRY(tsr_alloc(&texts, words->n, width));
    for (int32_t i = 0; i < words->n; i++) memcpy(texts + (size_t)i * width, words->text[i], strlen(words->text[i]));
    snprintf(path, sizeof path, "/dictionaries/%s", attribute->name);
    TSR_TRY(tsr_bundle_put(model, path, TSR_TEXT, words->n, (int64_t)width, texts, NULL, NULL));
done:
    tsr_free(&texts);
    return st;
}

static tsr_status put_dictionaries(const tsr_findings *f, tsr_bundle *model)
{
    const tsr_dataset_info *info = f->input->dataset != NULL ? tsr_dataset_about(f->input->dataset) : NULL;
    tsr_status st = TSR_OK;

    for (int32_t a = 0; st == TSR_OK && info != NULL && a < info->attributes_n; a++)
        for (int32_t i = 0; st == TSR_OK && i < f->profile->features; i++)
            if (info->attributes[a].categorical && strcmp(info->attributes[a].name, f->profile->name[i]) == 0)
                st = put_dictionary(&info->attributes[a], model);
    return st;
}

tsr_status tsr_summary_model(const tsr_findings *f, tsr_bundle **model)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_create(model));
    TSR_TRY(tsr_features_info_save(f->info, *model));
    TSR_TRY(tsr_embeddings_save(f->bases, *model));
    TSR_TRY(tsr_scaler_save(f->scaler, *model));
    if (f->pca != NULL) TSR_TRY(tsr_pca_save(f->pca, *model));
    if (f->segmentation->model != NULL) TSR_TRY(tsr_kmeans_save(f->segmentation->model, *model));
    if (f->segmentation->model != NULL) TSR_TRY(put_originals(f, *model));
    if (f->segmentation->tiers.k > 0) TSR_TRY(tsr_tiers_save(&f->segmentation->tiers, *model));
    if (f->rfm->groups > 0) TSR_TRY(tsr_rfm_save(f->rfm, *model));
    if (f->worth->fitted) TSR_TRY(tsr_value_save(&f->worth->model, "/value", *model));
    if (f->worth->validated) TSR_TRY(tsr_validation_save(&f->worth->validation, "/validation", *model));
    if (f->surrogate->rules > 0) TSR_TRY(tsr_surrogate_save(f->surrogate, *model));
    TSR_TRY(put_reference(f->profile, *model));
    TSR_TRY(put_dictionaries(f, *model));
done:
    if (st != TSR_OK) tsr_bundle_destroy(model);
    return st;
}
