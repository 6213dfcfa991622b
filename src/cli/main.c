/*
 * The program: find the command, start MPI, run the command, leave with its status.
 * This room alone prints results, starts MPI and names MPI_COMM_WORLD.
 */
#include "cli.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/edits.h"
#include "base/launch.h"
#include "tessera/digest.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/meter.h"
#include "tessera/trace_file.h"
#include "tessera/wait.h"

static const cli_command *const commands[] = {&cmd_ingest, &cmd_segment, &cmd_synth,    &cmd_inspect,
                                              &cmd_report, &cmd_plan,    &cmd_features, &cmd_job,
                                              &cmd_value,  &cmd_predict, &cmd_export};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void)
{
    printf("tessera - customer segmentation at scale on MPI clusters\n\n"
           "Usage: tessera COMMAND [ARGUMENTS]\n"
           "       mpirun -np P tessera COMMAND [ARGUMENTS]\n\n"
           "Commands:\n");
    for (int i = 0; i < COMMANDS; i++) {
        char left[32];
        const char *operand = commands[i]->operand;
        snprintf(left, sizeof left, "%s%s%s", commands[i]->name, operand != NULL ? " " : "",
                 operand != NULL ? operand : "");
        printf("  %-14s %s\n", left, commands[i]->summary);
    }
    printf("\n`tessera COMMAND --help` tells more; `tessera --version` names the build and its libraries.\n"
           "Exit status: 0 done, 2 usage or job file, 3 data, 4 input or output, 5 out of memory,\n"
           "6 interrupted (what is done is kept), 7 a bug, 8 another rank or host was lost.\n");
}

static tsr_status print_version(void)
{
    char *text = NULL;
    tsr_status st = cli_version_text(&text);
    if (st == TSR_OK && tsr_launch_rank() == 0) fputs(text, stdout);
    tsr_free(&text);
    return st;
}

static const cli_command *find_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

/* What was meant by a word that names no command. */
static tsr_status unknown_command(const char *word)
{
    tsr_meant meant = {.distance = 3};

    if (word[0] == '-')
        return TSR_FAIL(TSR_ECONF, "%s stands before the command: write `tessera COMMAND ... %s`; see `tessera --help`",
                        word, word);
    for (int i = 0; i < COMMANDS; i++) tsr_meant_try(&meant, word, commands[i]->name);
    return TSR_FAIL(TSR_ECONF, "unknown command %s%s%s; see `tessera --help`", word,
                    meant.name != NULL ? "; did you mean " : "", meant.name != NULL ? meant.name : "");
}

static void abort_all(int exit_status)
{
    MPI_Abort(MPI_COMM_WORLD, exit_status);
}

/* Results that did not reach the disk or the pipe are no results. */
static tsr_status flush_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return TSR_OK;
    return TSR_FAIL(TSR_EIO, "standard output: %s", strerror(errno));
}

/* HDF5 would end itself in MPI_Finalize and at exit, and crashes there over a dataset that a full disk left
 * half-closed: then the status of the run would be lost. We close every file ourselves, so nothing is left for it to
 * do. Opened before MPI starts, it does not hook into MPI. */
static void start_hdf5(void)
{
    H5dont_atexit();
    H5open();
}

/* A failure before MPI has started. The first rank that ends with a status makes the launcher end the others, maybe
 * before rank 0 has printed; and others may not have failed and go on: so all meet once more, as in run_on_ranks(). */
static tsr_status end_early(tsr_status st)
{
    int started;
    MPI_Initialized(&started);
    if (!started && tsr_launch_is_parallel()) {
        MPI_Init(NULL, NULL);
        tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
        st = tsr_agree(&comm, st);
        tsr_log_error();
        tsr_comm_close(&comm);
        MPI_Finalize();
    }
    tsr_log_error();
    return st;
}

/* Collective. The command, and what it cost, also where it failed. */
static tsr_status run_measured(const tsr_comm *comm, const cli_command *command, const cli_options *options)
{
    tsr_trace_file *trace = NULL;
    char title[64];
    tsr_status st = TSR_OK;

    if (options->trace != NULL) st = tsr_trace_file_open(comm, options->trace, &trace);
    if (st == TSR_OK) st = command->run(comm, options);
    tsr_meter_print();
    if (trace != NULL) {
        const tsr_error why = *tsr_error_last();
        snprintf(title, sizeof title, "tessera %s", command->name);
        tsr_status written = tsr_trace_file_write(comm, trace, title);
        if (st == TSR_OK)
            st = written;
        else
            *tsr_error_last() = why;
    }
    tsr_trace_file_close(&trace);
    return st;
}

static tsr_status run_on_ranks(const cli_command *command, const cli_options *options)
{
    start_hdf5();
    tsr_digest_start();
    cli_choose_colours();
    MPI_Init(NULL, NULL);
    tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
    tsr_log_init(comm.rank, options->level);
    tsr_bug_hook(abort_all);
    tsr_interrupt_install(options->time_limit);

    tsr_status st = tsr_agree(&comm, tsr_wait_limit(comm.rank, options->peer_timeout));
    if (st == TSR_OK) st = cli_check_same(&comm, options);
    if (st == TSR_OK) st = run_measured(&comm, command, options);
    if (st == TSR_OK) st = tsr_agree(&comm, flush_output());
    if (st != TSR_OK) tsr_log_error();
    tsr_progress_end();

    tsr_bug_hook(NULL);
    tsr_comm_close(&comm);
    MPI_Finalize();
    return st;
}

/* What needs no MPI works where MPI does not start. */
static tsr_status run_command(const cli_command *command, const cli_options *options)
{
    tsr_status st = TSR_OK;
    bool done = options->help;
    if (options->help && tsr_launch_rank() == 0) cli_print_command_help(command);
    if (!done && command->local != NULL) st = command->local(options, &done);
    return st == TSR_OK && !done ? run_on_ranks(command, options) : st;
}

static tsr_status dispatch(int argc, char **argv)
{
    if (argc < 2) return TSR_FAIL(TSR_ECONF, "a command is missing; see `tessera --help`");
    if (strcmp(argv[1], "--version") == 0) return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        if (tsr_launch_rank() == 0) print_help();
        return TSR_OK;
    }
    const cli_command *command = find_command(argv[1]);
    if (command == NULL) return unknown_command(argv[1]);

    cli_options options;
    tsr_status st = cli_options_read(command, argc, argv, &options);
    if (st != TSR_OK) return st;
    st = run_command(command, &options);
    cli_options_clear(&options);
    return st;
}

int main(int argc, char **argv)
{
    cli_fit_blas(argv);
    tsr_log_init(tsr_launch_rank(), TSR_LOG_INFO);
    tsr_status st = dispatch(argc, argv);
    if (st == TSR_OK) st = flush_output();
    if (st != TSR_OK) st = end_early(st);
    return (int)st;
}
