#include "cli.h"

#include "tessera/memory.h"
#include "tessera/predict_job.h"

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    char *build = NULL, *text = NULL;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_AGREE(comm, cli_version_json(&build));
    const tsr_segment_options how = {.redo = cli_given(options, CLI_REDO), .build = build};
    TSR_TRY(tsr_predict_job(comm, &settings, &how, &text));
    cli_print(comm, "%s", text);
done:
    tsr_free(&text);
    tsr_free(&build);
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_predict = {
    .name = "predict",
    .operand = "JOB",
    .summary = "learn a label (churn, response, a number) and predict it for every customer",
    .description = "Learns predict.label from the features of the job and its categorical attributes by a tree or a\n"
                   "forest, holds back predict.test of the customers and scores them, and writes predictions.h5 and\n"
                   "predict.json into the job's output. The label is any column: an attribute, a column of the\n"
                   "matrix, or of another table (predict.table).",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_REDO),
    .run = run,
};
