#include "data/table/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/trace.h"

/* ---- messages ---- */

void tsr_h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Walking upward, the first entry is where it happened. */
static herr_t keep_innermost(unsigned n, const H5E_error2_t *entry, void *text)
{
    if (n == 0) snprintf(text, 512, "%s", entry->desc ? entry->desc : "");
    return 0;
}

tsr_status tsr_h5_fail(tsr_status status, const char *file, const char *dataset, const char *what)
{
    char cause[512] = "", place[256] = "";

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, cause);
    H5Eclear2(H5E_DEFAULT);
    if (dataset) snprintf(place, sizeof place, " %s:", dataset);

    /* "file write failed: time = ..., errno = 28, ... buf = 0x...": only the error is of use to people. */
    const char *number = strstr(cause, "errno = ");
    if (number)
        return TSR_FAIL(TSR_EIO, "%s:%s %s: %s", file, place, what, strerror((int)strtol(number + 8, NULL, 10)));
    return TSR_FAIL(status, "%s:%s %s%s%s", file, place, what, cause[0] ? ": " : "", cause);
}

/* ---- files ---- */

tsr_status tsr_h5_open(const char *path, hid_t *file)
{
    char first;

    *file = TSR_NO_ID;
    tsr_h5_quiet();
    if (tsr_fault("file")) return TSR_FAIL(TSR_EIO, "%s: failure on purpose", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, &first, 1);
    int cause = errno;
    if (fd >= 0) close(fd);
    if (got < 0) return TSR_FAIL(TSR_EIO, "%s: cannot be opened: %s", path, strerror(cause));
    if (got == 0) return TSR_FAIL(TSR_EDATA, "%s: is empty", path);
    if (H5Fis_hdf5(path) <= 0) {
        H5Eclear2(H5E_DEFAULT);
        return TSR_FAIL(TSR_EDATA, "%s: is not an HDF5 file", path);
    }
    *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return *file < 0 ? tsr_h5_fail(TSR_EDATA, path, NULL, "is damaged") : TSR_OK;
}

herr_t tsr_h5_format(hid_t fapl)
{
    return H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110);
}

tsr_status tsr_h5_reserve(const char *path, const char *name, int64_t bytes)
{
    if (tsr_fault("file")) return TSR_FAIL(TSR_EIO, "%s: failure on purpose", name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return TSR_FAIL(TSR_EIO, "%s: cannot be created: %s", name, strerror(errno));
    int cause = posix_fallocate(fd, 0, bytes);
    close(fd);
    if (cause == 0 || cause == EOPNOTSUPP || cause == EINVAL) return TSR_OK;
    unlink(path);
    return TSR_FAIL(TSR_EIO, "%s: cannot be written: %s (%" PRId64 " bytes needed)", name, strerror(cause), bytes);
}

static int64_t rows_per_chunk(int64_t rows)
{
    return rows < 1 ? 1 : rows < TSR_BLOCK_ROWS ? rows : TSR_BLOCK_ROWS;
}

int64_t tsr_h5_dataset_bytes(int64_t rows, size_t row_bytes)
{
    int64_t chunk = rows_per_chunk(rows), chunks = (rows + chunk - 1) / chunk;

    return 4096 + chunks * (chunk * (int64_t)row_bytes + 64);
}

tsr_status tsr_h5_create(const char *path, const char *name, int64_t bytes, hid_t *file)
{
    tsr_status st = TSR_OK;
    hid_t fcpl = H5Pcreate(H5P_FILE_CREATE), fapl = H5Pcreate(H5P_FILE_ACCESS);

    *file = TSR_NO_ID;
    tsr_h5_quiet();
    TSR_TRY(tsr_file_remove(path));
    TSR_TRY(tsr_h5_reserve(path, name, bytes));
    if (H5Pset_obj_track_times(fcpl, 0) >= 0 && tsr_h5_format(fapl) >= 0)
        *file = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
    if (*file < 0) TSR_TRY(tsr_h5_fail(TSR_EIO, name, NULL, "cannot be created"));
    TSR_TRY(tsr_h5_reserve(path, name, bytes));
done:
    tsr_h5_close(&fapl);
    tsr_h5_close(&fcpl);
    return st;
}

tsr_status tsr_h5_finish(hid_t *file, const char *name, const char *trim)
{
    tsr_status st = TSR_OK;
    hsize_t bytes = 0;

    if (H5Fflush(*file, H5F_SCOPE_GLOBAL) < 0 || (trim && H5Fget_filesize(*file, &bytes) < 0))
        st = tsr_h5_fail(TSR_EIO, name, NULL, "cannot be written");
    if (H5Fclose(*file) < 0 && st == TSR_OK) st = tsr_h5_fail(TSR_EIO, name, NULL, "cannot be written");
    H5Eclear2(H5E_DEFAULT);
    *file = TSR_NO_ID;
    if (st == TSR_OK && trim && truncate(trim, (off_t)bytes) != 0)
        st = TSR_FAIL(TSR_EIO, "%s: cannot be written: %s", name, strerror(errno));
    return st;
}

void tsr_h5_close(hid_t *id)
{
    if (*id >= 0) {
        if (H5Iget_type(*id) == H5I_FILE)
            H5Fclose(*id);
        else
            H5Idec_ref(*id);
        H5Eclear2(H5E_DEFAULT);
    }
    *id = TSR_NO_ID;
}

/* ---- types ---- */

static hid_t text_type(int32_t width)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, (size_t)(width > 0 ? width : 1));
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t tsr_h5_memory_type(tsr_type type, int32_t width)
{
    switch (type) {
    case TSR_F64: return H5Tcopy(H5T_NATIVE_DOUBLE);
    case TSR_F32: return H5Tcopy(H5T_NATIVE_FLOAT);
    case TSR_I64: return H5Tcopy(H5T_NATIVE_INT64);
    case TSR_U64: return H5Tcopy(H5T_NATIVE_UINT64);
    case TSR_I32: return H5Tcopy(H5T_NATIVE_INT32);
    case TSR_U32: return H5Tcopy(H5T_NATIVE_UINT32);
    case TSR_U16: return H5Tcopy(H5T_NATIVE_UINT16);
    case TSR_I8: return H5Tcopy(H5T_NATIVE_INT8);
    case TSR_TEXT: return text_type(width);
    }
    return TSR_NO_ID;
}

