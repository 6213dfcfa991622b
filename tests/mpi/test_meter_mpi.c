#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/meter.h"
#include "tessera/wait.h"

static void pass(double seconds)
{
    const double end = tsr_seconds() + seconds;

    while (tsr_seconds() < end)
        ;
}

/* Rank r works through r rows of 10 bytes. */
static void rows_and_bytes_are_sums_over_ranks(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t p = comm->size;
    tsr_figures f;

    tsr_bytes_add(TSR_BYTES_READ, 1000); /* before the stage */
    tsr_meter_begin("first");
    tsr_bytes_add(TSR_BYTES_READ, 10 * comm->rank);
    tsr_bytes_add(TSR_BYTES_WRITTEN, 1);
    tsr_meter_end(comm, comm->rank, &f);
    CHECK_ALL(comm, strcmp(f.name, "first") == 0 && f.ranks == p);
    CHECK_ALL(comm, f.rows == p * (p - 1) / 2 && f.rows_most == p - 1);
    CHECK_ALL(comm, f.bytes[TSR_BYTES_READ] == 5 * p * (p - 1) && f.bytes[TSR_BYTES_WRITTEN] == p);
    CHECK_ALL(comm, f.peak_min > 0 && f.peak_min <= f.peak_max && f.peak_sum >= p * f.peak_min);
    CHECK_ALL(comm, tsr_figures_bandwidth(&f) >= 0);
}

/* All but the last rank spend their time in a wait: what the last one works is the imbalance. */
static void waiting_is_no_work(void **state)
{
    const tsr_comm *comm = *state;
    const bool last = comm->rank == comm->size - 1;
    tsr_figures f;

    tsr_meter_begin("second");
    if (!last) tsr_wait_begin("test");
    pass(0.1);
    if (!last) tsr_wait_end();
    tsr_meter_end(comm, 0, &f);
    CHECK_ALL(comm, f.seconds >= 0.1 && f.worked_max >= 0.1);
    CHECK_ALL(comm, comm->size == 1 || f.waited_max >= 0.1);
    CHECK_ALL(comm, f.waited_mean <= f.waited_max && f.worked_mean <= f.worked_max);
    CHECK_ALL(comm, comm->size == 1 ? tsr_figures_imbalance(&f) == 1 : tsr_figures_imbalance(&f) > 1);
    CHECK_ALL(comm, tsr_figures_imbalance(&f) <= comm->size + 1e-9);
}

static void figures_are_the_same_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_figures f;

    tsr_meter_begin("third");
    tsr_meter_end(comm, comm->rank, &f);
    const double all[] = {(double)f.rows, f.seconds,          f.waited_mean,      f.waited_max,      f.worked_mean,
                          f.worked_max,   (double)f.peak_sum, (double)f.peak_min, (double)f.peak_max};
    tsr_status st = tsr_same(comm, all, sizeof all, "figures");
    CHECK_ALL(comm, st == TSR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_bytes_are_sums_over_ranks),
        cmocka_unit_test(waiting_is_no_work),
        cmocka_unit_test(figures_are_the_same_on_all_ranks),
    };
    return RUN_MPI_TESTS(tests);
}
