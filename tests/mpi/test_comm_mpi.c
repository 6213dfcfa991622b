#include "mpi_test.h"

#include <signal.h>
#include <string.h>

static void copy_of_the_group_leaves_the_callers_alone(void **state)
{
    const tsr_comm *comm = *state;
    MPI_Errhandler theirs, after;
    int relation;

    MPI_Comm_set_errhandler(comm->mpi, MPI_ERRORS_RETURN);
    MPI_Comm_get_errhandler(comm->mpi, &theirs);
    tsr_comm own = tsr_comm_open(comm->mpi);
    MPI_Comm_get_errhandler(comm->mpi, &after);
    MPI_Comm_compare(comm->mpi, own.mpi, &relation);
    bool right = after == theirs && relation == MPI_CONGRUENT && own.rank == comm->rank && own.size == comm->size;
    tsr_comm_close(&own);
    MPI_Errhandler_free(&theirs);
    MPI_Errhandler_free(&after);
    MPI_Comm_set_errhandler(comm->mpi, MPI_ERRORS_ARE_FATAL);
    CHECK_ALL(comm, right);
}

/* ---- agreement ---- */

static void all_well_is_agreed_and_leaves_no_record(void **state)
{
    const tsr_comm *comm = *state;
    tsr_status st = tsr_agree(comm, TSR_OK);

    CHECK_ALL(comm, st == TSR_OK && tsr_error_last()->status == TSR_OK);
}

static void failure_of_one_rank_becomes_everyones(void **state)
{
    const tsr_comm *comm = *state;

    for (int culprit = 0; culprit < comm->size; culprit++) {
        tsr_error_clear();
        tsr_status mine = comm->rank == culprit ? TSR_FAIL(TSR_EDATA, "part %d: no date", culprit) : TSR_OK;
        tsr_status st = tsr_agree(comm, mine);
        char text[64];
        snprintf(text, sizeof text, "part %d: no date", culprit);
        const tsr_error *last = tsr_error_last();
        CHECK_ALL(comm, st == TSR_EDATA && last->status == TSR_EDATA && last->rank == culprit);
        CHECK_ALL(comm, strcmp(last->text, text) == 0);
        CHECK_ALL(comm, same_on_all(comm, last, sizeof *last));
    }
}

static void worst_status_wins_and_then_the_lowest_rank(void **state)
{
    const tsr_comm *comm = *state;
    int first = comm->size > 1 ? 1 : 0;
    tsr_status mine = comm->rank == 0 && comm->size > 1 ? TSR_ECONF : TSR_EIO;

    (void)TSR_FAIL(mine, "rank %d", comm->rank);
    tsr_status st = tsr_agree(comm, mine);
    CHECK_ALL(comm, st == TSR_EIO && tsr_error_last()->rank == first);
}

/* A collective callee has agreed already; its caller agrees again on all ranks. */
static void record_survives_a_second_agreement(void **state)
{
    const tsr_comm *comm = *state;
    int culprit = comm->size - 1;
    tsr_status st = tsr_agree(comm, comm->rank == culprit ? TSR_FAIL(TSR_EIO, "disk full") : TSR_OK);
    tsr_error first = *tsr_error_last();

    st = tsr_agree(comm, st);
    CHECK_ALL(comm, st == TSR_EIO && tsr_error_last()->rank == culprit);
    CHECK_ALL(comm, memcmp(&first, tsr_error_last(), sizeof first) == 0);
}

static void status_without_a_record_gets_one(void **state)
{
    const tsr_comm *comm = *state;

    (void)TSR_FAIL(TSR_ECONF, "an older failure, handled");
    tsr_status st = tsr_agree(comm, comm->rank == comm->size - 1 ? TSR_ENOMEM : TSR_OK);
    CHECK_ALL(comm, st == TSR_ENOMEM && tsr_error_last()->status == TSR_ENOMEM);
    CHECK_ALL(comm, strcmp(tsr_error_last()->text, "out of memory") == 0);
}

/* ---- sameness ---- */

static void same_bytes_are_the_same(void **state)
{
    const tsr_comm *comm = *state;
    tsr_status st = tsr_same(comm, "abc", 3, "the job");
    tsr_status nothing = tsr_same(comm, NULL, 0, "the job");

    CHECK_ALL(comm, st == TSR_OK && nothing == TSR_OK);
}

