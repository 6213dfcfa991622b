#include "mpi_test.h"

#include <string.h>

#include "tessera/sample.h"
#include "tiles_test.h"

enum { ROWS = 1000, SEED = 3 };

static double row_and_column(int64_t row, int32_t col)
{
    return (double)(row * 10 + col);
}

typedef struct drawn {
    uint64_t draw;
    int64_t row;
} drawn;

static int compare(const void *left, const void *right)
{
    const drawn *a = left, *b = right;

    return a->draw != b->draw ? (a->draw > b->draw) - (a->draw < b->draw) : (a->row > b->row) - (a->row < b->row);
}

/* All draws, sorted: what the sample must begin with. Keys as test_tiles() makes them, or one for all. */
static void expected_rows(drawn *all, bool one_key)
{
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t key = one_key ? 42 : tsr_draw(99, TSR_STREAM_SYNTH, (uint64_t)i, 1);
        all[i] = (drawn){tsr_draw(SEED, TSR_STREAM_SAMPLE, key, 0), i};
    }
    qsort(all, ROWS, sizeof *all, compare);
}

static bool sample_begins(const tsr_tiles *sample, const drawn *all, int64_t rows)
{
    bool right = sample->span.rows == rows && sample->span.rows_global == rows && sample->key == NULL;

    for (int64_t i = 0; right && i < rows; i++) {
        int16_t steps[2];
        tsr_tiles_row(sample, i, steps);
        right = steps[0] == all[i].row * 10 && steps[1] == all[i].row * 10 + 1;
    }
    return right;
}

static void sample_is_the_smallest_draws_in_their_order_whoever_holds_them(void **state)
{
    const tsr_comm *comm = *state;
    drawn all[ROWS];

    expected_rows(all, false);
    for (int64_t size = 1; size <= ROWS; size = size * 3 + 1) {
        for (int deal = 0; deal < 2; deal++) {
            tsr_tiles *tiles = test_tiles(comm, ROWS, 2, 1, (test_deal)deal, row_and_column), *sample = NULL;
            int64_t *row = NULL;
            bool right = true;

            CHECK_ALL(comm, tsr_sample_draw(comm, tiles, SEED, size, &row, &sample) == TSR_OK);
            CHECK_ALL(comm, sample_begins(sample, all, size));
            for (int64_t i = 0; i < sample->span.rows; i++) right &= row[i] == all[i].row;
            CHECK_ALL(comm, right);
            tsr_free(&row);
            tsr_tiles_destroy(&sample);
            test_tiles_free(&tiles);
        }
    }
}

static void sample_larger_than_the_data_is_all_of_them(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, 2, 1, DEAL_EVENLY, row_and_column), *sample = NULL;
    drawn all[ROWS];

    expected_rows(all, false);
    CHECK_ALL(comm, tsr_sample_draw(comm, tiles, SEED, ROWS + 7, NULL, &sample) == TSR_OK);
    CHECK_ALL(comm, sample_begins(sample, all, ROWS));
    tsr_tiles_destroy(&sample);
    test_tiles_free(&tiles);
}

/* Draws that are all the same fall into one bin of every digit. */
static void rows_with_one_key_are_taken_in_their_order(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, 2, 1, DEAL_EVENLY, row_and_column), *sample = NULL;
    const uint64_t *keys = tiles->key;
    uint64_t *one = NULL;
    drawn all[ROWS];

    expected_rows(all, true);
    CHECK_ALL(comm, tsr_alloc(&one, tiles->span.rows, sizeof *one) == TSR_OK);
    for (int64_t i = 0; i < tiles->span.rows; i++) one[i] = 42;
    tiles->key = one;
    CHECK_ALL(comm, tsr_sample_draw(comm, tiles, SEED, 30, NULL, &sample) == TSR_OK);
    CHECK_ALL(comm, all[0].row == 0 && sample_begins(sample, all, 30));
    tsr_tiles_destroy(&sample);
    tiles->key = keys;
    tsr_free(&one);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int nth = 1; nth <= 4; nth++) {
        tsr_tiles *tiles = test_tiles(comm, ROWS, 2, 1, DEAL_EVENLY, row_and_column), *sample = NULL;

        fail_last_rank(comm, "alloc", nth);
        CHECK_ALL(comm, tsr_sample_draw(comm, tiles, SEED, 30, NULL, &sample) == TSR_ENOMEM);
        CHECK_ALL(comm, sample == NULL);
        tsr_fault_set(NULL);
        test_tiles_free(&tiles);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_is_the_smallest_draws_in_their_order_whoever_holds_them),
        cmocka_unit_test(sample_larger_than_the_data_is_all_of_them),
        cmocka_unit_test(rows_with_one_key_are_taken_in_their_order),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
    };

    return RUN_MPI_TESTS(tests);
}
