#include "tessera/checkup.h"

#include <math.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/check/ranking.h"
#include "value/fit/covariates.h"
#include "value/fit/pair_sums.h"
#include "value/histories/purchase.h"
#include "value/reals.h"

#define LEAST_EXPECTED 5  /* customers of a class of chi-square */
#define SCALE          36 /* of sums of predictions, errors and squared errors: up to 2^26 each */

/* Sums over customers. */
typedef struct totals {
    int64_t counted[TSR_CHECK_COUNTS], bought[TSR_CHECK_COUNTS], chances[TSR_CHECK_TENTHS], buyers[TSR_CHECK_TENTHS];
    tsr_fixed predicted[TSR_CHECK_COUNTS], chance[TSR_CHECK_TENTHS], brier, absolute[2], squared[2];
    tsr_pair_sums pair[TSR_RANKS]; /* scores and purchases, as shares of the largest there can be */
} totals;

typedef struct checker {
    const tsr_value_model *model;
    tsr_value_params params; /* with the holdout as horizon */
    int32_t holdout_days;
    double largest[TSR_RANKS]; /* what a score is measured in */
    totals sums;
    tsr_ranking rank[TSR_RANKS], money, perfect; /* money: the model's own ranking of it */
    tsr_ranking count;                           /* purchases by the expected number */
    int64_t *class_predicted;                    /* [TSR_CLASSES] expected number in units of 2^-20 */
    tsr_scorer *scorer;
    tsr_value_scores *scores; /* [TSR_BLOCK_ROWS] */
    tsr_period_block block;
    int32_t *x;     /* [TSR_BLOCK_ROWS] purchase days in the holdout */
    int64_t *spend; /* money in it */
} checker;

static tsr_status create(checker *c)
{
    tsr_status st;

    for (int i = 0; i < TSR_CHECK_COUNTS; i++) c->sums.predicted[i] = tsr_fixed_zero(SCALE);
    for (int i = 0; i < TSR_CHECK_TENTHS; i++) c->sums.chance[i] = tsr_fixed_zero(SCALE);
    c->sums.brier = tsr_fixed_zero(SCALE);
    for (int i = 0; i < 2; i++) c->sums.absolute[i] = c->sums.squared[i] = tsr_fixed_zero(SCALE);
    for (int i = 0; i < TSR_RANKS; i++) c->sums.pair[i] = tsr_pair_sums_zero();
    for (int i = 0; i < TSR_RANKS; i++) TSR_TRY(tsr_ranking_create(&c->rank[i]));
    TSR_TRY(tsr_ranking_create(&c->money));
    TSR_TRY(tsr_ranking_create(&c->perfect));
    TSR_TRY(tsr_ranking_create(&c->count));
    TSR_TRY(tsr_alloc(&c->class_predicted, TSR_CLASSES, sizeof *c->class_predicted));
    TSR_TRY(tsr_scorer_create(c->model, &c->params, 0, &c->scorer));
    TSR_TRY(tsr_alloc(&c->scores, TSR_BLOCK_ROWS, sizeof *c->scores));
    TSR_TRY(tsr_period_block_create(&c->model->covariates, &c->block));
    TSR_TRY(tsr_alloc(&c->x, TSR_BLOCK_ROWS, sizeof *c->x));
    TSR_TRY(tsr_alloc(&c->spend, TSR_BLOCK_ROWS, sizeof *c->spend));
done:
    return st;
}

static void clear(checker *c)
{
    tsr_free(&c->spend);
    tsr_free(&c->x);
    tsr_period_block_clear(&c->block);
    tsr_free(&c->scores);
    tsr_scorer_destroy(&c->scorer);
    tsr_free(&c->class_predicted);
    tsr_ranking_clear(&c->count);
    tsr_ranking_clear(&c->perfect);
    tsr_ranking_clear(&c->money);
    for (int i = TSR_RANKS - 1; i >= 0; i--) tsr_ranking_clear(&c->rank[i]);
}

/* ---- customers ---- */

static int32_t count_class(int32_t x)
{
    return x < TSR_CHECK_COUNTS ? x : TSR_CHECK_COUNTS - 1;
}

static void add_error(totals *t, int32_t which, double error)
{
    tsr_fixed_add(&t->absolute[which], fabs(error), 1);
    tsr_fixed_add(&t->squared[which], error * error, 1);
}

/* Money units of the repeat purchases per day. */
static double past_spend(const tsr_period_block *b, int64_t i)
{
    return b->t_days[i] > 0 ? (double)b->spend[i] / b->t_days[i] : 0;
}

