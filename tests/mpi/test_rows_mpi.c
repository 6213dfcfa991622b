#include "mpi_test.h"

#include "tessera/rows.h"

static void spans_of_held_rows_follow_the_ranks(void **state)
{
    const tsr_comm *comm = *state;
    int64_t first = 0, total = 0;

    for (int r = 0; r < comm->size; r++) {
        int64_t rows = r % 2 == 1 ? 0 : (int64_t)(r + 1) << 33; /* odd ranks hold none */
        if (r < comm->rank) first += rows;
        total += rows;
    }
    tsr_span span = tsr_span_of(comm, comm->rank % 2 == 1 ? 0 : (int64_t)(comm->rank + 1) << 33);
    CHECK_ALL(comm, span.first == first && span.rows_global == total);
    CHECK_ALL(comm, span.rows == (comm->rank % 2 == 1 ? 0 : (int64_t)(comm->rank + 1) << 33));
}

static void span_of_nothing_is_empty(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = tsr_span_of(comm, 0);

    CHECK_ALL(comm, span.first == 0 && span.rows == 0 && span.rows_global == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_of_held_rows_follow_the_ranks),
        cmocka_unit_test(span_of_nothing_is_empty),
    };
    return RUN_MPI_TESTS(tests);
}
