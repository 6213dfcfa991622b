/**
 * @file value_table.h
 * A features.h5 with the columns that value and RFM read, made from arrays that every rank holds whole.
 */
#ifndef TSR_TEST_VALUE_TABLE_H
#define TSR_TEST_VALUE_TABLE_H

#include <stdio.h>
#include <string.h>

#include "tessera/table.h"

typedef struct value_column {
    const char *name;
    tsr_type type; /* TSR_I32 or TSR_I64 */
    const void *values;
    size_t stride; /* bytes from row to row */
} value_column;

typedef struct value_fill {
    const value_column *columns;
    int32_t n;
    int64_t first;
} value_fill;

static inline tsr_status fill_from_arrays(void *context, int64_t first, int64_t rows, void *const *values)
{
    const value_fill *fill = context;

    for (int32_t c = 0; c < fill->n; c++) {
        const value_column *column = &fill->columns[c];
        size_t bytes = tsr_type_bytes(column->type);
        for (int64_t i = 0; i < rows; i++)
            memcpy((char *)values[c] + (size_t)i * bytes,
                   (const char *)column->values + (size_t)(fill->first + first + i) * column->stride, bytes);
    }
    return TSR_OK;
}

/* Collective. */
static inline tsr_status write_features(const tsr_comm *comm, const char *file, const value_column *columns, int32_t n,
                                        int64_t rows)
{
    tsr_column about[16] = {0};
    tsr_span span = tsr_span_even(rows, 1, comm->rank, comm->size);
    value_fill fill = {.columns = columns, .n = n, .first = span.first};

    for (int32_t c = 0; c < n; c++) {
        snprintf(about[c].name, sizeof about[c].name, "%s", columns[c].name);
        about[c].type = columns[c].type;
        about[c].width = 1;
    }
    return tsr_table_write(comm, file, about, n, &span, fill_from_arrays, &fill, NULL);
}

/* Rows by rank in three ways: evenly, all on the last rank, none on every second one. */
static inline tsr_span span_shape(const tsr_comm *comm, int shape, int64_t rows)
{
    if (shape == 1) return (tsr_span){0, comm->rank == comm->size - 1 ? rows : 0, rows};
    if (shape == 2) {
        tsr_span half = tsr_span_even(rows, 1, comm->rank / 2, (comm->size + 1) / 2);
        if (comm->rank % 2 == 1) half = (tsr_span){half.first + half.rows, 0, rows};
        return half;
    }
    return tsr_span_even(rows, 1, comm->rank, comm->size);
}

#endif
