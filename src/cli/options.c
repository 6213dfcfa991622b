#include "cli.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/edits.h"
#include "tessera/memory.h"

#define PEER_TIMEOUT_SECONDS 3600.0 /* far longer than a rank computes alone */

typedef struct option_about {
    const char *name, *argument, *meaning;
} option_about;

static const option_about abouts[CLI_OPTIONS] = {
    [CLI_SET] = {"set", "KEY=VALUE",
                 "another value for a key of the job; may be given many times, the last one counts"},
    [CLI_REDO] = {"redo", NULL, "compute again, from the first stage that a changed job affects"},
    [CLI_EXPLAIN] = {"explain", NULL, "list all keys of a job with type, range, default and meaning"},
    [CLI_DIGEST] = {"digest", NULL, "end with the digest on a line of its own"},
    [CLI_VERIFY] = {"verify", NULL, "compute digests again from the files and compare"},
    [CLI_CUSTOMERS] = {"customers", "N", "how many customers"},
    [CLI_RANKS] = {"ranks", "P", "how many ranks"},
    [CLI_SLURM] = {"slurm", NULL, "only the lines for a Slurm batch script"},
    [CLI_OUTPUT] = {"output", "PATH", "folder or file to write"},
    [CLI_FORMAT] = {"format", "FORMAT", "of the file: parquet"},
    [CLI_SEED] = {"seed", "S", "key of the random draws (1)"},
    [CLI_PARTITIONS] = {"partitions", "P", "partition files (as many as the size asks for)"},
    [CLI_WEEKS] = {"weeks", "W", "weeks that are observed (78)"},
    [CLI_PLAIN] = {"plain", NULL, "one behaviour for all, without latent groups"},
    [CLI_CONTACT] = {"contact", NULL, "also events, campaigns and consent"},
    [CLI_SOURCES] = {"sources", "FOLDER", "write the population as CSV files, too, with a job that ingests them"},
    [CLI_SEPARATE] = {"separate", NULL, "latent groups whose habits leave no doubt"},
    [CLI_VALIDATE] = {"validate", NULL, "hold the fit against what came after value.calibration_end"},
    [CLI_JSON] = {"json", NULL, "print JSON instead of tables"},
    [CLI_TIME_LIMIT] = {"time-limit", "TIME", "stop in time, in SECONDS or HH:MM:SS, keep what is done, exit status 6"},
    [CLI_PEER_TIMEOUT] = {"peer-timeout", "TIME",
                          "end with status 8 after waiting so long for other ranks (1:00:00); 0: wait for ever"},
    [CLI_DRY_RUN] = {"dry-run", NULL, "look at the first rows of each source, and write nothing"},
    [CLI_INFER] = {"infer", NULL, "make a first job file from FILE..., on standard output or at --output"},
    [CLI_TRACE] = {"trace", "FILE", "write what each rank did and when, for chrome://tracing, Perfetto or speedscope"},
    [CLI_QUIET] = {"quiet", NULL, "only warnings and errors"},
    [CLI_VERBOSE] = {"verbose", NULL, "also a table of the stages: time, waiting, imbalance, bytes, memory"},
    [CLI_DEBUG] = {"debug", NULL, "the same as --verbose"},
};

static const uint32_t common = CLI_ACCEPTS(CLI_TIME_LIMIT) | CLI_ACCEPTS(CLI_PEER_TIMEOUT) | CLI_ACCEPTS(CLI_TRACE) |
                               CLI_ACCEPTS(CLI_QUIET) | CLI_ACCEPTS(CLI_VERBOSE) | CLI_ACCEPTS(CLI_DEBUG);

static bool has_option(const cli_command *command, int id)
{
    return ((command->accepts | common) & CLI_ACCEPTS(id)) != 0;
}

void cli_print_command_help(const cli_command *command)
{
    printf("Usage: tessera %s%s%s [OPTIONS]\n\n%s\n\nOptions:\n", command->name, command->operand != NULL ? " " : "",
           command->operand != NULL ? command->operand : "", command->description);
    for (int id = 0; id < CLI_OPTIONS; id++) {
        char left[40];
        if (!has_option(command, id)) continue;
        const char *argument = abouts[id].argument;
        snprintf(left, sizeof left, "--%s%s%s", abouts[id].name, argument != NULL ? " " : "",
                 argument != NULL ? argument : "");
        printf("  %-20s %s\n", left, abouts[id].meaning);
    }
    printf("  %-20s %s\n", "--help", "this text");
}

static tsr_status usage_error(const cli_command *command, const char *what, const char *about)
{
    return TSR_FAIL(TSR_ECONF, "%s%s; see `tessera %s --help`", what, about, command->name);
}

static tsr_status unknown_option(const cli_command *command, const char *text)
{
    char word[64];
    tsr_meant meant = {.distance = 3};

    snprintf(word, sizeof word, "%.*s", (int)strcspn(text, "="), text);
    for (int id = 0; id < CLI_OPTIONS; id++)
        if (has_option(command, id)) tsr_meant_try(&meant, word + strspn(word, "-"), abouts[id].name);
    return TSR_FAIL(TSR_ECONF, "unknown option %s%s%s; see `tessera %s --help`", word,
                    meant.name != NULL ? "; did you mean --" : "", meant.name != NULL ? meant.name : "", command->name);
}

/* A whole number; "1e9" is one too. */
static tsr_status read_number(cli_option_id id, const char *text, double low, double high, int64_t *value)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || floor(number) != number || !(number >= low && number <= high))
        return TSR_FAIL(TSR_ECONF, "--%s %s: write a whole number, %.0f to %.0f", abouts[id].name, text, low, high);
    *value = (int64_t)number;
    return TSR_OK;
}

