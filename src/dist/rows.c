#include "tessera/rows.h"

#include "tessera/exact.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

tsr_span tsr_span_even(int64_t rows_global, int64_t grain, int rank, int size)
{
    TSR_ASSERT(rows_global >= 0 && grain > 0 && rank >= 0 && rank < size);
    int64_t grains = rows_global / grain + (rows_global % grain != 0);
    int64_t from = (int64_t)((tsr_int128)grains * rank / size);
    int64_t to = (int64_t)((tsr_int128)grains * (rank + 1) / size);
    int64_t first = smaller(from * grain, rows_global);
    int64_t end = to == grains ? rows_global : to * grain;

    return (tsr_span){.first = first, .rows = end - first, .rows_global = rows_global};
}

tsr_span tsr_span_of(const tsr_comm *comm, int64_t rows)
{
    tsr_span span = {.rows = rows};

    MPI_Exscan(&rows, &span.first, 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    if (comm->rank == 0) span.first = 0; /* MPI leaves it undefined there */
    MPI_Allreduce(&rows, &span.rows_global, 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    return span;
}

int64_t tsr_cut(const int64_t *cumulative, int64_t n, int cut, int size)
{
    TSR_ASSERT(n >= 0 && cut >= 0 && cut <= size && size > 0);
    if (cut == size) return n; /* not before positions without cost at the end */

    tsr_int128 wanted = (tsr_int128)cumulative[n] * cut;
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((tsr_int128)cumulative[middle] * size >= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
