#include "pipeline/run/run.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/run/stages.h"
#include "tessera/file.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/segments.h"

#define MANIFEST "run.json"

/* ---- the folder ---- */

/* A lock, what an editor or a desktop leaves behind, or a first file that a kill left unfinished. */
static bool is_residue(const char *name)
{
    size_t n = strlen(name), part = strlen(TSR_PART);

    return name[0] == '.' || (n > part && strcmp(name + n - part, TSR_PART) == 0);
}

static bool folder_is_empty(const char *folder)
{
    DIR *dir = opendir(folder);
    bool empty = true;

    if (dir == NULL) return true;
    for (const struct dirent *entry; empty && (entry = readdir(dir)) != NULL;) empty = is_residue(entry->d_name);
    closedir(dir);
    return empty;
}

/* ---- the manifest ---- */

static tsr_status parse(const char *folder, const char *text, json_t **json)
{
    json_error_t error;

    *json = json_loads(text, 0, &error);
    if (json_is_object(*json)) return TSR_OK;
    json_decref(*json);
    *json = NULL;
    return TSR_FAIL(TSR_EDATA, "%s/" MANIFEST ", line %d: %s; remove the folder to start anew", folder, error.line,
                    error.text);
}

static tsr_status read_manifest(const char *folder, char **text, int64_t *bytes)
{
    char *path = NULL;
    tsr_status st;

    TSR_TRY(tsr_path(&path, folder, MANIFEST));
    if (!tsr_file_exists(path)) TSR_TRY(TSR_FAIL(TSR_EIO, "%s is no run directory: it has no run.json", folder));
    TSR_TRY(tsr_file_read(path, text, bytes));
    *bytes += 1; /* the zero at its end travels too */
done:
    tsr_free(&path);
    return st;
}

tsr_status tsr_run_manifest(const tsr_comm *comm, const char *folder, json_t **manifest)
{
    char *text = NULL;
    int64_t bytes = 0;
    tsr_status st;

    *manifest = NULL;
    TSR_AGREE(comm, comm->rank == 0 ? read_manifest(folder, &text, &bytes) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&text, &bytes, 0));
    TSR_AGREE(comm, parse(folder, text, manifest));
done:
    tsr_free(&text);
    return st;
}

/* Root: make and lock the folder, and read its manifest where there is one. */
static tsr_status enter_folder(tsr_run *run, char **text, int64_t *bytes)
{
    char *manifest = NULL;
    tsr_status st;

    TSR_TRY(tsr_path(&manifest, run->folder, MANIFEST));
    if (!tsr_file_exists(manifest) && !folder_is_empty(run->folder))
        TSR_TRY(
            TSR_FAIL(TSR_ECONF,
                     "%s holds files but no run.json, so it is not a run directory: name another folder as `output`",
                     run->folder));
    TSR_TRY(tsr_folder_make(run->folder));
    TSR_TRY(tsr_folder_lock(run->folder, &run->lock));
    if (tsr_file_exists(manifest)) TSR_TRY(read_manifest(run->folder, text, bytes));
done:
    tsr_free(&manifest);
    return st;
}

/* Keys that change neither results nor files of the main job: where they go, how often to save, what ingest did, the
 * report's looks, what `tessera predict` does, what a forecast believes of the network. */
static bool matters(const char *key)
{
    return strcmp(key, "output") != 0 && strcmp(key, "checkpoint_seconds") != 0 && strncmp(key, "ingest.", 7) != 0 &&
           strncmp(key, "report.", 7) != 0 && strncmp(key, "predict.", 8) != 0 && strncmp(key, "plan.", 5) != 0;
}

static tsr_status text_of_what_matters(const json_t *echo, char **text)
{
    json_t *part = json_object(), *value;
    const char *key;
    int failed = part == NULL;

    json_object_foreach((json_t *)echo, key, value)
    {
        if (matters(key)) failed |= json_object_set(part, key, value);
    }
    tsr_status st = failed ? TSR_FAIL(TSR_ENOMEM, "no memory for the job's text") : tsr_json_text(part, text);
    json_decref(part);
    return st;
}

