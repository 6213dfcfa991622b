/**
 * @file scale_test.h
 * What the tests of scaling share: features.h5 made by hand, of cells that depend on the row. Who includes this
 * defines SHEET, the name of its file.
 */
#ifndef SCALE_TEST_H
#define SCALE_TEST_H

#include <math.h>
#include <string.h>

#include "mpi_test.h"
#include "tessera/digest.h"
#include "tessera/file.h"
#include "tessera/scale.h"

#define MANY 70001 /* more than one block, and a tail */

typedef double (*cell)(int64_t row);

typedef struct sheet {
    const char *const *names; /* features in order */
    const cell *cells;
    int32_t n;
    int64_t first; /* row where this rank begins */
} sheet;

static inline tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    const sheet *s = context;

    for (int64_t i = 0; i < rows; i++) {
        int64_t row = s->first + first + i;
        ((int64_t *)values[0])[i] = row;
        for (int32_t c = 0; c < s->n; c++) ((double *)values[c + 1])[i] = s->cells[c](row);
    }
    return TSR_OK;
}

/* The column `row` is called `revenue` where the sheet is to look as if it came from a dataset. */
static inline bool write_sheet(const tsr_comm *comm, const char *path, const char *first_column,
                               const char *const *names, const cell *cells, int32_t n, int64_t rows)
{
    tsr_column columns[9] = {{.type = TSR_I64, .width = 1}};
    tsr_span span = tsr_span_even(rows, 1, comm->rank, comm->size);
    sheet s = {names, cells, n, span.first};

    snprintf(columns[0].name, sizeof columns[0].name, "%s", first_column);
    for (int32_t c = 0; c < n; c++) {
        columns[c + 1] = (tsr_column){.type = TSR_F64, .width = 1, .position = c + 1};
        snprintf(columns[c + 1].name, sizeof columns[c + 1].name, "%s", names[c]);
    }
    return tsr_table_write(comm, path, columns, n + 1, &span, fill, &s, NULL) == TSR_OK;
}

static inline const char *path_of(const tsr_comm *comm)
{
    static char path[64];

    snprintf(path, sizeof path, SHEET "_np%d.h5", comm->size);
    return path;
}

static inline void remove_sheet(const tsr_comm *comm)
{
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) remove(path_of(comm));
}

static inline double mixed(int64_t row)
{
    uint64_t x = (uint64_t)row * 0x9e3779b97f4a7c15u;

    return (double)((x ^ x >> 29) % 100000) / 100000.0;
}

static inline double plain(int64_t row)
{
    return (mixed(row) - 0.5) * 640.0;
}

static inline double skewed(int64_t row)
{
    double u = mixed(row + 17);

    return u * u * u * u * u * 3000.0;
}

static inline double gappy(int64_t row)
{
    return row % 7 == 3 ? NAN : (double)(row % 13);
}

static inline double flat(int64_t row)
{
    (void)row;
    return 2.5;
}

static inline double nothing(int64_t row)
{
    (void)row;
    return NAN;
}

static inline double rare(int64_t row) /* one in 500: 22 standard deviations out */
{
    return row % 500 == 0 ? 1.0 : 0.0;
}

static inline double whole(int64_t row)
{
    return (double)(15 + row % 123);
}

static const char *const usual_names[] = {"skewed", "plain", "gappy", "flat", "nothing"};
static const cell usual_cells[] = {skewed, plain, gappy, flat, nothing};

static const tsr_features_params automatic = {.transform = 3, .scale = 1, .clip = 8, .missing = 1};

static inline bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1.0 + fabs(b));
}

#endif