static void rank_that_differs_is_named(void **state)
{
    const tsr_comm *comm = *state;
    bool other = comm->size > 1 && comm->rank == comm->size - 1;
    char text[128];

    tsr_status st = tsr_same(comm, other ? "abd" : "abc", 3, "the job");
    snprintf(text, sizeof text, "the job of rank %d differs from that of rank 0", comm->size - 1);
    CHECK_ALL(comm, comm->size == 1 ? st == TSR_OK : st == TSR_ECONF && strcmp(tsr_error_last()->text, text) == 0);
    st = tsr_same(comm, "abcd", other ? 4 : 3, "the job");
    CHECK_ALL(comm, st == (comm->size == 1 ? TSR_OK : TSR_ECONF));
}

/* ---- interrupts ---- */

static void wish_of_one_rank_to_stop_reaches_all(void **state)
{
    const tsr_comm *comm = *state;

    tsr_interrupt_install(0);
    tsr_status st = tsr_interrupt_check(comm);
    CHECK_ALL(comm, st == TSR_OK);
    if (comm->rank == comm->size - 1) raise(SIGUSR1);
    st = tsr_interrupt_check(comm);
    CHECK_ALL(comm, st == TSR_EINTR && tsr_error_last()->status == TSR_EINTR);
    CHECK_ALL(comm, tsr_interrupt_wanted() == (comm->rank == comm->size - 1));
}

/* ---- broadcasts ---- */

static unsigned char pattern(int64_t i, int root)
{
    return (unsigned char)(i * 31 + i / 997 + root);
}

static void broadcast_of_any_size_arrives_from_any_root(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t sizes[] = {0, 1, 999, 1000, 1001, 50021};
    static unsigned char data[50021];

    for (int root = 0; root < comm->size; root++)
        for (int s = 0; s < 6; s++) {
            bool right = true;
            memset(data, 0, sizeof data);
            for (int64_t i = 0; comm->rank == root && i < sizes[s]; i++) data[i] = pattern(i, root);
            tsr_bcast(comm, data, sizes[s], root);
            for (int64_t i = 0; i < 50021; i++) right &= data[i] == (i < sizes[s] ? pattern(i, root) : 0);
            CHECK_ALL(comm, right);
        }
}

static void block_of_unknown_size_arrives(void **state)
{
    const tsr_comm *comm = *state;

    for (int root = 0; root < comm->size; root++)
        for (int64_t size = 0; size < 5000; size += 1667) {
            unsigned char *data = NULL;
            int64_t bytes = comm->rank == root ? size : -1;
            bool right = true;
            if (comm->rank == root) {
                assert_int_equal(tsr_alloc(&data, size, 1), TSR_OK);
                for (int64_t i = 0; i < size; i++) data[i] = pattern(i, root);
            }
            tsr_status st = tsr_bcast_block(comm, (void **)&data, &bytes, root);
            right = st == TSR_OK && bytes == size && data != NULL;
            for (int64_t i = 0; right && i < size; i++) right &= data[i] == pattern(i, root);
            tsr_free(&data);
            CHECK_ALL(comm, right);
        }
}

static void block_without_room_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    char text[] = "tessera";
    void *data = comm->rank == 0 ? text : NULL;
    int64_t bytes = comm->rank == 0 ? (int64_t)sizeof text : 0;

    if (comm->size == 1) skip();
    fail_last_rank(comm, "alloc", 1);
    tsr_status st = tsr_bcast_block(comm, &data, &bytes, 0);
    CHECK_ALL(comm, st == TSR_ENOMEM && tsr_error_last()->rank == comm->size - 1);
    CHECK_ALL(comm, comm->rank == 0 ? data == text && bytes == (int64_t)sizeof text : data == NULL && bytes == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_of_the_group_leaves_the_callers_alone),
        cmocka_unit_test(all_well_is_agreed_and_leaves_no_record),
        cmocka_unit_test(failure_of_one_rank_becomes_everyones),
        cmocka_unit_test(worst_status_wins_and_then_the_lowest_rank),
        cmocka_unit_test(record_survives_a_second_agreement),
        cmocka_unit_test(status_without_a_record_gets_one),
        cmocka_unit_test(same_bytes_are_the_same),
        cmocka_unit_test(rank_that_differs_is_named),
        cmocka_unit_test(wish_of_one_rank_to_stop_reaches_all),
        cmocka_unit_test(broadcast_of_any_size_arrives_from_any_root),
        cmocka_unit_test(block_of_unknown_size_arrives),
        cmocka_unit_test(block_without_room_on_one_rank_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
