#include "pipeline/steps/steps.h"

#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"

/* ---- features ---- */

static json_t *info_to_json(const tsr_features_info *info)
{
    char revenue[48];

    tsr_int128_print(info->revenue, 0, revenue);
    return json_pack("{s:I, s:I, s:I, s:s, s:i, s:I, s:i}", "customers", (json_int_t)info->customers, "after_as_of",
                     (json_int_t)info->after_as_of, "prospects", (json_int_t)info->prospects, "revenue", revenue,
                     "money_scale", (int)info->money_scale, "as_of", (json_int_t)info->as_of, "features",
                     (int)info->features);
}

static tsr_int128 parse_int128(const char *text)
{
    bool negative = *text == '-';
    tsr_int128 value = 0;

    for (text += negative; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

static tsr_status info_from_json(const json_t *facts, tsr_features_info *info)
{
    json_int_t customers, after_as_of, prospects, as_of;
    int money_scale, features;
    const char *revenue;

    if (json_unpack((json_t *)facts, "{s:I, s:I, s:I, s:s, s:i, s:I, s:i}", "customers", &customers, "after_as_of",
                    &after_as_of, "prospects", &prospects, "revenue", &revenue, "money_scale", &money_scale, "as_of",
                    &as_of, "features", &features) != 0)
        return TSR_FAIL(TSR_EDATA, "run.json does not say what features.h5 holds: remove features.h5 and run again");
    *info = (tsr_features_info){.customers = customers,
                                .after_as_of = after_as_of,
                                .prospects = prospects,
                                .revenue = parse_int128(revenue),
                                .money_scale = money_scale,
                                .as_of = as_of,
                                .features = features};
    return TSR_OK;
}

/* Of other features, or of none. */
static tsr_status remove_worth(const tsr_run *run)
{
    char *path = NULL;
    tsr_status st = tsr_run_path(run, TSR_STAGE_WORTH, &path);

    if (st == TSR_OK) st = tsr_file_remove(path);
    tsr_free(&path);
    return st;
}

tsr_status tsr_step_features(const tsr_comm *comm, tsr_run *run, const tsr_input *input, tsr_features_info *info,
                             tsr_embedding_bases *bases)
{
    const tsr_settings *job = run->settings;
    tsr_observation observation = {job->run.as_of,         job->value.calibration_end, job->value.returns,
                                   job->value.opportunity, job->run.keep_ids,          NULL};
    tsr_outcome outcome = {0};
    char *path = NULL;
    tsr_status st;

    *bases = (tsr_embedding_bases){.n = 0};
    if (input->dataset != NULL && !(run->done[TSR_STAGE_FEATURES] && run->done[TSR_STAGE_MODEL]))
        TSR_TRY(tsr_embeddings_fit(comm, &job->features, &observation, input->dataset, (uint64_t)job->run.seed, bases));
    observation.embeddings = bases;
    if (run->done[TSR_STAGE_FEATURES]) {
        st = tsr_agree(comm, info_from_json(tsr_run_facts(run, TSR_STAGE_FEATURES), info));
        goto done;
    }
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &path));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_FEATURES));
    TSR_AGREE(comm, comm->rank == 0 ? remove_worth(run) : TSR_OK);
    TSR_TRY(tsr_features_run(comm, &job->features, &observation, input->dataset, input->matrix, path, info));
    outcome.rows = tsr_span_even(info->customers, 1, comm->rank, comm->size).rows;
    outcome.facts = info_to_json(info);
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_FEATURES, &outcome));
done:
    json_decref(outcome.facts);
    tsr_free(&path);
    return st;
}

/* ---- scale and tiles ---- */

tsr_status tsr_step_scale(const tsr_comm *comm, tsr_run *run, const tsr_population *population, tsr_scaler **scaler)
{
    tsr_bundle *keep = NULL;
    char *features = NULL;
    tsr_status st;

    *scaler = NULL;
    if (run->kept[TSR_STAGE_SCALE] != NULL) return tsr_agree(comm, tsr_scaler_load(run->kept[TSR_STAGE_SCALE], scaler));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_SCALE));
    TSR_TRY(tsr_scale_fit(comm, &run->settings->features, features, scaler));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_scaler_save(*scaler, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_SCALE, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    if (st != TSR_OK) tsr_scaler_destroy(scaler);
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}

static bool tsne_is_needed(const tsr_run *run)
{
    return run->settings->tsne.sample > 0 && run->kept[TSR_STAGE_TSNE] == NULL;
}

