#include "mpi_test.h"

#include <string.h>

#include "tessera/exchange.h"

typedef struct row {
    int32_t from, to;
    int64_t index;
    char text[9]; /* rows of 32 bytes: pieces of 1000 end inside one */
} row;

/* Uneven on purpose: some pairs of ranks have nothing to say, one has much. */
static int64_t rows_between(int from, int to)
{
    if ((from + 2 * to) % 3 == 0) return 0;
    return from == 0 && to == 0 ? 1500 : 40 * from + 111 * to + 1;
}

static row make_row(int from, int to, int64_t index)
{
    row r;

    memset(&r, 0, sizeof r);
    r.from = from;
    r.to = to;
    r.index = index;
    snprintf(r.text, sizeof r.text, "%08u", (unsigned)(index * 31 + from) % 100000000U);
    return r;
}

static int64_t fill(const tsr_comm *comm, row *out, int64_t *counts)
{
    int64_t n = 0;

    for (int to = 0; to < comm->size; to++) {
        counts[to] = rows_between(comm->rank, to);
        for (int64_t i = 0; i < counts[to]; i++, n++)
            if (out != NULL) out[n] = make_row(comm->rank, to, i);
    }
    return n;
}

static bool is_complete(const tsr_comm *comm, const row *in, const int64_t *counts)
{
    int64_t n = 0;

    for (int from = 0; from < comm->size; from++) {
        if (counts[from] != rows_between(from, comm->rank)) return false;
        for (int64_t i = 0; i < counts[from]; i++, n++) {
            row expected = make_row(from, comm->rank, i);
            if (memcmp(&in[n], &expected, sizeof expected) != 0) return false;
        }
    }
    return true;
}

static void rows_arrive_in_the_order_of_their_senders(void **state)
{
    const tsr_comm *comm = *state;
    int64_t counts[64], received[64];
    row *out = NULL, *in = NULL;

    assert_int_equal(tsr_alloc(&out, fill(comm, NULL, counts), sizeof *out), TSR_OK);
    fill(comm, out, counts);
    tsr_status st = tsr_exchange(comm, out, counts, sizeof *out, (void **)&in, received);
    bool right = st == TSR_OK && is_complete(comm, in, received);
    tsr_free(&in);
    tsr_free(&out);
    CHECK_ALL(comm, right);
}

static void exchange_of_nothing_gives_an_empty_block(void **state)
{
    const tsr_comm *comm = *state;
    int64_t counts[64] = {0}, received[64];
    void *in = NULL;
    tsr_status st = tsr_exchange(comm, NULL, counts, 24, &in, received);
    bool right = st == TSR_OK && in != NULL;

    for (int r = 0; r < comm->size; r++) right &= received[r] == 0;
    tsr_free(&in);
    CHECK_ALL(comm, right);
}

/* One rank has all rows, for one rank only. */
static void rows_of_one_rank_go_to_one_rank(void **state)
{
    const tsr_comm *comm = *state;
    int64_t counts[64] = {0}, received[64];
    int last = comm->size - 1;
    static uint16_t out[7001];
    uint16_t *in = NULL;

    for (int i = 0; i < 7001; i++) out[i] = (uint16_t)(i * 3);
    if (comm->rank == 0) counts[last] = 7001;
    tsr_status st = tsr_exchange(comm, out, counts, sizeof *out, (void **)&in, received);
    bool right = st == TSR_OK && received[0] == (comm->rank == last ? 7001 : 0);
    if (right && comm->rank == last) right = memcmp(in, out, sizeof out) == 0;
    tsr_free(&in);
    CHECK_ALL(comm, right);
}

/* Each rank tells the next one n numbers: do they arrive? */
static bool pass_round(const tsr_comm *comm, int64_t n, char **room, int64_t *room_bytes)
{
    int next = (comm->rank + 1) % comm->size, before = (comm->rank + comm->size - 1) % comm->size;
    int64_t counts[64] = {0}, received[64];
    const void *block[64] = {NULL};
    static uint64_t out[500];

    for (int64_t i = 0; i < n; i++) out[i] = (uint64_t)(n * 1000000 + comm->rank * 1000 + i);
    counts[next] = n;
    block[next] = out;
    tsr_status st = tsr_exchange_into(comm, block, counts, sizeof *out, room, room_bytes, received);
    bool right = st == TSR_OK && received[before] == n && *room_bytes >= n * (int64_t)sizeof *out;
    for (int64_t i = 0; right && i < n; i++) {
        uint64_t expected = (uint64_t)(n * 1000000 + before * 1000 + i);
        right = memcmp(*room + (size_t)i * sizeof expected, &expected, sizeof expected) == 0;
    }
    return right;
}

