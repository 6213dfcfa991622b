/**
 * @file rows.h
 * Which rows belong to which rank: contiguous ranges of one global order.
 */
#ifndef TSR_ROWS_H
#define TSR_ROWS_H

#include <stdint.h>

#include "tessera/comm.h"

/* Rows first .. first + rows - 1 of rows_global. rows = 0 is legal everywhere. */
typedef struct tsr_span {
    int64_t first, rows, rows_global;
} tsr_span;

/** Local. An even share of @p rows_global in whole multiples of @p grain (the last rank with rows takes the tail). */
tsr_span tsr_span_even(int64_t rows_global, int64_t grain, int rank, int size);

/** Collective. The span of a rank that holds @p rows, ranks in order. */
tsr_span tsr_span_of(const tsr_comm *comm, int64_t rows);

/**
 * Local. Cut a sequence of costs into @p size contiguous ranges of about equal cost: the first position whose
 * cumulative cost reaches total x cut / size.
 * @param cumulative  [n + 1], cumulative[0] = 0, rising
 * @return position in 0..n; cut 0 gives 0, cut = size gives n
 */
int64_t tsr_cut(const int64_t *cumulative, int64_t n, int cut, int size);

#endif
