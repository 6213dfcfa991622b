/**
 * @file matrix.h
 * A ready matrix that a user brings: a two-dimensional dataset of numbers in an HDF5 file, row by row.
 */
#ifndef TSR_MATRIX_H
#define TSR_MATRIX_H

#include "tessera/table.h"

typedef struct tsr_matrix {
    int64_t rows;
    int32_t cols;
    char *file, *path; /* owned */
    char *id_path;     /* NULL: none; strings or integers, [rows] */
    int32_t id_width;  /* bytes of an id as text, >= 1 */
    char **names;      /* [cols]: attribute `names` of the dataset, else c0, c1, ... */
} tsr_matrix;

/** Collective. Look at the matrix: shape, type, names. @return TSR_OK; TSR_EIO; TSR_EDATA */
tsr_status tsr_matrix_open(const tsr_comm *comm, const char *file, const char *path, const char *id_path,
                           tsr_matrix **matrix) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_matrix_close(tsr_matrix **matrix);

/** Local. Rows as double, row-major [rows][cols]. Infinite values are TSR_EDATA naming row and column; NaN is missing.
 */
tsr_status tsr_matrix_read(const tsr_matrix *matrix, int64_t first, int64_t rows, double *values) TSR_NODISCARD;

/** Local. Ids as text [rows][id_width], padded with zeros; without id_path the row number, from 0. Keys:
 *  tsr_key_of_id() of that text. @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_matrix_ids(const tsr_matrix *matrix, int64_t first, int64_t rows, char *ids) TSR_NODISCARD;

#endif