/* Recency as days since the last purchase, to correlate as a rule would use it: the fewer, the better. */
static void add_pairs(checker *c, int64_t i, double expected, double carried)
{
    const tsr_period_block *b = &c->block;
    const double score[TSR_RANKS] = {[TSR_RANK_MODEL] = expected,
                                     [TSR_RANK_FREQUENCY] = carried,
                                     [TSR_RANK_RECENCY] = b->tx_days[i] - b->t_days[i],
                                     [TSR_RANK_SPEND] = past_spend(b, i)};

    for (int k = 0; k < TSR_RANKS; k++)
        tsr_pair_sums_add(&c->sums.pair[k], score[k] / c->largest[k], (double)c->x[i] / c->holdout_days, 1);
}

static void add_ranks(checker *c, int64_t i, double expected, double carried, const tsr_value_scores *scores)
{
    const tsr_period_block *b = &c->block;
    bool bought = c->x[i] > 0;
    int64_t money = c->spend[i] > 0 ? c->spend[i] : 0;

    tsr_ranking_add(&c->rank[TSR_RANK_MODEL], scores->p_buy, bought, money);
    tsr_ranking_add(&c->rank[TSR_RANK_FREQUENCY], carried, bought, money);
    tsr_ranking_add(&c->rank[TSR_RANK_RECENCY], 1.0 / (1 + b->t_days[i] - b->tx_days[i]), bought, money);
    tsr_ranking_add(&c->rank[TSR_RANK_SPEND], past_spend(b, i), bought, money);
    tsr_ranking_add(&c->money, expected * (c->model->has_spend ? scores->expected_spend : 1), bought, money);
    tsr_ranking_add(&c->perfect, (double)money, bought, money);
    add_pairs(c, i, expected, carried);
}

static void add_customer(checker *c, int64_t i)
{
    const tsr_period_block *b = &c->block;
    totals *t = &c->sums;
    const tsr_value_scores *scores = &c->scores[i];
    double expected = scores->expected_purchases, miss = scores->p_buy - (c->x[i] > 0);
    double carried = b->t_days[i] > 0 ? (double)b->x[i] / b->t_days[i] * c->holdout_days : 0;
    int32_t count = count_class(b->x[i]), tenth = (int32_t)fmin(scores->p_buy * TSR_CHECK_TENTHS, TSR_CHECK_TENTHS - 1);

    t->counted[count]++;
    t->bought[count] += c->x[i];
    tsr_fixed_add(&t->predicted[count], expected, 1);
    t->chances[tenth]++;
    t->buyers[tenth] += c->x[i] > 0;
    tsr_fixed_add(&t->chance[tenth], scores->p_buy, 1);
    tsr_fixed_add(&t->brier, miss * miss, 1);
    add_error(t, 0, expected - c->x[i]);
    add_error(t, 1, carried - c->x[i]);
    tsr_ranking_add(&c->count, expected, c->x[i] > 0, c->x[i]);
    c->class_predicted[tsr_ranking_class(expected)] += llrint(fmin(expected, 0x1p30) * 0x1p20);
    add_ranks(c, i, expected, carried, scores);
}

/* Purchases are at most one a day; of money only the data knows how large it is. */
static tsr_status find_largest(checker *c, const char *features, const tsr_span *span)
{
    double days = c->model->t_max * tsr_time_unit_days(c->model->time_unit), spend = 0;
    tsr_table *table = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &table));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_period_block_read(table, TSR_PERIOD_CALIBRATION, span->first + at, rows, &c->block));
        for (int64_t i = 0; i < rows; i++) spend = fmax(spend, fabs(past_spend(&c->block, i)));
    }
    c->largest[TSR_RANK_MODEL] = c->largest[TSR_RANK_FREQUENCY] = c->holdout_days;
    c->largest[TSR_RANK_RECENCY] = fmax(days, 1);
    c->largest[TSR_RANK_SPEND] = spend;
done:
    tsr_table_close(&table);
    return st;
}

static tsr_status add_rows(checker *c, const char *features, const tsr_span *span)
{
    tsr_table *table = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &table));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS, first = span->first + at;
        TSR_TRY(tsr_period_block_read(table, TSR_PERIOD_CALIBRATION, first, rows, &c->block));
        TSR_TRY(tsr_table_read(table, "hold_x", first, rows, TSR_I32, c->x));
        TSR_TRY(tsr_table_read(table, "hold_spend", first, rows, TSR_I64, c->spend));
        tsr_scorer_score(c->scorer, rows, c->block.x, c->block.tx_days, c->block.t_days, c->block.spend,
                         tsr_period_block_covariates(&c->block, 0), c->scores);
        for (int64_t i = 0; i < rows; i++)
            if (c->block.x[i] >= 0) add_customer(c, i);
    }