hid_t tsr_h5_file_type(tsr_type type, int32_t width)
{
    switch (type) {
    case TSR_F64: return H5Tcopy(H5T_IEEE_F64LE);
    case TSR_F32: return H5Tcopy(H5T_IEEE_F32LE);
    case TSR_I64: return H5Tcopy(H5T_STD_I64LE);
    case TSR_U64: return H5Tcopy(H5T_STD_U64LE);
    case TSR_I32: return H5Tcopy(H5T_STD_I32LE);
    case TSR_U32: return H5Tcopy(H5T_STD_U32LE);
    case TSR_U16: return H5Tcopy(H5T_STD_U16LE);
    case TSR_I8: return H5Tcopy(H5T_STD_I8LE);
    case TSR_TEXT: return text_type(width);
    }
    return TSR_NO_ID;
}

static bool integer_of(size_t size, bool is_signed, tsr_type *type)
{
    if (size > 8) return false;
    if (is_signed)
        *type = size == 1 ? TSR_I8 : size <= 4 ? TSR_I32 : TSR_I64;
    else
        *type = size <= 2 ? TSR_U16 : size <= 4 ? TSR_U32 : TSR_U64;
    return true;
}

bool tsr_h5_type_of(hid_t id, tsr_type *type, int32_t *width)
{
    size_t size = H5Tget_size(id);

    *width = 1;
    switch (H5Tget_class(id)) {
    case H5T_FLOAT: *type = size <= 4 ? TSR_F32 : TSR_F64; return true;
    case H5T_INTEGER: return integer_of(size, H5Tget_sign(id) == H5T_SGN_2, type);
    case H5T_STRING:
        *type = TSR_TEXT;
        *width = (int32_t)size;
        return H5Tis_variable_str(id) == 0 && size <= INT32_MAX;
    default: return false;
    }
}

/* ---- datasets ---- */

