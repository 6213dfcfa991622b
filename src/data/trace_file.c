#include "tessera/trace_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"

#define ROOM        (int64_t)65536 /* spans of a rank: 2 MiB */
#define PIECE_BYTES 65536          /* that rank 0 holds at one time */
#define LINE_BYTES  512
#define TAG         2

struct tsr_trace_file {
    char *path, *temporary;
    FILE *out;     /* of the root */
    double origin; /* tsr_seconds() when all ranks met */
};

static tsr_status fail(const tsr_trace_file *file)
{
    return TSR_FAIL(TSR_EIO, "%s: cannot be written: %s", file->path, strerror(errno));
}

static tsr_status create(const char *path, bool root, tsr_trace_file **out)
{
    tsr_trace_file *file = NULL;
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_alloc(&file, 1, sizeof *file));
    TSR_TRY(tsr_strdup(&file->path, path));
    TSR_TRY(tsr_path(&file->temporary, "", "%s" TSR_PART, path));
    if (root && (file->out = fopen(file->temporary, "w")) == NULL) TSR_TRY(fail(file));
    TSR_TRY(tsr_trace_record(ROOM));
done:
    *out = file;
    return st;
}

tsr_status tsr_trace_file_open(const tsr_comm *comm, const char *path, tsr_trace_file **file)
{
    tsr_status st;

    *file = NULL;
    TSR_AGREE(comm, create(path, comm->rank == 0, file));
    MPI_Barrier(comm->mpi);
    (*file)->origin = tsr_seconds();
done:
    if (st != TSR_OK) tsr_trace_file_close(file);
    return st;
}

void tsr_trace_file_close(tsr_trace_file **file)
{
    if (*file == NULL) return;
    if ((*file)->out != NULL) {
        fclose((*file)->out);
        unlink((*file)->temporary);
    }
    tsr_status st = tsr_trace_record(0);
    (void)st; /* frees, and so cannot fail */
    tsr_free(&(*file)->temporary);
    tsr_free(&(*file)->path);
    tsr_free(file);
}

/* ---- from the ranks to the root ---- */

/* Text on its way from one rank: into the file where this is the root, else to it. */
typedef struct pipe_end {
    const tsr_comm *comm;
    FILE *out;
    char piece[PIECE_BYTES];
    int n, most;
} pipe_end;

static void flush_piece(pipe_end *end)
{
    if (end->out != NULL)
        fwrite(end->piece, 1, (size_t)end->n, end->out);
    else
        MPI_Send(end->piece, end->n, MPI_CHAR, 0, TAG, end->comm->mpi);
    end->n = 0;
}

static void put(pipe_end *end, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        end->piece[end->n++] = *at;
        if (end->n == end->most) flush_piece(end);
    }
}

/* The root takes the pieces of another rank until an empty one; where the disk is full it takes them all the same. */
static void take(const tsr_comm *comm, int rank, pipe_end *end)
{
    int n = 0;

    do {
        MPI_Status status;
        MPI_Recv(end->piece, end->most, MPI_CHAR, rank, TAG, comm->mpi, &status);
        MPI_Get_count(&status, MPI_CHAR, &n);
        fwrite(end->piece, 1, (size_t)n, end->out);
    } while (n > 0);
}

/* ---- one rank as text ---- */

static void put_span(pipe_end *end, const tsr_trace_span *span, double origin)
{
    static const char *const kind[] = {"stage", "step", "wait"};
    char line[LINE_BYTES];

    snprintf(line, sizeof line,
             ",\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":0,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f}",
             span->name, kind[span->kind], end->comm->rank, 1e6 * (span->began - origin),
             1e6 * (span->ended - span->began));
    put(end, line);
}

static void put_rank(pipe_end *end, double origin)
{
    char line[LINE_BYTES], host[MPI_MAX_PROCESSOR_NAME];
    const int rank = end->comm->rank;
    int length;
    int64_t n;

    MPI_Get_processor_name(host, &length);
    snprintf(line, sizeof line,
             ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":0,\"tid\":%d,\"args\":{\"name\":\"rank %d\"}}"
             ",\n{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":0,\"tid\":%d,\"args\":{\"sort_index\":%d}}"
             ",\n{\"name\":\"rank\",\"ph\":\"M\",\"pid\":0,\"tid\":%d,\"args\":{\"host\":\"%s\",\"forgotten\":%" PRId64
             "}}",
             rank, rank, rank, rank, rank, host, tsr_trace_forgotten());
    put(end, line);
    const tsr_trace_span *span = tsr_trace_spans(&n);
    for (int64_t i = 0; i < n; i++) put_span(end, &span[i], origin);
    if (end->n > 0) flush_piece(end);
}

static tsr_status finish(tsr_trace_file *file)
{
    fputs("\n]}\n", file->out);
    bool failed = ferror(file->out) != 0 || fflush(file->out) != 0;
    if (failed) return fail(file);
    failed = fclose(file->out) != 0;
    file->out = NULL;
    tsr_status st = failed ? fail(file) : tsr_file_commit(file->temporary, file->path);
    if (st != TSR_OK) unlink(file->temporary);
    return st;
}

tsr_status tsr_trace_file_write(const tsr_comm *comm, tsr_trace_file *file, const char *title)
{
    pipe_end *end = NULL;
    tsr_status st;

    tsr_trace_stop();
    TSR_AGREE(comm, tsr_alloc(&end, 1, sizeof *end));
    end->comm = comm;
    end->out = file->out;
    end->most = PIECE_BYTES < TSR_CHUNK_BYTES ? PIECE_BYTES : (int)TSR_CHUNK_BYTES;
    if (comm->rank == 0) {
        fprintf(file->out,
                "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"ranks\":%d},\"traceEvents\":[\n"
                "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":0,\"args\":{\"name\":\"%s\"}}",
                comm->size, title);
        put_rank(end, file->origin);
        for (int rank = 1; rank < comm->size; rank++) take(comm, rank, end);
    } else {
        put_rank(end, file->origin);
        flush_piece(end); /* an empty one: the end */
    }
    TSR_AGREE(comm, comm->rank == 0 ? finish(file) : TSR_OK);
done:
    tsr_free(&end);
    return st;
}
