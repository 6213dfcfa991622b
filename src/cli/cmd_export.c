#include "cli.h"

#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/parquet.h"

static tsr_status write_file(const cli_options *options, const char *output)
{
    char *from = NULL;
    tsr_status st;

    TSR_TRY(tsr_path(&from, options->operand, "customers.h5"));
    if (!tsr_file_exists(from))
        TSR_TRY(TSR_FAIL(TSR_EIO, "%s: there is no customers.h5: not a run, or it did not finish", options->operand));
    TSR_TRY(tsr_parquet_write(from, output));
done:
    tsr_free(&from);
    return st;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    char *output = NULL;
    tsr_status st = TSR_OK;

    if (cli_given(options, CLI_FORMAT) && strcmp(options->format, "parquet") != 0)
        st = TSR_FAIL(TSR_ECONF, "--format %s: there is parquet", options->format);
    TSR_AGREE(comm, st);
    TSR_AGREE(comm, cli_given(options, CLI_OUTPUT) ? tsr_strdup(&output, options->output)
                                                   : tsr_path(&output, options->operand, "customers.parquet"));
    TSR_AGREE(comm, comm->rank == 0 ? write_file(options, output) : TSR_OK);
    cli_print(comm, "%s\n", output);
done:
    tsr_free(&output);
    return st;
}

const cli_command cmd_export = {
    .name = "export",
    .operand = "RUN",
    .summary = "the customers of a run in another format",
    .description =
        "Writes RUN/customers.h5 as Parquet (needs DuckDB's library, see TESSERA_DUCKDB_ROOT in the README):\n"
        "to RUN/customers.parquet, or to the file that --output names. Values that are missing become null,\n"
        "codes their names; units and descriptions are the file's key-value metadata: NAME.unit, NAME.description.",
    .accepts = CLI_ACCEPTS(CLI_FORMAT) | CLI_ACCEPTS(CLI_OUTPUT),
    .run = run,
};
