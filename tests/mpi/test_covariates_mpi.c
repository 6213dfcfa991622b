#include <math.h>

#include "cdnow_table.h"
#include "tessera/job.h"
#include "tessera/rng.h"
#include "tessera/value.h"

static char path[64];

static bool near(double value, double expected, double tolerance)
{
    return fabs(value - expected) <= tolerance;
}

/* ---- the CDNOW sample with two covariates ---- */

static double discs[CDNOW_CUSTOMERS], made[CDNOW_CUSTOMERS];

/* Discs of the first day, by a reader of its own. */
static bool read_discs(void)
{
    FILE *file = fopen(data_path("cdnow/CDNOW_sample.txt"), "r");
    int32_t master, sample, date, count, whole, part, n = 0, previous = 0, first = 0;

    if (file == NULL) return false;
    while (fscanf(file, "%d %d %d %d %d.%d", &master, &sample, &date, &count, &whole, &part) == 6) {
        if (sample != previous) {
            first = date;
            discs[n++] = 0;
        }
        if (date == first) discs[n - 1] += count;
        previous = sample;
    }
    fclose(file);
    return n == CDNOW_CUSTOMERS;
}

static const value_column history_columns[] = {HISTORY("cal", calibration),
                                               {"discs", TSR_F64, discs, sizeof discs[0]},
                                               {"made", TSR_F64, made, sizeof made[0]}};

/* Collective. Ends the test where there is no data. */
static void write_cdnow(const tsr_comm *comm)
{
    cdnow_write(comm, path);
    CHECK_ALL(comm, read_discs());
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) made[i] = i % 10 == 0 ? NAN : (double)(i * i % 7);
    CHECK_ALL(comm, write_features(comm, path, history_columns, 6, CDNOW_CUSTOMERS) == TSR_OK);
}

static char *both[] = {"discs", "made"};

static tsr_value_params params_of(int32_t model, char **names, int32_t n)
{
    return (tsr_value_params){.model = model,
                              .time_unit = TSR_UNIT_WEEK,
                              .horizon = 39,
                              .steps = 1,
                              .margin = 1,
                              .covariates = {.n = n, .text = names}};
}

static tsr_status fit_shape(const tsr_comm *comm, int32_t model, int shape, tsr_value_model *m)
{
    tsr_span span = span_shape(comm, shape, CDNOW_CUSTOMERS);
    tsr_value_params params = params_of(model, both, 2);

    return tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, m);
}

/* Value and standard error, as a fit of SciPy has them. */
typedef struct golden {
    double value, error;
} golden;

static bool is_golden(double value, double error, golden g)
{
    return near(value, g.value, 1e-4 * g.error) && near(error, g.error, 1e-4 * g.error);
}

/* [effect][covariate] */
static bool has_coefficients(const tsr_value_model *m, const golden *g)
{
    const char *const *names;
    int32_t effects = tsr_value_effects(m->model, &names);
    bool good = true;

    for (int32_t e = 0; e < effects; e++)
        for (int32_t k = 0; k < 2; k++)
            good =
                good && is_golden(m->covariates.coefficient[e][k], tsr_value_coefficient_error(m, e, k), g[2 * e + k]);
    return good;
}

static bool has_parameters(const tsr_value_model *m, const golden *g)
{
    bool good = true;

    for (int32_t i = 0; i < 4; i++) good = good && is_golden(m->parameter[i], tsr_value_error(m, i), g[i]);
    return good;
}

