#include "pipeline/run/stages.h"

#include <string.h>

#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/meter.h"
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
                             "value.returns", "value.opportunity"},
                            {TSR_STAGES}},
    [TSR_STAGE_RFM] = {"rfm", NULL, true, {"rfm."}, {TSR_STAGE_FEATURES, TSR_STAGES}},
    [TSR_STAGE_VALUE] = {"value", NULL, true, {"value."}, {TSR_STAGE_FEATURES, TSR_STAGES}},
    [TSR_STAGE_WORTH] = {"worth", TSR_FEATURES_WORTH, false, {NULL}, {TSR_STAGE_VALUE, TSR_STAGES}},
    [TSR_STAGE_TIERS] = {"tiers", NULL, true, {"cluster.method", "cluster.tiers."}, {TSR_STAGE_VALUE, TSR_STAGES}},
    [TSR_STAGE_SCALE] = {"scale", NULL, true, {"features."}, {TSR_STAGE_FEATURES, TSR_STAGE_WORTH, TSR_STAGES}},
    [TSR_STAGE_TILES] = {"tiles", NULL, false, {NULL}, {TSR_STAGE_SCALE, TSR_STAGES}},
    [TSR_STAGE_PCA] = {"pca", NULL, true, {"reduce."}, {TSR_STAGE_TILES, TSR_STAGES}},
    [TSR_STAGE_KMEANS] = {"kmeans", NULL, true, {"cluster.", "seed"}, {TSR_STAGE_PCA, TSR_STAGES}},
    [TSR_STAGE_TSNE] = {"tsne", NULL, true, {"tsne.", "seed"}, {TSR_STAGE_PCA, TSR_STAGES}},
    [TSR_STAGE_QUALITY] = {"quality", NULL, true, {"seed", "quality."}, {TSR_STAGE_KMEANS, TSR_STAGES}},
    [TSR_STAGE_CUSTOMERS] = {"customers",
                             "customers.h5",
                             false,
                             {"seed", "act.playbook", "act.control", "act.purpose", "act.granted", "act.contact_days",
                              "act.contact_cap"},
                             {TSR_STAGE_TIERS, TSR_STAGE_KMEANS, TSR_STAGE_RFM, TSR_STAGE_VALUE, TSR_STAGES}},
    [TSR_STAGE_PROFILE] = {"profile", NULL, false, {NULL}, {TSR_STAGE_SCALE, TSR_STAGE_CUSTOMERS, TSR_STAGES}},
    [TSR_STAGE_EXPLAIN] =
        {"explain", NULL, true, {"explain.", "privacy.min_cell"}, {TSR_STAGE_SCALE, TSR_STAGE_CUSTOMERS, TSR_STAGES}},
    [TSR_STAGE_MODEL] = {"model", "model.h5", false, {NULL}, {TSR_STAGE_PROFILE, TSR_STAGE_EXPLAIN, TSR_STAGES}},
    [TSR_STAGE_SEGMENTS] = {"segments",
                            "segments.json",
                            false,
                            {"privacy.min_cell", "act."},
                            {TSR_STAGE_PROFILE, TSR_STAGE_EXPLAIN, TSR_STAGE_QUALITY, TSR_STAGE_TSNE, TSR_STAGES}},
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
    if (stage == TSR_STAGE_QUALITY) return input->truth_digest;
    if (stage == TSR_STAGE_RFM) return input->scheme_digest;
    if (stage == TSR_STAGE_CUSTOMERS) return input->playbook_digest;
    if (stage == TSR_STAGE_SEGMENTS) return input->names_digest;
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
        if (fingerprint[its->after[i]][0] != '\0')
            failed |= json_array_append_new(after, json_string(fingerprint[its->after[i]]));
    json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o}", "version", TSR_VERSION, "stage", its->name, "input",
                            input_of(input, stage), "keys", keys, "after", after);
    if (failed == 0) return all;
    json_decref(all);
    return NULL;
}

