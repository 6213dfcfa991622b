/**
 * @file inspect.h
 * The kinds of things that `tessera inspect` knows, one function each. Collective; results on standard output.
 */
#ifndef TSR_CLI_INSPECT_H
#define TSR_CLI_INSPECT_H

#include "cli.h"

/** Collective. A dataset folder. */
tsr_status cli_inspect_dataset(const tsr_comm *comm, const char *folder, const cli_options *options) TSR_NODISCARD;

/** Collective. A run directory. */
tsr_status cli_inspect_run(const tsr_comm *comm, const char *folder, const cli_options *options) TSR_NODISCARD;

/** Collective. One HDF5 file: a table, or a bundle of arrays. */
tsr_status cli_inspect_file(const tsr_comm *comm, const char *path, const cli_options *options) TSR_NODISCARD;

#endif
