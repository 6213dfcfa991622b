#include "cli.h"

#include <stdio.h>

#include "base/launch.h"
#include "tessera/memory.h"
#include "tessera/settings.h"

static tsr_status explain(const cli_options *options, bool *done)
{
    if (!cli_given(options, CLI_EXPLAIN)) return TSR_OK;
    tsr_settings settings = {0};
    tsr_section sections[TSR_SECTIONS_MAX];
    char *text = NULL;
    *done = true;
    tsr_status st = tsr_job_explain(sections, tsr_settings_sections(&settings, sections), &text);
    if (st == TSR_OK && tsr_launch_rank() == 0) fputs(text, stdout);
    tsr_free(&text);
    return st;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    tsr_settings settings = {0};
    tsr_status st = tsr_settings_read(comm, options->operand, options->set, options->set_n, &settings);
    if (st == TSR_OK) cli_print(comm, "%s\n", tsr_job_echo(settings.job));
    tsr_settings_clear(&settings);
    return st;
}

const cli_command cmd_job = {
    .name = "job",
    .operand = "JOB",
    .summary = "check a job file and print it as resolved; --explain lists all keys",
    .description = "Reads and checks a job file and prints every key with its value as JSON. With --explain no JOB is\n"
                   "needed: all keys are listed with type, range, default and meaning.",
    .accepts = CLI_ACCEPTS(CLI_SET) | CLI_ACCEPTS(CLI_EXPLAIN),
    .local = explain,
    .run = run,
};
