/**
 * @file label_table.h
 * A column of another table, for the customers of a run: joined by the hash of their ids.
 */
#ifndef TSR_LABEL_TABLE_H
#define TSR_LABEL_TABLE_H

#include "pipeline/run/population.h"

/* What is known of a customer. */
typedef struct tsr_label {
    uint64_t key;
    double value;
} tsr_label;

/**
 * Collective. Values of column @p name of the HDF5 table at @p path (tessera/table.h), matched by its column `key`, or
 * by the hash of its column `id`; or of a delimited text (label_csv.h), matched by its column `id`. Customers whom the
 * table does not know get NaN; of two rows of one customer the one with the smaller value counts.
 * @param[out] values  [population->span.rows]
 * @return TSR_OK; TSR_ECONF (no such column, no key and no id); TSR_EIO; TSR_EDATA; TSR_ENOMEM
 * Cost: two exchanges of 16 bytes per row.
 */
tsr_status tsr_label_table_read(const tsr_comm *comm, const char *path, const char *name,
                                const tsr_population *population, double *values) TSR_NODISCARD;

#endif