/* SECONDS, MM:SS or HH:MM:SS. */
static tsr_status read_duration(cli_option_id id, const char *text, double *seconds)
{
    const bool may_be_zero = id == CLI_PEER_TIMEOUT;
    const char *at = text;
    double total = 0;
    int parts = 0;
    while (parts < 3) {
        char *end;
        double part = strtod(at, &end);
        if (end == at || !(part >= 0 && part < 1e9) || (*end != '\0' && *end != ':')) break;
        total = 60 * total + part;
        parts++;
        if (*end == '\0') {
            if (total <= 0 && !may_be_zero) break;
            *seconds = total;
            return TSR_OK;
        }
        at = end + 1;
    }
    return TSR_FAIL(TSR_ECONF, "--%s %s: write seconds or HH:MM:SS%s", abouts[id].name, text,
                    may_be_zero ? "; 0: none" : ", more than 0");
}

static tsr_status take_option(cli_option_id id, const char *argument, cli_options *options)
{
    options->given |= CLI_ACCEPTS(id);
    switch (id) {
    case CLI_SET: options->set[options->set_n++] = argument; return TSR_OK;
    case CLI_CUSTOMERS: return read_number(id, argument, 1, 1e12, &options->customers);
    case CLI_RANKS: return read_number(id, argument, 1, 1e7, &options->ranks);
    case CLI_SEED: return read_number(id, argument, 0, 0x1p53, &options->seed);
    case CLI_PARTITIONS: return read_number(id, argument, 1, 1e6, &options->partitions);
    case CLI_WEEKS: return read_number(id, argument, 1, 5200, &options->weeks);
    case CLI_OUTPUT: options->output = argument; return TSR_OK;
    case CLI_FORMAT: options->format = argument; return TSR_OK;
    case CLI_SOURCES: options->sources = argument; return TSR_OK;
    case CLI_TIME_LIMIT: return read_duration(id, argument, &options->time_limit);
    case CLI_PEER_TIMEOUT: return read_duration(id, argument, &options->peer_timeout);
    case CLI_TRACE: options->trace = argument; return TSR_OK;
    case CLI_QUIET: options->level = TSR_LOG_WARN; return TSR_OK;
    case CLI_VERBOSE:
    case CLI_DEBUG: options->level = TSR_LOG_DEBUG; return TSR_OK;
    default: return TSR_OK;
    }
}

static tsr_status take_operand(const cli_command *command, const char *text, cli_options *options)
{
    if (command->operand == NULL) return usage_error(command, "too many arguments: ", text);
    if (options->operand != NULL)
        options->more[options->more_n++] = text;
    else
        options->operand = text;
    return TSR_OK;
}

static tsr_status read_all(const cli_command *command, int argc, char **argv, const struct option *table,
                           cli_options *options)
{
    tsr_status st = TSR_OK;
    opterr = 0;
    optind = 2;
    for (;;) {
        int id = getopt_long(argc, argv, "-:h", table, NULL); /* "-": operands come in their place, as id 1 */
        if (id == -1) break;
        if (id == 1) {
            TSR_TRY(take_operand(command, optarg, options));
        } else if (id == 'h') {
            options->help = true;
        } else if (id == ':') {
            return usage_error(command, "a value is missing after ", argv[optind - 1]);
        } else if (id == '?') {
            return unknown_option(command, argv[optind - 1]);
        } else {
            cli_option_id option = (cli_option_id)(id - 256);
            if (!has_option(command, option))
                return usage_error(command, "this command has no option --", abouts[option].name);
            TSR_TRY(take_option(option, optarg, options));
        }
    }
    while (optind < argc) TSR_TRY(take_operand(command, argv[optind++], options)); /* after "--" */
done:
    return st;
}

void cli_options_clear(cli_options *options)
{
    tsr_free(&options->set);
    tsr_free(&options->more);
}

tsr_status cli_options_read(const cli_command *command, int argc, char **argv, cli_options *options)
{
    struct option table[CLI_OPTIONS + 2] = {{0}};
    tsr_status st = TSR_OK;

    *options = (cli_options){.words = argv + 1,
                             .words_n = argc - 1,
                             .customers = -1,
                             .ranks = -1,
                             .seed = -1,
                             .partitions = -1,
                             .weeks = -1,
                             .peer_timeout = PEER_TIMEOUT_SECONDS,
                             .level = TSR_LOG_INFO};
    for (int id = 0; id < CLI_OPTIONS; id++)
        table[id] = (struct option){abouts[id].name, abouts[id].argument != NULL ? required_argument : no_argument,
                                    NULL, 256 + id};
    table[CLI_OPTIONS] = (struct option){"help", no_argument, NULL, 'h'};
    TSR_TRY(tsr_alloc(&options->set, argc, sizeof *options->set));
    TSR_TRY(tsr_alloc(&options->more, argc, sizeof *options->more));
    TSR_TRY(read_all(command, argc, argv, table, options));
    if (options->more_n > 0 && !cli_given(options, CLI_INFER))
        TSR_TRY(usage_error(command, "too many arguments: ", options->more[0]));
    if (command->operand != NULL && options->operand == NULL && !options->help && !cli_given(options, CLI_EXPLAIN))
        st = usage_error(command, command->operand, " is missing");
done:
    if (st != TSR_OK) cli_options_clear(options);
    return st;
}
