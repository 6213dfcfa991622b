/**
 * @file ingest/reading.h
 * All source files, row by row, into the collection: each rank reads its shares, and all hand rows on in rounds.
 */
#ifndef TSR_INGEST_READING_H
#define TSR_INGEST_READING_H

#include "ingest/take/input_reader.h"

typedef struct tsr_reading {
    const tsr_ingest_params *params; /* all borrowed */
    const tsr_inputs *inputs;
    const bool *skip; /* [inputs->n] files to leave out; NULL: none */
    tsr_collect *collect;
    tsr_balance *balance;
    tsr_seen seen;
    uint64_t *digest;        /* [inputs->n] of this rank's part, then of the file */
    int64_t *breaks;         /* [inputs->n] line breaks in this rank's part */
    int64_t *first_line;     /* [inputs->n] number of the first line of this rank's part */
    int64_t done, rows;      /* of this rank: bytes in files that it is done with, rows */
    int64_t told[2], all[2]; /* bytes and rows: of this rank as it told them last, and of all ranks then */
    int64_t to_do;           /* bytes of all ranks */
    int32_t file;            /* at hand */
    int64_t begin, end;
    tsr_input_reader *reader; /* of it; NULL: not open */
    tsr_mapping *mapping;
} tsr_reading;

/** Local. Set up what the struct owns; the borrowed members are set already. */
tsr_status tsr_reading_prepare(tsr_reading *reading) TSR_NODISCARD;
void tsr_reading_clear(tsr_reading *reading);

/** Local. The digests of this rank's parts of all files, without reading rows. @param only  [inputs->n], NULL: all */
tsr_status tsr_reading_digests(tsr_reading *reading, int rank, int size, const bool *only) TSR_NODISCARD;

/** Collective. Add up the digests of parts. */
void tsr_reading_sum(const tsr_comm *comm, tsr_reading *reading);

/** Collective. Read everything. @return TSR_OK; TSR_EDATA (file and line); TSR_EIO; TSR_ENOMEM; TSR_EINTR */
tsr_status tsr_reading_run(const tsr_comm *comm, tsr_reading *reading) TSR_NODISCARD;

#endif
