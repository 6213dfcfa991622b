#include "cli.h"

#include "tessera/memory.h"
#include "tessera/plan.h"

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    char *text = NULL;
    int64_t customers = cli_given(options, CLI_CUSTOMERS) ? options->customers : 0;
    int ranks = cli_given(options, CLI_RANKS) ? (int)options->ranks : 0;
    tsr_plan_form form = cli_given(options, CLI_SLURM) ? TSR_PLAN_SLURM : TSR_PLAN_TEXT;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings));
    TSR_TRY(tsr_plan(comm, &settings, customers, ranks, form, &text));
    cli_print(comm, "%s", text);
done:
    tsr_free(&text);
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_plan = {
    .name = "plan",
    .operand = "JOB",
    .summary = "forecast of memory, files and time of a job",
    .description = "Says beforehand what `tessera segment JOB` will need: rows and memory per rank, sizes of files,\n"
                   "a first estimate of time. Without --customers the dataset or matrix of the job is looked at;\n"
                   "without --ranks the ranks of this call count. --slurm prints the #SBATCH lines alone,\n"
                   "for nodes like the one on which it is called.",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_CUSTOMERS) | CLI_ACCEPTS(CLI_RANKS) | CLI_ACCEPTS(CLI_SLURM),
    .run = run,
};
