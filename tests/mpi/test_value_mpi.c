#include "mpi_test.h"

#include <math.h>

#include "cdnow.h"
#include "mpi/cdnow_table.h"
#include "mpi/value_mpi.h"
#include "tessera/rfm.h"
#include "tessera/value.h"

/* ---- CDNOW ---- */

static bool is_published_fit(const tsr_value_model *m)
{
    return near(m->parameter[0], .242595, 6e-7) && near(m->parameter[1], 4.413602, 6e-6) &&
           near(m->parameter[2], .792922, 3e-6) && near(m->parameter[3], 2.425907, 1e-5) &&
           near(m->log_likelihood, -9582.429206673929, 1e-8) && near(m->spend[0], 6.24957, 6e-5) &&
           near(m->spend[1], 3.74422, 6e-5) && near(m->spend[2], 15.4435, 6e-4) &&
           near(m->spend_log_likelihood, -4055.9177, 6e-5) && near(m->spend_correlation, .1139, 6e-5);
}

static void cdnow_fit_equals_the_published_one_with_the_same_bits_on_any_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);
    tsr_span whole = {0, CDNOW_CUSTOMERS, CDNOW_CUSTOMERS};
    tsr_value_model alone, model;

    cdnow_write(comm, path);
    CHECK_ALL(comm, tsr_value_fit(&self, &weekly, path, &whole, 2, TSR_PERIOD_CALIBRATION, &alone) == TSR_OK);
    tsr_comm_close(&self);
    CHECK_ALL(comm, is_published_fit(&alone));
    CHECK_ALL(comm, alone.converged && alone.spend_converged && !alone.no_dropout && alone.has_spend);
    CHECK_ALL(comm, alone.customers == 2357 && alone.distinct == 1016 && alone.spend_customers == 946);
    for (int shape = 0; shape < 3; shape++) {
        tsr_span span = span_shape(comm, shape, CDNOW_CUSTOMERS);
        CHECK_ALL(comm, tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_CALIBRATION, &model) == TSR_OK);
        CHECK_ALL(comm, memcmp(model.parameter, alone.parameter, sizeof alone.parameter) == 0);
        CHECK_ALL(comm, memcmp(model.spend, alone.spend, sizeof alone.spend) == 0);
        CHECK_ALL(comm, model.log_likelihood == alone.log_likelihood && model.gradient == alone.gradient);
        CHECK_ALL(comm, model.spend_log_likelihood == alone.spend_log_likelihood);
        CHECK_ALL(comm, model.spend_correlation == alone.spend_correlation);
        CHECK_ALL(comm, model.distinct == alone.distinct && model.evaluations == alone.evaluations);
    }
}

static void cdnow_fit_does_not_depend_on_the_time_unit(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_params daily = weekly;
    tsr_value_model weeks, days;

    cdnow_write(comm, path);
    daily.time_unit = TSR_UNIT_DAY;
    CHECK_ALL(comm, tsr_value_fit(comm, &weekly, path, &span, 2, TSR_PERIOD_ALL, &weeks) == TSR_OK);
    CHECK_ALL(comm, tsr_value_fit(comm, &daily, path, &span, 2, TSR_PERIOD_ALL, &days) == TSR_OK);
    CHECK_ALL(comm,
              near(days.parameter[0], weeks.parameter[0], 1e-6) && near(days.parameter[2], weeks.parameter[2], 1e-5));
    CHECK_ALL(comm, near(days.parameter[1] / 7, weeks.parameter[1], 1e-4));
}

static void cdnow_holdout_is_predicted_with_the_same_bits_on_any_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_comm self = tsr_comm_open(MPI_COMM_SELF);
    tsr_span whole = {0, CDNOW_CUSTOMERS, CDNOW_CUSTOMERS};
    tsr_validation alone, v;
    int64_t bought = 0, cents = 0;

    cdnow_write(comm, path);
    for (int i = 0; i < CDNOW_CUSTOMERS; i++) {
        bought += cdnow_data.hold_x[i];
        cents += cdnow_data.hold_spend[i];
    }
    CHECK_ALL(comm, tsr_value_validate(&self, &weekly, path, &whole, 2, 273, &alone) == TSR_OK);
    tsr_comm_close(&self);
    CHECK_ALL(comm, is_published_fit(&alone.model));
    CHECK_ALL(comm, alone.customers == 2357 && alone.weeks == 39);
    CHECK_ALL(comm, alone.actual_purchases == (double)bought && near(alone.actual_spend, (double)cents / 100, 1e-8));
    /* The same formulas with NumPy and SciPy's hyp2f1 and betaln, at the fit above. */
    CHECK_ALL(comm, near(alone.predicted_purchases, 1653.4087, 6e-5) && near(alone.mae, .7854542, 6e-8) &&
                        near(alone.rmse, 1.6079820, 6e-8) && near(alone.correlation, .6256475, 6e-8) &&
                        near(alone.predicted_spend, 59931.626, 6e-4));
    for (int shape = 0; shape < 3; shape++) {
        tsr_span span = span_shape(comm, shape, CDNOW_CUSTOMERS);
        CHECK_ALL(comm, tsr_value_validate(comm, &weekly, path, &span, 2, 273, &v) == TSR_OK);
        CHECK_ALL(comm, v.predicted_purchases == alone.predicted_purchases && v.mae == alone.mae &&
                            v.rmse == alone.rmse && v.correlation == alone.correlation &&
                            v.predicted_spend == alone.predicted_spend && v.actual_spend == alone.actual_spend);
    }
}