tsr_status tsr_h5_create_dataset(hid_t place, const char *file, const char *name, hid_t type, int64_t rows,
                                 int64_t cols, hid_t *dataset)
{
    hsize_t shape[2] = {(hsize_t)rows, (hsize_t)cols};
    hsize_t chunk[2] = {(hsize_t)rows_per_chunk(rows), (hsize_t)cols};
    hsize_t unlimited = H5S_UNLIMITED;
    int dims = cols > 0 ? 2 : 1;
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(dims, shape, cols == TSR_H5_GROWS ? &unlimited : NULL);

    *dataset = TSR_NO_ID;
    if (dcpl >= 0 && space >= 0 && H5Pset_chunk(dcpl, dims, chunk) >= 0 && H5Pset_fletcher32(dcpl) >= 0 &&
        H5Pset_obj_track_times(dcpl, 0) >= 0)
        *dataset = H5Dcreate2(place, name, type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    tsr_status st = *dataset < 0 ? tsr_h5_fail(TSR_EIO, file, name, "cannot be created") : TSR_OK;
    tsr_h5_close(&space);
    tsr_h5_close(&dcpl);
    return st;
}

tsr_status tsr_h5_extend(hid_t dataset, const char *file, const char *name, int64_t rows)
{
    hsize_t shape = (hsize_t)rows;

    return H5Dset_extent(dataset, &shape) < 0 ? tsr_h5_fail(TSR_EIO, file, name, "cannot be extended") : TSR_OK;
}

tsr_status tsr_h5_create_group(hid_t place, const char *file, const char *name)
{
    hid_t gcpl = H5Pcreate(H5P_GROUP_CREATE), group = TSR_NO_ID;

    if (gcpl >= 0 && H5Pset_obj_track_times(gcpl, 0) >= 0)
        group = H5Gcreate2(place, name, H5P_DEFAULT, gcpl, H5P_DEFAULT);
    tsr_status st = group < 0 ? tsr_h5_fail(TSR_EIO, file, name, "cannot be created") : TSR_OK;
    tsr_h5_close(&group);
    tsr_h5_close(&gcpl);
    return st;
}

/* One transfer of a range of rows, in either direction. The cause is kept before any other call forgets it. */
static tsr_status move_rows(hid_t dataset, const char *file, const char *name, hid_t memory, int64_t first,
                            int64_t rows, int64_t cols, const void *out, void *in)
{
    hsize_t start[2] = {(hsize_t)first, 0}, count[2] = {(hsize_t)rows, (hsize_t)cols};
    hid_t there = H5Dget_space(dataset), here = H5Screate_simple(cols > 0 ? 2 : 1, count, NULL);
    herr_t done = H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL, count, NULL);
    tsr_status st = TSR_OK;

    if (done >= 0 && out) done = H5Dwrite(dataset, memory, here, there, H5P_DEFAULT, out);
    if (done >= 0 && in) done = H5Dread(dataset, memory, here, there, H5P_DEFAULT, in);
    if (done < 0) st = tsr_h5_fail(out ? TSR_EIO : TSR_EDATA, file, name, out ? "cannot be written" : "cannot be read");
    tsr_h5_close(&here);
    tsr_h5_close(&there);
    return st;
}

static int64_t rows_per_transfer(size_t bytes)
{
    int64_t rows = TSR_CHUNK_BYTES / (int64_t)(bytes > 0 ? bytes : 1);

    return rows > 0 ? rows : 1;
}

tsr_status tsr_h5_write_rows(hid_t dataset, const char *file, const char *name, hid_t memory, int64_t first,
                             int64_t rows, int64_t cols, size_t bytes, const void *values)
{
    tsr_status st = TSR_OK;
    const char *from = values;
    int64_t piece = rows_per_transfer(bytes);

    for (int64_t moved = 0; moved < rows; moved += piece) {
        if (piece > rows - moved) piece = rows - moved;
        TSR_TRY(move_rows(dataset, file, name, memory, first + moved, piece, cols, from + (size_t)moved * bytes, NULL));
    }
    tsr_bytes_add(TSR_BYTES_WRITTEN, rows * (int64_t)bytes);
done:
    return st;
}

tsr_status tsr_h5_read_rows(hid_t dataset, const char *file, const char *name, hid_t memory, int64_t first,
                            int64_t rows, int64_t cols, size_t bytes, void *values)
{
    tsr_status st = TSR_OK;
    char *to = values;
    int64_t piece = rows_per_transfer(bytes);

    for (int64_t moved = 0; moved < rows; moved += piece) {
        if (piece > rows - moved) piece = rows - moved;
        TSR_TRY(move_rows(dataset, file, name, memory, first + moved, piece, cols, NULL, to + (size_t)moved * bytes));
    }
    tsr_bytes_add(TSR_BYTES_READ, rows * (int64_t)bytes);
done:
    return st;
}

tsr_status tsr_h5_shape(hid_t dataset, const char *file, const char *name, int64_t *rows, int64_t *cols)
{
    hsize_t shape[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset);
    int dims = space < 0 ? -1 : H5Sget_simple_extent_dims(space, shape, NULL);

    if (space >= 0) H5Sclose(space);
    if (dims < 0) return tsr_h5_fail(TSR_EDATA, file, name, "cannot be read");
    if (dims < 1 || dims > 2) return TSR_FAIL(TSR_EDATA, "%s: %s: has %d dimensions, not 1 or 2", file, name, dims);
    *rows = (int64_t)shape[0];
    *cols = dims == 2 ? (int64_t)shape[1] : 0;
    return TSR_OK;
}
