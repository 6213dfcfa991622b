/* Pruned fits are plain fits, to the bit. */
#include "mpi_test.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/lloyd.h"
#include "tiles_test.h"

static uint64_t seed;

static double drawn(int64_t row, int32_t col)
{
    return tsr_draw_uniform(seed, TSR_STREAM_SYNTH, (uint64_t)row, (uint64_t)col);
}

/* Clouds that overlap; on a coarse grid, with many copies and ties; apart; closer together than floats resolve. */
static double overlapping(int64_t row, int32_t col)
{
    return floor((drawn(row, col) + drawn(row, col + 500) + drawn(row, 1000) * (col % 3)) * 6000) - 9000;
}

static double copies(int64_t row, int32_t col)
{
    return floor(drawn(row % 97, col) * 4) * 1000;
}

static double apart(int64_t row, int32_t col)
{
    return (double)((row * 7 + col * row) % 6) * 5000 - 15000 + floor(drawn(row, col) * 900);
}

static double corner(int64_t row, int32_t col)
{
    return 32600 + floor(drawn(row, col) * 12);
}

static const test_value kinds[] = {overlapping, copies, apart, corner};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool same_fit(const tsr_lloyd *a, const tsr_lloyd *b)
{
    return a->iterations == b->iterations && a->moved == b->moved && a->stop == b->stop && a->repairs == b->repairs &&
           memcmp(a->total, b->total, (size_t)tsr_lloyd_numbers(a) * sizeof *a->total) == 0 &&
           memcmp(a->centroid, b->centroid, (size_t)a->k * (size_t)a->tiles->cols * sizeof *a->centroid) == 0 &&
           memcmp(a->label, b->label, (size_t)a->tiles->span.rows * sizeof *a->label) == 0;
}

static tsr_status fit_with(const tsr_comm *comm, const char *mode, tsr_isa isa, const tsr_tiles *tiles, int32_t k,
                           tsr_lloyd *fit)
{
    tsr_lloyd_params params = {.isa = isa, .max_iter = 120};
    float start[40 * 40];

    for (int32_t c = 0; c < k; c++)
        for (int32_t j = 0; j < tiles->cols; j++)
            start[c * tiles->cols + j] = (float)kinds[seed % KINDS](c * 13 + (int64_t)seed % 5, j);
    setenv("TESSERA_PRUNE", mode, 1);
    tsr_status st = tsr_lloyd_run(comm, &params, tiles, start, k, fit);
    unsetenv("TESSERA_PRUNE");
    return st;
}

static void pruned_fits_equal_plain_ones_on_any_data(void **state)
{
    static const int32_t ks[] = {2, 3, 8, 9, 21}, widths[] = {1, 2, 7, 16, 33};
    const tsr_comm *comm = *state;
    tsr_isa isa;

    CHECK_ALL(comm, tsr_isa_agree(comm, &isa) == TSR_OK);
    for (seed = 0; seed < 60; seed++) {
        int32_t k = ks[seed / KINDS % 5], cols = widths[seed / 3 % 5];
        tsr_tiles *tiles = test_tiles(comm, 900, cols, 1, seed % 7 == 0 ? DEAL_LAST : DEAL_EVENLY, kinds[seed % KINDS]);
        tsr_lloyd plain, pruned, chosen;

        CHECK_ALL(comm, fit_with(comm, "off", isa, tiles, k, &plain) == TSR_OK);
        CHECK_ALL(comm, fit_with(comm, "on", isa, tiles, k, &pruned) == TSR_OK);
        CHECK_ALL(comm, fit_with(comm, "auto", TSR_ISA_BASELINE, tiles, k, &chosen) == TSR_OK);
        CHECK_ALL(comm, same_fit(&plain, &pruned));
        CHECK_ALL(comm, same_fit(&plain, &chosen));
        tsr_lloyd_clear(&chosen);
        tsr_lloyd_clear(&pruned);
        tsr_lloyd_clear(&plain);
        test_tiles_free(&tiles);
    }
}

/* Else the test above would test nothing. Rows change places in several blocks, and the last one is not full. */
static void pruned_fits_look_at_fewer_tiles_and_leave_rows_where_they_were(void **state)
{
    static const char *const modes[] = {"off", "auto", "on"};
    const tsr_comm *comm = *state;
    tsr_lloyd fit[3];

    seed = 4; /* overlapping */
    tsr_tiles *tiles = test_tiles(comm, 30011, 2, 1, DEAL_EVENLY, overlapping);
    const size_t bytes = (size_t)tiles->tiles * (size_t)tiles->cols * TSR_TILE_ROWS * sizeof *tiles->value;
    int16_t *before = test_malloc(bytes);
    memcpy(before, tiles->value, bytes);
    for (int m = 0; m < 3; m++) {
        CHECK_ALL(comm, fit_with(comm, modes[m], TSR_ISA_BASELINE, tiles, 8, &fit[m]) == TSR_OK);
        CHECK_ALL(comm, same_fit(&fit[0], &fit[m]));
        CHECK_ALL(comm, tiles->map == NULL && memcmp(tiles->value, before, bytes) == 0);
    }
    const int64_t all = fit[0].iterations * tiles->tiles;
    CHECK_ALL(comm, fit[0].prune.looked == all);
    CHECK_ALL(comm, fit[1].prune.looked < all * 3 / 4);
    CHECK_ALL(comm, fit[2].prune.looked < all * 3 / 4);
    for (int m = 0; m < 3; m++) tsr_lloyd_clear(&fit[m]);
    test_free(before);
    test_tiles_free(&tiles);
}

/* Weights are by row, not by slot. */
static void weighted_rows_that_change_places_keep_their_weights(void **state)
{
    const tsr_comm *comm = *state;
    tsr_lloyd plain, pruned;

    seed = 8; /* overlapping */
    tsr_tiles *tiles = test_tiles(comm, 9000, 3, 1, DEAL_EVENLY, overlapping);
    CHECK_ALL(comm, tsr_alloc(&tiles->weight, tiles->span.rows, sizeof *tiles->weight) == TSR_OK);
    for (int64_t i = 0; i < tiles->span.rows; i++) tiles->weight[i] = (int32_t)(1 + (tiles->span.first + i) % 11);
    CHECK_ALL(comm, fit_with(comm, "off", TSR_ISA_BASELINE, tiles, 9, &plain) == TSR_OK);
    CHECK_ALL(comm, fit_with(comm, "on", TSR_ISA_BASELINE, tiles, 9, &pruned) == TSR_OK);
    CHECK_ALL(comm, same_fit(&plain, &pruned));
    tsr_lloyd_clear(&pruned);
    tsr_lloyd_clear(&plain);
    test_tiles_free(&tiles);
}

static void an_unknown_mode_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 50, 2, 1, DEAL_EVENLY, overlapping);
    tsr_lloyd fit;

    seed = 0;
    CHECK_ALL(comm, fit_with(comm, "perhaps", TSR_ISA_BASELINE, tiles, 2, &fit) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "TESSERA_PRUNE=perhaps") != NULL);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pruned_fits_equal_plain_ones_on_any_data),
        cmocka_unit_test(pruned_fits_look_at_fewer_tiles_and_leave_rows_where_they_were),
        cmocka_unit_test(weighted_rows_that_change_places_keep_their_weights),
        cmocka_unit_test(an_unknown_mode_is_refused),
    };

    return RUN_MPI_TESTS(tests);
}
