/**
 * @file parquet.h
 * A table of a run as a Parquet file, for warehouses and data frames. Needs DuckDB's library (data/parquet/duck.h).
 */
#ifndef TSR_PARQUET_H
#define TSR_PARQUET_H

#include "tessera/table.h"

/**
 * Local. Write the table file @p from (customers.h5, features.h5) as Parquet: the rows in their order, columns in byte
 * order of their names; a column with several values per row becomes NAME_1, NAME_2, ...; NaN becomes null; codes
 * become the names that the table has for them, or null. Units and descriptions are key-value metadata of the file:
 * NAME.unit, NAME.description. The file appears whole or not at all. Memory: one block of 65,536 rows, and DuckDB's row
 * group.
 * @return TSR_OK; TSR_ECONF (no DuckDB); TSR_EDATA; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_parquet_write(const char *from, const char *to) TSR_NODISCARD;

#endif
