#include "mpi_test.h"

#include <math.h>

#include "cdnow.h"
#include "mpi/value_mpi.h"
#include "mpi/value_table.h"
#include "tessera/rng.h"
#include "tessera/value.h"

/* ---- made-up customers ---- */

enum { ROWS = 400 };
static cdnow_history made[ROWS];

static const value_column made_columns[] = {{"buy_x", TSR_I32, &made[0].x, sizeof made[0]},
                                            {"buy_tx_days", TSR_I32, &made[0].tx_days, sizeof made[0]},
                                            {"buy_t_days", TSR_I32, &made[0].t_days, sizeof made[0]},
                                            {"buy_spend", TSR_I64, &made[0].spend, sizeof made[0]}};

/* Collective. Fit to the first `rows` of `made`. */
static tsr_status fit_made(const tsr_comm *comm, int64_t rows, tsr_value_model *model)
{
    tsr_span span = span_shape(comm, 0, rows);

    CHECK_ALL(comm, write_features(comm, path, made_columns, 4, rows) == TSR_OK);
    return tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_ALL, model);
}

static bool is_finite(const tsr_value_model *m)
{
    bool finite = isfinite(m->log_likelihood);

    for (int i = 0; i < 4; i++) finite = finite && isfinite(m->parameter[i]) && m->parameter[i] > 0;
    for (int i = 0; i < 3 && m->has_spend; i++) finite = finite && isfinite(m->spend[i]) && m->spend[i] > 0;
    return finite;
}

static void nobody_bought_is_an_error_of_the_data(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) made[i] = (cdnow_history){.x = -1, .t_days = -1};
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "nobody bought") != NULL);
    CHECK_ALL(comm, fit_made(comm, 0, &model) == TSR_EDATA);
}

static void nobody_bought_on_two_days_is_an_error_of_the_data(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) made[i] = (cdnow_history){.x = i % 3 == 0 ? -1 : 0, .t_days = i};
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "on two days") != NULL);
}

static void impossible_history_is_an_error_that_names_the_row(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) made[i] = (cdnow_history){.x = 1, .tx_days = 10, .t_days = 20, .spend = 100};
    made[ROWS - 3].tx_days = 21;
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "row 397") != NULL);
}

static void missing_table_and_missing_columns_are_errors(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) made[i] = (cdnow_history){.x = 1, .tx_days = 10, .t_days = 20, .spend = 100};
    CHECK_ALL(comm, tsr_value_fit(comm, &weekly, "not/there.h5", &span, 2, TSR_PERIOD_ALL, &model) == TSR_EIO);
    CHECK_ALL(comm, write_features(comm, path, made_columns, 4, ROWS) == TSR_OK);
    CHECK_ALL(comm, tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_CALIBRATION, &model) == TSR_EDATA);
}

static void prospects_take_no_part_in_the_fit(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model with, without;

    for (int i = 0; i < ROWS; i++) {
        int32_t x = i % 5;
        made[i] =
            (cdnow_history){.x = x, .tx_days = x == 0 ? 0 : 20 + i % 100, .t_days = 150 + i % 70, .spend = 500 * x + i};
        if (i >= ROWS / 2) made[i] = (cdnow_history){.x = -1, .t_days = -1};
    }
    CHECK_ALL(comm, fit_made(comm, ROWS, &with) == TSR_OK);
    CHECK_ALL(comm, fit_made(comm, ROWS / 2, &without) == TSR_OK);
    CHECK_ALL(comm, with.customers == ROWS / 2);
    CHECK_ALL(comm, memcmp(&with, &without, sizeof with) == 0);
}

/* Everybody bought until the very end: the likelihood grows for ever as dropout goes to nothing. */
static void customers_who_never_drop_out_are_reported_not_an_error(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) {
        int32_t x = 1 + i % 9;
        made[i] = (cdnow_history){.x = x, .tx_days = 364, .t_days = 364, .spend = 1000 * x};
    }
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_OK);
    CHECK_ALL(comm, model.no_dropout && is_finite(&model));
    CHECK_ALL(comm, model.converged);
    tsr_value_scores s = tsr_value_score(&model, &weekly, 3, 364, 364, 3000, NULL);
    CHECK_ALL(comm, s.p_alive > .99 && isfinite(s.clv) && s.clv > 0);
}

/* Purchases at even distances up to the end: where nobody leaves, b and beta may be anything. */
static void parameters_that_make_no_difference_have_no_error(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, ROWS);
    tsr_value_params params = weekly;

    for (int i = 0; i < ROWS; i++) {
        int32_t x = 1 + i % 40;
        made[i] = (cdnow_history){.x = x, .tx_days = 364 * x / (x + 1), .t_days = 364, .spend = 1000 * x};
    }
    CHECK_ALL(comm, write_features(comm, path, made_columns, 4, ROWS) == TSR_OK);
    for (params.model = TSR_VALUE_BG_NBD; params.model <= TSR_VALUE_PARETO_NBD; params.model++) {
        tsr_value_model m;
        CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_ALL, &m) == TSR_OK);
        CHECK_ALL(comm, m.no_dropout && m.has_errors && m.at_limit[3] && isnan(tsr_value_error(&m, 3)));
        CHECK_ALL(comm, tsr_value_error(&m, 0) < m.parameter[0]);
    }
}

