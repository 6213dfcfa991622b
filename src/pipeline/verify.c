#include <string.h>

#include "pipeline/run/run.h"
#include "pipeline/run/stages.h"
#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/report.h"
#include "tessera/segments.h"

/* Local, the same on all ranks. */
static tsr_status digest_of(const char *folder, const json_t *manifest, char hex[65])
{
    const char *digest = json_string_value(json_object_get(manifest, "digest"));

    if (!json_is_true(json_object_get(manifest, "finished")) || digest == NULL || strlen(digest) != 64)
        return TSR_FAIL(TSR_EDATA, "%s holds an unfinished run: give the same `tessera segment` command again", folder);
    memcpy(hex, digest, 65);
    return TSR_OK;
}

tsr_status tsr_run_digest(const tsr_comm *comm, const char *folder, char hex[65])
{
    json_t *manifest = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_manifest(comm, folder, &manifest));
    TSR_AGREE(comm, digest_of(folder, manifest, hex));
done:
    json_decref(manifest);
    return st;
}

/* Collective. One file against what run.json says of it. */
static tsr_status verify_file(const tsr_comm *comm, const char *folder, const json_t *manifest, tsr_stage stage,
                              uint8_t *digest)
{
    const json_t *note = json_object_get(json_object_get(manifest, "files"), tsr_stage_file(stage));
    const char *recorded = json_string_value(json_object_get(note, "digest"));
    char *path = NULL, hex[65];
    tsr_status st;

    TSR_AGREE(comm, tsr_path(&path, folder, "%s", tsr_stage_file(stage)));
    TSR_TRY(tsr_run_digest_file(comm, stage, path, digest));
    tsr_digest_hex(digest, hex);
    if (recorded == NULL || strcmp(recorded, hex) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s is not the file that the run wrote: its digest is %s, run.json says %s", path,
                         hex, recorded != NULL ? recorded : "none"));
done:
    tsr_free(&path);
    return st;
}

tsr_status tsr_run_verify(const tsr_comm *comm, const char *folder)
{
    const tsr_stage part[] = {TSR_STAGE_CUSTOMERS, TSR_STAGE_MODEL, TSR_STAGE_SEGMENTS};
    uint8_t digest[TSR_STAGES][TSR_DIGEST_SIZE] = {{0}};
    char recorded[65], hex[65];
    json_t *manifest = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_manifest(comm, folder, &manifest));
    TSR_AGREE(comm, digest_of(folder, manifest, recorded));
    for (int i = 0; i < 3; i++) TSR_TRY(verify_file(comm, folder, manifest, part[i], digest[part[i]]));
    tsr_run_result_digest(digest, hex);
    if (strcmp(hex, recorded) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s/run.json: its digest is not that of the files it lists", folder));
done:
    json_decref(manifest);
    return st;
}

/* Root: segments.json and run.json -> report.html, and what run.json says of it. */
static tsr_status draw(const char *folder, json_t *manifest)
{
    char *segments_path = NULL, *report_path = NULL, *manifest_path = NULL;
    char *segments = NULL, *html = NULL, *text = NULL, *after = NULL, hex[65];
    json_t *note = json_object_get(json_object_get(manifest, "files"), tsr_stage_file(TSR_STAGE_REPORT));
    uint8_t digest[TSR_DIGEST_SIZE];
    int64_t n = 0;
    tsr_status st;

    TSR_TRY(tsr_path(&segments_path, folder, "%s", tsr_stage_file(TSR_STAGE_SEGMENTS)));
    TSR_TRY(tsr_path(&report_path, folder, "%s", tsr_stage_file(TSR_STAGE_REPORT)));
    TSR_TRY(tsr_path(&manifest_path, folder, "run.json"));
    TSR_TRY(tsr_file_read(segments_path, &segments, &n));
    TSR_TRY(tsr_json_text(manifest, &text));
    TSR_TRY(tsr_report_html(segments, text, &html));
    TSR_TRY(tsr_file_write(report_path, html, (int64_t)strlen(html)));
    tsr_digest_bytes(html, strlen(html), digest);
    tsr_digest_hex(digest, hex);
    json_object_set_new(note, "digest", json_string(hex));
    json_object_set_new(note, "bytes", json_integer((json_int_t)strlen(html)));
    TSR_TRY(tsr_json_text(manifest, &after));
    TSR_TRY(tsr_file_write(manifest_path, after, (int64_t)strlen(after)));
done:
    tsr_free(&after);
    tsr_free(&text);
    tsr_free(&html);
    tsr_free(&segments);
    tsr_free(&manifest_path);
    tsr_free(&report_path);
    tsr_free(&segments_path);
    return st;
}

tsr_status tsr_run_report(const tsr_comm *comm, const char *folder)
{
    json_t *manifest = NULL;
    char hex[65];
    int lock = -1;
    tsr_status st;

    TSR_TRY(tsr_run_manifest(comm, folder, &manifest));
    TSR_AGREE(comm, digest_of(folder, manifest, hex));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_lock(folder, &lock) : TSR_OK);
    TSR_AGREE(comm, comm->rank == 0 ? draw(folder, manifest) : TSR_OK);
done:
    if (lock >= 0) tsr_folder_unlock(&lock);
    json_decref(manifest);
    return st;
}
