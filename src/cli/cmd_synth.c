#include "cli.h"

#include "tessera/dataset.h"
#include "tessera/synth.h"

static tsr_status check(const cli_options *options, bool *done)
{
    (void)done;
    if (!cli_given(options, CLI_CUSTOMERS) || options->output == NULL)
        return TSR_FAIL(TSR_ECONF, "--customers and --output are needed; see `tessera synth --help`");
    if (cli_given(options, CLI_PLAIN) && cli_given(options, CLI_SEPARATE))
        return TSR_FAIL(TSR_ECONF, "--plain has no groups that --separate could keep apart");
    return TSR_OK;
}

static tsr_synth_params params_of(const cli_options *options)
{
    tsr_synth_params params = tsr_synth_params_default();
    params.customers = options->customers;
    if (cli_given(options, CLI_SEED)) params.seed = (uint64_t)options->seed;
    if (cli_given(options, CLI_PARTITIONS)) params.partitions = options->partitions;
    if (cli_given(options, CLI_WEEKS)) params.weeks = options->weeks;
    if (cli_given(options, CLI_PLAIN)) params.groups = false;
    params.contact = cli_given(options, CLI_CONTACT);
    params.separate = cli_given(options, CLI_SEPARATE);
    return params;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    const tsr_synth_params params = params_of(options);
    tsr_dataset *dataset = NULL;
    char customers[32], transactions[32];
    bool unchanged = false;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_synth_run(comm, &params, options->output, &unchanged));
    if (options->sources != NULL) TSR_TRY(tsr_synth_sources(comm, options->output, options->sources));
    TSR_TRY(tsr_dataset_open(comm, options->output, &dataset));
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    cli_print(comm, "%s: %s customers, %s transactions%s\n", options->output, cli_count(info->customers, customers),
              cli_count(info->transactions, transactions), unchanged ? " (there already)" : "");
done:
    tsr_dataset_close(&dataset);
    return st;
}

const cli_command cmd_synth = {
    .name = "synth",
    .summary = "a dataset with known truth, for tests and first steps",
    .description = "Draws a population from published BG/NBD and Gamma-Gamma parameters with latent behaviour groups\n"
                   "and writes it as a dataset; the truth goes to truth.h5 beside it. The same options give the\n"
                   "same dataset, on any number of ranks; one that is there already is left as it is.",
    .accepts = CLI_ACCEPTS(CLI_CUSTOMERS) | CLI_ACCEPTS(CLI_OUTPUT) | CLI_ACCEPTS(CLI_SEED) |
               CLI_ACCEPTS(CLI_PARTITIONS) | CLI_ACCEPTS(CLI_WEEKS) | CLI_ACCEPTS(CLI_PLAIN) |
               CLI_ACCEPTS(CLI_CONTACT) | CLI_ACCEPTS(CLI_SOURCES) | CLI_ACCEPTS(CLI_SEPARATE),
    .local = check,
    .run = run,
};
