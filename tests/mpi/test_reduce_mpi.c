#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/reduce.h"
#include "tessera/rng.h"
#include "tessera/rows.h"

#define MANY 3001 /* more than one transfer of the tiny build, and more than the buffer on the stack */

static void integers_are_summed_and_compared(void **state)
{
    const tsr_comm *comm = *state;
    static int64_t sum[MANY], low[MANY], high[MANY];
    static double largest[MANY];
    bool right = true;
    int64_t p = comm->size;

    for (int64_t i = 0; i < MANY; i++) {
        int64_t turned = (comm->rank + i) % p; /* each place has its extremes on another rank */
        sum[i] = (i << 40) + comm->rank;
        low[i] = turned - i;
        high[i] = turned + i;
        largest[i] = turned * 0.5 - (double)i;
    }
    tsr_sum_int64(comm, sum, MANY);
    tsr_min_int64(comm, low, MANY);
    tsr_max_int64(comm, high, MANY);
    tsr_max_double(comm, largest, MANY);
    for (int64_t i = 0; i < MANY; i++) {
        right &= sum[i] == p * (i << 40) + p * (p - 1) / 2;
        right &= low[i] == -i && high[i] == p - 1 + i;
        right &= largest[i] == (p - 1) * 0.5 - (double)i;
    }
    CHECK_ALL(comm, right);
}

static void reduction_of_nothing_is_fine(void **state)
{
    const tsr_comm *comm = *state;

    tsr_sum_int64(comm, NULL, 0);
    tsr_max_double(comm, NULL, 0);
    tsr_status a = tsr_sum_int128(comm, NULL, 0), b = tsr_sum_fixed(comm, NULL, 0);
    CHECK_ALL(comm, a == TSR_OK && b == TSR_OK);
}

static tsr_int128 wide(int64_t i, int rank)
{
    tsr_int128 v = ((tsr_int128)(i * 7919 + 1) << 66) + ((tsr_int128)rank << 33) + i;

    return (i + rank) % 2 == 0 ? v : -v;
}

static void wide_integers_are_summed_exactly(void **state)
{
    const tsr_comm *comm = *state;
    static tsr_int128 values[MANY];
    const int64_t counts[] = {1, 300, 513, MANY};

    for (int c = 0; c < 4; c++) {
        bool right = true;
        for (int64_t i = 0; i < counts[c]; i++) values[i] = wide(i, comm->rank);
        tsr_status st = tsr_sum_int128(comm, values, counts[c]);
        for (int64_t i = 0; i < counts[c]; i++) {
            tsr_int128 expected = 0;
            for (int r = 0; r < comm->size; r++) expected += wide(i, r);
            right &= values[i] == expected;
        }
        CHECK_ALL(comm, st == TSR_OK && right);
    }
}

static void wide_integers_at_the_limit(void **state)
{
    const tsr_comm *comm = *state;
    tsr_int128 limit = ((tsr_int128)1 << 94) - 1;
    tsr_int128 values[2] = {comm->rank == 0 ? limit : 0, comm->rank == comm->size - 1 ? -limit : 0};
    tsr_status st = tsr_sum_int128(comm, values, 2);

    CHECK_ALL(comm, st == TSR_OK && values[0] == limit && values[1] == -limit);
}

/* The same numbers dealt over ranks and on one rank alone. */
static void real_sums_have_the_same_bits_on_any_ranks(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t rows = 1009;
    tsr_comm alone = tsr_comm_open(MPI_COMM_SELF);
    tsr_fixed dealt[5], whole[5];
    tsr_span span = tsr_span_even(rows, 16, comm->rank, comm->size);
    bool right = true;

    for (int c = 0; c < 5; c++) {
        dealt[c] = whole[c] = tsr_fixed_zero(40 - c);
        for (int64_t i = 0; i < rows; i++) {
            tsr_rng rng = {.seed = 5, .key = (uint64_t)i, .stream = TSR_STREAM_SYNTH};
            double x = tsr_rng_normal(&rng) * 1e4;
            if (c == 4 && i % 100 == 7) x = NAN;
            if (i >= span.first && i < span.first + span.rows) tsr_fixed_add(&dealt[c], x, i % 3);
            tsr_fixed_add(&whole[c], x, i % 3);
        }
    }
    tsr_status a = tsr_sum_fixed(comm, dealt, 5), b = tsr_sum_fixed(&alone, whole, 5);
    for (int c = 0; c < 5; c++) {
        double x = tsr_fixed_value(&dealt[c]), y = tsr_fixed_value(&whole[c]);
        right &= dealt[c].sum == whole[c].sum && dealt[c].bad == whole[c].bad && dealt[c].scale == 40 - c;
        right &= c == 4 ? isnan(x) && dealt[c].bad > 0 : memcmp(&x, &y, sizeof x) == 0;
    }
    tsr_comm_close(&alone);
    CHECK_ALL(comm, a == TSR_OK && b == TSR_OK && right);
}

static void many_real_sums_carry_their_bad_counts(void **state)
{
    const tsr_comm *comm = *state;
    static tsr_fixed sums[MANY];
    bool right = true;

    for (int i = 0; i < MANY; i++) {
        sums[i] = tsr_fixed_zero(3);
        tsr_fixed_add(&sums[i], i, comm->rank + 1);
        if (i % 7 == 0 && comm->rank == comm->size - 1) tsr_fixed_add(&sums[i], INFINITY, 1);
    }
    tsr_status st = tsr_sum_fixed(comm, sums, MANY);
    int64_t times = (int64_t)comm->size * (comm->size + 1) / 2;
    for (int64_t i = 0; i < MANY; i++) right &= sums[i].sum == 8 * i * times && sums[i].bad == (i % 7 == 0);
    CHECK_ALL(comm, st == TSR_OK && right);
}

static void sum_without_room_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    static tsr_int128 values[MANY];
    static tsr_fixed sums[MANY];

    fail_last_rank(comm, "alloc", 1);
    tsr_status a = tsr_sum_int128(comm, values, MANY);
    fail_last_rank(comm, "alloc", 1);
    tsr_status b = tsr_sum_fixed(comm, sums, MANY);
    /* Tiny pieces need no memory: then nothing can fail. */
    CHECK_ALL(comm, (a == TSR_ENOMEM && b == TSR_ENOMEM) || (a == TSR_OK && b == TSR_OK));
    CHECK_ALL(comm, same_on_all(comm, &a, sizeof a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_summed_and_compared),
        cmocka_unit_test(reduction_of_nothing_is_fine),
        cmocka_unit_test(wide_integers_are_summed_exactly),
        cmocka_unit_test(wide_integers_at_the_limit),
        cmocka_unit_test(real_sums_have_the_same_bits_on_any_ranks),
        cmocka_unit_test(many_real_sums_carry_their_bad_counts),
        cmocka_unit_test(sum_without_room_on_one_rank_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
