/**
 * @file label_csv.h
 * Labels of customers from a delimited text: a column of ids, and one of numbers.
 */
#ifndef TSR_LABEL_CSV_H
#define TSR_LABEL_CSV_H

#include "pipeline/run/label_table.h"

/** Local. Is it such a file, by the end of its name: .csv (commas), .tsv (tabs), also packed (.gz, .zst)? */
bool tsr_label_csv_is(const char *path);

/**
 * Local. This rank's part of the rows; a packed file is read whole by the first rank. The first line names the columns;
 * an empty label is unknown.
 * @param[out] known  new [*n]
 * @return TSR_OK; TSR_ECONF (no column `id`, no column @p name); TSR_EDATA (a label that is no number: names the
 * place); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_label_csv_read(int rank, int size, const char *path, const char *name, tsr_label **known,
                              int64_t *n) TSR_NODISCARD;

#endif