static void one_customer_gives_a_finite_fit(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    made[0] = (cdnow_history){.x = 2, .tx_days = 100, .t_days = 200, .spend = 5000};
    CHECK_ALL(comm, fit_made(comm, 1, &model) == TSR_OK);
    CHECK_ALL(comm, is_finite(&model));
    tsr_value_scores s = tsr_value_score(&model, &weekly, 2, 100, 200, 5000, NULL);
    CHECK_ALL(comm, isfinite(s.p_alive) && isfinite(s.expected_purchases) && isfinite(s.clv));
}

static void equal_spend_of_all_gives_finite_values(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) {
        int32_t x = i % 4;
        made[i] = (cdnow_history){.x = x, .tx_days = x == 0 ? 0 : 50 + i % 40, .t_days = 200, .spend = 1999 * x};
    }
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_OK);
    CHECK_ALL(comm, is_finite(&model) && model.spend_converged && isnan(model.spend_correlation));
    tsr_value_scores s = tsr_value_score(&model, &weekly, 3, 60, 200, 3 * 1999, NULL);
    CHECK_ALL(comm, near(s.expected_spend, 19.99, .001));
    CHECK_ALL(comm, near(tsr_value_score(&model, &weekly, 0, 0, 200, 0, NULL).expected_spend, 19.99, .01));
}

/* A tail index of a half: the unbounded fit has q < 1, and a population mean that is negative or infinite. */
static void spend_with_tails_too_heavy_for_a_mean_is_reported(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) {
        double share = ROWS / (i + .5);
        made[i] =
            (cdnow_history){.x = 1, .tx_days = 20 + i % 90, .t_days = 200, .spend = (int64_t)(100 * share * share)};
    }
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_OK);
    CHECK_ALL(comm, is_finite(&model) && model.spend[1] > 1 && !model.spend_converged);
    tsr_value_scores s = tsr_value_score(&model, &weekly, 0, 0, 200, 0, NULL);
    CHECK_ALL(comm, isfinite(s.clv) && s.clv > 0);
}

static void purchases_without_money_give_no_spend_model(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) {
        int32_t x = i % 4;
        made[i] = (cdnow_history){.x = x, .tx_days = x == 0 ? 0 : 50 + i % 40, .t_days = 200, .spend = -(i % 2)};
    }
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_OK);
    CHECK_ALL(comm, !model.has_spend && model.spend_customers == 0 && is_finite(&model));
}

/* x up to 10,000, T = tx, T = 0: histories at the edge of what there is. */
static void extreme_histories_give_a_finite_fit(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model model;

    for (int i = 0; i < ROWS; i++) made[i] = (cdnow_history){.x = 0, .t_days = i % 50};
    made[1] = (cdnow_history){.x = 10000, .tx_days = 10000, .t_days = 10000, .spend = 1};
    made[2] = (cdnow_history){.x = 10000, .tx_days = 10000, .t_days = 20000, .spend = 900000000000000};
    made[3] = (cdnow_history){.x = 1, .tx_days = 1, .t_days = 20000, .spend = 100};
    CHECK_ALL(comm, fit_made(comm, ROWS, &model) == TSR_OK);
    CHECK_ALL(comm, is_finite(&model));
    for (int i = 0; i < 5; i++) {
        const cdnow_history *h = &made[i];
        tsr_value_scores s = tsr_value_score(&model, &weekly, h->x, h->tx_days, h->t_days, h->spend, NULL);
        CHECK_ALL(comm, s.p_alive >= 0 && s.p_alive <= 1 && s.p_buy >= 0 && isfinite(s.expected_purchases) &&
                            s.expected_purchases >= 0);
    }
}

/* ---- a population with known parameters ---- */

enum { DRAWN = 20000, DAYS_MAX = 400 };
static cdnow_history drawn[DRAWN];

/* One customer of a population in which all buy every 28 weeks and leave after one purchase in 17. */
static cdnow_history draw_equal(uint64_t seed, uint64_t key)
{
    tsr_rng rng = {.seed = seed, .key = key, .stream = TSR_STREAM_SYNTH};
    cdnow_history h = {.t_days = 1000 + (int32_t)(key % 826)};
    double days = 0;

    for (;;) {
        days += tsr_rng_exponential(&rng) * 7 * 28;
        if (days > h.t_days) return h;
        if ((int32_t)days > h.tx_days) {
            h.x++;
            h.tx_days = (int32_t)days;
            h.spend += 1000;
        }
        if (tsr_rng_open(&rng) < 1. / 17) return h;
    }
}

