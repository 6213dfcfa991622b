#include "tessera/reduce.h"

#include "tessera/memory.h"

#define PIECE (TSR_CHUNK_BYTES / 8) /* values of 8 bytes in one transfer */
#define FEW   1024                  /* integers that fit a buffer on the stack */

static void reduce(const tsr_comm *comm, void *values, int64_t n, MPI_Datatype type, MPI_Op op)
{
    for (int64_t at = 0; at < n; at += PIECE) {
        int piece = (int)(n - at < PIECE ? n - at : PIECE);
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + at * 8, piece, type, op, comm->mpi);
    }
}

void tsr_sum_int64(const tsr_comm *comm, int64_t *values, int64_t n)
{
    reduce(comm, values, n, MPI_INT64_T, MPI_SUM);
}

void tsr_min_int64(const tsr_comm *comm, int64_t *values, int64_t n)
{
    reduce(comm, values, n, MPI_INT64_T, MPI_MIN);
}

void tsr_max_int64(const tsr_comm *comm, int64_t *values, int64_t n)
{
    reduce(comm, values, n, MPI_INT64_T, MPI_MAX);
}

void tsr_max_double(const tsr_comm *comm, double *values, int64_t n)
{
    reduce(comm, values, n, MPI_DOUBLE, MPI_MAX);
}

/* ---- wide numbers: two limbs each, then integers of 64 bits ---- */

static void split(tsr_int128 v, int64_t limbs[2])
{
    TSR_ASSERT(v > -((tsr_int128)1 << 94) && v < (tsr_int128)1 << 94);
    limbs[0] = (int64_t)(v >> 32);
    limbs[1] = (int64_t)(v & 0xffffffff);
}

static tsr_int128 joined(const int64_t limbs[2])
{
    return (tsr_int128)limbs[0] * ((tsr_int128)1 << 32) + limbs[1];
}

/* Room for n items of `width` integers, at most one transfer's worth: the caller's small one where that is enough.
 * All ranks take the same branch, so that the usual small sum needs no agreement. */
static tsr_status limbs_create(const tsr_comm *comm, int64_t n, int width, int64_t few[FEW], int64_t **limbs,
                               int64_t *items)
{
    int64_t most = PIECE / width;

    *items = n < most ? n : most;
    *limbs = few;
    if (*items * width <= FEW) return TSR_OK;
    return tsr_agree(comm, tsr_alloc(limbs, *items * width, sizeof **limbs));
}

static void limbs_destroy(int64_t few[FEW], int64_t **limbs)
{
    if (*limbs != few) tsr_free(limbs);
}

tsr_status tsr_sum_int128(const tsr_comm *comm, tsr_int128 *values, int64_t n)
{
    int64_t few[FEW], *limbs, items;
    tsr_status st;

    TSR_TRY(limbs_create(comm, n, 2, few, &limbs, &items));
    for (int64_t at = 0; at < n; at += items) {
        int64_t piece = n - at < items ? n - at : items;
        for (int64_t i = 0; i < piece; i++) split(values[at + i], limbs + 2 * i);
        tsr_sum_int64(comm, limbs, 2 * piece);
        for (int64_t i = 0; i < piece; i++) values[at + i] = joined(limbs + 2 * i);
    }
done:
    limbs_destroy(few, &limbs);
    return st;
}

tsr_status tsr_sum_fixed(const tsr_comm *comm, tsr_fixed *sums, int64_t n)
{
    int64_t few[FEW], *limbs, items;
    tsr_status st;

    TSR_TRY(limbs_create(comm, n, 3, few, &limbs, &items));
    for (int64_t at = 0; at < n; at += items) {
        int64_t piece = n - at < items ? n - at : items;
        for (int64_t i = 0; i < piece; i++) {
            split(sums[at + i].sum, limbs + 3 * i);
            limbs[3 * i + 2] = sums[at + i].bad;
        }
        tsr_sum_int64(comm, limbs, 3 * piece);
        for (int64_t i = 0; i < piece; i++) {
            sums[at + i].sum = joined(limbs + 3 * i);
            sums[at + i].bad = limbs[3 * i + 2];
        }
    }
done:
    limbs_destroy(few, &limbs);
    return st;
}
