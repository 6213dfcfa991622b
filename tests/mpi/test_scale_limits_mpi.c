/* Scaling at its limits: what cannot be scaled, extreme magnitudes, few rows, ranks that fail. */
#define SHEET "scale_limits"
#include "scale_test.h"

static double broken(int64_t row)
{
    return row == 31 ? INFINITY : (double)row;
}

static bool says(tsr_status st, tsr_status expected, const char *text)
{
    return st == expected && strstr(tsr_error_last()->text, text) != NULL;
}

static void missing_infinite_and_non_positive_values_are_named(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"plain", "gappy"}, *const bad[] = {"plain", "broken"},
                      *const zero[] = {"whole", "rare"};
    const cell cells[] = {plain, gappy}, bad_cells[] = {plain, broken}, zero_cells[] = {whole, rare};
    tsr_features_params params = automatic;
    tsr_scaler *s = NULL;

    params.missing = 0;
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 2, MANY));
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &params, path_of(comm), &s), TSR_EDATA, "feature gappy, row 3 "));
    CHECK_ALL(comm, s == NULL);
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", bad, bad_cells, 2, MANY));
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &automatic, path_of(comm), &s), TSR_EDATA, "feature broken, row 31 "));
    params.transform = TSR_TRANSFORM_LOG;
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", zero, zero_cells, 2, MANY));
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &params, path_of(comm), &s), TSR_EDATA, "feature rare, row 1 "));
    remove_sheet(comm);
}

static void constant_columns_alone_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"flat", "nothing"};
    const cell cells[] = {flat, nothing};
    tsr_scaler *s = NULL;

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 2, 100));
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &automatic, path_of(comm), &s), TSR_EDATA, "all 2 features are constant"));
    CHECK_ALL(comm, s == NULL);
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 1, 1));
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &automatic, path_of(comm), &s), TSR_EDATA, "constant"));
    remove_sheet(comm);
}

static void more_ranks_than_rows_work(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"whole"};
    const cell cells[] = {whole};
    tsr_scaler *s = NULL;
    tsr_tiles *tiles = NULL;

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 1, 2));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->mean[0] == 15.5 && near(s->sd[0], sqrt(0.5)));
    tsr_span span = tsr_span_of(comm, comm->rank == comm->size - 1 ? 2 : 0);
    CHECK_ALL(comm, tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles) == TSR_OK);
    CHECK_ALL(comm, tiles->span.rows == span.rows);
    tsr_tiles_destroy(&tiles);
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

/* Values whose squares, sums and differences leave the range of double if nobody takes care. */
static double huge(int64_t row)
{
    return row % 2 == 0 ? 9e299 : -9e299;
}

static double tiny(int64_t row)
{
    return row % 2 == 0 ? 3e-310 : 1e-310;
}

static double far(int64_t row)
{
    return 1e15 + (double)(row % 3);
}

static void extreme_magnitudes_keep_their_spread(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"huge", "far", "tiny"};
    const cell cells[] = {huge, far, tiny};
    tsr_features_params params = automatic;
    tsr_scaler *s = NULL;

    params.transform = 0;
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 3, 1200));
    CHECK_ALL(comm, tsr_scale_fit(comm, &params, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->mean[0] == 0 && near(s->sd[0] / 9e299, sqrt(1200.0 / 1199)));
    CHECK_ALL(comm, s->mean[1] == 1e15 + 1 && near(s->sd[1], sqrt(2.0 / 3 * 1200 / 1199)));
    CHECK_ALL(comm, s->cols == 2 && s->constant_n == 1 && strcmp(s->constant[0], "tiny") == 0);
    tsr_scaler_destroy(&s);
    params.scale = 0;
    CHECK_ALL(comm, says(tsr_scale_fit(comm, &params, path_of(comm), &s), TSR_EDATA,
                         "feature huge lies from -9e+299 to 9e+299: too far for `features.scale: none`"));
    remove_sheet(comm);
}

static void failure_of_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    int failed = 0, passed = 0;

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, 2000));
    for (int nth = 1; nth < 200 && passed == 0; nth++) {
        tsr_scaler *s = NULL;
        tsr_tiles *tiles = NULL;
        tsr_span span = tsr_span_even(2000, 1, comm->rank, comm->size);
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_scale_fit(comm, &automatic, path_of(comm), &s);
        if (st == TSR_OK) st = tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
        CHECK_ALL(comm, st == TSR_OK || (st == TSR_ENOMEM && tiles == NULL));
        failed += st != TSR_OK;
        passed += st == TSR_OK;
        tsr_tiles_destroy(&tiles);
        tsr_scaler_destroy(&s);
    }
    CHECK_ALL(comm, failed > 10 && passed == 1);
    remove_sheet(comm);
}

static void random_failures_keep_the_ranks_together(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = tsr_span_even(2000, 1, comm->rank, comm->size);

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, 2000));
    for (int seed = 1; seed <= 12; seed++) {
        tsr_scaler *s = NULL;
        tsr_tiles *tiles = NULL;
        char plan[32];
        snprintf(plan, sizeof plan, "%d,%d", 10 * seed, seed);
        tsr_fault_set(plan);
        tsr_status st = tsr_scale_fit(comm, &automatic, path_of(comm), &s);
        if (st == TSR_OK) st = tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
        tsr_tiles_destroy(&tiles);
        tsr_scaler_destroy(&s);
    }
    remove_sheet(comm);
}

static void file_that_is_not_there_or_has_other_rows_is_named(void **state)
{
    const tsr_comm *comm = *state;
    tsr_scaler *s = NULL;
    tsr_tiles *tiles = NULL;
    tsr_span span = tsr_span_even(99, 1, comm->rank, comm->size);

    CHECK_ALL(comm, says(tsr_scale_fit(comm, &automatic, "no_such_file.h5", &s), TSR_EIO, "no_such_file.h5"));
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, 100));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, says(tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles), TSR_EDATA, path_of(comm)));
    CHECK_ALL(comm, tiles == NULL);
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_infinite_and_non_positive_values_are_named),
        cmocka_unit_test(constant_columns_alone_are_refused),
        cmocka_unit_test(more_ranks_than_rows_work),
        cmocka_unit_test(extreme_magnitudes_keep_their_spread),
        cmocka_unit_test(failure_of_one_rank_is_the_status_of_all),
        cmocka_unit_test(random_failures_keep_the_ranks_together),
        cmocka_unit_test(file_that_is_not_there_or_has_other_rows_is_named),
    };

    return RUN_MPI_TESTS(tests);
}