/* Local, the same on all ranks. A run directory belongs to one job. */
static tsr_status check_same_job(const tsr_run *run, const json_t *before, const json_t *echo)
{
    const json_t *then = json_object_get(before, "job");
    char *mine = NULL, *theirs = NULL, *key = NULL;
    tsr_status st = TSR_OK;

    if (!json_is_object(then)) return TSR_OK;
    TSR_TRY(text_of_what_matters(echo, &mine));
    TSR_TRY(text_of_what_matters(then, &theirs));
    TSR_TRY(tsr_job_difference(mine, theirs, NULL, &key));
    if (key != NULL)
        TSR_TRY(TSR_FAIL(TSR_ECONF,
                         "%s holds a run of another job: `%s` differs; name another `output`, or compute again what it "
                         "changes with --redo",
                         run->folder, key));
done:
    tsr_free(&key);
    tsr_free(&theirs);
    tsr_free(&mine);
    return st;
}

static json_t *inputs_of(const tsr_settings *settings, const tsr_input *input)
{
    bool dataset = input->dataset != NULL;
    json_t *inputs = json_pack("{s:{s:s, s:s}}", dataset ? "dataset" : "matrix", "path",
                               dataset ? settings->run.dataset : settings->run.matrix_file, "digest", input->digest);

    if (dataset && tsr_dataset_about(input->dataset)->sources != NULL)
        json_object_set_new(inputs, "sources", json_loads(tsr_dataset_about(input->dataset)->sources, 0, NULL));
    if (input->start != NULL)
        json_object_set_new(inputs, "start",
                            json_pack("{s:s, s:s}", "path", settings->cluster.start_file, "digest",
                                      input->start_digest));
    return inputs;
}

/* The manifest of this run starts from the one before: what is kept keeps its record. */
static tsr_status begin_manifest(const tsr_comm *comm, tsr_run *run, const json_t *before, json_t *echo,
                                 const tsr_segment_options *options, const tsr_input *input)
{
    json_t *m = before != NULL ? json_deep_copy(before) : json_object();
    json_t *build = options->build != NULL ? json_loads(options->build, 0, NULL) : NULL;
    int failed = m == NULL;

    failed |= json_object_set_new(m, "version", json_string(TSR_VERSION));
    if (build != NULL) failed |= json_object_set_new(m, "build", build);
    failed |= json_object_set(m, "job", echo);
    failed |= json_object_set_new(m, "inputs", inputs_of(run->settings, input));
    failed |= json_object_set_new(m, "ranks", json_integer(comm->size));
    if (json_object_get(m, "stages") == NULL) failed |= json_object_set_new(m, "stages", json_array());
    if (json_object_get(m, "files") == NULL) failed |= json_object_set_new(m, "files", json_object());
    run->manifest = m;
    return failed ? TSR_FAIL(TSR_ENOMEM, "no memory for run.json") : TSR_OK;
}

static tsr_status write_manifest(const tsr_run *run)
{
    char *path = NULL, *text = NULL;
    tsr_status st;

    TSR_TRY(tsr_path(&path, run->folder, MANIFEST));
    TSR_TRY(tsr_json_text(run->manifest, &text));
    TSR_TRY(tsr_file_write(path, text, (int64_t)strlen(text)));
done:
    tsr_free(&text);
    tsr_free(&path);
    return st;
}

tsr_status tsr_run_save(const tsr_comm *comm, const tsr_run *run)
{
    return tsr_agree(comm, comm->rank == 0 ? write_manifest(run) : TSR_OK);
}

/* ---- what is finished ---- */

tsr_status tsr_run_path(const tsr_run *run, tsr_stage stage, char **path)
{
    return tsr_path(path, run->folder, "%s", tsr_stage_file(stage));
}

const char *tsr_run_setting(const tsr_run *run, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(run->manifest, "job"), key));

    return text != NULL ? text : "";
}

const json_t *tsr_run_facts(const tsr_run *run, tsr_stage stage)
{
    const json_t *files = json_object_get(run->manifest, "files");

    return json_object_get(json_object_get(files, tsr_stage_file(stage)), "facts");
}

tsr_status tsr_run_checkpoint(const tsr_run *run, tsr_stage stage, char **path)
{
    return tsr_path(path, run->folder, TSR_CHECKPOINT "/%s.h5", tsr_stage_name(stage));
}

int64_t tsr_run_file_bytes(const tsr_comm *comm, const char *path)
{
    struct stat about;
    int64_t bytes = comm->rank == 0 && stat(path, &about) == 0 ? (int64_t)about.st_size : -1;

    tsr_bcast(comm, &bytes, sizeof bytes, 0);
    return bytes;
}