/* Labels and distances come from tiles, and so do the counts of clipped values in model.h5. */
static bool tiles_are_needed(const tsr_run *run)
{
    bool reduced = strcmp(tsr_run_setting(run, "reduce.method"), "none") != 0;

    return (reduced && run->kept[TSR_STAGE_PCA] == NULL) || run->kept[TSR_STAGE_KMEANS] == NULL ||
           run->kept[TSR_STAGE_QUALITY] == NULL || tsne_is_needed(run) || !run->done[TSR_STAGE_CUSTOMERS] ||
           !run->done[TSR_STAGE_MODEL];
}

tsr_status tsr_step_tiles(const tsr_comm *comm, tsr_run *run, tsr_scaler *scaler, const tsr_population *population,
                          tsr_tiles **tiles)
{
    tsr_outcome outcome = {.rows = population->span.rows};
    char *features = NULL;
    tsr_status st;

    *tiles = NULL;
    if (!tiles_are_needed(run)) return TSR_OK;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_TILES));
    memset(scaler->clipped, 0, sizeof *scaler->clipped * (size_t)scaler->cols);
    TSR_TRY(tsr_scale_apply(comm, scaler, features, &population->span, population->key, tiles));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_TILES, &outcome));
done:
    if (st != TSR_OK) tsr_tiles_destroy(tiles);
    tsr_free(&features);
    return st;
}

/* ---- principal components ---- */

static tsr_status fit_pca(const tsr_comm *comm, tsr_run *run, const tsr_tiles *tiles, tsr_pca **pca, tsr_tiles **scores)
{
    tsr_outcome outcome = {.rows = tiles->span.rows};
    tsr_bundle *keep = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_PCA));
    TSR_TRY(tsr_pca_fit(comm, &run->settings->reduce, tiles, pca));
    TSR_TRY(tsr_pca_apply(comm, *pca, tiles, scores));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_pca_save(*pca, keep));
    outcome.keep = keep;
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_PCA, &outcome));
done:
    tsr_bundle_destroy(&keep);
    return st;
}

tsr_status tsr_step_pca(const tsr_comm *comm, tsr_run *run, const tsr_tiles *tiles, tsr_pca **pca, tsr_tiles **scores)
{
    tsr_status st = TSR_OK;

    *pca = NULL;
    *scores = NULL;
    if (strcmp(tsr_run_setting(run, "reduce.method"), "none") == 0) return TSR_OK;
    if (run->kept[TSR_STAGE_PCA] == NULL) {
        TSR_TRY(fit_pca(comm, run, tiles, pca, scores));
    } else {
        TSR_AGREE(comm, tsr_pca_load(run->kept[TSR_STAGE_PCA], pca));
        if (tiles != NULL) TSR_TRY(tsr_pca_apply(comm, *pca, tiles, scores));
    }
done:
    if (st != TSR_OK) {
        tsr_tiles_destroy(scores);
        tsr_pca_destroy(pca);
    }
    return st;
}

/* ---- a plane for a sample ---- */

static tsr_status keep_plane(const tsr_comm *comm, void *context, const tsr_bundle *state)
{
    return tsr_run_keep(comm, context, TSR_STAGE_TSNE, state);
}

tsr_status tsr_step_tsne(const tsr_comm *comm, tsr_run *run, const tsr_tiles *space, tsr_tsne *tsne)
{
    const tsr_settings *job = run->settings;
    const tsr_checkpoint checkpoint = {run->begun[TSR_STAGE_TSNE], job->run.checkpoint_seconds, keep_plane, run};
    tsr_tsne_params params = job->tsne;
    tsr_bundle *keep = NULL;
    tsr_status st;

    *tsne = (tsr_tsne){0};
    if (params.sample == 0) return TSR_OK;
    if (run->kept[TSR_STAGE_TSNE] != NULL) return tsr_agree(comm, tsr_tsne_load(run->kept[TSR_STAGE_TSNE], tsne));
    params.checkpoint = &checkpoint;
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_TSNE));
    TSR_TRY(tsr_tsne_run(comm, &params, (uint64_t)job->run.seed, space, tsne));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_tsne_save(tsne, keep));
    tsr_outcome outcome = {.rows = tsr_span_even(tsne->rows, 1, comm->rank, comm->size).rows, .keep = keep};
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_TSNE, &outcome));
done:
    if (st != TSR_OK) tsr_tsne_clear(tsne);
    tsr_bundle_destroy(&keep);
    return st;
}