done:
    tsr_table_close(&table);
    return st;
}

static tsr_status reduce_sums(const tsr_comm *comm, checker *c)
{
    totals *t = &c->sums;
    tsr_status st;

    tsr_sum_int64(comm, t->counted, TSR_CHECK_COUNTS);
    tsr_sum_int64(comm, t->bought, TSR_CHECK_COUNTS);
    tsr_sum_int64(comm, t->chances, TSR_CHECK_TENTHS);
    tsr_sum_int64(comm, t->buyers, TSR_CHECK_TENTHS);
    TSR_TRY(tsr_sum_fixed(comm, t->predicted, TSR_CHECK_COUNTS));
    TSR_TRY(tsr_sum_fixed(comm, t->chance, TSR_CHECK_TENTHS));
    TSR_TRY(tsr_sum_fixed(comm, &t->brier, 1));
    TSR_TRY(tsr_sum_fixed(comm, t->absolute, 2));
    TSR_TRY(tsr_sum_fixed(comm, t->squared, 2));
    for (int i = 0; i < TSR_RANKS; i++) TSR_TRY(tsr_pair_sums_reduce(comm, &t->pair[i]));
    for (int i = 0; i < TSR_RANKS; i++) tsr_ranking_reduce(comm, &c->rank[i]);
    tsr_ranking_reduce(comm, &c->money);
    tsr_ranking_reduce(comm, &c->perfect);
    tsr_ranking_reduce(comm, &c->count);
    tsr_sum_int64(comm, c->class_predicted, TSR_CLASSES);
done:
    return st;
}

/* ---- the frequency table ---- */

static tsr_status expect_counts(const tsr_comm *comm, const tsr_value_model *model, const tsr_histories *h,
                                double expected[TSR_CHECK_COUNTS])
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    tsr_fixed sums[TSR_CHECK_COUNTS];
    tsr_status st;

    for (int k = 0; k < TSR_CHECK_COUNTS; k++) sums[k] = tsr_fixed_zero(SCALE);
    for (int64_t i = 0; i < h->n; i++) {
        double p[TSR_CHECK_COUNTS], parameter[TSR_PARAMETERS_MAX], rest = 1;
        tsr_personal_parameters(model, h->covariates > 0 ? h->z + i * h->covariates : NULL, parameter);
        purchases->count(parameter, h->t[i], TSR_CHECK_COUNTS - 1, p);
        for (int k = 0; k < TSR_CHECK_COUNTS - 1; k++) rest -= p[k];
        p[TSR_CHECK_COUNTS - 1] = fmax(rest, 0);
        for (int k = 0; k < TSR_CHECK_COUNTS; k++) tsr_fixed_add(&sums[k], p[k], h->count[i]);
    }
    TSR_TRY(tsr_sum_fixed(comm, sums, TSR_CHECK_COUNTS));
    for (int k = 0; k < TSR_CHECK_COUNTS; k++) expected[k] = tsr_fixed_value(&sums[k]);
done:
    return st;
}

/* Neighbours of whom fewer than five are expected count as one class: the distribution of chi-square is that of many.
 */
static void find_chi_square(int32_t numbers, tsr_checkup *out)
{
    double counted = 0, expected = 0, beyond = 0, chi_square = 0;
    int32_t classes = 0;

    for (int k = 0; k < TSR_CHECK_COUNTS; k++) beyond += out->expected[k];
    for (int k = 0; k < TSR_CHECK_COUNTS; k++) {
        counted += out->counted[k];
        expected += out->expected[k];
        beyond -= out->expected[k];
        if (k + 1 < TSR_CHECK_COUNTS && fmin(expected, beyond) < LEAST_EXPECTED) continue;
        chi_square += (counted - expected) * (counted - expected) / expected;
        counted = expected = 0;
        classes++;
    }
    bool many = classes - 1 > numbers;
    out->chi_square = many ? chi_square : (double)NAN;
    out->degrees = many ? classes - 1 - numbers : (double)NAN;
}

static void compare_counts(const checker *c, tsr_checkup *out)
{
    for (int k = 0; k < TSR_CHECK_COUNTS; k++) {
        out->counted[k] = out->by_count[k] = (double)c->sums.counted[k];
        out->count_actual[k] = (double)c->sums.bought[k] / (double)c->sums.counted[k];
        out->count_predicted[k] = tsr_fixed_value(&c->sums.predicted[k]) / (double)c->sums.counted[k];
    }
    find_chi_square(tsr_model_degrees(c->model), out);
}

/* ---- the rest ---- */