static void room_of_an_exchange_grows_and_serves_the_next(void **state)
{
    const tsr_comm *comm = *state;
    int64_t bytes = 0;
    char *room = NULL;

    bool right = pass_round(comm, 3, &room, &bytes);
    right &= pass_round(comm, 500, &room, &bytes);
    const char *grown = room;
    const int64_t most = bytes;
    right &= pass_round(comm, 7, &room, &bytes);
    right = right && room == grown && bytes == most;
    tsr_free(&room);
    CHECK_ALL(comm, right);
}

static void exchange_without_room_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    int64_t counts[64], received[64];
    row *out = NULL;
    tsr_status st = TSR_ENOMEM;
    int failures = 0;

    assert_int_equal(tsr_alloc(&out, fill(comm, NULL, counts), sizeof *out), TSR_OK);
    fill(comm, out, counts);
    for (int nth = 1; st == TSR_ENOMEM && nth < 20; nth++) {
        void *in = NULL;
        fail_last_rank(comm, "alloc", nth);
        st = tsr_exchange(comm, out, counts, sizeof *out, &in, received);
        tsr_fault_set(NULL);
        bool right = st == TSR_OK ? in != NULL : st == TSR_ENOMEM && in == NULL;
        failures += st != TSR_OK;
        tsr_free(&in);
        CHECK_ALL(comm, right && same_on_all(comm, &st, sizeof st));
    }
    tsr_free(&out);
    CHECK_ALL(comm, st == TSR_OK && failures == 3);
}

static void rows_of_another_size_are_a_bug_on_all(void **state)
{
    const tsr_comm *comm = *state;
    int64_t counts[64] = {0}, received[64];
    void *in = NULL;

    if (comm->size == 1) skip();
    tsr_status st = tsr_exchange(comm, NULL, counts, comm->rank == 0 ? 24 : 8, &in, received);
    CHECK_ALL(comm, st == TSR_EBUG && in == NULL);
}

static void gathered_rows_stand_in_the_order_of_ranks(void **state)
{
    const tsr_comm *comm = *state;

    for (int64_t most = 0; most < 2000; most = 3 * most + 10) {
        int64_t mine = comm->rank % 2 == 1 ? 0 : most + comm->rank, n = -1, at = 0;
        row *own = NULL, *all = NULL;
        assert_int_equal(tsr_alloc(&own, mine, sizeof *own), TSR_OK);
        for (int64_t i = 0; i < mine; i++) own[i] = make_row(comm->rank, 0, i);
        tsr_status st = tsr_gather_all(comm, own, mine, sizeof *own, (void **)&all, &n);
        bool right = st == TSR_OK;
        for (int r = 0; right && r < comm->size; r++)
            for (int64_t i = 0; i < (r % 2 == 1 ? 0 : most + r); i++) {
                row expected = make_row(r, 0, i);
                right &= memcmp(&all[at++], &expected, sizeof expected) == 0;
            }
        right &= at == n;
        tsr_free(&all);
        tsr_free(&own);
        CHECK_ALL(comm, right);
    }
}

static void gathering_without_room_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    int64_t value = comm->rank, n;
    tsr_status st = TSR_ENOMEM;
    int failures = 0;

    for (int nth = 1; st == TSR_ENOMEM && nth < 20; nth++) {
        void *all = NULL;
        fail_last_rank(comm, "alloc", nth);
        st = tsr_gather_all(comm, &value, 1, sizeof value, &all, &n);
        tsr_fault_set(NULL);
        bool right = st == TSR_OK ? n == comm->size : st == TSR_ENOMEM && all == NULL && n == 0;
        failures += st != TSR_OK;
        tsr_free(&all);
        CHECK_ALL(comm, right && same_on_all(comm, &st, sizeof st));
    }
    CHECK_ALL(comm, st == TSR_OK && failures == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_arrive_in_the_order_of_their_senders),
        cmocka_unit_test(exchange_of_nothing_gives_an_empty_block),
        cmocka_unit_test(rows_of_one_rank_go_to_one_rank),
        cmocka_unit_test(room_of_an_exchange_grows_and_serves_the_next),
        cmocka_unit_test(exchange_without_room_on_one_rank_fails_on_all),
        cmocka_unit_test(rows_of_another_size_are_a_bug_on_all),
        cmocka_unit_test(gathered_rows_stand_in_the_order_of_ranks),
        cmocka_unit_test(gathering_without_room_on_one_rank_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