/* covariates_scipy.py: another likelihood, optimiser and derivatives. */
static void bg_nbd_with_covariates_equals_the_fit_of_scipy(void **state)
{
    static const golden parameters[] = {{.2539885440, .01334087},
                                        {4.8738932590, .41793415},
                                        {.7661889775, .20079877},
                                        {2.3132826114, .73649369}};
    static const golden coefficients[] = {{.1532847530, .02723373}, {.0932199707, .03995285},
                                          {.2957121214, .18427873}, {-.0163077163, .18281227},
                                          {.3786375861, .19594096}, {-.0059755711, .22174872}};
    const tsr_comm *comm = *state;
    tsr_value_model m;

    write_cdnow(comm);
    CHECK_ALL(comm, fit_shape(comm, TSR_VALUE_BG_NBD, 0, &m) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.has_errors && near(m.log_likelihood, -9556.346413942, 1e-5));
    CHECK_ALL(comm, has_parameters(&m, parameters) && has_coefficients(&m, coefficients));
    CHECK_ALL(comm, near(m.covariates.mean[0], 2.198981756470089, 1e-12) &&
                        near(m.covariates.sd[1], 1.4135463232475205, 1e-12) && m.covariates.missing[1] == 236);
}

static void pareto_nbd_with_covariates_equals_the_fit_of_scipy(void **state)
{
    static const golden parameters[] = {{.5780281191, .04983888},
                                        {11.4174140035, .90947859},
                                        {.5807390283, .16933488},
                                        {11.2570460978, 5.70448777}};
    static const golden coefficients[] = {{.1203010430, .02086690},
                                          {.1070264447, .03381407},
                                          {.0182351978, .04573535},
                                          {.1603765706, .08164124}};
    const tsr_comm *comm = *state;
    tsr_value_model m;

    write_cdnow(comm);
    CHECK_ALL(comm, fit_shape(comm, TSR_VALUE_PARETO_NBD, 0, &m) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.has_errors && near(m.log_likelihood, -9567.780373359, 1e-5));
    CHECK_ALL(comm, has_parameters(&m, parameters) && has_coefficients(&m, coefficients));
}

static void same_bits_on_any_ranks_and_rows(void **state)
{
    static const int32_t models[] = {TSR_VALUE_BG_NBD, TSR_VALUE_NBD};
    const tsr_comm *comm = *state, self = {MPI_COMM_SELF, 0, 1};
    tsr_value_model alone, m;

    write_cdnow(comm);
    for (int i = 0; i < 2; i++) {
        CHECK_ALL(comm, fit_shape(&self, models[i], 0, &alone) == TSR_OK);
        for (int shape = 0; shape < 3; shape++) {
            CHECK_ALL(comm, fit_shape(comm, models[i], shape, &m) == TSR_OK);
            CHECK_ALL(comm, m.log_likelihood == alone.log_likelihood && m.distinct == alone.distinct &&
                                memcmp(m.parameter, alone.parameter, sizeof m.parameter) == 0 &&
                                memcmp(&m.covariates, &alone.covariates, sizeof m.covariates) == 0);
        }
    }
}

/* Purchases expected in the holdout are those of the customers one by one, each with parameters of its own. */
static void validation_sees_the_covariates_of_each(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_params params = params_of(TSR_VALUE_BG_NBD, both, 2);
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    double sum = 0, plain = 0;
    tsr_validation v;

    cdnow_write(comm, path);
    CHECK_ALL(comm, read_discs());
    value_column columns[12];
    memcpy(columns, cdnow_columns, sizeof cdnow_columns);
    columns[10] = history_columns[4];
    columns[11] = history_columns[5];
    CHECK_ALL(comm, write_features(comm, path, columns, 12, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, tsr_value_validate(comm, &params, path, &span, 2, 273, &v) == TSR_OK);
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) {
        const cdnow_history *h = &cdnow_data.calibration[i];
        const double y[2] = {discs[i], made[i]};
        sum += tsr_value_score(&v.model, &params, h->x, h->tx_days, h->t_days, h->spend, y).expected_purchases;
        plain += tsr_value_score(&v.model, &params, h->x, h->tx_days, h->t_days, h->spend, NULL).expected_purchases;
    }
    CHECK_ALL(comm, near(v.predicted_purchases, sum, 1e-6) && fabs(plain - sum) > 1);
}

/* ---- a drawn population ---- */

enum { DRAWN = 12000 };
static cdnow_history drawn[DRAWN];
static double region[DRAWN], zero[DRAWN];

