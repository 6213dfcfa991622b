#include "unit_test.h"

#include "tessera/rows.h"

static void even_spans_cover_all_rows_in_order(void **state)
{
    const int64_t rows[] = {0, 1, 15, 16, 17, 100, 12345, (int64_t)1 << 41};
    const int64_t grains[] = {1, 16, 65536};
    const int sizes[] = {1, 2, 3, 7, 1000};

    (void)state;
    for (int i = 0; i < 8 * 3 * 5; i++) {
        int64_t n = rows[i % 8], grain = grains[i / 8 % 3], next = 0;
        int size = sizes[i / 24];
        for (int rank = 0; rank < size; rank++) {
            tsr_span span = tsr_span_even(n, grain, rank, size);
            assert_true(span.first == next && span.rows >= 0 && span.rows_global == n);
            next += span.rows;
            if (span.rows > 0) assert_true(span.first % grain == 0);
            if (next < n) assert_true(next % grain == 0);
        }
        assert_true(next == n);
    }
}

static void spans_and_cuts_around_31_and_32_bits_lose_no_row(void **state)
{
    (void)state;
    for (int64_t border = INT64_C(1) << 31; border <= INT64_C(1) << 32; border *= 2) {
        for (int64_t n = border - 17; n <= border + 1000; n += 339) {
            const int64_t cumulative[] = {0, n, n + border - 1, 2 * n + border};
            int64_t next = 0;
            for (int rank = 0; rank < 10240; rank++) {
                tsr_span span = tsr_span_even(n, 16, rank, 10240);
                assert_true(span.first == next && span.rows >= n / 10240 - 16 && span.rows <= n / 10240 + 16);
                next += span.rows;
            }
            assert_true(next == n);
            assert_true(tsr_span_even(n, 16, 0, 1).rows == n);
            assert_int_equal(tsr_cut(cumulative, 3, 10239, 10240), 3);
            assert_int_equal(tsr_cut(cumulative, 3, 1, 10240), 1);
        }
    }
}

static void even_spans_differ_by_one_grain_at_the_most(void **state)
{
    int64_t least = INT64_MAX, most = 0;

    (void)state;
    for (int rank = 0; rank < 7; rank++) {
        tsr_span span = tsr_span_even(16 * 100, 16, rank, 7);
        if (span.rows < least) least = span.rows;
        if (span.rows > most) most = span.rows;
    }
    assert_int_equal(most - least, 16);
}

static void cut_is_the_first_position_that_reaches_its_share(void **state)
{
    const int64_t cumulative[] = {0, 4, 4, 8, 8, 9, 12, 12};

    (void)state;
    assert_int_equal(tsr_cut(cumulative, 7, 0, 3), 0);
    assert_int_equal(tsr_cut(cumulative, 7, 1, 3), 1);
    assert_int_equal(tsr_cut(cumulative, 7, 2, 3), 3);
    assert_int_equal(tsr_cut(cumulative, 7, 3, 3), 7);
    assert_int_equal(tsr_cut(cumulative, 7, 1, 2), 3);
    assert_int_equal(tsr_cut(cumulative, 7, 11, 12), 6);
}

static void cuts_of_any_size_are_in_order_and_cover_all(void **state)
{
    int64_t cumulative[51] = {0};

    (void)state;
    for (int i = 0; i < 50; i++) cumulative[i + 1] = cumulative[i] + (i * 7919 % 13 == 0 ? 0 : i * 31 % 17);
    for (int size = 1; size < 80; size++) { /* also more ranks than positions */
        int64_t last = 0;
        for (int cut = 0; cut <= size; cut++) {
            int64_t at = tsr_cut(cumulative, 50, cut, size);
            assert_true(at >= last && at <= 50);
            if (cut > 0 && cut < size) assert_true(cumulative[at] * size >= cumulative[50] * cut);
            last = at;
        }
        assert_int_equal(last, 50);
    }
}

static void cut_of_nothing_and_of_huge_costs(void **state)
{
    const int64_t none[] = {0}, free_rows[] = {0, 0, 0}, huge[] = {0, INT64_MAX / 2, INT64_MAX};

    (void)state;
    assert_int_equal(tsr_cut(none, 0, 0, 4), 0);
    assert_int_equal(tsr_cut(none, 0, 4, 4), 0);
    assert_int_equal(tsr_cut(free_rows, 2, 1, 2), 0);
    assert_int_equal(tsr_cut(free_rows, 2, 2, 2), 2);
    assert_int_equal(tsr_cut(huge, 2, 1, 1000), 1);
    assert_int_equal(tsr_cut(huge, 2, 501, 1000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_spans_cover_all_rows_in_order),
        cmocka_unit_test(spans_and_cuts_around_31_and_32_bits_lose_no_row),
        cmocka_unit_test(even_spans_differ_by_one_grain_at_the_most),
        cmocka_unit_test(cut_is_the_first_position_that_reaches_its_share),
        cmocka_unit_test(cuts_of_any_size_are_in_order_and_cover_all),
        cmocka_unit_test(cut_of_nothing_and_of_huge_costs),
    };
    return RUN_UNIT_TESTS(tests);
}
