/**
 * @file suppress.h
 * Which cells of a table of counts must stay hidden, where the totals of rows and columns are shown.
 */
#ifndef TSR_SUPPRESS_H
#define TSR_SUPPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "tessera/status.h"

/**
 * Local. Hide every cell of fewer than @p min_cell people, and as many others as it takes that none of them follows
 * from the totals: in a row or column with a hidden cell there are at least two, which hold at least @p min_cell
 * people; and each small cell lies on a closed walk of hidden cells along rows and columns, so that its value may rise
 * or fall without any total seeing it (Gusfield, 1988). Empty cells hide nobody and are shown.
 * @param count           [rows][cols]
 * @param[in,out] hidden  [rows][cols]; true from the start: hidden for another reason
 * @return TSR_OK; TSR_ENOMEM
 * Cost: at most as many sweeps over the table as there are cells; meant for small tables.
 */
tsr_status tsr_suppress(const int64_t *count, int32_t rows, int32_t cols, int64_t min_cell, bool *hidden) TSR_NODISCARD;

#endif