static const value_column drawn_columns[] = {{"buy_x", TSR_I32, &drawn[0].x, sizeof drawn[0]},
                                             {"buy_tx_days", TSR_I32, &drawn[0].tx_days, sizeof drawn[0]},
                                             {"buy_t_days", TSR_I32, &drawn[0].t_days, sizeof drawn[0]},
                                             {"buy_spend", TSR_I64, &drawn[0].spend, sizeof drawn[0]},
                                             {"region=a", TSR_F64, zero, sizeof zero[0]},
                                             {"region=b", TSR_F64, region, sizeof region[0]}};

/* Pareto/NBD in days so short that hardly two purchases meet in one. */
static cdnow_history draw(uint64_t key, const double *parameter, double purchase, double dropout)
{
    tsr_rng rng = {.seed = 11, .key = key, .stream = TSR_STREAM_SYNTH};
    cdnow_history h = {.t_days = 27300};
    double rate = tsr_rng_gamma(&rng, parameter[0]) / (parameter[1] * exp(-purchase));
    double life = tsr_rng_exponential(&rng) / (tsr_rng_gamma(&rng, parameter[2]) / (parameter[3] * exp(-dropout)));

    for (double at = tsr_rng_exponential(&rng) / rate; at < life && at < h.t_days;
         at += tsr_rng_exponential(&rng) / rate) {
        h.x++;
        h.tx_days = (int32_t)at + 1;
    }
    return h;
}

static void effects_of_a_drawn_population_are_recovered(void **state)
{
    static const double parameter[4] = {.8, 900, 1.2, 12000}, purchase = .5, dropout = -.7;
    static char *names[] = {"region"};
    const tsr_comm *comm = *state;
    tsr_span span = span_shape(comm, 0, DRAWN);
    tsr_value_params params = params_of(TSR_VALUE_PARETO_NBD, names, 1);
    tsr_value_model m;

    params.time_unit = TSR_UNIT_DAY;
    for (uint64_t i = 0; i < DRAWN; i++) {
        region[i] = i % 3 == 0;
        zero[i] = 1 - region[i];
        drawn[i] = draw(i, parameter, purchase * (region[i] - 1 / 3.), dropout * (region[i] - 1 / 3.));
    }
    CHECK_ALL(comm, write_features(comm, path, drawn_columns, 6, DRAWN) == TSR_OK);
    CHECK_ALL(comm, tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_ALL, &m) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.has_errors && strcmp(m.covariates.name[0], "region=b") == 0);
    for (int32_t i = 0; i < 4; i++) CHECK_ALL(comm, fabs(m.parameter[i] - parameter[i]) < 3 * tsr_value_error(&m, i));
    CHECK_ALL(comm, fabs(m.covariates.coefficient[0][0] - purchase) < 3 * tsr_value_coefficient_error(&m, 0, 0));
    CHECK_ALL(comm, fabs(m.covariates.coefficient[1][0] - dropout) < 3 * tsr_value_coefficient_error(&m, 1, 0));
    CHECK_ALL(comm, tsr_value_coefficient_error(&m, 0, 0) < .05 && tsr_value_coefficient_error(&m, 1, 0) < .2);
}

/* ---- what is not all there ---- */

static double no_region[CDNOW_CUSTOMERS];

static const value_column region_columns[] = {HISTORY("cal", calibration),
                                              {"discs", TSR_F64, discs, sizeof discs[0]},
                                              {"made", TSR_F64, made, sizeof made[0]},
                                              {"region=a", TSR_F64, zero, sizeof zero[0]},
                                              {"region=b", TSR_F64, region, sizeof region[0]},
                                              {"region=c", TSR_F64, no_region, sizeof no_region[0]}};

static tsr_status fit_names(const tsr_comm *comm, int32_t model, char **names, int32_t n, tsr_value_model *m)
{
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_params params = params_of(model, names, n);

    return tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, m);
}

