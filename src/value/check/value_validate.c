#include <math.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/value.h"
#include "value/fit/pair_sums.h"
#include "value/histories/histories.h"

/* Sums over customers; units fine enough that a million customers add no visible rounding. */
enum { PREDICTED, ABSOLUTE, SQUARED, SPEND, SUMS };
static const int32_t scales[SUMS] = {[PREDICTED] = 40, [ABSOLUTE] = 40, [SQUARED] = 28, [SPEND] = 24};

typedef struct totals {
    tsr_fixed sum[SUMS];
    tsr_pair_sums pairs; /* predicted and actual, in units of the longest possible number of purchases */
    int64_t customers, purchases;
    tsr_int128 spend; /* actual, money units */
} totals;

typedef struct holdout {
    const tsr_value_model *model;
    tsr_value_params params; /* with the holdout as horizon */
    double most;             /* purchase days a holdout can have: units of the pairs */
    tsr_scorer *scorer;
    tsr_value_scores *scores; /* [TSR_BLOCK_ROWS] */
    tsr_period_block block;
    int32_t *x;     /* [TSR_BLOCK_ROWS] purchase days in the holdout */
    int64_t *spend; /* money in it */
} holdout;

static tsr_status holdout_create(holdout *h)
{
    tsr_status st;

    TSR_TRY(tsr_scorer_create(h->model, &h->params, 0, &h->scorer));
    TSR_TRY(tsr_alloc(&h->scores, TSR_BLOCK_ROWS, sizeof *h->scores));
    TSR_TRY(tsr_period_block_create(&h->model->covariates, &h->block));
    TSR_TRY(tsr_alloc(&h->x, TSR_BLOCK_ROWS, sizeof *h->x));
    TSR_TRY(tsr_alloc(&h->spend, TSR_BLOCK_ROWS, sizeof *h->spend));
done:
    return st;
}

static void holdout_clear(holdout *h)
{
    tsr_free(&h->spend);
    tsr_free(&h->x);
    tsr_period_block_clear(&h->block);
    tsr_free(&h->scores);
    tsr_scorer_destroy(&h->scorer);
}

static void add_customer(totals *t, const holdout *h, const tsr_value_scores *scores, int32_t x, int64_t spend)
{
    double error = scores->expected_purchases - x;

    t->customers++;
    t->purchases += x;
    t->spend += spend;
    tsr_fixed_add(&t->sum[PREDICTED], scores->expected_purchases, 1);
    tsr_fixed_add(&t->sum[ABSOLUTE], fabs(error), 1);
    tsr_fixed_add(&t->sum[SQUARED], error * error, 1);
    tsr_fixed_add(&t->sum[SPEND], scores->expected_purchases * scores->expected_spend, 1);
    tsr_pair_sums_add(&t->pairs, scores->expected_purchases / h->most, x / h->most, 1);
}

static tsr_status add_rows(const tsr_table *table, int64_t first, int64_t rows, holdout *h, totals *t)
{
    const tsr_period_block *b = &h->block;
    tsr_status st;

    TSR_TRY(tsr_period_block_read(table, TSR_PERIOD_CALIBRATION, first, rows, &h->block));
    TSR_TRY(tsr_table_read(table, "hold_x", first, rows, TSR_I32, h->x));
    TSR_TRY(tsr_table_read(table, "hold_spend", first, rows, TSR_I64, h->spend));
    tsr_scorer_score(h->scorer, rows, b->x, b->tx_days, b->t_days, b->spend, tsr_period_block_covariates(b, 0),
                     h->scores);
    for (int64_t i = 0; i < rows; i++)
        if (b->x[i] >= 0) add_customer(t, h, &h->scores[i], h->x[i], h->spend[i]);
done:
    return st;
}

static tsr_status add_all(const char *features, const tsr_span *span, holdout *h, totals *t)
{
    tsr_table *table = NULL;
    tsr_status st;

    TSR_TRY(holdout_create(h));
    TSR_TRY(tsr_table_open(features, &table));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(add_rows(table, span->first + at, rows, h, t));
    }
done:
    tsr_table_close(&table);
    return st;
}

static tsr_status reduce_totals(const tsr_comm *comm, totals *t)
{
    int64_t counts[2] = {t->customers, t->purchases};
    tsr_status st;

    TSR_TRY(tsr_sum_fixed(comm, t->sum, SUMS));
    TSR_TRY(tsr_pair_sums_reduce(comm, &t->pairs));
    TSR_TRY(tsr_sum_int128(comm, &t->spend, 1));
    tsr_sum_int64(comm, counts, 2);
    t->customers = counts[0];
    t->purchases = counts[1];
done:
    return st;
}

static void summarise(const totals *t, int32_t money_scale, tsr_validation *v)
{
    double n = (double)t->customers;

    v->customers = t->customers;
    v->actual_purchases = (double)t->purchases;
    v->predicted_purchases = tsr_fixed_value(&t->sum[PREDICTED]);
    v->mae = tsr_fixed_value(&t->sum[ABSOLUTE]) / n;
    v->rmse = sqrt(tsr_fixed_value(&t->sum[SQUARED]) / n);
    v->correlation = tsr_pair_sums_correlation(&t->pairs);
    v->actual_spend = tsr_int128_scaled(t->spend, 0) / tsr_power_of_ten(money_scale);
    v->predicted_spend = tsr_fixed_value(&t->sum[SPEND]);
}

static tsr_status check_days(int32_t holdout_days)
{
    if (holdout_days > 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "value.calibration_end must lie before the last day that is looked at: "
                               "nothing comes after it");
}

tsr_status tsr_value_validate(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                              const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                              tsr_validation *validation)
{
    holdout h = {.model = &validation->model, .params = *params, .most = holdout_days};
    totals t = {.pairs = tsr_pair_sums_zero()};
    tsr_status st;

    *validation = (tsr_validation){0};
    for (int i = 0; i < SUMS; i++) t.sum[i] = tsr_fixed_zero(scales[i]);
    TSR_AGREE(comm, check_days(holdout_days));
    validation->weeks = holdout_days / tsr_time_unit_days(params->time_unit);
    h.params.horizon = validation->weeks;
    h.params.steps = 1;
    TSR_TRY(tsr_value_fit(comm, params, features, span, money_scale, TSR_PERIOD_CALIBRATION, &validation->model));
    TSR_AGREE(comm, add_all(features, span, &h, &t));
    TSR_TRY(reduce_totals(comm, &t));
    summarise(&t, money_scale, validation);
done:
    holdout_clear(&h);
    return st;
}
