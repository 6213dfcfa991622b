#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "cdnow.h"
#include "mpi/cdnow_table.h"
#include "mpi/value_mpi.h"
#include "tessera/checkup.h"
#include "tessera/memory.h"
#include "tessera/rng.h"
#include "tessera/value_interval.h"
#include "value/fit/fit.h"
#include "value/histories/purchase.h"

static bool is_fit(const tsr_value_model *m, const double expected[4], double tolerance, double likelihood)
{
    bool good = m->converged && !m->no_dropout && near(m->log_likelihood, likelihood, 6e-5);

    for (int i = 0; i < 4; i++) good = good && near(m->parameter[i] / expected[i], 1, tolerance);
    return good;
}

static void cdnow_fits_equal_the_published_ones_with_the_same_bits_on_any_ranks(void **state)
{
    static const struct {
        int32_t model;
        double parameter[4], likelihood;
    } published[] = {{TSR_VALUE_BG_NBD, {.242595, 4.413602, .792922, 2.425907}, -9582.4292},
                     {TSR_VALUE_MBG_NBD, {.524843, 6.18309, .891359, 1.61400}, -9582.1357},
                     {TSR_VALUE_PARETO_NBD, {.553277, 10.5777, .60624, 11.6687}, -9594.9762}};
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);
    tsr_span whole = {0, CDNOW_CUSTOMERS, CDNOW_CUSTOMERS};
    tsr_value_params params = weekly;

    cdnow_write(comm, path);
    for (int i = 0; i < 3; i++) {
        tsr_value_model alone, model;
        params.model = published[i].model;
        CHECK_ALL(comm, tsr_value_fit(&self, &params, path, &whole, 2, TSR_PERIOD_CALIBRATION, &alone) == TSR_OK);
        CHECK_ALL(comm, is_fit(&alone, published[i].parameter, 1e-5, published[i].likelihood));
        tsr_span span = span_shape(comm, i, CDNOW_CUSTOMERS);
        CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, &model) == TSR_OK);
        CHECK_ALL(comm, memcmp(model.parameter, alone.parameter, sizeof alone.parameter) == 0);
        CHECK_ALL(comm, model.log_likelihood == alone.log_likelihood && model.evaluations == alone.evaluations);
    }
    tsr_comm_close(&self);
}

/* 11,104 supporters and six years; E over five more: R BTYD 12,882.27 at the published parameters. */
static void donations_fit_equals_the_published_one(void **state)
{
    static const double fitted[4] = {1.2035, .7497, .6567, 2.7834}, published[4] = {1.204, .750, .657, 2.783};
    const tsr_comm *comm = *state;
    FILE *file = fopen(data_path("donations/donations.csv"), "r");
    int32_t x[22], recency, periods, people, n = 0;
    double tx[22], t[22], e, total = 0, five = 5;
    int64_t count[22];
    tsr_value_model m = {.model = TSR_VALUE_BG_BB, .time_unit = TSR_UNIT_YEAR};

    if (file == NULL) {
        CHECK_ALL(comm, !data_required());
        return;
    }
    CHECK_ALL(comm, fscanf(file, "%*[^\n]") == 0);
    for (; n < 22 && fscanf(file, "%d,%d,%d,%d", &x[n], &recency, &periods, &people) == 4; n++) {
        tx[n] = recency;
        t[n] = periods;
        count[n] = people;
    }
    fclose(file);
    CHECK_ALL(comm, n == 22);
    for (int i = 0; i < n; i++) {
        tsr_purchase_predict(&tsr_bg_bb, published, x[i], tx[i], t[i], &five, 1, &e);
        total += e * (double)count[i];
    }
    CHECK_ALL(comm, near(total, 12882.27, 6e-3));
    tsr_histories h = {.n = comm->rank == 0 ? n : 0,
                       .x = x,
                       .tx = tx,
                       .t = t,
                       .count = count,
                       .customers = 11104,
                       .distinct = n,
                       .repeat = 11104 - 3464,
                       .t_max = 6};
    CHECK_ALL(comm, tsr_purchases_fit(comm, &h, &m) == TSR_OK);
    CHECK_ALL(comm, is_fit(&m, fitted, 1e-4, -33225.5813) && m.has_errors);
}