static tsr_status digest_text_file(const tsr_comm *comm, const char *path, uint8_t *digest)
{
    char *bytes = NULL;
    int64_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_read(path, &bytes, &n) : TSR_OK);
    if (comm->rank == 0) tsr_digest_bytes(bytes, (size_t)n, digest);
    tsr_bcast(comm, digest, TSR_DIGEST_SIZE, 0);
done:
    tsr_free(&bytes);
    return st;
}

static tsr_status digest_bundle_file(const tsr_comm *comm, const char *path, uint8_t *digest)
{
    tsr_bundle *bundle = NULL;
    tsr_status st = tsr_bundle_read(comm, path, &bundle);

    if (st == TSR_OK) tsr_bundle_digest(bundle, digest);
    tsr_bundle_destroy(&bundle);
    return st;
}

tsr_status tsr_run_digest_file(const tsr_comm *comm, tsr_stage stage, const char *path, uint8_t digest[TSR_DIGEST_SIZE])
{
    if (stage == TSR_STAGE_CUSTOMERS) return tsr_table_digest(comm, path, digest);
    if (stage == TSR_STAGE_MODEL) return digest_bundle_file(comm, path, digest);
    return digest_text_file(comm, path, digest);
}

/* Collective. Is the file of this stage there, of this job, of its size, and with its digest? */
static tsr_status look_at_file(const tsr_comm *comm, tsr_run *run, tsr_stage stage)
{
    const json_t *note = json_object_get(json_object_get(run->manifest, "files"), tsr_stage_file(stage));
    const char *fingerprint = json_string_value(json_object_get(note, "fingerprint"));
    const char *recorded = json_string_value(json_object_get(note, "digest"));
    char *path = NULL, hex[65];
    tsr_status st = TSR_OK;

    if (fingerprint == NULL) return TSR_OK;
    if (strcmp(fingerprint, run->fingerprint[stage]) != 0) {
        tsr_info("%s comes from another job, input or version: it is made again", tsr_stage_file(stage));
        return TSR_OK;
    }
    TSR_AGREE(comm, tsr_run_path(run, stage, &path));
    if (tsr_run_file_bytes(comm, path) != json_integer_value(json_object_get(note, "bytes"))) goto done;
    run->done[stage] = true;
    if (recorded == NULL) goto done;
    st = tsr_run_digest_file(comm, stage, path, run->digest[stage]);
    tsr_digest_hex(run->digest[stage], hex);
    if (st == TSR_ENOMEM) goto done;
    if (st != TSR_OK || strcmp(hex, recorded) != 0) {
        tsr_warn("%s is damaged: it is made again", path);
        tsr_error_clear();
        run->done[stage] = false;
        st = TSR_OK;
    }
done:
    tsr_free(&path);
    return st;
}

/* Collective. The small result of a stage, where its checkpoint is whole and of this job. */
static tsr_status look_at_checkpoint(const tsr_comm *comm, tsr_run *run, tsr_stage stage)
{
    const char *fingerprint = NULL;
    char *path = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_checkpoint(run, stage, &path));
    if (tsr_run_file_bytes(comm, path) < 0) goto done;
    st = tsr_bundle_read(comm, path, &run->kept[stage]);
    if (st == TSR_ENOMEM) goto done;
    if (st == TSR_OK) st = tsr_bundle_get_text(run->kept[stage], "/fingerprint", &fingerprint);
    if (st != TSR_OK) tsr_warn("%s is damaged: the stage is done again", path);
    if (st != TSR_OK || strcmp(fingerprint, run->fingerprint[stage]) != 0) tsr_bundle_destroy(&run->kept[stage]);
    if (run->kept[stage] != NULL && tsr_bundle_has(run->kept[stage], TSR_UNFINISHED)) {
        run->begun[stage] = run->kept[stage];
        run->kept[stage] = NULL;
    }
    tsr_error_clear();
    st = TSR_OK;
done:
    tsr_free(&path);
    return st;
}

static tsr_status look_at_stages(const tsr_comm *comm, tsr_run *run)
{
    tsr_status st = TSR_OK;

    for (tsr_stage s = 0; st == TSR_OK && s < TSR_STAGES; s++) {
        if (!run->wanted[s]) continue;
        if (tsr_stage_file(s) != NULL)
            st = look_at_file(comm, run, s);
        else if (tsr_stage_keeps(s))
            st = look_at_checkpoint(comm, run, s);
    }
    return st;
}

