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

/* Later months as their customers see them, the mean over births of those in the same month: a chosen cohort ends with
 * its last birth, and a few stragglers after it do not make empty months count. */
static double ratio_of(const int64_t *births, int64_t last)
{
    int64_t first = 0, early = 0;
    double later = 0, squares = 0;

    while (first < last && births[first] == 0) first++;
    for (int64_t end = last, month = 0; end >= first; end -= MONTH_DAYS, month++) {
        int64_t born = 0;
        for (int64_t day = end; day >= first && day > end - MONTH_DAYS; day--) born += births[day];
        if (month == 0) early = born;
        later += month == 0 ? 0 : (double)born;
        squares += month == 0 ? 0 : (double)born * (double)born;
    }
    bool long_enough = last + 1 - first >= (1 + LATER_MIN) * MONTH_DAYS;
    return long_enough && later > 0 ? (double)early * later / squares : (double)NAN;
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
