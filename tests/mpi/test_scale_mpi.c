/* features.h5 in, scaler and tiles out: the same bits on any number of ranks. */
#define SHEET "scale"
#include "scale_test.h"

/* Of the sheet below: the same on any number of ranks and any processor, so they are written down. */
#define SCALER_DIGEST "5b1358803dec203ced92a235a825cf8652bbaf42ad83b18134cb95a62d31a397"
#define TILES_DIGEST  "dfdf37f216139603428c2ec4c4b3050f974e808ce01b5a95676530d25127f072"

/* Plain sums in double: near enough to tell right from wrong. */
static void moments(cell value, double (*transform)(double), double fill_value, int64_t rows, double *mean, double *sd)
{
    double sum = 0, squares = 0;

    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < rows; i++) {
            double v = value(i);
            v = isnan(v) ? fill_value : v;
            v = transform != NULL ? transform(v) : v;
            if (pass == 0)
                sum += v;
            else
                squares += (v - sum / (double)rows) * (v - sum / (double)rows);
        }
    *mean = sum / (double)rows;
    *sd = sqrt(squares / (double)(rows - 1));
}

static void scaler_hex(const tsr_scaler *scaler, char hex[65])
{
    uint8_t digest[TSR_DIGEST_SIZE] = {0};
    tsr_bundle *bundle = NULL;

    hex[0] = '\0';
    if (tsr_bundle_create(&bundle) != TSR_OK) return;
    if (tsr_scaler_save(scaler, bundle) == TSR_OK) {
        tsr_bundle_digest(bundle, digest);
        tsr_digest_hex(digest, hex);
    }
    tsr_bundle_destroy(&bundle);
}

/* Collective. Over all rows: row number and steps. */
static void tiles_hex(const tsr_comm *comm, const tsr_tiles *tiles, char hex[65])
{
    tsr_digest_sum sum = {{0}};
    uint8_t digest[TSR_DIGEST_SIZE];

    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t row[8 + 4] = {0};
        int64_t number = tiles->span.first + i;
        memcpy(row, &number, sizeof number);
        tsr_tiles_row(tiles, i, row + 4);
        tsr_digest_row(&sum, row, sizeof row);
    }
    tsr_digest_reduce(comm, &sum);
    tsr_digest_bytes(&sum, sizeof sum, digest);
    tsr_digest_hex(digest, hex);
}

static void scaler_of_a_known_sheet_is_right_and_the_same_at_every_np(void **state)
{
    const tsr_comm *comm = *state;
    tsr_scaler *s = NULL;
    double mean, sd;
    char hex[65];

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, MANY));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->cols == 3 && s->constant_n == 2);
    CHECK_ALL(comm, strcmp(s->name[0], "skewed") == 0 && strcmp(s->name[2], "gappy") == 0);
    CHECK_ALL(comm, strcmp(s->constant[0], "flat") == 0 && strcmp(s->constant[1], "nothing") == 0);
    CHECK_ALL(comm, s->transform[0] == TSR_TRANSFORM_LOG1P && s->transform[1] == TSR_TRANSFORM_NONE);
    CHECK_ALL(comm, s->fill[2] == 6.0);
    CHECK_ALL(comm, near(s->missing_share[2], 10000.0 / MANY) && s->missing_share[0] == 0);
    CHECK_ALL(comm, s->clip == 8 && s->step == 8.0 / 32767);
    moments(skewed, log1p, 0, MANY, &mean, &sd);
    CHECK_ALL(comm, near(s->mean[0], mean) && near(s->sd[0], sd));
    moments(plain, NULL, 0, MANY, &mean, &sd);
    CHECK_ALL(comm, near(s->mean[1], mean) && near(s->sd[1], sd));
    moments(gappy, NULL, 6.0, MANY, &mean, &sd);
    CHECK_ALL(comm, near(s->mean[2], mean) && near(s->sd[2], sd));
    scaler_hex(s, hex);
    CHECK_ALL(comm, strcmp(hex, SCALER_DIGEST) == 0);
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

static void tiles_of_a_known_sheet_are_the_same_at_every_np(void **state)
{
    const tsr_comm *comm = *state;
    tsr_scaler *s = NULL;
    tsr_tiles *tiles = NULL;
    char hex[65];

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, MANY));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    tsr_span span = tsr_span_of(comm, comm->rank == 0 ? MANY - 10 * (comm->size - 1) : 10);
    CHECK_ALL(comm, tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles) == TSR_OK);
    CHECK_ALL(comm, tiles->cols == 3 && tiles->span.rows == span.rows);
    CHECK_ALL(comm, s->clipped[0] + s->clipped[1] + s->clipped[2] == 0);
    for (int64_t i = 0; i < span.rows; i += 997) {
        int16_t steps[3];
        tsr_tiles_row(tiles, i, steps);
        assert_true(fabs(steps[1] * s->step - (plain(span.first + i) - s->mean[1]) / s->sd[1]) <= s->step);
    }
    tiles_hex(comm, tiles, hex);
    CHECK_ALL(comm, strcmp(hex, TILES_DIGEST) == 0);
    tsr_tiles_destroy(&tiles);
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