static void failure_of_memory_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_validation v;
    tsr_status st = TSR_ENOMEM;
    int nth;

    cdnow_write(comm, path);
    for (nth = 1; nth < 400 && st != TSR_OK; nth += nth < 60 ? 1 : 17) {
        fail_last_rank(comm, "alloc", nth);
        st = tsr_value_validate(comm, &weekly, path, &span, 2, 273, &v);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
    }
    CHECK_ALL(comm, nth > 20);
}

static void failure_to_read_on_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_validation v;

    cdnow_write(comm, path);
    for (int nth = 1; nth <= 2; nth++) { /* the fit opens the table, and what compares with the holdout */
        fail_last_rank(comm, "file", nth);
        tsr_status st = tsr_value_validate(comm, &weekly, path, &span, 2, 273, &v);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_EIO && same_on_all(comm, &st, sizeof st));
    }
}

/* ---- keys of the job ---- */

/* Collective. Read a job of one line. */
static tsr_status read_keys(const tsr_comm *comm, const char *text, tsr_value_params *value, tsr_rfm_params *rfm,
                            tsr_job **job)
{
    const tsr_section sections[] = {{tsr_value_keys, value}, {tsr_rfm_keys, rfm}};
    FILE *file = comm->rank == 0 ? fopen(path, "w") : NULL;

    if (file != NULL) fputs(text, file);
    if (file != NULL) fclose(file);
    return tsr_job_read(comm, path, NULL, 0, sections, 2, job);
}

static void keys_have_the_documented_defaults(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_params v;
    tsr_rfm_params r;
    tsr_job *job = NULL;

    CHECK_ALL(comm, read_keys(comm, "value: {model: bg_nbd}\n", &v, &r, &job) == TSR_OK);
    CHECK_ALL(comm, v.model == TSR_VALUE_BG_NBD && v.time_unit == TSR_UNIT_WEEK && v.horizon == 52);
    CHECK_ALL(comm, v.discount_rate == .1 && v.steps == 12 && v.margin == 1 && !v.calibration_end.set);
    CHECK_ALL(comm, v.returns == 0 && strcmp(r.scheme, "table_c") == 0);
    tsr_job_destroy(&job);
    CHECK_ALL(comm, read_keys(comm, "value: {model: none, time_unit: year}\n", &v, &r, &job) == TSR_OK);
    CHECK_ALL(comm, v.model == TSR_VALUE_NONE && v.time_unit == TSR_UNIT_YEAR);
    tsr_job_destroy(&job);
}

static void keys_out_of_range_are_refused(void **state)
{
    static const char *const faults[] = {"horizon: 0", "horizon: -1", "discount_rate: -0.1", "steps: 0",
                                         "steps: 521", "margin: -1",  "model: pareto",       "time_unit: fortnight",
                                         "steps: 1.5", "returns: no", "horizon: .nan"};
    const tsr_comm *comm = *state;
    tsr_value_params v;
    tsr_rfm_params r;
    tsr_job *job = NULL;

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "value: {%s}\n", faults[i]);
        CHECK_ALL(comm, read_keys(comm, text, &v, &r, &job) == TSR_ECONF);
    }
}

static void ranks_with_different_parameters_are_told_so(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_params params = weekly;
    tsr_value_model model;

    if (comm->rank == comm->size - 1) params.time_unit = TSR_UNIT_DAY;
    if (comm->size == 1) return;
    CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_ALL, &model) == TSR_ECONF);
}

static void holdout_without_days_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_validation v;

    CHECK_ALL(comm, tsr_value_validate(comm, &weekly, path, &span, 2, 0, &v) == TSR_ECONF);
}

static void remove_the_table(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cdnow_fit_equals_the_published_one_with_the_same_bits_on_any_ranks),
        cmocka_unit_test(cdnow_fit_does_not_depend_on_the_time_unit),
        cmocka_unit_test(cdnow_holdout_is_predicted_with_the_same_bits_on_any_ranks),
        cmocka_unit_test(failure_of_memory_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(failure_to_read_on_one_rank_is_the_status_of_all),
        cmocka_unit_test(keys_have_the_documented_defaults),
        cmocka_unit_test(keys_out_of_range_are_refused),
        cmocka_unit_test(ranks_with_different_parameters_are_told_so),
        cmocka_unit_test(holdout_without_days_is_refused),
        cmocka_unit_test(remove_the_table),
    };

    name_file(path, "value_mpi", ".h5");
    return RUN_MPI_TESTS(tests);
}
