#include <string.h>

#include "pipeline/run/values.h"
#include "pipeline/steps/number.h"
#include "pipeline/steps/steps.h"
#include "tessera/memory.h"
#include "tessera/weights.h"

tsr_status tsr_step_weights(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, tsr_tiles *space)
{
    const char *name = run->settings->cluster.weights;
    double *value = NULL;
    tsr_status st;

    if (name == NULL || space == NULL) return TSR_OK;
    if (run->kept[TSR_STAGE_KMEANS] != NULL && run->kept[TSR_STAGE_QUALITY] != NULL) return TSR_OK;
    TSR_AGREE(comm, tsr_alloc(&value, space->span.rows, sizeof *value));
    TSR_TRY(tsr_values_read(comm, run, input, &space->span, "cluster.weights", name, value));
    TSR_TRY(tsr_weights_attach(comm, name, value, space));
done:
    tsr_free(&value);
    return st;
}

static int32_t feature_at(char (*names)[TSR_NAME_BYTES], int32_t n, const char *name)
{
    for (int32_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

/* One given centroid, in original units, into the space that is clustered. */
static void place_start(const tsr_scaler *scaler, const tsr_pca *pca, const int32_t *column, const double *given,
                        double *scaled, double *start)
{
    double *target = pca != NULL ? scaled : start;

    for (int32_t c = 0; c < scaler->cols; c++) target[c] = tsr_scaler_forward(scaler, c, given[column[c]]);
    if (pca != NULL) tsr_pca_forward(pca, scaled, start);
}

/* Local. Starting centroids [k][cols of the space]. Constant features stand in the file but not in the tiles. */
static tsr_status make_start(const tsr_run *run, const tsr_input *input, const tsr_scaler *scaler, const tsr_pca *pca,
                             double **start)
{
    int32_t cols = pca != NULL ? pca->components : scaler->cols, features = 0;
    char(*names)[TSR_NAME_BYTES] = NULL, *path = NULL;
    tsr_table *table = NULL;
    int32_t *column = NULL;
    double *scaled = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_path(run, TSR_STAGE_FEATURES, &path));
    TSR_TRY(tsr_table_open(path, &table));
    TSR_TRY(tsr_features_names(table, &names, &features));
    if (input->start_cols != features)
        TSR_TRY(TSR_FAIL(TSR_ECONF, "%s: starting centroids have %d columns, but the job has %d features",
                         run->settings->cluster.start_file, input->start_cols, features));
    TSR_TRY(tsr_alloc(&column, scaler->cols, sizeof *column));
    TSR_TRY(tsr_alloc(&scaled, scaler->cols, sizeof *scaled));
    TSR_TRY(tsr_alloc(start, (int64_t)input->start_k * cols, sizeof **start));
    for (int32_t c = 0; c < scaler->cols; c++) column[c] = feature_at(names, features, scaler->name[c]);
    for (int32_t k = 0; k < input->start_k; k++)
        place_start(scaler, pca, column, input->start + (int64_t)k * features, scaled, *start + (int64_t)k * cols);
done:
    tsr_free(&scaled);
    tsr_free(&column);
    tsr_free(&names);
    tsr_table_close(&table);
    tsr_free(&path);
    return st;
}

/* The number of a segment means something from here on. */
static tsr_status number_segments(const tsr_comm *comm, const char *features, const tsr_tiles *space,
                                  tsr_segmentation *segmentation)
{
    int32_t *order = NULL;
    tsr_status st;

    TSR_TRY(tsr_number_segments(comm, features, space, segmentation->label, segmentation->model->k, &order));
    tsr_kmeans_renumber(segmentation->model, order, segmentation->label, space->span.rows);
done:
    tsr_free(&order);
    return st;
}

/* The time of the fit is for run.json, also where the run is finished another day; model.h5 does not hold it. */
static tsr_status keep_segmentation(const tsr_kmeans *model, tsr_bundle **keep)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_create(keep));
    TSR_TRY(tsr_kmeans_save(model, *keep));
    TSR_TRY(tsr_bundle_put_real(*keep, "/fit/seconds", model->seconds));
done:
    return st;
}

static tsr_status keep_state(const tsr_comm *comm, void *context, const tsr_bundle *state)
{
    return tsr_run_keep(comm, context, TSR_STAGE_KMEANS, state);
}

static tsr_status fit_kmeans(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_scaler *scaler,
                             const tsr_pca *pca, const tsr_tiles *space, tsr_segmentation *segmentation)
{
    const tsr_settings *job = run->settings;
    const tsr_checkpoint checkpoint = {run->begun[TSR_STAGE_KMEANS], job->run.checkpoint_seconds, keep_state, run};
    tsr_cluster_params params = job->cluster;
    tsr_outcome outcome = {.rows = space->span.rows};
    tsr_bundle *keep = NULL;
    char *features = NULL;
    double *start = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_KMEANS));
    if (input->start != NULL) TSR_AGREE(comm, make_start(run, input, scaler, pca, &start));
    params.checkpoint = &checkpoint;
    TSR_TRY(tsr_kmeans_run(comm, &params, (uint64_t)job->run.seed, space, start, input->start_k, &segmentation->model,
                           &segmentation->label));
    TSR_TRY(number_segments(comm, features, space, segmentation));
    TSR_AGREE(comm, keep_segmentation(segmentation->model, &keep));
    outcome.keep = keep;
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_KMEANS, &outcome));
done:
    tsr_free(&start);
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}

/* Labels are not kept: the centroids give them again. */
static tsr_status load_kmeans(const tsr_bundle *kept, tsr_isa isa, const tsr_tiles *space,
                              tsr_segmentation *segmentation)
{
    tsr_status st;

    TSR_TRY(tsr_kmeans_load(kept, &segmentation->model));
    TSR_TRY(tsr_bundle_get_real(kept, "/fit/seconds", &segmentation->model->seconds));
    if (space != NULL) TSR_TRY(tsr_kmeans_label(isa, segmentation->model, space, &segmentation->label));
done:
    return st;
}

tsr_status tsr_step_kmeans(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_scaler *scaler,
                           const tsr_pca *pca, const tsr_tiles *space, tsr_segmentation *segmentation)
{
    const tsr_bundle *kept = run->kept[TSR_STAGE_KMEANS];
    tsr_isa isa;
    tsr_status st;

    memset(segmentation, 0, sizeof *segmentation);
    TSR_TRY(tsr_isa_agree(comm, &isa));
    if (kept != NULL)
        TSR_AGREE(comm, load_kmeans(kept, isa, space, segmentation));
    else
        TSR_TRY(fit_kmeans(comm, run, input, scaler, pca, space, segmentation));
    segmentation->k = segmentation->model->k;
done:
    if (st != TSR_OK) tsr_segmentation_clear(segmentation);
    return st;
}

void tsr_segmentation_clear(tsr_segmentation *segmentation)
{
    tsr_free(&segmentation->label);
    tsr_kmeans_destroy(&segmentation->model);
}
