/**
 * @file infer.h
 * A first job file from source files that nobody has described yet.
 */
#ifndef TSR_INFER_H
#define TSR_INFER_H

#include <stdint.h>

#include "tessera/status.h"

/**
 * Local. Look at the first rows of each file and write the text of a job file that ingests them: kind, delimiter,
 * header, columns, types, time format, decimal mark, decimals of money. What is a guess says so in a comment. Where day
 * and month cannot be told apart (or no id is found), the line asks: the job is refused until somebody answers.
 * @param files  [n]. @param[out] job  new, tsr_free()
 * @return TSR_OK; TSR_EIO; TSR_EDATA (no rows, no delimited text); TSR_ECONF (Parquet without DuckDB); TSR_ENOMEM
 */
tsr_status tsr_infer_job(const char *const *files, int32_t n, char **job) TSR_NODISCARD;

#endif
