/**
 * @file ingest/read/scan.h
 * Looking at many bytes of text at once: where fields and lines end, and what the bytes are.
 */
#ifndef TSR_INGEST_SCAN_H
#define TSR_INGEST_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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
    int32_t longest; /* bytes of a row */
} tsr_scan;

/**
 * Local. Split rows, one behind the other, until one is not common: shorter than two bytes, too long, or of too few
 * fields. scan->from goes to the first row that was not split.
 * @param field  [most][scan->fields], of the rows' own bytes, a CR at the end taken away
 * @return rows
 */
int32_t tsr_scan_rows(tsr_scan *scan, int32_t most, tsr_slice *field);

/** Local. Bit i: byte i of sixteen is a delimiter or a line break. */
static inline uint64_t tsr_scan_sixteen(const char *at, char delimiter)
{
#ifdef TSR_X86
    typedef char lanes __attribute__((vector_size(16)));
    lanes bytes;

    memcpy(&bytes, at, sizeof bytes);
    return (uint32_t)__builtin_ia32_pmovmskb128((lanes)(bytes == delimiter) | (lanes)(bytes == '\n'));
#else
    uint64_t marks = 0;

    for (uint32_t i = 0; i < 16; i++) marks |= (uint64_t)(at[i] == delimiter || at[i] == '\n') << i;
    return marks;
#endif
}

/** Local. The same of TSR_SCAN_BYTES bytes. */
static inline uint64_t tsr_scan_marks(const char *at, char delimiter)
{
    return tsr_scan_sixteen(at, delimiter) | tsr_scan_sixteen(at + 16, delimiter) << 16 |
           tsr_scan_sixteen(at + 32, delimiter) << 32 | tsr_scan_sixteen(at + 48, delimiter) << 48;
}

#endif