static bool errors_are(const tsr_value_model *m, const double expected[4], double tolerance)
{
    bool good = m->has_errors;

    for (int32_t i = 0; i < 4; i++)
        good = good && !m->at_limit[i] && near(tsr_value_error(m, i) / expected[i], 1, tolerance);
    return good;
}

/* BG/NBD: second derivatives by SciPy; Pareto/NBD: as published by CLVTools, on days rounded to two decimals. */
static void cdnow_standard_errors_equal_the_published_ones(void **state)
{
    static const double bg[4] = {.012557, .378224, .185734, .705414}, pareto[4] = {.0476, .8427, .1873, 6.2105};
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_params params = weekly;
    tsr_value_model m;

    cdnow_write(comm, path);
    CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, &m) == TSR_OK);
    CHECK_ALL(comm, errors_are(&m, bg, 1e-4));
    CHECK_ALL(comm, m.has_spend_errors && tsr_value_spend_error(&m, 1) > .1 && tsr_value_spend_error(&m, 1) < 1);
    params.model = TSR_VALUE_PARETO_NBD;
    CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, &m) == TSR_OK);
    CHECK_ALL(comm, errors_are(&m, pareto, 2e-3));
}

/* Customers who buy all the time: nothing bounds the dropout. */
static void parameters_without_bounds_are_flagged_and_have_no_error(void **state)
{
    enum { N = 60 };
    static struct {
        int32_t x, tx, t;
        int64_t spend;
    } rows[N];
    static const value_column columns[] = {{"buy_x", TSR_I32, &rows[0].x, sizeof rows[0]},
                                           {"buy_tx_days", TSR_I32, &rows[0].tx, sizeof rows[0]},
                                           {"buy_t_days", TSR_I32, &rows[0].t, sizeof rows[0]},
                                           {"buy_spend", TSR_I64, &rows[0].spend, sizeof rows[0]}};
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, N);
    tsr_value_params params = weekly;

    for (int i = 0; i < N; i++) {
        rows[i].x = 10 + i % 40;
        rows[i].t = 400;
        rows[i].tx = 400 - i % 3;
        rows[i].spend = rows[i].x * (1000 + 37 * (i % 11));
    }
    CHECK_ALL(comm, write_features(comm, path, columns, 4, N) == TSR_OK);
    for (params.model = 0; params.model < TSR_VALUE_MODELS; params.model++) {
        tsr_value_model m;
        CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_ALL, &m) == TSR_OK);
        CHECK_ALL(comm, m.no_dropout);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) CHECK_ALL(comm, isfinite(m.covariance[i][j]));
        for (int i = 0; i < 4; i++)
            if (m.at_limit[i]) CHECK_ALL(comm, m.covariance[i][i] == 0 && isnan(tsr_value_error(&m, i)));
    }
}

