/**
 * @file sources.h
 * The balance of an ingest: rows and money read, used and rejected, by source and reason.
 */
#ifndef TSR_CLI_SOURCES_H
#define TSR_CLI_SOURCES_H

#include "cli.h"

/** Local. Print the `sources` part of dataset.json as a short table, on rank 0. */
void cli_print_sources(const tsr_comm *comm, const char *sources);

#endif