bool tsr_run_finished(const tsr_run *run)
{
    return tsr_run_concluded(run) && run->done[TSR_STAGE_REPORT] &&
           json_is_true(json_object_get(run->manifest, "finished"));
}

/* ---- open and close ---- */

tsr_status tsr_run_open(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                        const tsr_input *input, tsr_run **out)
{
    tsr_run *run = NULL;
    json_t *before = NULL, *echo = NULL;
    char *text = NULL;
    int64_t bytes = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&run, 1, sizeof *run));
    run->settings = settings;
    run->lock = -1;
    TSR_AGREE(comm, tsr_strdup(&run->folder, settings->run.output));
    TSR_AGREE(comm, comm->rank == 0 ? enter_folder(run, &text, &bytes) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&text, &bytes, 0));
    if (bytes > 0) TSR_AGREE(comm, parse(run->folder, text, &before));
    TSR_AGREE(comm, parse("the job", tsr_job_echo(settings->job), &echo));
    if (before != NULL && !options->redo) TSR_AGREE(comm, check_same_job(run, before, echo));
    TSR_AGREE(comm, tsr_stages_wanted(settings, input, run->wanted));
    TSR_AGREE(comm, tsr_stage_fingerprints(echo, input, run->wanted, run->fingerprint));
    TSR_AGREE(comm, begin_manifest(comm, run, before, echo, options, input));
    TSR_TRY(look_at_stages(comm, run));
done:
    if (st != TSR_OK) tsr_run_close(&run);
    *out = run;
    tsr_free(&text);
    json_decref(echo);
    json_decref(before);
    return st;
}

void tsr_run_close(tsr_run **run)
{
    if (*run == NULL) return;
    for (tsr_stage s = 0; s < TSR_STAGES; s++) {
        tsr_bundle_destroy(&(*run)->begun[s]);
        tsr_bundle_destroy(&(*run)->kept[s]);
    }
    json_decref((*run)->manifest);
    if ((*run)->lock >= 0) tsr_folder_unlock(&(*run)->lock);
    tsr_free(&(*run)->folder);
    tsr_free(run);
}

/* ---- the end ---- */

void tsr_run_result_digest(uint8_t digest[TSR_STAGES][TSR_DIGEST_SIZE], char hex[65])
{
    const tsr_stage part[] = {TSR_STAGE_CUSTOMERS, TSR_STAGE_MODEL, TSR_STAGE_SEGMENTS};
    uint8_t all[3][TSR_DIGEST_SIZE], result[TSR_DIGEST_SIZE];

    for (int i = 0; i < 3; i++) memcpy(all[i], digest[part[i]], TSR_DIGEST_SIZE);
    tsr_digest_bytes(all, sizeof all, result);
    tsr_digest_hex(result, hex);
}

void tsr_run_conclude(tsr_run *run, json_t *facts)
{
    char hex[65];

    tsr_run_result_digest(run->digest, hex);
    json_object_update(run->manifest, facts);
    json_object_set_new(run->manifest, "digest", json_string(hex));
}

bool tsr_run_concluded(const tsr_run *run)
{
    bool concluded = json_object_get(run->manifest, "digest") != NULL;

    for (tsr_stage s = 0; s < TSR_STAGE_REPORT; s++)
        if (run->wanted[s] && tsr_stage_file(s) != NULL) concluded = concluded && run->done[s];
    return concluded;
}

static tsr_status remove_checkpoints(const tsr_run *run)
{
    char *path = NULL;
    tsr_status st = TSR_OK;

    for (tsr_stage s = 0; s < TSR_STAGES; s++) {
        if (!tsr_stage_keeps(s)) continue;
        TSR_TRY(tsr_run_checkpoint(run, s, &path));
        TSR_TRY(tsr_file_remove(path));
        tsr_free(&path);
    }
    TSR_TRY(tsr_path(&path, run->folder, TSR_CHECKPOINT));
    rmdir(path); /* stays where something else lies in it */
done:
    tsr_free(&path);
    return st;
}

tsr_status tsr_run_finish(const tsr_comm *comm, tsr_run *run)
{
    tsr_status st;

    json_object_set_new(run->manifest, "finished", json_true());
    TSR_TRY(tsr_run_save(comm, run));
    TSR_AGREE(comm, comm->rank == 0 ? remove_checkpoints(run) : TSR_OK);
done:
    return st;
}