/* Pairs of parameters run to infinity along ridges on which next to nothing changes; so does spend, 10 each time. */
static void equal_customers_give_a_converged_fit(void **state)
{
    static const uint64_t seed[] = {1, 7, 12, 15, 26, 39};
    const tsr_comm *comm = *state;
    tsr_value_model m;

    for (size_t s = 0; s < sizeof seed / sizeof *seed; s++) {
        for (uint64_t i = 0; i < ROWS; i++) made[i] = draw_equal(seed[s], i);
        CHECK_ALL(comm, fit_made(comm, ROWS, &m) == TSR_OK);
        CHECK_ALL(comm, is_finite(&m) && m.converged && m.spend_converged);
    }
}

/* One customer of a BG/NBD population by weeks, with Gamma-Gamma spend; purchases of one day are one. */
static cdnow_history draw_customer(uint64_t key, const double *parameter, const double *spend)
{
    tsr_rng rng = {.seed = 7, .key = key, .stream = TSR_STREAM_SYNTH};
    cdnow_history h = {.t_days = 273 + (int32_t)(key % 92)};
    double rate = tsr_rng_gamma(&rng, parameter[0]) / parameter[1];
    double dropout = tsr_rng_beta(&rng, parameter[2], parameter[3]);
    double scale = tsr_rng_gamma(&rng, spend[1]) / spend[2], weeks = 0;
    int32_t last = 0;

    for (;;) {
        weeks += tsr_rng_exponential(&rng) / rate;
        int32_t day = weeks < DAYS_MAX ? (int32_t)(weeks * 7) : DAYS_MAX;
        if (day > h.t_days) return h;
        if (day > last) {
            h.x++;
            h.tx_days = last = day;
            h.spend += (int64_t)(100 * tsr_rng_gamma(&rng, spend[0]) / scale) + 1;
        }
        if (tsr_rng_open(&rng) < dropout) return h;
    }
}

static bool log_near(double value, double truth, double tolerance)
{
    return near(log(value / truth), 0, tolerance);
}

static void parameters_of_a_drawn_population_are_recovered(void **state)
{
    static const double parameter[4] = {.243, 4.414, .793, 2.426}, spend[3] = {6.25, 3.74, 15.44};
    static const value_column columns[] = {{"buy_x", TSR_I32, &drawn[0].x, sizeof drawn[0]},
                                           {"buy_tx_days", TSR_I32, &drawn[0].tx_days, sizeof drawn[0]},
                                           {"buy_t_days", TSR_I32, &drawn[0].t_days, sizeof drawn[0]},
                                           {"buy_spend", TSR_I64, &drawn[0].spend, sizeof drawn[0]}};
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, DRAWN);
    tsr_value_model m;

    for (uint64_t i = 0; i < DRAWN; i++) drawn[i] = draw_customer(i, parameter, spend);
    CHECK_ALL(comm, write_features(comm, path, columns, 4, DRAWN) == TSR_OK);
    CHECK_ALL(comm, tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_ALL, &m) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.spend_converged && !m.no_dropout && m.customers == DRAWN);
    /* Three standard errors: those of the CDNOW sample by the square root of the sizes. */
    CHECK_ALL(comm, log_near(m.parameter[0], parameter[0], .053) && log_near(m.parameter[1], parameter[1], .088) &&
                        log_near(m.parameter[2], parameter[2], .24) && log_near(m.parameter[3], parameter[3], .30));
    CHECK_ALL(comm, log_near(m.spend[0], spend[0], .15) && log_near(m.spend[1], spend[1], .1) &&
                        log_near(m.spend[2], spend[2], .25));
    CHECK_ALL(comm, fabs(m.spend_correlation) < .05);
}

static void remove_the_table(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_bought_is_an_error_of_the_data),
        cmocka_unit_test(nobody_bought_on_two_days_is_an_error_of_the_data),
        cmocka_unit_test(impossible_history_is_an_error_that_names_the_row),
        cmocka_unit_test(missing_table_and_missing_columns_are_errors),
        cmocka_unit_test(prospects_take_no_part_in_the_fit),
        cmocka_unit_test(customers_who_never_drop_out_are_reported_not_an_error),
        cmocka_unit_test(parameters_that_make_no_difference_have_no_error),
        cmocka_unit_test(one_customer_gives_a_finite_fit),
        cmocka_unit_test(equal_spend_of_all_gives_finite_values),
        cmocka_unit_test(spend_with_tails_too_heavy_for_a_mean_is_reported),
        cmocka_unit_test(purchases_without_money_give_no_spend_model),
        cmocka_unit_test(extreme_histories_give_a_finite_fit),
        cmocka_unit_test(equal_customers_give_a_converged_fit),
        cmocka_unit_test(parameters_of_a_drawn_population_are_recovered),
        cmocka_unit_test(remove_the_table),
    };

    name_file(path, "value_made_mpi", ".h5");
    return RUN_MPI_TESTS(tests);
}
