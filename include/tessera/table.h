/**
 * @file table.h
 * A table in one HDF5 file: plain datasets of equal length, one per column, as h5py, h5dump and pandas read them.
 *
 * Written collectively by all ranks, each its own contiguous rows; read by each rank for itself with the serial driver.
 * Datasets are chunked (65,536 rows) with fletcher32 checksums and without object times: equal data, equal file.
 *
 * A column may lie in another table of the same folder, with as many rows: here stands an external link, which readers
 * follow. While the other file is not there, neither is the column.
 */
#ifndef TSR_TABLE_H
#define TSR_TABLE_H

#include "tessera/rows.h"

#define TSR_NAME_BYTES  64
#define TSR_BLOCK_ROWS  65536
#define TSR_DIGEST_SIZE 32

/* A type in memory and in the file. TEXT is a fixed number of bytes, padded with zeros. */
typedef enum tsr_type { TSR_F64, TSR_F32, TSR_I64, TSR_U64, TSR_I32, TSR_U32, TSR_U16, TSR_I8, TSR_TEXT } tsr_type;

/** Local. Bytes of one value (TEXT: 1, times the width of the column). */
size_t tsr_type_bytes(tsr_type type);

typedef struct tsr_column {
    char name[TSR_NAME_BYTES];
    tsr_type type;
    int32_t width; /* values per row (TEXT: bytes); 1 makes a one-dimensional dataset, more a two-dimensional one */
    char unit[32];
    char description[192];
    const char *const *names; /* meaning of codes 0, 1, ... as attribute `names`; NULL: none. Borrowed */
    int32_t names_n;
    int32_t position; /* place among the features of a run, from 1, as attribute `position`; 0: none, not stored */
    const char *file; /* table in the same folder that holds the column, under this name; NULL: here. Borrowed */
} tsr_column;

/**
 * Local: called for block after block of this rank's rows; fills values[column] with rows x width values each.
 * @param first  row within this rank's span
 */
typedef tsr_status (*tsr_table_fill)(void *context, int64_t first, int64_t rows, void *const *values);

/**
 * Collective. Write a whole table: the file appears complete or not at all.
 * Same on all ranks: path, columns, n, span->rows_global. May differ: span->first, span->rows (0 is allowed).
 * Hints for MPI-IO ("cb_nodes=8;striping_factor=16") come from TESSERA_IO_HINTS in rank 0's environment.
 *
 * @param[out] digest  the row-order-free digest of DESIGN section 5 over all columns (the row hash takes `key`, `id`
 *                     and then the other columns in byte order of their names); NULL: not wanted, as where a column
 *                     lies in another file; fill's values of that are not looked at
 * @return TSR_OK; TSR_ECONF (columns, hints); TSR_EIO; TSR_ENOMEM; what fill returns (agreed)
 */
tsr_status tsr_table_write(const tsr_comm *comm, const char *path, const tsr_column *columns, int32_t n,
                           const tsr_span *span, tsr_table_fill fill, void *context,
                           uint8_t digest[TSR_DIGEST_SIZE]) TSR_NODISCARD;

typedef struct tsr_table tsr_table; /* opened for reading */

/** Local. Open a table. @param[out] table new; tsr_table_close(). @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_table_open(const char *path, tsr_table **table) TSR_NODISCARD;

/** Local. Close it and set the pointer to NULL; NULL is fine. */
void tsr_table_close(tsr_table **table);

/** Local. */
int64_t tsr_table_rows(const tsr_table *table);
/** Local. Columns in byte order of their names; borrowed. */
const tsr_column *tsr_table_columns(const tsr_table *table, int32_t *n);
/** Local. The column of that name, or NULL. */
const tsr_column *tsr_table_find(const tsr_table *table, const char *name);

/**
 * Local. Read rows of one column, converted to @p as (numbers to any number type; TEXT as it is).
 * @param first   row of the whole table
 * @param values  [rows][width], the caller's
 * @return TSR_OK; TSR_EDATA (no such column, checksum, shape); TSR_EIO
 */
tsr_status tsr_table_read(const tsr_table *table, const char *column, int64_t first, int64_t rows, tsr_type as,
                          void *values) TSR_NODISCARD;

/** Collective. The digest of a table file, computed again from its bytes. @return TSR_OK; TSR_EDATA; TSR_EIO */
tsr_status tsr_table_digest(const tsr_comm *comm, const char *path, uint8_t digest[TSR_DIGEST_SIZE]) TSR_NODISCARD;

#endif
