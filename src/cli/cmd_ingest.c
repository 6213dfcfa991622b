#include "cli.h"

#include "sources.h"
#include "tessera/memory.h"
#include "tessera/settings.h"

static void print_result(const tsr_comm *comm, const char *folder, const tsr_ingest_result *result)
{
    char customers[32], transactions[32], read[32], used[32], rejected[32];
    cli_print(comm, "dataset %s%s\n", folder, result->unchanged ? " (there already, from the same files)" : "");
    cli_print(comm, "  customers     %s\n", cli_count(result->customers, customers));
    cli_print(comm, "  transactions  %s\n", cli_count(result->transactions, transactions));
    cli_print(comm, "  rows          %s read = %s used + %s rejected\n", cli_count(result->rows_read, read),
              cli_count(result->rows_used, used), cli_count(result->rows_rejected, rejected));
}

/* Reasons and money are told by the dataset itself. */
static tsr_status print_sources(const tsr_comm *comm, const char *folder)
{
    tsr_dataset *dataset = NULL;
    tsr_status st = tsr_dataset_open(comm, folder, &dataset);
    if (st == TSR_OK && tsr_dataset_about(dataset)->sources != NULL)
        cli_print_sources(comm, tsr_dataset_about(dataset)->sources);
    tsr_dataset_close(&dataset);
    return st;
}

static tsr_status check(const tsr_settings *settings, const char *job)
{
    if (settings->run.dataset == NULL)
        return TSR_FAIL(TSR_ECONF, "%s: dataset is missing: the folder that ingest writes", job);
    if (settings->ingest.sources.n == 0)
        return TSR_FAIL(TSR_ECONF, "%s: ingest.sources is missing: the files to read", job);
    return TSR_OK;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    tsr_ingest_result result;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_AGREE(comm, check(&settings, options->operand));
    TSR_TRY(tsr_ingest_run(comm, &settings.ingest, settings.run.dataset, &result));
    print_result(comm, settings.run.dataset, &result);
    st = print_sources(comm, settings.run.dataset);
done:
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_ingest = {
    .name = "ingest",
    .operand = "JOB",
    .summary = "source files become a dataset",
    .description = "Reads the sources of the job (ingest.sources), rejects what its rules say, sorts the rest by\n"
                   "customer and writes the folder `dataset`: partition files, dataset.json, rejects.csv. Rows and\n"
                   "money read, used and rejected balance; the same job on the same files does nothing twice.",
    .accepts = CLI_ACCEPTS(CLI_SET),
    .run = run,
};