static void values_beyond_clip_are_pulled_in_and_counted(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"plain", "rare"};
    const cell cells[] = {plain, rare};
    tsr_features_params params = automatic;
    tsr_scaler *s = NULL;
    tsr_tiles *tiles = NULL;

    params.transform = 0;
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 2, MANY));
    CHECK_ALL(comm, tsr_scale_fit(comm, &params, path_of(comm), &s) == TSR_OK);
    tsr_span span = tsr_span_even(MANY, 1, comm->rank, comm->size);
    for (int again = 0; again < 2; again++) { /* counts are of one application, not added up */
        CHECK_ALL(comm, tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles) == TSR_OK);
        CHECK_ALL(comm, s->clipped[0] == 0 && s->clipped[1] == MANY / 500 + 1);
        tsr_tiles_destroy(&tiles);
    }
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

static void whole_numbers_without_scaling_stay_exact(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"whole", "rare"};
    const cell cells[] = {whole, rare};
    const tsr_features_params params = {.transform = 0, .scale = 0, .clip = 8, .missing = 1};
    tsr_scaler *s = NULL;
    tsr_tiles *tiles = NULL;
    bool exact = true;

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 2, MANY));
    CHECK_ALL(comm, tsr_scale_fit(comm, &params, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm,
              s->sd[0] == 1 && s->clip == 0 && s->step == 0x1p-9); /* 61 or so from the centre: 32767 x 2^-9 = 63.99 */
    CHECK_ALL(comm, s->mean[0] == rint(s->mean[0] / s->step) * s->step);
    tsr_span span = tsr_span_even(MANY, 1, comm->rank, comm->size);
    CHECK_ALL(comm, tsr_scale_apply(comm, s, path_of(comm), &span, NULL, &tiles) == TSR_OK);
    for (int64_t i = 0; i < span.rows; i++) {
        int16_t steps[2];
        tsr_tiles_row(tiles, i, steps);
        exact &= steps[0] * s->step + s->mean[0] == whole(span.first + i);
        exact &= steps[1] * s->step + s->mean[1] == rare(span.first + i);
    }
    CHECK_ALL(comm, exact);
    CHECK_ALL(comm, s->clipped[0] == 0 && s->clipped[1] == 0);
    tsr_tiles_destroy(&tiles);
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

static void mean_fills_missing_values_and_single_transforms_win(void **state)
{
    const tsr_comm *comm = *state;
    char name[] = "skewed", none[] = "none", *name_list[] = {name}, *text_list[] = {none};
    tsr_features_params params = automatic;
    tsr_scaler *s = NULL;
    double mean, sd, raw_mean = 0;
    int64_t n = 0;

    params.missing = 2;
    params.transforms = (tsr_map){1, name_list, text_list};
    for (int64_t i = 0; i < MANY; i++)
        if (!isnan(gappy(i))) {
            raw_mean += gappy(i);
            n++;
        }
    raw_mean /= (double)n;
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", usual_names, usual_cells, 5, MANY));
    CHECK_ALL(comm, tsr_scale_fit(comm, &params, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->transform[0] == TSR_TRANSFORM_NONE);
    CHECK_ALL(comm, near(s->fill[2], raw_mean));
    moments(gappy, NULL, raw_mean, MANY, &mean, &sd);
    CHECK_ALL(comm, near(s->mean[2], mean) && near(s->sd[2], sd));
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

static void shares_of_a_dataset_stay_as_they_are_under_auto(void **state)
{
    const tsr_comm *comm = *state;
    const char *const names[] = {"return_share"};
    const cell cells[] = {rare};
    tsr_scaler *s = NULL;

    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "revenue", names, cells, 1, 1000));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->transform[0] == TSR_TRANSFORM_NONE);
    tsr_scaler_destroy(&s);
    CHECK_ALL(comm, write_sheet(comm, path_of(comm), "row", names, cells, 1, 1000));
    CHECK_ALL(comm, tsr_scale_fit(comm, &automatic, path_of(comm), &s) == TSR_OK);
    CHECK_ALL(comm, s->transform[0] == TSR_TRANSFORM_LOG1P); /* a user's column of the same name is skewed as any */
    tsr_scaler_destroy(&s);
    remove_sheet(comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaler_of_a_known_sheet_is_right_and_the_same_at_every_np),
        cmocka_unit_test(tiles_of_a_known_sheet_are_the_same_at_every_np),
        cmocka_unit_test(values_beyond_clip_are_pulled_in_and_counted),
        cmocka_unit_test(whole_numbers_without_scaling_stay_exact),
        cmocka_unit_test(mean_fills_missing_values_and_single_transforms_win),
        cmocka_unit_test(shares_of_a_dataset_stay_as_they_are_under_auto),
    };

    return RUN_MPI_TESTS(tests);
}
