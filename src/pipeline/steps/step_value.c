#include <string.h>

#include "pipeline/steps/steps.h"
#include "tessera/calendar.h"
#include "tessera/cohorts.h"
#include "tessera/memory.h"

#define SECONDS_PER_DAY 86400

/* ---- RFM ---- */

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
    TSR_TRY(
        tsr_rfm_fit(comm, &run->settings->rfm, features, &population->span, population->key, info->money_scale, rfm));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_rfm_save(rfm, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_RFM, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}

/* ---- value ---- */

static int64_t day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / SECONDS_PER_DAY : -((SECONDS_PER_DAY - 1 - seconds) / SECONDS_PER_DAY);
}

/* 0 where there is no calibration period. */
static tsr_status check_holdout(const tsr_value_params *params, const tsr_features_info *info, int32_t *days)
{
    *days = 0;
    if (!params->calibration_end.set) return TSR_OK;
    *days = tsr_observation_holdout(params->opportunity, params->calibration_end.seconds, info->as_of);
    if (*days > 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "`value.calibration_end` leaves no whole %s before the end of the data",
                    tsr_time_unit_name(params->opportunity));
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
    TSR_TRY(tsr_cohorts_compare(comm, features, span, worth->model.t_max * tsr_time_unit_days(params->time_unit),
                                &worth->cohort_ratio));
done:
    return st;
}

/* What came when: the calendar is counted from the records, which features.h5 does not hold. */
static tsr_status track_value(const tsr_comm *comm, const tsr_settings *job, const tsr_dataset *dataset,
                              tsr_worth *worth)
{
    tsr_observation observation = {job->run.as_of,         job->value.calibration_end, job->value.returns,
                                   job->value.opportunity, job->run.keep_ids,          NULL};
    tsr_calendar calendar = {0};
    tsr_status st;

    TSR_TRY(tsr_calendar_run(comm, &observation, dataset, &calendar));
    int64_t calibration_days = day_of(job->value.calibration_end.seconds) - calendar.first_day + 1;
    TSR_AGREE(comm, tsr_value_track(&worth->validation.model, calendar.births, calendar.repeats, calendar.days,
                                    calibration_days, &worth->tracking));
done:
    tsr_calendar_clear(&calendar);
    return st;
}

static tsr_status save_value(const tsr_worth *worth, tsr_bundle *keep)
{
    tsr_status st;

    TSR_TRY(tsr_value_save(&worth->model, "/value", keep));
    if (worth->validated) TSR_TRY(tsr_validation_save(&worth->validation, "/validation", keep));
    if (worth->validated) TSR_TRY(tsr_checkup_save(&worth->checkup, "/checkup", keep));
    if (worth->validated) TSR_TRY(tsr_tracking_save(&worth->tracking, "/tracking", keep));
    TSR_TRY(tsr_bundle_put_real(keep, "/cohort_ratio", worth->cohort_ratio));
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
    if (validated) TSR_TRY(tsr_tracking_load(kept, "/tracking", &worth->tracking));
    TSR_TRY(tsr_bundle_get_real(kept, "/cohort_ratio", &worth->cohort_ratio));
    worth->validated = validated;
    TSR_TRY(tsr_candidates_load(kept, worth->candidate, &worth->candidates));
done:
    return st;
}

tsr_status tsr_step_value(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_population *population,
                          const tsr_features_info *info, tsr_worth *worth)
{
    const tsr_value_params *params = &run->settings->value;
    tsr_bundle *keep = NULL;
    char *features = NULL;
    tsr_status st;

    memset(worth, 0, sizeof *worth);
    if (run->settings->run.dataset == NULL || strcmp(tsr_run_setting(run, "value.model"), "none") == 0) return TSR_OK;
    if (run->kept[TSR_STAGE_VALUE] != NULL) {
        TSR_AGREE(comm, load_value(run->kept[TSR_STAGE_VALUE], params->calibration_end.set, worth));
        goto done;
    }
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_VALUE));
    TSR_TRY(fit_value(comm, params, features, &population->span, info, worth));
    if (worth->validated && params->opportunity == TSR_UNIT_DAY && params->covariates.n == 0)
        TSR_TRY(track_value(comm, run->settings, input->dataset, worth));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, save_value(worth, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_VALUE, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    if (st == TSR_OK) worth->without = info->customers - worth->model.customers;
    tsr_bundle_destroy(&keep);
    tsr_free(&features);
    return st;
}