/* Expected values: the same formulas with NumPy and SciPy, rankings by all customers instead of classes. */
static void cdnow_checkup_equals_an_independent_one_with_the_same_bits_on_any_ranks(void **state)
{
    static const double expected[8] = {1407.684347, 460.323463, 192.461414, 101.164196,
                                       59.847079,   38.119705,  25.549108,  71.850688};
    static const double auc[4] = {.756919757, .759772077, .771441768, .754777895};
    static const double correlation[4] = {0, .5839434389757525, .44884027503734547, .2590269221948045};
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);
    tsr_span whole = {0, CDNOW_CUSTOMERS, CDNOW_CUSTOMERS}, span = span_shape(comm, 1, CDNOW_CUSTOMERS);
    tsr_validation v;
    tsr_checkup alone, c;
    double customers = 0;

    cdnow_write(comm, path);
    CHECK_ALL(comm, tsr_value_validate(&self, &weekly, path, &whole, 2, 273, &v) == TSR_OK);
    CHECK_ALL(comm, tsr_value_checkup(&self, &weekly, path, &whole, 2, 273, &v, &alone) == TSR_OK);
    tsr_comm_close(&self);
    CHECK_ALL(comm, tsr_value_checkup(comm, &weekly, path, &span, 2, 273, &v, &c) == TSR_OK);
    CHECK_ALL(comm, memcmp(&alone, &c, sizeof c) == 0);
    for (int k = 0; k < 8; k++) CHECK_ALL(comm, near(c.expected[k], expected[k], 2e-3));
    CHECK_ALL(comm, c.counted[0] == 1411 && c.counted[7] == 64 && near(c.chi_square, 4.821108, 1e-3));
    CHECK_ALL(comm, c.degrees == 3 && near(c.count_actual[0], .236711552, 1e-9));
    for (int i = 0; i < TSR_RANKS; i++) CHECK_ALL(comm, near(c.auc[i], auc[i], 1e-3));
    for (int i = 1; i < TSR_RANKS; i++) CHECK_ALL(comm, near(c.correlation[i], correlation[i], 1e-9));
    CHECK_ALL(comm, near(c.correlation[TSR_RANK_MODEL], v.correlation, 1e-9));
    CHECK_ALL(comm, near(c.gini[TSR_RANK_FREQUENCY], .65244, 2e-3) && near(c.gini[TSR_RANK_RECENCY], .62275, 2e-3) &&
                        near(c.gini[TSR_RANK_SPEND], .67169, 2e-3) && c.gini[TSR_RANK_MODEL] > .6);
    CHECK_ALL(comm, near(c.brier, .161223825, 1e-7) && near(c.brier_of_share, .205983711, 1e-9));
    CHECK_ALL(comm, near(c.mae[0], v.mae, 1e-9) && near(c.rmse[0], v.rmse, 1e-9) && near(c.mae[1], 1.023669163, 1e-8) &&
                        near(c.rmse[1], 2.211918089, 1e-8));
    for (int i = 0; i < TSR_CHECK_TENTHS; i++) {
        customers += c.by_decile[i];
        CHECK_ALL(comm, near(c.by_decile[i], 235.7, 1e-9));
        if (i > 0) CHECK_ALL(comm, c.decile_predicted[i] <= c.decile_predicted[i - 1]);
    }
    CHECK_ALL(comm, near(customers, 2357, 1e-9));
    /* in a currency of small units */
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) cdnow_data.calibration[i].spend *= 1000000;
    CHECK_ALL(comm, write_features(comm, path, cdnow_columns, 10, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, tsr_value_checkup(comm, &weekly, path, &span, 2, 273, &v, &c) == TSR_OK);
    CHECK_ALL(comm, near(c.correlation[TSR_RANK_SPEND], correlation[TSR_RANK_SPEND], 1e-9));
}

/* ---- chi-square where classes are empty ---- */

enum { CHANCES = 6, DONORS = 1500 };

static struct {
    int32_t x, tx, t, hold_x;
    int64_t spend, hold_spend;
} donor[DONORS];

/* Six chances to buy, one a day, and six more. */
static tsr_status write_donors(const tsr_comm *comm)
{
    static const value_column columns[] = {{"cal_x", TSR_I32, &donor[0].x, sizeof donor[0]},
                                           {"cal_tx_days", TSR_I32, &donor[0].tx, sizeof donor[0]},
                                           {"cal_t_days", TSR_I32, &donor[0].t, sizeof donor[0]},
                                           {"cal_spend", TSR_I64, &donor[0].spend, sizeof donor[0]},
                                           {"hold_x", TSR_I32, &donor[0].hold_x, sizeof donor[0]},
                                           {"hold_spend", TSR_I64, &donor[0].hold_spend, sizeof donor[0]}};

    memset(donor, 0, sizeof donor);
    for (uint64_t i = 0; i < DONORS; i++) {
        tsr_rng rng = {.seed = 5, .key = i + 1};
        double buys = tsr_rng_beta(&rng, 1.2, .75), leaves = tsr_rng_beta(&rng, .66, 2.8);
        bool there = true;
        donor[i].t = CHANCES;
        for (int32_t day = 1; day <= 2 * CHANCES; day++) {
            there = there && tsr_rng_open(&rng) >= leaves;
            if (!there || tsr_rng_open(&rng) >= buys) continue;
            donor[i].hold_x += day > CHANCES;
            donor[i].x += day <= CHANCES;
            if (day <= CHANCES) donor[i].tx = day;
        }
    }
    return write_features(comm, path, columns, 6, DONORS);
}

