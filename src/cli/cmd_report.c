#include "cli.h"

#include "tessera/segment.h"

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_status st = tsr_run_report(comm, options->operand);
    if (st == TSR_OK) st = cli_print_summary(comm, options->operand);
    return st;
}

const cli_command cmd_report = {
    .name = "report",
    .operand = "RUN",
    .summary = "draw the report of a finished run again",
    .description = "Draws RUN/report.html again from RUN/segments.json and RUN/run.json, and prints the summary.",
    .run = run,
};
