/**
 * @file ingest/infer/fields.h
 * Which field of the dataset a column of an unknown file seems to be: by its name, then by what it holds.
 */
#ifndef TSR_INGEST_FIELDS_H
#define TSR_INGEST_FIELDS_H

#include "ingest/infer/sniff.h"
#include "tessera/ingest.h"

#define TSR_FIELDS_MAX 16

/* One field of a source and its column. */
typedef struct tsr_field_guess {
    const char *field;
    int32_t column;
} tsr_field_guess;

typedef struct tsr_source_guess {
    int32_t kind;  /* tsr_source_kind */
    int32_t match; /* tsr_match, of identities */
    int32_t n;
    tsr_field_guess field[TSR_FIELDS_MAX]; /* id first, if there is one */
    bool sure_id;                          /* the name of the id says so */
} tsr_source_guess;

/** Local. */
void tsr_fields_guess(const tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, tsr_source_guess *guess);

/** Local. The column of a field; -1: none. */
int32_t tsr_fields_column(const tsr_source_guess *guess, const char *field);

#endif