/* Nobody can take seven of six chances: that class has no part in the sum, once 0 / 0. With three parameters more than
 * classes leave room for there is no test. */
static void chi_square_leaves_out_classes_in_which_few_are_expected(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 1, DONORS), few = span_shape(comm, 0, 24);
    tsr_value_params params = weekly;
    tsr_validation v;
    tsr_checkup c;
    double sum = 0;

    params.model = TSR_VALUE_BG_BB;
    params.time_unit = TSR_UNIT_DAY;
    CHECK_ALL(comm, write_donors(comm) == TSR_OK);
    CHECK_ALL(comm, tsr_value_validate(comm, &params, path, &span, 2, CHANCES, &v) == TSR_OK);
    CHECK_ALL(comm, tsr_value_checkup(comm, &params, path, &span, 2, CHANCES, &v, &c) == TSR_OK);
    for (int k = 0; k <= CHANCES; k++) {
        double difference = c.counted[k] - c.expected[k];
        CHECK_ALL(comm, c.expected[k] > 5);
        sum += difference * difference / c.expected[k];
    }
    CHECK_ALL(comm, near(c.expected[7], 0, 1e-9) && near(c.chi_square, sum, 1e-6) && c.degrees == 2);
    CHECK_ALL(comm, tsr_value_validate(comm, &params, path, &few, 2, CHANCES, &v) == TSR_OK);
    CHECK_ALL(comm, tsr_value_checkup(comm, &params, path, &few, 2, CHANCES, &v, &c) == TSR_OK);
    CHECK_ALL(comm, isnan(c.chi_square) && isnan(c.degrees));
}

/* One dropout in a thousand days is no small one: many of a few years' customers have left. */
static void rare_dropout_per_opportunity_is_not_taken_for_none(void **state)
{
    enum { N = 60 };
    const tsr_comm *comm = *state;
    int32_t x[N];
    double tx[N], t[N];
    int64_t count[N];
    tsr_histories h = {.n = N, .x = x, .tx = tx, .t = t, .count = count, .customers = N, .distinct = N, .t_max = 2000};
    tsr_value_model m = {.model = TSR_VALUE_BG_BB, .time_unit = TSR_UNIT_DAY};

    for (int i = 0; i < N; i++) {
        x[i] = 20 + 3 * i;
        tx[i] = i % 2 == 0 ? 1980 + i % 20 : 900 + 10 * i;
        t[i] = 2000;
        count[i] = comm->rank == 0;
    }
    CHECK_ALL(comm, tsr_purchases_fit(comm, &h, &m) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.parameter[2] < 1e-3 * (m.parameter[2] + m.parameter[3]) && !m.no_dropout);
}

static void checkup_without_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_validation v;
    tsr_checkup c;
    tsr_status st;

    cdnow_write(comm, path);
    CHECK_ALL(comm, tsr_value_validate(comm, &weekly, path, &span, 2, 273, &v) == TSR_OK);
    tsr_fault_set(comm->rank == comm->size - 1 ? "1,1" : NULL);
    st = tsr_value_checkup(comm, &weekly, path, &span, 2, 273, &v, &c);
    tsr_fault_set(NULL);
    CHECK_ALL(comm, st == TSR_ENOMEM);
}

