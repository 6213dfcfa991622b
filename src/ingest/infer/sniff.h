/**
 * @file ingest/infer/sniff.h
 * What a file of unknown form seems to be: its delimiter, its header, its columns. From its first rows.
 */
#ifndef TSR_INGEST_SNIFF_H
#define TSR_INGEST_SNIFF_H

#include "ingest/infer/guess.h"
#include "ingest/read/text_reader.h"

#define TSR_SNIFF_ROWS 20000

typedef struct tsr_sniffed_column {
    char *name;   /* in the header, or its number */
    bool in_file; /* it is a name of the header */
    tsr_guess guess;
} tsr_sniffed_column;

typedef struct tsr_sniffed {
    bool parquet;
    char delimiter; /* TSR_DELIMITER_BLANK: runs of blanks */
    bool header, multiline;
    int64_t rows; /* that were looked at, without the header */
    int32_t columns;
    tsr_sniffed_column *column; /* [columns] */
} tsr_sniffed;

/** Local. Look at a file. @return TSR_OK; TSR_EIO; TSR_EDATA (empty; no delimited text); TSR_ECONF (Parquet without
 *  DuckDB); TSR_ENOMEM */
tsr_status tsr_sniff(const char *path, const tsr_guess_clocks *clocks, tsr_sniffed *sniffed) TSR_NODISCARD;
void tsr_sniffed_clear(tsr_sniffed *sniffed);

#endif
