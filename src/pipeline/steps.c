#include "pipeline/steps.h"

#include <string.h>

#include "tessera/memory.h"

#define SECONDS_PER_DAY 86400

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

tsr_status tsr_step_features(const tsr_comm *comm, tsr_run *run, const tsr_input *input, tsr_features_info *info)
{
    const tsr_settings *job = run->settings;
    tsr_observation observation = {job->run.as_of, job->value.calibration_end, job->value.returns, job->run.keep_ids};
    tsr_outcome outcome = {0};
    char *path = NULL;
    tsr_status st;

    if (run->done[TSR_STAGE_FEATURES])
        return tsr_agree(comm, info_from_json(tsr_run_facts(run, TSR_STAGE_FEATURES), info));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &path));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_FEATURES));
    TSR_TRY(tsr_features_run(comm, &job->features, &observation, input->dataset, input->matrix, path, info));
    outcome.rows = tsr_span_even(info->customers, 1, comm->rank, comm->size).rows;
    outcome.bytes = outcome.rows * info->features * (int64_t)sizeof(double);
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

/* Labels and distances come from tiles, and so do the counts of clipped values in model.h5. */
static bool tiles_are_needed(const tsr_run *run)
{
    bool reduced = strcmp(tsr_run_setting(run, "reduce.method"), "none") != 0;

    return (reduced && run->kept[TSR_STAGE_PCA] == NULL) || run->kept[TSR_STAGE_KMEANS] == NULL ||
           run->kept[TSR_STAGE_QUALITY] == NULL || !run->done[TSR_STAGE_CUSTOMERS] || !run->done[TSR_STAGE_MODEL];
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
    outcome.bytes = tsr_tiles_bytes(*tiles);
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
    outcome.bytes = tsr_tiles_bytes(tiles);
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

/* ---- RFM and value ---- */

tsr_status tsr_step_rfm(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                        const tsr_features_info *info, tsr_rfm *rfm)
{
    tsr_bundle *keep = NULL;
    char *features = NULL;
    tsr_status st;

    memset(rfm, 0, sizeof *rfm);
    if (run->settings->run.dataset == NULL) return TSR_OK;
    if (run->kept[TSR_STAGE_RFM] != NULL) return tsr_agree(comm, tsr_rfm_load(run->kept[TSR_STAGE_RFM], rfm));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_RFM));
    TSR_TRY(tsr_rfm_fit(comm, &run->settings->rfm, features, &population->span, info->money_scale, rfm));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_rfm_save(rfm, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_RFM, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}

static int64_t day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / SECONDS_PER_DAY : -((SECONDS_PER_DAY - 1 - seconds) / SECONDS_PER_DAY);
}

/* Whole days after calibration_end and before as_of. */
static int32_t holdout_days(const tsr_value_params *params, const tsr_features_info *info)
{
    return (int32_t)(day_of(info->as_of - 1) - day_of(params->calibration_end.seconds));
}

/* 0 where there is no calibration period. */
static tsr_status check_holdout(const tsr_value_params *params, const tsr_features_info *info, int32_t *days)
{
    *days = params->calibration_end.set ? holdout_days(params, info) : 0;
    if (!params->calibration_end.set || *days > 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "`value.calibration_end` leaves no whole day before the end of the data");
}

static tsr_status fit_value(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                            const tsr_span *span, const tsr_features_info *info, tsr_worth *worth)
{
    int32_t days, chosen;
    tsr_status st;

    TSR_AGREE(comm, check_holdout(params, info, &days));
    TSR_TRY(tsr_value_choose(comm, params, features, span, info->money_scale, days, worth->candidate,
                             &worth->candidates, &chosen));
    worth->fitted = true;
    worth->model = worth->candidate[chosen].model;
    worth->validated = worth->candidate[chosen].validated;
    worth->validation = worth->candidate[chosen].validation;
    if (worth->validated)
        TSR_TRY(tsr_value_checkup(comm, params, features, span, info->money_scale, days, &worth->validation,
                                  &worth->checkup));
done:
    return st;
}

static tsr_status save_value(const tsr_worth *worth, tsr_bundle *keep)
{
    tsr_status st;

    TSR_TRY(tsr_value_save(&worth->model, "/value", keep));
    if (worth->validated) TSR_TRY(tsr_validation_save(&worth->validation, "/validation", keep));
    if (worth->validated) TSR_TRY(tsr_checkup_save(&worth->checkup, "/checkup", keep));
    TSR_TRY(tsr_candidates_save(worth->candidate, worth->candidates, keep));
done:
    return st;
}

static tsr_status load_value(const tsr_bundle *kept, bool validated, tsr_worth *worth)
{
    tsr_status st;

    TSR_TRY(tsr_value_load(kept, "/value", &worth->model));
    worth->fitted = true;
    if (validated) TSR_TRY(tsr_validation_load(kept, "/validation", &worth->validation));
    if (validated) TSR_TRY(tsr_checkup_load(kept, "/checkup", &worth->checkup));
    worth->validated = validated;
    TSR_TRY(tsr_candidates_load(kept, worth->candidate, &worth->candidates));
done:
    return st;
}

tsr_status tsr_step_value(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                          const tsr_features_info *info, tsr_worth *worth)
{
    const tsr_value_params *params = &run->settings->value;
    tsr_bundle *keep = NULL;
    char *features = NULL;
    tsr_status st;

    memset(worth, 0, sizeof *worth);
    if (run->settings->run.dataset == NULL || strcmp(tsr_run_setting(run, "value.model"), "none") == 0) return TSR_OK;
    if (run->kept[TSR_STAGE_VALUE] != NULL)
        return tsr_agree(comm, load_value(run->kept[TSR_STAGE_VALUE], params->calibration_end.set, worth));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_VALUE));
    TSR_TRY(fit_value(comm, params, features, &population->span, info, worth));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, save_value(worth, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_VALUE, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}