/* Every third customer is of no region; `made` is region b by a number, which is missing for them. */
static void write_regions(const tsr_comm *comm)
{
    write_cdnow(comm);
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) {
        zero[i] = i % 3 == 1 && i % 2 == 0;
        region[i] = i % 3 == 1 && i % 2 == 1;
        no_region[i] = i % 3 == 2;
        made[i] = i % 3 == 0 ? NAN : region[i];
    }
    CHECK_ALL(comm, write_features(comm, path, region_columns, 9, CDNOW_CUSTOMERS) == TSR_OK);
}

static void who_has_no_category_counts_as_average_not_as_the_first_one(void **state)
{
    static char *names[] = {"region"}, *numbers[] = {"made", "region=c"};
    const tsr_comm *comm = *state;
    tsr_value_model m, same;

    write_regions(comm);
    CHECK_ALL(comm, fit_names(comm, TSR_VALUE_NBD, names, 1, &m) == TSR_OK);
    CHECK_ALL(comm, fit_names(comm, TSR_VALUE_NBD, numbers, 2, &same) == TSR_OK);
    CHECK_ALL(comm, m.covariates.n == 2 && m.covariates.missing[0] == 786 && m.covariates.missing[1] == 786);
    CHECK_ALL(comm,
              memcmp(m.covariates.coefficient, same.covariates.coefficient, sizeof m.covariates.coefficient) == 0);
    CHECK_ALL(comm, m.covariates.coefficient[0][0] != 0 && m.log_likelihood == same.log_likelihood);
}

/* Region b follows from c where nobody is of a, and `made` from discs: without them the fit is the same. */
static void columns_that_follow_from_others_take_no_part(void **state)
{
    static char *names[] = {"discs", "made", "region"}, *fewer[] = {"discs", "region=b"};
    const tsr_comm *comm = *state;
    tsr_value_model m, least;

    write_regions(comm);
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) {
        made[i] = 3 - 2 * discs[i];
        zero[i] = 0;
        no_region[i] = 1 - region[i];
    }
    CHECK_ALL(comm, write_features(comm, path, region_columns, 9, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, fit_names(comm, TSR_VALUE_NBD, names, 3, &m) == TSR_OK);
    CHECK_ALL(comm, fit_names(comm, TSR_VALUE_NBD, fewer, 2, &least) == TSR_OK);
    CHECK_ALL(comm, m.converged && m.has_errors && m.covariates.n == 4);
    for (int32_t k = 1; k < 4; k += 2)
        CHECK_ALL(comm, m.covariates.sd[k] == 0 && m.covariates.at_limit[0][k] && m.covariates.coefficient[0][k] == 0);
    for (int32_t k = 0; k < 2; k++)
        CHECK_ALL(comm,
                  near(m.covariates.coefficient[0][2 * k], least.covariates.coefficient[0][k], 1e-5) &&
                      near(tsr_value_coefficient_error(&m, 0, 2 * k), tsr_value_coefficient_error(&least, 0, k), 1e-5));
    CHECK_ALL(comm, near(tsr_value_error(&m, 1), tsr_value_error(&least, 1), 1e-5));
    CHECK_ALL(comm, near(tsr_value_bic(&m), tsr_value_bic(&least), 1e-5));
}

/* `made` are some who never came again: its coefficient may be anything, the rest may not. */
static void a_category_of_which_nobody_came_again_leaves_the_errors_of_the_rest(void **state)
{
    const tsr_comm *comm = *state;
    tsr_value_model m;

    write_cdnow(comm);
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) made[i] = cdnow_data.calibration[i].x == 0 && i % 5 == 0;
    CHECK_ALL(comm, write_features(comm, path, history_columns, 6, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, fit_shape(comm, TSR_VALUE_NBD, 0, &m) == TSR_OK);
    CHECK_ALL(comm, m.has_errors && m.covariates.at_limit[0][1] && !m.covariates.at_limit[0][0]);
    for (int32_t i = 0; i < 2; i++)
        CHECK_ALL(comm, !m.at_limit[i] && tsr_value_error(&m, i) > .01 * m.parameter[i] &&
                            tsr_value_error(&m, i) < .1 * m.parameter[i]);
}

