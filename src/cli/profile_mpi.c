/*
 * The calls of MPI in which a rank waits for others, through MPI's profiling interface: defined here they are called
 * instead of MPI's own, by the library, by HDF5 and by MPI-IO alike, and they note when a wait begins and ends, and how
 * many bytes a rank puts in.
 */
#include <mpi.h>

#include "tessera/trace.h"
#include "tessera/wait.h"

#define WAITING(call)                                                                                                  \
    do {                                                                                                               \
        tsr_wait_begin(__func__);                                                                                      \
        int result_ = call;                                                                                            \
        tsr_wait_end();                                                                                                \
        return result_;                                                                                                \
    } while (0)

static void sends(int64_t n, MPI_Datatype type)
{
    int bytes = 0;

    PMPI_Type_size(type, &bytes);
    tsr_bytes_add(TSR_BYTES_SENT, n * bytes);
}

int MPI_Allreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    sends(n, type);
    WAITING(PMPI_Allreduce(from, to, n, type, op, comm));
}

int MPI_Bcast(void *data, int n, MPI_Datatype type, int root, MPI_Comm comm)
{
    int rank = 0;

    PMPI_Comm_rank(comm, &rank);
    if (rank == root) sends(n, type);
    WAITING(PMPI_Bcast(data, n, type, root, comm));
}

int MPI_Barrier(MPI_Comm comm)
{
    WAITING(PMPI_Barrier(comm));
}

int MPI_Exscan(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    sends(n, type);
    WAITING(PMPI_Exscan(from, to, n, type, op, comm));
}

int MPI_Allgather(const void *from, int n, MPI_Datatype type, void *to, int each, MPI_Datatype to_type, MPI_Comm comm)
{
    if (from != MPI_IN_PLACE) sends(n, type);
    WAITING(PMPI_Allgather(from, n, type, to, each, to_type, comm));
}

int MPI_Allgatherv(const void *from, int n, MPI_Datatype type, void *to, const int counts[], const int at[],
                   MPI_Datatype to_type, MPI_Comm comm)
{
    if (from != MPI_IN_PLACE) sends(n, type);
    WAITING(PMPI_Allgatherv(from, n, type, to, counts, at, to_type, comm));
}

int MPI_Alltoall(const void *from, int n, MPI_Datatype type, void *to, int each, MPI_Datatype to_type, MPI_Comm comm)
{
    int size = 0;

    PMPI_Comm_size(comm, &size);
    if (from != MPI_IN_PLACE) sends((int64_t)n * size, type);
    WAITING(PMPI_Alltoall(from, n, type, to, each, to_type, comm));
}

int MPI_Gather(const void *from, int n, MPI_Datatype type, void *to, int each, MPI_Datatype to_type, int root,
               MPI_Comm comm)
{
    if (from != MPI_IN_PLACE) sends(n, type);
    WAITING(PMPI_Gather(from, n, type, to, each, to_type, root, comm));
}

int MPI_Gatherv(const void *from, int n, MPI_Datatype type, void *to, const int counts[], const int at[],
                MPI_Datatype to_type, int root, MPI_Comm comm)
{
    if (from != MPI_IN_PLACE) sends(n, type);
    WAITING(PMPI_Gatherv(from, n, type, to, counts, at, to_type, root, comm));
}

int MPI_Scatterv(const void *from, const int counts[], const int at[], MPI_Datatype type, void *to, int n,
                 MPI_Datatype to_type, int root, MPI_Comm comm)
{
    WAITING(PMPI_Scatterv(from, counts, at, type, to, n, to_type, root, comm));
}

int MPI_Mprobe(int from, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status)
{
    WAITING(PMPI_Mprobe(from, tag, comm, message, status));
}

int MPI_Waitall(int n, MPI_Request requests[], MPI_Status statuses[])
{
    WAITING(PMPI_Waitall(n, requests, statuses));
}

int MPI_Isend(const void *data, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
    sends(n, type);
    return PMPI_Isend(data, n, type, to, tag, comm, request);
}

int MPI_Send(const void *data, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
    sends(n, type);
    WAITING(PMPI_Send(data, n, type, to, tag, comm));
}

int MPI_Recv(void *data, int n, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status)
{
    WAITING(PMPI_Recv(data, n, type, from, tag, comm, status));
}

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *copy)
{
    WAITING(PMPI_Comm_dup(comm, copy));
}

int MPI_Finalize(void)
{
    WAITING(PMPI_Finalize());
}

int MPI_File_open(MPI_Comm comm, const char *name, int mode, MPI_Info info, MPI_File *file)
{
    WAITING(PMPI_File_open(comm, name, mode, info, file));
}

int MPI_File_close(MPI_File *file)
{
    WAITING(PMPI_File_close(file));
}

int MPI_File_set_size(MPI_File file, MPI_Offset size)
{
    WAITING(PMPI_File_set_size(file, size));
}

int MPI_File_set_view(MPI_File file, MPI_Offset at, MPI_Datatype item, MPI_Datatype type, const char *form,
                      MPI_Info info)
{
    WAITING(PMPI_File_set_view(file, at, item, type, form, info));
}

int MPI_File_write_at_all(MPI_File file, MPI_Offset at, const void *data, int n, MPI_Datatype type, MPI_Status *status)
{
    WAITING(PMPI_File_write_at_all(file, at, data, n, type, status));
}

int MPI_File_read_at_all(MPI_File file, MPI_Offset at, void *data, int n, MPI_Datatype type, MPI_Status *status)
{
    WAITING(PMPI_File_read_at_all(file, at, data, n, type, status));
}
