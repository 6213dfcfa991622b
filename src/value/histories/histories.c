#include "value/histories/histories.h"

#include <inttypes.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/histories/purchase.h"
#include "value/histories/tally.h"

/* Columns of features.h5 by period: x, tx, t, spend. */
static const char *const columns[][4] = {[TSR_PERIOD_ALL] = {"buy_x", "buy_tx_days", "buy_t_days", "buy_spend"},
                                         [TSR_PERIOD_CALIBRATION] = {"cal_x", "cal_tx_days", "cal_t_days",
                                                                     "cal_spend"}};

/* ---- one block of the table ---- */

tsr_status tsr_period_block_create(const tsr_covariates *covariates, tsr_period_block *block)
{
    tsr_status st;

    *block = (tsr_period_block){.covariates = covariates != NULL && covariates->n > 0 ? covariates : NULL};
    TSR_TRY(tsr_alloc(&block->x, TSR_BLOCK_ROWS, sizeof *block->x));
    TSR_TRY(tsr_alloc(&block->tx_days, TSR_BLOCK_ROWS, sizeof *block->tx_days));
    TSR_TRY(tsr_alloc(&block->t_days, TSR_BLOCK_ROWS, sizeof *block->t_days));
    TSR_TRY(tsr_alloc(&block->spend, TSR_BLOCK_ROWS, sizeof *block->spend));
    if (block->covariates == NULL) goto done;
    TSR_TRY(tsr_alloc(&block->y, (int64_t)covariates->n * TSR_BLOCK_ROWS, sizeof *block->y));
done:
    if (st != TSR_OK) tsr_period_block_clear(block);
    return st;
}

void tsr_period_block_clear(tsr_period_block *block)
{
    tsr_free(&block->y);
    tsr_free(&block->spend);
    tsr_free(&block->t_days);
    tsr_free(&block->tx_days);
    tsr_free(&block->x);
}

const double *tsr_period_block_covariates(const tsr_period_block *block, int64_t i)
{
    return block->covariates == NULL ? NULL : block->y + i * block->covariates->n;
}

/* 0 <= tx <= t, and tx = 0 exactly where x = 0: anything else would give wrong numbers in silence. */
static tsr_status check_rows(const tsr_period_block *block, const char *const *column, int64_t first, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        int32_t x = block->x[i], tx = block->tx_days[i], t = block->t_days[i];
        if (x < 0 || (tx >= 0 && tx <= t && (x == 0) == (tx == 0))) continue;
        return TSR_FAIL(TSR_EDATA,
                        "row %" PRId64 " of the features: %s = %" PRId32 ", %s = %" PRId32 ", %s = %" PRId32
                        " is no purchase history",
                        first + i, column[0], x, column[1], tx, column[2], t);
    }
    return TSR_OK;
}

tsr_status tsr_period_block_read(const tsr_table *table, tsr_value_period period, int64_t first, int64_t rows,
                                 tsr_period_block *block)
{
    const char *const *column = columns[period];
    tsr_status st;

    TSR_TRY(tsr_table_read(table, column[0], first, rows, TSR_I32, block->x));
    TSR_TRY(tsr_table_read(table, column[1], first, rows, TSR_I32, block->tx_days));
    TSR_TRY(tsr_table_read(table, column[2], first, rows, TSR_I32, block->t_days));
    TSR_TRY(tsr_table_read(table, column[3], first, rows, TSR_I64, block->spend));
    if (block->covariates != NULL) TSR_TRY(tsr_covariates_columns(block->covariates, table, first, rows, block->y));
    st = check_rows(block, column, first, rows);
done:
    return st;
}

/* ---- all blocks of this rank, tallied ---- */

static tsr_status tally_block(const tsr_period_block *block, int64_t rows, tsr_tally *purchases, tsr_tally *spends)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < rows; i++) {
        int32_t x = block->x[i];
        if (x < 0) continue;
        TSR_TRY(tsr_tally_add(purchases, x, block->tx_days[i], block->t_days[i]));
        if (x > 0 && block->spend[i] > 0) TSR_TRY(tsr_tally_add(spends, x, block->spend[i], 0));
    }
done:
    return st;
}

static tsr_status tally_rows(const char *features, const tsr_span *span, tsr_value_period period, tsr_tally *purchases,
                             tsr_tally *spends)
{
    tsr_table *table = NULL;
    tsr_period_block block = {0};
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &table));
    TSR_TRY(tsr_period_block_create(NULL, &block));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_period_block_read(table, period, span->first + at, rows, &block));
        TSR_TRY(tally_block(&block, rows, purchases, spends));
    }
done:
    tsr_period_block_clear(&block);
    tsr_table_close(&table);
    return st;
}

/* ---- tallies as columns ---- */