static void intervals_of_sums_hold_them_with_the_same_bits_on_any_ranks(void **state)
{
    enum { K = 3 };
    static int32_t segment[CDNOW_CUSTOMERS];
    static uint64_t key[CDNOW_CUSTOMERS];
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);
    tsr_span whole = {0, CDNOW_CUSTOMERS, CDNOW_CUSTOMERS}, span = span_shape(comm, 2, CDNOW_CUSTOMERS);
    tsr_value_interval alone[K + 1], found[K + 1];
    double sum[K][TSR_VALUE_SUMS] = {{0}}, total[TSR_VALUE_SUMS] = {0}, width[TSR_VALUE_SUMS] = {0};
    tsr_scorer *scorer = NULL;
    int64_t size[K] = {0};
    value_column columns[11];
    tsr_value_model m;

    cdnow_write(comm, path);
    CHECK_ALL(comm, tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_ALL, &m) == TSR_OK);
    CHECK_ALL(comm, tsr_scorer_create(&m, &weekly, TSR_SCORE_FOR_EVER, &scorer) == TSR_OK);
    for (int i = 0; i < CDNOW_CUSTOMERS; i++) {
        const cdnow_history *h = &cdnow_data.all[i];
        tsr_value_scores s;
        tsr_scorer_score(scorer, 1, &h->x, &h->tx_days, &h->t_days, &h->spend, NULL, &s);
        segment[i] = i % 10 == 0 ? 0 : i % 10 == 1 ? 1 : 2; /* the last one is sampled */
        key[i] = (uint64_t)i * 0x9E3779B97F4A7C15u;
        size[segment[i]]++;
        sum[segment[i]][TSR_SUM_PURCHASES] += s.expected_purchases;
        sum[segment[i]][TSR_SUM_BUYERS] += s.p_buy;
        sum[segment[i]][TSR_SUM_CLV] += s.clv;
        sum[segment[i]][TSR_SUM_CLV_INFINITE] += s.clv_infinite;
    }
    tsr_scorer_destroy(&scorer);
    memcpy(columns, cdnow_columns, 10 * sizeof columns[0]);
    columns[10] = (value_column){"segment", TSR_I32, segment, sizeof segment[0]};
    CHECK_ALL(comm, write_features(comm, path, columns, 11, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm,
              tsr_value_intervals(&self, &weekly, &m, 1, path, path, &whole, key, K, sum[0], size, alone) == TSR_OK);
    tsr_comm_close(&self);
    CHECK_ALL(comm, tsr_value_intervals(comm, &weekly, &m, 1, path, path, &span, key + span.first, K, sum[0], size,
                                        found) == TSR_OK);
    CHECK_ALL(comm, memcmp(alone, found, sizeof found) == 0);
    for (int g = 0; g < K; g++)
        for (int i = 0; i < TSR_VALUE_SUMS; i++) {
            const double *v = found[g].of[i];
            CHECK_ALL(comm, v[0] < sum[g][i] && sum[g][i] < v[1]);
            total[i] += sum[g][i];
            width[i] += v[1] - v[0];
        }
    for (int i = 0; i < TSR_VALUE_SUMS; i++) {
        const double *v = found[K].of[i];
        CHECK_ALL(comm, v[0] < total[i] && total[i] < v[1]);
        CHECK_ALL(comm, v[1] - v[0] < .5 * total[i] && v[1] - v[0] > .02 * total[i]);
        /* Segments move together with the parameters: the interval of the sum is about the sum of the intervals. */
        CHECK_ALL(comm, near((v[1] - v[0]) / width[i], 1, .1));
    }
}

