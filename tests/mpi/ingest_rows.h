/**
 * @file ingest_rows.h
 * A source of 6000 transactions: 330 KB, so that several ranks read it.
 */
#ifndef TSR_INGEST_ROWS_H
#define TSR_INGEST_ROWS_H

#include "ingest_test.h"

#define ROWS      6000
#define ROW_BYTES 128

/* Row i: 977 customers, some equal rows, quotes, returns, fields that are missing. */
static inline const char *line_of(int i)
{
    static char line[ROW_BYTES];
    int k = i % 500 == 499 ? i - 1 : i; /* every 500th row repeats the one before it */

    snprintf(line, sizeof line, "\"%05d\",2023-%02d-%02d %02d:%02d:00,%d.%02d,INV%d,\"item, %d\"%s", k * 7 % 977,
             1 + k % 12, 1 + k % 28, k % 24, k % 60, k % 90 - 5, k % 100, k / 3, k % 41, i % 3 == 0 ? "\r\n" : "\n");
    return line;
}

static inline text_file transactions(int first, int end)
{
    text_file file = {malloc((size_t)(end - first + 1) * ROW_BYTES), 0};

    assert_non_null(file.bytes);
    put(&file, "id,when,amount,order,item\n");
    for (int i = first; i < end; i++) put(&file, line_of(i));
    return file;
}

static inline void write_part(const tsr_comm *comm, const char *path, int first, int end)
{
    text_file file = transactions(first, end);

    write_text(comm, path, file.bytes, file.n);
    free(file.bytes);
}

static inline char *read_file(const tsr_comm *comm, const char *path)
{
    char *bytes = NULL, *text = keep("");
    int64_t n;

    MPI_Barrier(comm->mpi);
    if (tsr_file_read(path, &bytes, &n) == TSR_OK) text = keep("%s", bytes);
    tsr_free(&bytes);
    tsr_error_clear();
    return text;
}

#endif
