#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "sources.h"
#include "tessera/file.h"
#include "tessera/infer.h"
#include "tessera/memory.h"
#include "tessera/preview.h"
#include "tessera/settings.h"

static void print_result(const tsr_comm *comm, const char *folder, const tsr_ingest_result *result)
{
    char customers[32], transactions[32], read[32], used[32], duplicate[32], rejected[32];
    cli_print(comm, "dataset %s%s\n", folder,
              result->unchanged ? " (there already, from the same files)"
              : result->grown   ? " (grown; the rows are those of its new files)"
                                : "");
    cli_print(comm, "  customers     %s\n", cli_count(result->customers, customers));
    cli_print(comm, "  transactions  %s\n", cli_count(result->transactions, transactions));
    cli_print(comm, "  rows          %s read = %s used + %s duplicates + %s rejected\n",
              cli_count(result->rows_read, read), cli_count(result->rows_used, used),
              cli_count(result->rows_duplicate, duplicate), cli_count(result->rows_rejected, rejected));
    if (result->rows_repeated > 0)
        cli_print(comm, "  repeated      %s of the used rows are equal to another one of their source (see key)\n",
                  cli_count(result->rows_repeated, read));
    if (result->merged > 0)
        cli_print(comm, "  merged        %s ids became another id of the same person (merges.csv)\n",
                  cli_count(result->merged, read));
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

/* ---- what is not an ingest: a look beforehand, and a first job ---- */

static tsr_status dry_run(const tsr_comm *comm, const tsr_settings *settings)
{
    char *text = NULL;
    tsr_status st = tsr_ingest_preview(comm, &settings->ingest, &text);
    if (st == TSR_OK) cli_print(comm, "%snothing was written\n", text != NULL ? text : "");
    tsr_free(&text);
    return st;
}

static tsr_status write_job(const char *path, const char *job)
{
    if (tsr_file_exists(path)) return TSR_FAIL(TSR_EIO, "%s: is there already: remove it or name another file", path);
    return tsr_file_write(path, job, (int64_t)strlen(job));
}

/* Local, before MPI starts: one process is enough. */
static tsr_status infer(const cli_options *options, bool *done)
{
    const char **files = NULL;
    char *job = NULL;
    tsr_status st = TSR_OK;

    *done = cli_given(options, CLI_INFER);
    if (!*done) return TSR_OK;
    TSR_TRY(tsr_alloc(&files, options->more_n + 1LL, sizeof *files));
    files[0] = options->operand;
    for (int32_t i = 0; i < options->more_n; i++) files[i + 1] = options->more[i];
    TSR_TRY(tsr_infer_job(files, options->more_n + 1, &job));
    if (options->output != NULL)
        st = write_job(options->output, job);
    else
        fputs(job, stdout);
done:
    tsr_free(&job);
    tsr_free(&files);
    return st;
}

static tsr_status ingest(const tsr_comm *comm, const tsr_settings *settings)
{
    tsr_ingest_result result;
    tsr_status st;

    TSR_TRY(tsr_ingest_run(comm, &settings->ingest, settings->run.dataset, &result));
    print_result(comm, settings->run.dataset, &result);
    st = print_sources(comm, settings->run.dataset);
done:
    return st;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_AGREE(comm, check(&settings, options->operand));
    st = cli_given(options, CLI_DRY_RUN) ? dry_run(comm, &settings) : ingest(comm, &settings);
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
                   "money read, used and rejected balance; the same job on the same files does nothing twice.\n"
                   "--dry-run shows what the first rows of each source would become. `--infer FILE...` makes a first\n"
                   "job file from files that no job describes yet.",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_DRY_RUN) | CLI_ACCEPTS(CLI_INFER) | CLI_ACCEPTS(CLI_OUTPUT),
    .local = infer,
    .run = run,
};
