/**
 * @file cli.h
 * The program `tessera`: a table of commands, their options, and what the commands share.
 */
#ifndef TSR_CLI_H
#define TSR_CLI_H

#include "tessera/comm.h"
#include "tessera/log.h"

/* The options beside --help, in the order in which help lists them. */
typedef enum cli_option_id {
    CLI_SET,
    CLI_REDO,
    CLI_EXPLAIN,
    CLI_DIGEST,
    CLI_VERIFY,
    CLI_CUSTOMERS,
    CLI_RANKS,
    CLI_SLURM,
    CLI_OUTPUT,
    CLI_FORMAT,
    CLI_SEED,
    CLI_PARTITIONS,
    CLI_WEEKS,
    CLI_PLAIN,
    CLI_CONTACT,
    CLI_SOURCES,
    CLI_SEPARATE,
    CLI_VALIDATE,
    CLI_JSON,
    CLI_TIME_LIMIT,
    CLI_PEER_TIMEOUT,
    CLI_TRACE,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_DEBUG,
    CLI_DRY_RUN,
    CLI_INFER,
    CLI_OPTIONS
} cli_option_id;

#define CLI_ACCEPTS(id) (1u << (id))

/* What the user asked for. Texts belong to argv. */
typedef struct cli_options {
    char **words; /* [words_n] of the command line, from the command on */
    int words_n;
    const char *operand; /* JOB, PATH or RUN; NULL: none */
    const char **more;   /* [more_n] operands behind it, where the command takes FILE...; tsr_free() */
    int32_t more_n;
    const char **set; /* [set_n] KEY=VALUE; tsr_free() */
    int32_t set_n;
    uint32_t given;    /* bit per option */
    int64_t customers; /* numbers are -1 where not given */
    int64_t ranks, seed, partitions, weeks;
    const char *output, *format, *sources;
    double time_limit;   /* seconds; 0: none */
    double peer_timeout; /* seconds; 0: wait for ever */
    const char *trace;   /* file; NULL: none */
    tsr_log_level level;
    bool help;
} cli_options;

typedef struct cli_command {
    const char *name;
    const char *operand;     /* "JOB"; NULL: none */
    const char *summary;     /* one line for `tessera --help` */
    const char *description; /* for its own --help */
    uint32_t accepts;        /* beside the options that all commands know */

    /** Local, before MPI starts; sets *done where nothing is left for run(). NULL: nothing to do without MPI. */
    tsr_status (*local)(const cli_options *options, bool *done);
    /** Collective. NULL: local() does it all. */
    tsr_status (*run)(const tsr_comm *comm, const cli_options *options);
} cli_command;

extern const cli_command cmd_ingest, cmd_segment, cmd_synth, cmd_inspect, cmd_plan, cmd_features, cmd_job, cmd_report,
    cmd_value, cmd_predict, cmd_export;

/* ---- options.c ---- */

/** Local. Parse what follows the command's name (argv[1]). @return TSR_OK; TSR_ECONF; TSR_ENOMEM */
tsr_status cli_options_read(const cli_command *command, int argc, char **argv, cli_options *options) TSR_NODISCARD;

/** Local. Free what they own. */
void cli_options_clear(cli_options *options);

/** Local. The help text of one command, on standard output. */
void cli_print_command_help(const cli_command *command);

static inline bool cli_given(const cli_options *options, cli_option_id id)
{
    return (options->given & CLI_ACCEPTS(id)) != 0;
}

/* ---- print.c ---- */

/** Local. Standard output, on rank 0 alone. */
void cli_print(const tsr_comm *comm, const char *format, ...) TSR_PRINTF(2, 3);

/** Local. Are there colours? On a terminal, unless NO_COLOR is set. To be called before MPI starts, which makes a
 * process that runs alone look like one of many. */
void cli_choose_colours(void);

/** Local. Print the summary of a run, in colours where they were chosen. */
void cli_print_coloured(const tsr_comm *comm, const char *text);

/** Local. "1,234,567"; @p text holds at least 32 bytes; returns it. */
const char *cli_count(int64_t count, char *text);

/** Local. "1998-07-01" or "1998-07-01 12:30:00" of civil seconds; @p text holds at least 32 bytes; returns it. */
const char *cli_date(int64_t seconds, bool with_time, char *text);

/** Collective. The summary of a finished run, on standard output (cmd_segment.c). */
tsr_status cli_print_summary(const tsr_comm *comm, const char *folder) TSR_NODISCARD;

/* ---- version.c ---- */

/** Local. The text of --version; new, tsr_free(). */
tsr_status cli_version_text(char **text) TSR_NODISCARD;

/** Local. The same facts as JSON for run.json; new, tsr_free(). */
tsr_status cli_version_json(char **json) TSR_NODISCARD;

/* ---- same.c ---- */

/**
 * Collective. Do all ranks run the same build with the same command line? Another build may cut messages into other
 * pieces, and another command leaves the others waiting. @return TSR_OK; TSR_ECONF naming a rank; TSR_ENOMEM
 */
tsr_status cli_check_same(const tsr_comm *comm, const cli_options *options) TSR_NODISCARD;

/* ---- blas_kernel.c ---- */

/** Local. Execute the program again where OpenBLAS chose a kernel far below the processor; one BLAS thread. */
void cli_fit_blas(char **argv);

#endif