/* ---- what cannot be ---- */

/* Is it refused on all ranks alike, with the name of the column (or model) in the text? */
static bool is_refused(const tsr_comm *comm, int32_t model, char **names, int32_t n, const char *named)
{
    tsr_value_params params = params_of(model, names, n);
    tsr_span span = span_shape(comm, 0, CDNOW_CUSTOMERS);
    tsr_value_model m;

    tsr_status st = tsr_value_fit(comm, &params, path, &span, 2, TSR_PERIOD_CALIBRATION, &m);
    bool says = strstr(tsr_error_last()->text, named) != NULL;
    return same_on_all(comm, &st, sizeof st) && st == TSR_ECONF && says;
}

static void wrong_covariates_are_refused_on_all_ranks(void **state)
{
    static char *unknown[] = {"nothing"}, *twice[] = {"discs", "discs"}, *constant[] = {"made"}, *good[] = {"discs"};
    const tsr_comm *comm = *state;

    write_cdnow(comm);
    CHECK_ALL(comm, is_refused(comm, TSR_VALUE_BG_NBD, unknown, 1, "nothing"));
    CHECK_ALL(comm, is_refused(comm, TSR_VALUE_BG_NBD, twice, 2, "twice"));
    CHECK_ALL(comm, is_refused(comm, TSR_VALUE_BG_BB, good, 1, "bg_bb"));
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) made[i] = 3;
    CHECK_ALL(comm, write_features(comm, path, history_columns, 6, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, is_refused(comm, TSR_VALUE_BG_NBD, constant, 1, "made"));
    for (int64_t i = 0; i < CDNOW_CUSTOMERS; i++) made[i] = NAN;
    CHECK_ALL(comm, write_features(comm, path, history_columns, 6, CDNOW_CUSTOMERS) == TSR_OK);
    CHECK_ALL(comm, is_refused(comm, TSR_VALUE_BG_NBD, constant, 1, "made"));
}

/* A fit with covariates comes back from a bundle as it was. */
static void fit_is_kept_whole(void **state)
{
    const tsr_comm *comm = *state;
    tsr_bundle *bundle = NULL;
    tsr_value_model m, again;

    write_cdnow(comm);
    CHECK_ALL(comm, fit_shape(comm, TSR_VALUE_BG_NBD, 0, &m) == TSR_OK);
    CHECK_ALL(comm, tsr_bundle_create(&bundle) == TSR_OK && tsr_value_save(&m, "/value", bundle) == TSR_OK &&
                        tsr_value_load(bundle, "/value", &again) == TSR_OK);
    CHECK_ALL(comm, memcmp(&m.covariates, &again.covariates, sizeof m.covariates) == 0);
    tsr_bundle_destroy(&bundle);
}

static void remove_the_table(void **state)
{
    const tsr_comm *comm = *state;

    if (comm->rank == 0) remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bg_nbd_with_covariates_equals_the_fit_of_scipy),
        cmocka_unit_test(pareto_nbd_with_covariates_equals_the_fit_of_scipy),
        cmocka_unit_test(same_bits_on_any_ranks_and_rows),
        cmocka_unit_test(validation_sees_the_covariates_of_each),
        cmocka_unit_test(effects_of_a_drawn_population_are_recovered),
        cmocka_unit_test(who_has_no_category_counts_as_average_not_as_the_first_one),
        cmocka_unit_test(columns_that_follow_from_others_take_no_part),
        cmocka_unit_test(a_category_of_which_nobody_came_again_leaves_the_errors_of_the_rest),
        cmocka_unit_test(wrong_covariates_are_refused_on_all_ranks),
        cmocka_unit_test(fit_is_kept_whole),
        cmocka_unit_test(remove_the_table),
    };
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");

    snprintf(path, sizeof path, "covariates_mpi_%s.h5", ranks != NULL ? ranks : "1");
    return RUN_MPI_TESTS(tests);
}
