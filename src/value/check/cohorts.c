#include "tessera/cohorts.h"

#include <math.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/histories/histories.h"

#define MONTH_DAYS 28
#define LATER_MIN  2 /* months after the first one that it takes to compare */

/* Customers by days between their first purchase and the end. */
static tsr_status count_births(const tsr_table *table, const tsr_span *span, tsr_period_block *block, int64_t *births)
{
    tsr_status st = TSR_OK;

    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_period_block_read(table, TSR_PERIOD_ALL, span->first + at, rows, block));
        for (int64_t i = 0; i < rows; i++)
            if (block->x[i] >= 0) births[block->t_days[i]]++;
    }
done:
    return st;
}

/* Months count from the first birth to the last one: a cohort that was chosen ends with it. */
static double ratio_of(const int64_t *births, int64_t last)
{
    int64_t first = 0, early = 0, later = 0;

    while (first < last && births[first] == 0) first++;
    for (int64_t day = first; day <= last; day++) {
        if (day > last - MONTH_DAYS)
            early += births[day];
        else
            later += births[day];
    }
    double months = (double)(last + 1 - first) / MONTH_DAYS - 1;
    return months >= LATER_MIN && later > 0 ? (double)early / ((double)later / months) : (double)NAN;
}

tsr_status tsr_cohorts_compare(const tsr_comm *comm, const char *features, const tsr_span *span, double longest_days,
                               double *ratio)
{
    int64_t last = llrint(longest_days), *births = NULL;
    tsr_period_block block = {0};
    tsr_table *table = NULL;
    tsr_status st;

    *ratio = NAN;
    TSR_AGREE(comm, tsr_alloc(&births, last + 1, sizeof *births));
    TSR_AGREE(comm, tsr_period_block_create(NULL, &block));
    TSR_AGREE(comm, tsr_table_open(features, &table));
    TSR_AGREE(comm, count_births(table, span, &block, births));
    tsr_sum_int64(comm, births, last + 1);
    *ratio = ratio_of(births, last);
done:
    tsr_table_close(&table);
    tsr_period_block_clear(&block);
    tsr_free(&births);
    return st;
}