tsr_status tsr_stages_wanted(const tsr_settings *settings, const tsr_input *input, bool wanted[TSR_STAGES])
{
    const bool tiers = settings->cluster.method == TSR_METHOD_TIERS;
    tsr_column *columns = NULL;
    int32_t n = 0;
    tsr_status st = TSR_OK;

    for (tsr_stage s = 0; s < TSR_STAGES; s++) wanted[s] = true;
    wanted[TSR_STAGE_TIERS] = tiers;
    wanted[TSR_STAGE_TILES] = wanted[TSR_STAGE_PCA] = wanted[TSR_STAGE_KMEANS] = !tiers;
    wanted[TSR_STAGE_TSNE] = wanted[TSR_STAGE_QUALITY] = !tiers;
    if (input->dataset != NULL)
        TSR_TRY(tsr_features_valued(&settings->features, tsr_dataset_about(input->dataset), &columns, &n));
    wanted[TSR_STAGE_WORTH] = n > 0;
    if (n > 0 && settings->value.model == TSR_VALUE_NONE)
        st = TSR_FAIL(TSR_ECONF, "features.set: `%s` comes from the value model: `value.model` is none",
                      columns[0].name);
done:
    tsr_free(&columns);
    return st;
}

tsr_status tsr_stage_fingerprints(const json_t *echo, const tsr_input *input, const bool wanted[TSR_STAGES],
                                  char fingerprint[TSR_STAGES][65])
{
    tsr_status st = TSR_OK;

    for (tsr_stage s = 0; st == TSR_OK && s < TSR_STAGES; s++) {
        fingerprint[s][0] = '\0';
        if (!wanted[s]) continue;
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

/* ---- in and out of a stage ---- */

static tsr_status pass_fault_point(tsr_stage stage)
{
    if (tsr_fault(tsr_stage_name(stage))) return TSR_FAIL(TSR_EIO, "stage %s failed on purpose", tsr_stage_name(stage));
    return TSR_OK;
}

tsr_status tsr_run_begin(const tsr_comm *comm, tsr_run *run, tsr_stage stage)
{
    json_t *files = json_object_get(run->manifest, "files");
    tsr_status st;

    TSR_TRY(tsr_interrupt_check(comm));
    TSR_AGREE(comm, pass_fault_point(stage));
    run->done[stage] = false;
    json_object_set_new(run->manifest, "finished", json_false());
    if (stage != TSR_STAGE_REPORT) json_object_del(run->manifest, "digest");
    if (tsr_stage_file(stage) != NULL) {
        /* From here on the file is in doubt: a kill between the new file and the new note must not join the two. */
        json_object_del(files, tsr_stage_file(stage));
        TSR_TRY(tsr_run_save(comm, run));
    }
    tsr_meter_begin(tsr_stage_name(stage));
done:
    return st;
}

static tsr_status write_checkpoint(const tsr_comm *comm, const tsr_run *run, tsr_stage stage, const tsr_bundle *keep,
                                   bool finished)
{
    tsr_bundle *bundle = NULL;
    char *path = NULL, *folder = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_bundle_create(&bundle));
    TSR_AGREE(comm, tsr_bundle_merge(bundle, keep));
    TSR_AGREE(comm, tsr_bundle_put_text(bundle, "/fingerprint", run->fingerprint[stage]));
    if (!finished) TSR_AGREE(comm, tsr_bundle_put_int(bundle, TSR_UNFINISHED, 1));
    TSR_AGREE(comm, tsr_path(&folder, run->folder, TSR_CHECKPOINT));
    TSR_AGREE(comm, tsr_run_checkpoint(run, stage, &path));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_TRY(tsr_bundle_write(comm, bundle, path));
done:
    tsr_free(&folder);
    tsr_free(&path);
    tsr_bundle_destroy(&bundle);
    return st;
}

tsr_status tsr_run_keep(const tsr_comm *comm, const tsr_run *run, tsr_stage stage, const tsr_bundle *state)
{
    return write_checkpoint(comm, run, stage, state, false);
}

/* The record of the stage takes the place of the one before. */
static void put_record(json_t *stages, const char *name, json_t *record)
{
    size_t i;
    json_t *old;

    json_array_foreach(stages, i, old)
    {
        if (strcmp(json_string_value(json_object_get(old, "name")), name) != 0) continue;
        json_array_set_new(stages, i, record);
        return;
    }
    json_array_append_new(stages, record);
}

static json_t *print_figures(const tsr_figures *f)
{
    const double megabyte = 1024 * 1024;
    const int64_t *bytes = f->bytes;
    json_t *record = json_pack("{s:s, s:i, s:f, s:I, s:f, s:f}", "name", f->name, "ranks", f->ranks, "seconds",
                               f->seconds, "rows", (json_int_t)f->rows, "imbalance", tsr_figures_imbalance(f),
                               "imbalance_rows", f->rows > 0 ? (double)f->rows_most * f->ranks / (double)f->rows : 1.0);

    json_object_set_new(record, "waiting", json_pack("{s:f, s:f}", "mean", f->waited_mean, "max", f->waited_max));
    json_object_set_new(record, "bytes",
                        json_pack("{s:I, s:I, s:I}", "read", (json_int_t)bytes[TSR_BYTES_READ], "written",
                                  (json_int_t)bytes[TSR_BYTES_WRITTEN], "sent", (json_int_t)bytes[TSR_BYTES_SENT]));
    json_object_set_new(record, "mb_per_second", json_real(tsr_figures_bandwidth(f)));
    json_object_set_new(record, "peak_rss_mb",
                        json_pack("{s:f, s:f, s:f}", "min", (double)f->peak_min / megabyte, "max",
                                  (double)f->peak_max / megabyte, "sum", (double)f->peak_sum / megabyte));
    return record;
}

/* Collective. Figures over all ranks into the manifest. */
static void record_stage(const tsr_comm *comm, tsr_run *run, tsr_stage stage, int64_t rows)
{
    tsr_figures figures;

    tsr_meter_end(comm, rows, &figures);
    put_record(json_object_get(run->manifest, "stages"), tsr_stage_name(stage), print_figures(&figures));
}

/* Collective. What run.json says of a finished file. */
static tsr_status note_file(const tsr_comm *comm, tsr_run *run, tsr_stage stage, const tsr_outcome *outcome)
{
    char *path = NULL, hex[65];
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, stage, &path));
    json_t *note = json_pack("{s:s, s:I}", "fingerprint", run->fingerprint[stage], "bytes",
                             (json_int_t)tsr_run_file_bytes(comm, path));
    if (outcome->digest != NULL) {
        memcpy(run->digest[stage], outcome->digest, TSR_DIGEST_SIZE);
        tsr_digest_hex(outcome->digest, hex);
        json_object_set_new(note, "digest", json_string(hex));
    }
    if (outcome->facts != NULL) json_object_set(note, "facts", outcome->facts);
    json_object_set_new(json_object_get(run->manifest, "files"), tsr_stage_file(stage), note);
    run->done[stage] = true;
done:
    tsr_free(&path);
    return st;
}

tsr_status tsr_run_end(const tsr_comm *comm, tsr_run *run, tsr_stage stage, const tsr_outcome *outcome)
{
    tsr_status st;

    TSR_AGREE(comm, pass_fault_point(stage));
    if (outcome->keep != NULL) TSR_TRY(write_checkpoint(comm, run, stage, outcome->keep, true));
    if (tsr_stage_file(stage) != NULL) TSR_TRY(note_file(comm, run, stage, outcome));
    record_stage(comm, run, stage, outcome->rows);
    TSR_TRY(tsr_run_save(comm, run));
done:
    return st;
}
