#include "unit_test.h"

#include <string.h>

#include "tessera/dataset.h"
#include "tessera/digest.h"
#include "tessera/maths.h"

static void digest_of_known_bytes_is_blake2b(void **state)
{
    uint8_t digest[TSR_DIGEST_SIZE], back[TSR_DIGEST_SIZE];
    char hex[65];

    (void)state;
    tsr_digest_bytes("abc", 3, digest);
    tsr_digest_hex(digest, hex);
    /* python3 -c "import hashlib; print(hashlib.blake2b(b'abc', digest_size=32).hexdigest())" */
    assert_string_equal(hex, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_true(tsr_digest_parse(hex, back));
    assert_memory_equal(digest, back, TSR_DIGEST_SIZE);
    hex[3] = 'x';
    assert_false(tsr_digest_parse(hex, back));
    assert_false(tsr_digest_parse("bd", back));
    assert_false(tsr_digest_parse(NULL, back));
}

static void sum_carries_through_all_limbs_and_wraps(void **state)
{
    tsr_digest_sum sum = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, 5}}, one = {{1}};

    (void)state;
    tsr_digest_add(&sum, &one);
    assert_true(sum.limb[0] == 0 && sum.limb[1] == 0 && sum.limb[2] == 0 && sum.limb[3] == 6);
    sum = (tsr_digest_sum){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    tsr_digest_add(&sum, &one);
    assert_true(sum.limb[0] == 0 && sum.limb[1] == 0 && sum.limb[2] == 0 && sum.limb[3] == 0);
}

static void sum_does_not_depend_on_the_order_of_rows(void **state)
{
    tsr_digest_sum forward = {{0}}, backward = {{0}};

    (void)state;
    for (int i = 0; i < 1000; i++) tsr_digest_row(&forward, &i, sizeof i);
    for (int i = 999; i >= 0; i--) tsr_digest_row(&backward, &i, sizeof i);
    assert_memory_equal(&forward, &backward, sizeof forward);
    tsr_digest_row(&backward, "x", 1);
    assert_memory_not_equal(&forward, &backward, sizeof forward);
}

/* Lengths around blocks of 128 bytes, more and fewer messages than a vector has lanes, and vectors of all widths. */
static void rows_side_by_side_have_the_digests_of_single_ones(void **state)
{
    static const int32_t width[] = {1, 4, 8}, rows[] = {0, 1, 7, 9, 60};
    static const int64_t length[] = {0, 1, 127, 128, 129, 255, 256, 257, 5000, 64, 12};
    static uint8_t bytes[60 * 5000];
    int64_t start[61] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i >> 3);
    for (int i = 0; i < 60; i++) start[i + 1] = start[i] + length[i % 11];
    for (int w = 0; w < 3; w++)
        for (int r = 0; r < 5; r++) {
            tsr_digest_sum together = {{1}}, single = {{1}};
            tsr_maths_width(width[w]);
            tsr_digest_rows(&together, bytes, start, rows[r]);
            for (int i = 0; i < rows[r]; i++)
                tsr_digest_row(&single, bytes + start[i], (size_t)(start[i + 1] - start[i]));
            assert_memory_equal(&together, &single, sizeof single);
        }
    tsr_maths_width(8);
}

static void key_is_xxh3_of_the_trimmed_id(void **state)
{
    static const char *const same[] = {"C123", " C123", "C123  ", "\tC123\r\n"};
    static const char padded[8] = "C123";
    uint64_t key = tsr_key_of_id("C123", 4);

    (void)state;
    /* The value published with XXH3 for no bytes: it never changes between versions. */
    assert_true(tsr_key_of_id("", 0) == 0x2d06800538d394c2u);
    assert_true(tsr_key_of_id("  ", 2) == 0x2d06800538d394c2u);
    for (int i = 0; i < 4; i++) assert_true(tsr_key_of_id(same[i], strlen(same[i])) == key);
    assert_true(tsr_key_of_id(padded, sizeof padded) == key);
    assert_true(tsr_key_of_id("C124", 4) != key);
    assert_true(tsr_key_of_id("C1 23", 5) != key);
    assert_true(tsr_key_of_id("007", 3) != tsr_key_of_id("7", 1));
}

static void partitions_are_equal_ranges_of_keys(void **state)
{
    (void)state;
    assert_int_equal(tsr_partition_of(0, 61), 0);
    assert_int_equal(tsr_partition_of(UINT64_MAX, 61), 60);
    assert_int_equal(tsr_partition_of(UINT64_MAX, 1), 0);
    assert_int_equal(tsr_partition_of(UINT64_C(1) << 63, 4), 2);
    assert_int_equal(tsr_partition_of((UINT64_C(1) << 63) - 1, 4), 1);
}

static void partitions_go_to_ranks_in_contiguous_ranges(void **state)
{
    (void)state;
    for (int size = 1; size < 9; size++)
        for (int32_t partitions = 1; partitions < 20; partitions++) {
            int before = 0, most = 0, count[9] = {0};
            for (int32_t p = 0; p < partitions; p++) {
                int rank = tsr_partition_rank(p, partitions, size);
                assert_in_range(rank, before, size - 1);
                before = rank;
                if (++count[rank] > most) most = count[rank];
            }
            assert_int_equal(most, (partitions + size - 1) / size);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_of_known_bytes_is_blake2b),
        cmocka_unit_test(sum_carries_through_all_limbs_and_wraps),
        cmocka_unit_test(sum_does_not_depend_on_the_order_of_rows),
        cmocka_unit_test(rows_side_by_side_have_the_digests_of_single_ones),
        cmocka_unit_test(key_is_xxh3_of_the_trimmed_id),
        cmocka_unit_test(partitions_are_equal_ranges_of_keys),
        cmocka_unit_test(partitions_go_to_ranks_in_contiguous_ranges),
    };
    return RUN_UNIT_TESTS(tests);
}