static void auto_fits_all_and_takes_the_smallest_error_of_the_holdout(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_params params = weekly;
    tsr_value_candidate candidate[TSR_VALUE_MODELS];
    int32_t n, chosen;

    cdnow_write(comm, path);
    params.model = TSR_VALUE_AUTO;
    CHECK_ALL(comm, tsr_value_choose(comm, &params, path, &span, 2, 273, candidate, &n, &chosen) == TSR_OK);
    CHECK_ALL(comm, n == TSR_VALUE_MODELS - 1 && chosen >= 0 && candidate[chosen].model.model != TSR_VALUE_NBD);
    for (int32_t i = 0; i < n; i++) {
        CHECK_ALL(comm, candidate[i].model.model == i && candidate[i].validated && candidate[i].model.converged);
        if (i != TSR_VALUE_NBD) CHECK_ALL(comm, candidate[chosen].validation.rmse <= candidate[i].validation.rmse);
    }
    /* Whose customers never leave expects far too much. */
    CHECK_ALL(comm, candidate[TSR_VALUE_NBD].validation.rmse > candidate[chosen].validation.rmse);
    CHECK_ALL(comm, candidate[TSR_VALUE_NBD].validation.predicted_purchases >
                        1.2 * candidate[TSR_VALUE_NBD].validation.actual_purchases);
}

static void auto_without_a_holdout_takes_the_largest_likelihood(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 1, CDNOW_CUSTOMERS);
    tsr_value_params params = weekly;
    tsr_value_candidate candidate[TSR_VALUE_MODELS];
    int32_t n, chosen;

    cdnow_write(comm, path);
    params.model = TSR_VALUE_AUTO;
    CHECK_ALL(comm, tsr_value_choose(comm, &params, path, &span, 2, 0, candidate, &n, &chosen) == TSR_OK);
    for (int32_t i = 0; i < n; i++)
        CHECK_ALL(comm, !candidate[i].validated &&
                            candidate[chosen].model.log_likelihood >= candidate[i].model.log_likelihood);
}

static void one_model_comes_with_its_benchmark(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 2, CDNOW_CUSTOMERS);
    tsr_value_params params = weekly;
    tsr_value_candidate candidate[TSR_VALUE_MODELS], again[TSR_VALUE_MODELS];
    tsr_bundle *bundle = NULL;
    int32_t n, chosen, loaded;

    cdnow_write(comm, path);
    params.model = TSR_VALUE_MBG_NBD;
    CHECK_ALL(comm, tsr_value_choose(comm, &params, path, &span, 2, 273, candidate, &n, &chosen) == TSR_OK);
    CHECK_ALL(comm, n == 2 && chosen == 0 && candidate[0].model.model == TSR_VALUE_MBG_NBD &&
                        candidate[1].model.model == TSR_VALUE_NBD);
    CHECK_ALL(comm, tsr_bundle_create(&bundle) == TSR_OK && tsr_candidates_save(candidate, n, bundle) == TSR_OK &&
                        tsr_candidates_load(bundle, again, &loaded) == TSR_OK);
    tsr_bundle_destroy(&bundle);
    CHECK_ALL(comm, loaded == 2 && again[0].validation.rmse == candidate[0].validation.rmse &&
                        again[1].model.model == TSR_VALUE_NBD &&
                        again[1].model.parameter[1] == candidate[1].model.parameter[1]);
}

static void remove_the_table(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cdnow_fits_equal_the_published_ones_with_the_same_bits_on_any_ranks),
        cmocka_unit_test(donations_fit_equals_the_published_one),
        cmocka_unit_test(cdnow_standard_errors_equal_the_published_ones),
        cmocka_unit_test(parameters_without_bounds_are_flagged_and_have_no_error),
        cmocka_unit_test(cdnow_checkup_equals_an_independent_one_with_the_same_bits_on_any_ranks),
        cmocka_unit_test(chi_square_leaves_out_classes_in_which_few_are_expected),
        cmocka_unit_test(rare_dropout_per_opportunity_is_not_taken_for_none),
        cmocka_unit_test(checkup_without_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(intervals_of_sums_hold_them_with_the_same_bits_on_any_ranks),
        cmocka_unit_test(auto_fits_all_and_takes_the_smallest_error_of_the_holdout),
        cmocka_unit_test(auto_without_a_holdout_takes_the_largest_likelihood),
        cmocka_unit_test(one_model_comes_with_its_benchmark),
        cmocka_unit_test(remove_the_table),
    };

    name_file(path, "value_models_mpi", ".h5");
    return RUN_MPI_TESTS(tests);
}