static tsr_status make_histories(const tsr_tally *tally, double unit_days, tsr_histories *h)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&h->x, tally->n, sizeof *h->x));
    TSR_TRY(tsr_alloc(&h->tx, tally->n, sizeof *h->tx));
    TSR_TRY(tsr_alloc(&h->t, tally->n, sizeof *h->t));
    TSR_TRY(tsr_alloc(&h->count, tally->n, sizeof *h->count));
    h->n = tally->n;
    for (int64_t i = 0; i < h->n; i++) {
        const tsr_tally_item *item = &tally->item[i];
        h->x[i] = (int32_t)item->key[0];
        h->tx[i] = (double)item->key[1] / unit_days;
        h->t[i] = (double)item->key[2] / unit_days;
        h->count[i] = item->count;
    }
done:
    return st;
}

static tsr_status make_spends(const tsr_tally *tally, int32_t money_scale, tsr_spends *s)
{
    double units = tsr_power_of_ten(money_scale);
    tsr_status st;

    TSR_TRY(tsr_alloc(&s->x, tally->n, sizeof *s->x));
    TSR_TRY(tsr_alloc(&s->total, tally->n, sizeof *s->total));
    TSR_TRY(tsr_alloc(&s->count, tally->n, sizeof *s->count));
    s->n = tally->n;
    for (int64_t i = 0; i < s->n; i++) {
        const tsr_tally_item *item = &tally->item[i];
        s->x[i] = (int32_t)item->key[0];
        s->total[i] = (double)item->key[1] / units;
        s->count[i] = item->count;
    }
done:
    return st;
}

static void total_up(const tsr_comm *comm, tsr_histories *h, tsr_spends *s)
{
    int64_t sum[6] = {0, h->n, 0, 0, 0, s->n};

    h->t_max = 0;
    for (int64_t i = 0; i < h->n; i++) {
        sum[0] += h->count[i];
        if (h->x[i] > 0) sum[2] += h->count[i];
        if (h->t[i] == 0) sum[4] += h->count[i];
        if (h->t[i] > h->t_max) h->t_max = h->t[i];
    }
    for (int64_t i = 0; i < s->n; i++) sum[3] += s->count[i];
    tsr_sum_int64(comm, sum, 6);
    tsr_max_double(comm, &h->t_max, 1);
    h->customers = sum[0];
    h->distinct = sum[1];
    h->repeat = sum[2];
    s->customers = sum[3];
    h->t_zero = sum[4];
    s->distinct = sum[5];
}

tsr_status tsr_histories_read(const tsr_comm *comm, const char *features, const tsr_span *span, tsr_value_period period,
                              double unit_days, int32_t money_scale, tsr_histories *histories, tsr_spends *spends)
{
    tsr_tally by_time = {0}, by_spend = {0};
    tsr_status st;

    *histories = (tsr_histories){0};
    *spends = (tsr_spends){0};
    TSR_AGREE(comm, tally_rows(features, span, period, &by_time, &by_spend));
    TSR_TRY(tsr_tally_merge(comm, &by_time));
    TSR_TRY(tsr_tally_merge(comm, &by_spend));
    TSR_AGREE(comm, make_histories(&by_time, unit_days, histories));
    TSR_AGREE(comm, make_spends(&by_spend, money_scale, spends));
    total_up(comm, histories, spends);
done:
    tsr_tally_clear(&by_spend);
    tsr_tally_clear(&by_time);
    return st;
}

int32_t tsr_histories_run(const tsr_histories *h, int64_t first)
{
    int64_t end = h->n - first < TSR_RUN ? h->n : first + TSR_RUN, at = first + 1;

    while (at < end && h->x[at] == h->x[first]) at++;
    return (int32_t)(at - first);
}

int64_t tsr_histories_alike(const tsr_histories *h, int64_t first)
{
    size_t bytes = (size_t)h->covariates * sizeof *h->z;
    int64_t end = first + 1;

    if (h->covariates == 0) return h->n - first;
    while (end < h->n && memcmp(h->z + end * h->covariates, h->z + first * h->covariates, bytes) == 0) end++;
    return end - first;
}

tsr_histories tsr_histories_part(const tsr_histories *h, int64_t first, int64_t n)
{
    return (
        tsr_histories){.n = n, .x = h->x + first, .tx = h->tx + first, .t = h->t + first, .count = h->count + first};
}

void tsr_histories_clear(tsr_histories *histories)
{
    tsr_free(&histories->z);
    tsr_free(&histories->count);
    tsr_free(&histories->t);
    tsr_free(&histories->tx);
    tsr_free(&histories->x);
    *histories = (tsr_histories){0};
}

void tsr_spends_clear(tsr_spends *spends)
{
    tsr_free(&spends->count);
    tsr_free(&spends->total);
    tsr_free(&spends->x);
    *spends = (tsr_spends){0};
}
