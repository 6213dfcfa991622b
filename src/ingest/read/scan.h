/**
 * @file ingest/read/scan.h
 * Looking at many bytes of text at once: where fields and lines end, and what the bytes are.
 */
#ifndef TSR_INGEST_SCAN_H
#define TSR_INGEST_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/parse/parse.h"

#define TSR_SCAN_BYTES 64 /* looked at together: a buffer has as many to spare on both sides */

/* What is among some bytes. */
typedef struct tsr_text_bytes {
    bool ascii; /* nothing else */
    bool quotes, nul;
} tsr_text_bytes;

/** Local. What the bytes are made of. */
tsr_text_bytes tsr_scan_bytes(const char *text, int64_t n);

/* Rows that are to be split; TSR_SCAN_BYTES bytes behind `end` can be read. */
typedef struct tsr_scan {
    const char *from, *end; /* the first row begins at `from`; a row ends before `end`, its line break with it */
    char delimiter;
    int32_t fields;  /* of each row, from the left; at least 1 */
    int32_t columns; /* most fields of a row; 0: any number */
    int32_t longest; /* bytes of a row */
} tsr_scan;

/**
 * Local. Split rows, one behind the other, until one is not common: shorter than two bytes, too long, or of too few
 * or too many fields. scan->from goes to the first row that was not split.
 * @param field  [most][scan->fields], of the rows' own bytes, a CR at the end taken away
 * @return rows
 */
int32_t tsr_scan_rows(tsr_scan *scan, int32_t most, tsr_slice *field);

#endif
