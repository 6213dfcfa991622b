#include "tessera/value_job.h"

#include "pipeline/steps/steps.h"
#include "pipeline/summary/value_json.h"
#include "tessera/memory.h"
#include "tessera/segments.h"

static tsr_status check_settings(const tsr_settings *settings, bool validate)
{
    if (settings->run.dataset == NULL) return TSR_FAIL(TSR_ECONF, "value models need purchases: give `dataset`");
    if (settings->value.model == TSR_VALUE_NONE) return TSR_FAIL(TSR_ECONF, "`value.model` is none: nothing to do");
    if (validate && !settings->value.calibration_end.set)
        return TSR_FAIL(TSR_ECONF, "a validation needs `value.calibration_end`, a date inside the data");
    return TSR_OK;
}

/* In segments.json the currency stands beside the value models. */
static tsr_status print_worth(const tsr_settings *settings, const tsr_input *input, const tsr_worth *worth, char **text)
{
    json_t *json = tsr_value_json(settings, worth, NULL);

    json_object_set_new(json, "currency", json_string(tsr_dataset_about(input->dataset)->currency));
    tsr_status st = tsr_json_text(json, text);

    json_decref(json);
    return st;
}

tsr_status tsr_value_job(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                         bool validate, char **text)
{
    tsr_input input = {0};
    tsr_run *run = NULL;
    tsr_features_info info;
    tsr_embedding_bases bases = {.n = 0};
    tsr_population population = {0};
    tsr_worth *worth = NULL;
    char *features = NULL;
    tsr_status st;

    *text = NULL;
    TSR_AGREE(comm, check_settings(settings, validate));
    TSR_TRY(tsr_input_open(comm, settings, &input));
    TSR_TRY(tsr_run_open(comm, settings, options, &input, &run));
    TSR_AGREE(comm, tsr_alloc(&worth, 1, sizeof *worth));
    TSR_TRY(tsr_step_features(comm, run, &input, &info, &bases));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_population_read(comm, &input, features, &population));
    TSR_TRY(tsr_step_value(comm, run, &input, &population, &info, worth));
    TSR_AGREE(comm, print_worth(settings, &input, worth, text));
done:
    tsr_free(&worth);
    tsr_free(&features);
    tsr_population_clear(&population);
    tsr_embeddings_clear(&bases);
    tsr_run_close(&run);
    tsr_input_close(&input);
    return st;
}
