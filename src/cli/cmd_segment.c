#include "cli.h"

#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/report.h"
#include "tessera/segment.h"

/* The summary comes from the files of the run, so that it says what they say. */
static tsr_status read_summary(const char *folder, char **summary)
{
    char *segments_path = NULL, *run_path = NULL, *segments = NULL, *run = NULL;
    int64_t bytes;
    tsr_status st = TSR_OK;
    TSR_TRY(tsr_path(&segments_path, folder, "segments.json"));
    TSR_TRY(tsr_path(&run_path, folder, "run.json"));
    TSR_TRY(tsr_file_read(segments_path, &segments, &bytes));
    TSR_TRY(tsr_file_read(run_path, &run, &bytes));
    st = tsr_report_summary(segments, run, folder, summary);
done:
    tsr_free(&run);
    tsr_free(&segments);
    tsr_free(&run_path);
    tsr_free(&segments_path);
    return st;
}

tsr_status cli_print_summary(const tsr_comm *comm, const char *folder)
{
    char *summary = NULL;
    tsr_status st = tsr_agree(comm, comm->rank == 0 ? read_summary(folder, &summary) : TSR_OK);
    if (st == TSR_OK && comm->rank == 0) cli_print_coloured(comm, summary);
    tsr_free(&summary);
    return st;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    char *build = NULL;
    bool already = false;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_AGREE(comm, cli_version_json(&build));
    const tsr_segment_options how = {.redo = cli_given(options, CLI_REDO), .build = build};
    TSR_TRY(tsr_segment(comm, &settings, &how, &already));
    if (already) tsr_info("%s was finished before; nothing was left to do", settings.run.output);
    st = cli_print_summary(comm, settings.run.output);
done:
    tsr_free(&build);
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_segment = {
    .name = "segment",
    .operand = "JOB",
    .summary = "the main job: a dataset becomes segments, values and a report",
    .description = "Runs all stages of the job on the customers of its dataset (or matrix) and writes the run\n"
                   "directory `output`: customers.h5, segments.json, model.h5, report.html. Runs alone or under\n"
                   "mpirun or srun; the result is the same bit for bit. The same command again finishes an\n"
                   "interrupted run, and does nothing where all is done.",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_REDO),
    .run = run,
};
