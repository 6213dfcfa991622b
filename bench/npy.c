#define _GNU_SOURCE /* MAP_POPULATE */
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       "\x93NUMPY\x01\x00"
#define MAGIC_BYTES 8

static tsr_status failed(const char *path, const char *what)
{
    return TSR_FAIL(TSR_EIO, "%s: %s: %s", path, what, strerror(errno));
}

/* Text of the header, after magic and length; *data is where values begin. */
static tsr_status read_header(const char *path, int file, char *text, size_t size, int64_t *data)
{
    unsigned char head[MAGIC_BYTES + 2];
    size_t length;

    if (pread(file, head, sizeof head, 0) != (ssize_t)sizeof head || memcmp(head, MAGIC, MAGIC_BYTES) != 0)
        return TSR_FAIL(TSR_EDATA, "%s: not a .npy file of version 1.0", path);
    length = head[MAGIC_BYTES] + 256u * head[MAGIC_BYTES + 1];
    if (length >= size || pread(file, text, length, sizeof head) != (ssize_t)length)
        return TSR_FAIL(TSR_EDATA, "%s: its header is cut off or too long", path);
    text[length] = '\0';
    *data = (int64_t)(sizeof head + length);
    return TSR_OK;
}

static tsr_status open_matrix(const char *path, int *file, int64_t *rows, int32_t *cols, int64_t *data)
{
    tsr_status st;
    char text[1024];
    const char *shape;

    *file = open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0) return failed(path, "cannot be opened");
    TSR_TRY(read_header(path, *file, text, sizeof text, data));
    shape = strstr(text, "'shape': (");
    if (strstr(text, "'<f4'") == NULL || strstr(text, "'fortran_order': False") == NULL || shape == NULL ||
        sscanf(shape, "'shape': (%" SCNd64 ", %" SCNd32 ")", rows, cols) != 2)
        st = TSR_FAIL(TSR_EDATA, "%s: not a float32 matrix in C order", path);
done:
    if (st != TSR_OK) {
        close(*file);
        *file = -1;
    }
    return st;
}

tsr_status npy_shape(const char *path, int64_t *rows, int32_t *cols)
{
    int file;
    int64_t data;
    tsr_status st = open_matrix(path, &file, rows, cols, &data);

    if (st == TSR_OK) close(file);
    return st;
}

tsr_status npy_map_rows(const char *path, int64_t first, int64_t n, npy_map *map)
{
    int file;
    int32_t cols;
    int64_t rows, data, page = sysconf(_SC_PAGESIZE);
    tsr_status st = open_matrix(path, &file, &rows, &cols, &data);

    *map = (npy_map){0};
    if (st != TSR_OK) return st;
    if (first < 0 || n < 0 || first + n > rows) st = TSR_FAIL(TSR_EDATA, "%s: holds only %" PRId64 " rows", path, rows);
    if (st == TSR_OK && n > 0) {
        int64_t from = data + first * cols * (int64_t)sizeof(float), start = from / page * page;
        size_t bytes = (size_t)(from - start + n * cols * (int64_t)sizeof(float));
        void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, file, start);
        if (base == MAP_FAILED)
            st = failed(path, "cannot be mapped");
        else
            *map = (npy_map){.rows = (const char *)base + (from - start), .rows_n = n, .base = base, .bytes = bytes};
    }
    close(file);
    return st;
}

void npy_unmap(npy_map *map)
{
    if (map->base != NULL) munmap(map->base, map->bytes);
    *map = (npy_map){0};
}

tsr_status npy_write(int file, int64_t at, const void *data, int64_t bytes)
{
    const char *from = data;

    at += NPY_HEADER;
    while (bytes > 0) {
        ssize_t n = pwrite(file, from, bytes < TSR_CHUNK_BYTES ? (size_t)bytes : (size_t)TSR_CHUNK_BYTES, at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed("a .npy file", "cannot be written");
        from += n;
        at += n;
        bytes -= n;
    }
    return TSR_OK;
}

static tsr_status write_header(const char *path, const char *descr, int64_t rows, int32_t cols)
{
    char shape[64], header[NPY_HEADER + 1];
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    tsr_status st;

    if (file < 0) return failed(path, "cannot be made");
    snprintf(shape, sizeof shape, cols > 0 ? "%" PRId64 ", %" PRId32 : "%" PRId64 ",", rows, cols);
    memcpy(header, MAGIC, MAGIC_BYTES);
    header[MAGIC_BYTES] = NPY_HEADER - MAGIC_BYTES - 2;
    header[MAGIC_BYTES + 1] = 0;
    int n = snprintf(header + MAGIC_BYTES + 2, sizeof header - MAGIC_BYTES - 2,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
    memset(header + MAGIC_BYTES + 2 + n, ' ', (size_t)(NPY_HEADER - MAGIC_BYTES - 2 - n));
    header[NPY_HEADER - 1] = '\n';
    st = npy_write(file, -NPY_HEADER, header, NPY_HEADER);
    close(file);
    return st;
}

static tsr_status write_part(const char *path, tsr_status (*write)(int file, void *context), void *context)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);

    if (file < 0) return failed(path, "cannot be opened");
    tsr_status st = write(file, context);
    if (close(file) != 0 && st == TSR_OK) st = failed(path, "cannot be written");
    return st;
}

tsr_status npy_create(const tsr_comm *comm, const char *path, const char *descr, int64_t rows, int32_t cols,
                      tsr_status (*write)(int file, void *context), void *context)
{
    tsr_status st;
    char temporary[4096];

    snprintf(temporary, sizeof temporary, "%s.part", path);
    TSR_AGREE(comm, comm->rank == 0 ? write_header(temporary, descr, rows, cols) : TSR_OK);
    TSR_AGREE(comm, write_part(temporary, write, context));
    TSR_AGREE(comm, comm->rank == 0 && rename(temporary, path) != 0 ? failed(path, "cannot be renamed") : TSR_OK);
done:
    return st;
}
