#include "cli.h"

#include "tessera/memory.h"
#include "tessera/value_job.h"
#include "tessera/value_text.h"

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    char *build = NULL, *json = NULL, *text = NULL;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_AGREE(comm, cli_version_json(&build));
    const tsr_segment_options how = {.redo = cli_given(options, CLI_REDO), .build = build};
    TSR_TRY(tsr_value_job(comm, &settings, &how, cli_given(options, CLI_VALIDATE), &json));
    TSR_AGREE(comm, tsr_value_text(json, &text));
    cli_print(comm, "%s", cli_given(options, CLI_JSON) ? json : text);
done:
    tsr_free(&text);
    tsr_free(&json);
    tsr_free(&build);
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_value = {
    .name = "value",
    .operand = "JOB",
    .summary = "the value models of a job alone: fits, their errors, and how they predict",
    .description = "Fits the models of purchases and of spend (value.model: auto fits all of them) and prints them\n"
                   "with standard errors and warnings; with --json as segments.json will have them under `value`.\n"
                   "With --validate and value.calibration_end the fit of the calibration period is held against what\n"
                   "came after, beside simple rules: past frequency, recency, past spend. `tessera segment` goes on\n"
                   "from here.",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_REDO) | CLI_ACCEPTS(CLI_VALIDATE) | CLI_ACCEPTS(CLI_JSON),
    .run = run,
};
