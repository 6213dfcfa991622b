/**
 * @file csv.h
 * Cells of CSV files that Tessera writes (RFC 4180).
 */
#ifndef TSR_INGEST_CSV_H
#define TSR_INGEST_CSV_H

#include <stdio.h>

/** Local. Put a text as a cell: between quotes where it holds a comma, a quote or a line break. */
void tsr_csv_put(FILE *to, const char *text);

#endif
