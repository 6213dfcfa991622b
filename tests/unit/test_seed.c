#include "unit_test.h"

#include <math.h>
#include <stdio.h>

#include "cluster/seed.h"
#include "tessera/rng.h"

static tsr_tiles *make(int64_t rows, int32_t cols)
{
    tsr_tiles *tiles = NULL;
    tsr_span span = {0, rows, rows};

    assert_int_equal(tsr_tiles_create(&span, cols, 1, NULL, &tiles), TSR_OK);
    return tiles;
}

static void put(tsr_tiles *tiles, int64_t row, int32_t col, double v)
{
    tsr_tiles_put(tiles, row, 1, col, &v);
}

static void seeds_are_rows_of_the_sample_all_different(void **state)
{
    tsr_tiles *tiles = make(100, 2);
    float c[20 * 2];

    (void)state;
    for (int i = 0; i < 100; i++) put(tiles, i, 0, i % 25), put(tiles, i, 1, 7); /* 25 distinct rows */
    assert_int_equal(tsr_seed_plus_plus(tiles, 1, 0, 20, c), TSR_OK);
    for (int i = 0; i < 20; i++) {
        assert_true(c[i * 2] >= 0 && c[i * 2] < 25 && c[i * 2] == floorf(c[i * 2]) && c[i * 2 + 1] == 7);
        for (int j = 0; j < i; j++) assert_true(c[i * 2] != c[j * 2]);
    }
    tsr_tiles_destroy(&tiles);
}

static void clouds_that_lie_apart_get_one_seed_each(void **state)
{
    tsr_tiles *tiles = make(401, 2);

    (void)state;
    for (int i = 0; i < 401; i++)
        for (int j = 0; j < 2; j++)
            put(tiles, i, j,
                (i % 4) * 8000 + floor(tsr_draw_uniform(1, TSR_STREAM_QUALITY, (uint64_t)i, (uint64_t)j) * 9));
    for (int64_t start = 0; start < 20; start++) {
        float c[4 * 2];
        int seen = 0;
        assert_int_equal(tsr_seed_plus_plus(tiles, 1, start, 4, c), TSR_OK);
        for (int i = 0; i < 4; i++) seen |= 1 << (int)(c[i * 2] / 8000);
        assert_int_equal(seen, 15);
    }
    tsr_tiles_destroy(&tiles);
}

static void starts_and_seeds_differ_and_repeat(void **state)
{
    tsr_tiles *tiles = make(1000, 1);
    float a[3], again[3], other_start[3], other_seed[3];

    (void)state;
    for (int i = 0; i < 1000; i++) put(tiles, i, 0, i);
    assert_int_equal(tsr_seed_plus_plus(tiles, 1, 0, 3, a), TSR_OK);
    assert_int_equal(tsr_seed_plus_plus(tiles, 1, 0, 3, again), TSR_OK);
    assert_int_equal(tsr_seed_plus_plus(tiles, 1, 1, 3, other_start), TSR_OK);
    assert_int_equal(tsr_seed_plus_plus(tiles, 2, 0, 3, other_seed), TSR_OK);
    assert_memory_equal(a, again, sizeof a);
    assert_memory_not_equal(a, other_start, sizeof a);
    assert_memory_not_equal(a, other_seed, sizeof a);
    tsr_tiles_destroy(&tiles);
}

/* 17 rows: the last tile is padded with zeros, which are no rows. */
static void padding_is_never_drawn_and_copies_fill_up_what_is_missing(void **state)
{
    tsr_tiles *tiles = make(17, 1);

    (void)state;
    for (int i = 0; i < 17; i++) put(tiles, i, 0, i < 9 ? 30000 : 30001);
    for (int64_t start = 0; start < 10; start++) {
        float c[5];
        assert_int_equal(tsr_seed_plus_plus(tiles, 1, start, 5, c), TSR_OK);
        assert_true(c[0] + c[1] == 60001);
        assert_true(c[2] == c[0] && c[3] == c[0] && c[4] == c[0]);
    }
    tsr_tiles_destroy(&tiles);
}

/* 300 columns from end to end of the range: 2^40 for each row. */
static void largest_distances_stay_exact(void **state)
{
    tsr_tiles *tiles = make(40, 300);
    float c[2 * 300];

    (void)state;
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 300; j++) put(tiles, i, j, i % 2 ? 32767 : -32767);
    assert_int_equal(tsr_seed_plus_plus(tiles, 1, 0, 2, c), TSR_OK);
    assert_true(c[0] == -c[300] && fabsf(c[0]) == 32767);
    tsr_tiles_destroy(&tiles);
}

static void failed_allocation_leaves_nothing(void **state)
{
    tsr_tiles *tiles = make(40, 2);
    float c[4];
    char plan[40];

    (void)state;
    for (int nth = 1; nth <= 8; nth++) {
        snprintf(plan, sizeof plan, "point=alloc,nth=%d", nth);
        tsr_fault_set(plan);
        assert_int_equal(tsr_seed_plus_plus(tiles, 1, 0, 2, c), TSR_ENOMEM);
    }
    tsr_fault_set(NULL);
    tsr_tiles_destroy(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_rows_of_the_sample_all_different),
        cmocka_unit_test(clouds_that_lie_apart_get_one_seed_each),
        cmocka_unit_test(starts_and_seeds_differ_and_repeat),
        cmocka_unit_test(padding_is_never_drawn_and_copies_fill_up_what_is_missing),
        cmocka_unit_test(largest_distances_stay_exact),
        cmocka_unit_test(failed_allocation_leaves_nothing),
    };

    return RUN_UNIT_TESTS(tests);
}
