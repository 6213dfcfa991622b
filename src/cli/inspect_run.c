#include "inspect.h"

#include <jansson.h>

#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/rfm_text.h"
#include "tessera/segment.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "-";
}

static double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void print_stages(const tsr_comm *comm, const json_t *stages)
{
    size_t i;
    json_t *stage;
    char rows[32];
    if (json_array_size(stages) == 0) return;
    cli_print(comm, "\n  %-14s %16s %10s %22s\n", "stage", "rows", "seconds", "peak MB of a rank");
    json_array_foreach(stages, i, stage)
    {
        const json_t *peak = json_object_get(stage, "peak_rss_mb");
        cli_print(comm, "  %-14s %16s %10.2f %10.0f to %8.0f\n", text_of(stage, "name"),
                  cli_count((int64_t)number_of(stage, "rows"), rows), number_of(stage, "seconds"),
                  number_of(peak, "min"), number_of(peak, "max"));
    }
}

static tsr_status print_manifest(const tsr_comm *comm, const char *folder, bool *finished)
{
    char *path = NULL, *text = NULL;
    int64_t bytes;
    json_t *run = NULL;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_path(&path, folder, "run.json"));
    TSR_TRY(tsr_file_read(path, &text, &bytes));
    run = json_loadb(text, (size_t)bytes, 0, NULL);
    TSR_TRY(json_is_object(run) ? TSR_OK : TSR_FAIL(TSR_EDATA, "%s: not the manifest of a run", path));
    *finished = json_string_value(json_object_get(run, "digest")) != NULL;
    cli_print(comm, "run %s: %s\n  tessera %s, %d ranks\n", folder,
              *finished ? "finished" : "not finished; the same command again goes on", text_of(run, "version"),
              (int)number_of(run, "ranks"));
    print_stages(comm, json_object_get(run, "stages"));
done:
    json_decref(run);
    tsr_free(&text);
    tsr_free(&path);
    return st;
}

static tsr_status print_rfm(const tsr_comm *comm, const char *folder)
{
    char *path = NULL, *segments = NULL, *text = NULL;
    int64_t bytes;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_path(&path, folder, "segments.json"));
    TSR_TRY(tsr_file_read(path, &segments, &bytes));
    TSR_TRY(tsr_rfm_text(segments, &text));
    if (text != NULL) cli_print(comm, "%s", text);
done:
    tsr_free(&text);
    tsr_free(&segments);
    tsr_free(&path);
    return st;
}

tsr_status cli_inspect_run(const tsr_comm *comm, const char *folder, const cli_options *options)
{
    bool finished = false;
    char hex[65];
    tsr_status st = TSR_OK;

    TSR_AGREE(comm, comm->rank == 0 ? print_manifest(comm, folder, &finished) : TSR_OK);
    tsr_bcast(comm, &finished, sizeof finished, 0);
    if (finished) {
        TSR_AGREE(comm, comm->rank == 0 ? print_rfm(comm, folder) : TSR_OK);
        TSR_TRY(cli_print_summary(comm, folder));
    }
    if (cli_given(options, CLI_VERIFY)) {
        TSR_TRY(tsr_run_verify(comm, folder));
        cli_print(comm, "verified: the digest of the files is that of the run\n");
    }
    if (cli_given(options, CLI_DIGEST)) {
        TSR_TRY(tsr_run_digest(comm, folder, hex));
        cli_print(comm, "%s\n", hex);
    }
done:
    return st;
}
