#include "pipeline/stages.h"

#include <string.h>

#include "tessera/memory.h"
#include "tessera/segments.h"

/* What a stage depends on. Keys that end with a dot stand for all keys below; `after` ends with TSR_STAGES. */
typedef struct about {
    const char *name, *file;
    bool keeps;
    const char *keys[8];
    tsr_stage after[5];
} about;

static const about ABOUT[TSR_STAGES] = {
    [TSR_STAGE_FEATURES] = {"features",
                            "features.h5",
                            false,
                            {"as_of", "features.set", "features.missing", "privacy.keep_ids", "value.calibration_end",
                             "value.returns"},
                            {TSR_STAGES}},
    [TSR_STAGE_SCALE] = {"scale", NULL, true, {"features."}, {TSR_STAGE_FEATURES, TSR_STAGES}},
    [TSR_STAGE_TILES] = {"tiles", NULL, false, {NULL}, {TSR_STAGE_SCALE, TSR_STAGES}},
    [TSR_STAGE_PCA] = {"pca", NULL, true, {"reduce."}, {TSR_STAGE_TILES, TSR_STAGES}},
    [TSR_STAGE_KMEANS] = {"kmeans", NULL, true, {"cluster.", "seed"}, {TSR_STAGE_PCA, TSR_STAGES}},
    [TSR_STAGE_QUALITY] = {"quality", NULL, true, {"seed"}, {TSR_STAGE_KMEANS, TSR_STAGES}},
    [TSR_STAGE_RFM] = {"rfm", NULL, true, {"rfm."}, {TSR_STAGE_FEATURES, TSR_STAGES}},
    [TSR_STAGE_VALUE] = {"value", NULL, true, {"value."}, {TSR_STAGE_FEATURES, TSR_STAGES}},
    [TSR_STAGE_CUSTOMERS] =
        {"customers", "customers.h5", false, {NULL}, {TSR_STAGE_KMEANS, TSR_STAGE_RFM, TSR_STAGE_VALUE, TSR_STAGES}},
    [TSR_STAGE_PROFILE] = {"profile", NULL, false, {NULL}, {TSR_STAGE_CUSTOMERS, TSR_STAGES}},
    [TSR_STAGE_MODEL] = {"model", "model.h5", false, {NULL}, {TSR_STAGE_PROFILE, TSR_STAGES}},
    [TSR_STAGE_SEGMENTS] =
        {"segments", "segments.json", false, {"privacy.min_cell"}, {TSR_STAGE_PROFILE, TSR_STAGE_QUALITY, TSR_STAGES}},
    [TSR_STAGE_REPORT] = {"report", "report.html", false, {"report."}, {TSR_STAGE_SEGMENTS, TSR_STAGES}},
};

const char *tsr_stage_name(tsr_stage stage)
{
    return ABOUT[stage].name;
}

const char *tsr_stage_file(tsr_stage stage)
{
    return ABOUT[stage].file;
}

bool tsr_stage_keeps(tsr_stage stage)
{
    return ABOUT[stage].keeps;
}

static bool concerns(const about *stage, const char *key)
{
    for (int i = 0; i < 8 && stage->keys[i] != NULL; i++) {
        size_t n = strlen(stage->keys[i]);
        bool all_below = stage->keys[i][n - 1] == '.';
        if (all_below ? strncmp(key, stage->keys[i], n) == 0 : strcmp(key, stage->keys[i]) == 0) return true;
    }
    return false;
}

/* The part of the input that enters at this stage. */
static const char *input_of(const tsr_input *input, tsr_stage stage)
{
    if (stage == TSR_STAGE_FEATURES) return input->digest;
    if (stage == TSR_STAGE_KMEANS) return input->start_digest;
    if (stage == TSR_STAGE_RFM) return input->scheme_digest;
    return "";
}

/* All that the stage depends on, as one JSON object. */
static json_t *describe(tsr_stage stage, const json_t *echo, const tsr_input *input, char fingerprint[TSR_STAGES][65])
{
    const about *its = &ABOUT[stage];
    json_t *keys = json_object(), *after = json_array(), *value;
    const char *key;
    int failed = 0;

    json_object_foreach((json_t *)echo, key, value)
    {
        if (concerns(its, key)) failed |= json_object_set(keys, key, value);
    }
    for (int i = 0; its->after[i] != TSR_STAGES; i++)
        failed |= json_array_append_new(after, json_string(fingerprint[its->after[i]]));
    json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o}", "version", TSR_VERSION, "stage", its->name, "input",
                            input_of(input, stage), "keys", keys, "after", after);
    if (failed == 0) return all;
    json_decref(all);
    return NULL;
}

tsr_status tsr_stage_fingerprints(const json_t *echo, const tsr_input *input, char fingerprint[TSR_STAGES][65])
{
    tsr_status st = TSR_OK;

    for (tsr_stage s = 0; st == TSR_OK && s < TSR_STAGES; s++) {
        uint8_t digest[TSR_DIGEST_SIZE];
        char *text = NULL;
        json_t *all = describe(s, echo, input, fingerprint);
        st = all == NULL ? TSR_FAIL(TSR_ENOMEM, "no memory for the fingerprint of a stage") : tsr_json_text(all, &text);
        if (st == TSR_OK) {
            tsr_digest_bytes(text, strlen(text), digest);
            tsr_digest_hex(digest, fingerprint[s]);
        }
        tsr_free(&text);
        json_decref(all);
    }
    return st;
}