/* Highest expectation first; a class that lies across a border is shared out. */
static void make_deciles(const checker *c, double customers, tsr_checkup *out)
{
    double width = customers / TSR_CHECK_TENTHS, left = width;
    int32_t tenth = 0;

    for (int32_t class = TSR_CLASSES - 1; class >= 0; class --) {
        double all = (double)c->count.customers[class], rest = all;
        while (rest > 0) {
            double part = tenth < TSR_CHECK_TENTHS - 1 ? fmin(rest, left) : rest;
            out->by_decile[tenth] += part;
            out->decile_actual[tenth] += part / all * (double)c->count.amount[class];
            out->decile_predicted[tenth] += part / all * (double)c->class_predicted[class] * 0x1p-20;
            rest -= part;
            left -= part;
            if (left > 0 || tenth == TSR_CHECK_TENTHS - 1) continue;
            left = width;
            tenth++;
        }
    }
    for (int i = 0; i < TSR_CHECK_TENTHS; i++) {
        out->decile_actual[i] /= out->by_decile[i];
        out->decile_predicted[i] /= out->by_decile[i];
    }
}

static void make_calibration(const totals *t, tsr_checkup *out)
{
    double customers = 0, buyers = 0;

    for (int i = 0; i < TSR_CHECK_TENTHS; i++) {
        double n = (double)t->chances[i];
        out->by_chance[i] = n;
        out->chance_predicted[i] = tsr_fixed_value(&t->chance[i]) / n;
        out->chance_actual[i] = (double)t->buyers[i] / n;
        customers += n;
        buyers += (double)t->buyers[i];
    }
    double share = buyers / customers;
    out->brier = tsr_fixed_value(&t->brier) / customers;
    out->brier_of_share = share * (1 - share);
    for (int i = 0; i < 2; i++) {
        out->mae[i] = tsr_fixed_value(&t->absolute[i]) / customers;
        out->rmse[i] = sqrt(tsr_fixed_value(&t->squared[i]) / customers);
    }
}

static void make_ranks(const checker *c, tsr_checkup *out)
{
    double perfect = tsr_ranking_gini(&c->perfect);

    for (int i = 0; i < TSR_RANKS; i++) {
        out->auc[i] = tsr_ranking_auc(&c->rank[i]);
        out->correlation[i] = tsr_pair_sums_correlation(&c->sums.pair[i]);
        out->gini[i] = tsr_ranking_gini(i == TSR_RANK_MODEL ? &c->money : &c->rank[i]) / perfect;
    }
}

tsr_status tsr_value_checkup(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                             const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                             const tsr_validation *validation, tsr_checkup *checkup)
{
    checker c = {.model = &validation->model, .params = *params, .holdout_days = holdout_days};
    tsr_covariates covariates;
    tsr_histories histories = {0};
    tsr_spends spends = {0};
    tsr_status st;

    *checkup = (tsr_checkup){0};
    c.params.horizon = validation->weeks;
    c.params.steps = 1;
    TSR_AGREE(comm, create(&c));
    TSR_AGREE(comm, find_largest(&c, features, span));
    tsr_max_double(comm, &c.largest[TSR_RANK_SPEND], 1);
    if (c.largest[TSR_RANK_SPEND] == 0) c.largest[TSR_RANK_SPEND] = 1;
    TSR_AGREE(comm, add_rows(&c, features, span));
    TSR_TRY(reduce_sums(comm, &c));
    TSR_TRY(tsr_histories_read(comm, features, span, TSR_PERIOD_CALIBRATION,
                               tsr_time_unit_days(validation->model.time_unit), money_scale, &histories, &spends));
    if (params->covariates.n > 0)
        TSR_TRY(tsr_covariates_read(comm, features, span, TSR_PERIOD_CALIBRATION,
                                    tsr_time_unit_days(validation->model.time_unit), &params->covariates,
                                    validation->model.model, &covariates, &histories));
    TSR_TRY(expect_counts(comm, &validation->model, &histories, checkup->expected));
    compare_counts(&c, checkup);
    make_calibration(&c.sums, checkup);
    make_deciles(&c, (double)histories.customers, checkup);
    make_ranks(&c, checkup);
done:
    tsr_spends_clear(&spends);
    tsr_histories_clear(&histories);
    clear(&c);
    return st;
}

/* ---- to and from a bundle ---- */

tsr_status tsr_checkup_save(const tsr_checkup *checkup, const char *path, tsr_bundle *bundle)
{
    return tsr_reals_save(checkup, sizeof *checkup, "in the order of tsr_checkup", path, bundle);
}

tsr_status tsr_checkup_load(const tsr_bundle *bundle, const char *path, tsr_checkup *checkup)
{
    return tsr_reals_load(bundle, path, checkup, sizeof *checkup);
}
