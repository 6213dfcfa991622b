/**
 * @file h5.h
 * A thin layer over HDF5 for this room: one clear text for each failure, our types, attributes.
 *
 * Every function that returns a status has recorded the text. Identifiers are closed with tsr_h5_close().
 */
#ifndef TSR_DATA_H5_H
#define TSR_DATA_H5_H

#include <hdf5.h>

#include "tessera/table.h"

#define TSR_NO_ID ((hid_t)-1)

/**
 * Local. Turn HDF5's own innermost cause into our record and empty its stack.
 * @param status   TSR_EDATA (corrupt, foreign) or TSR_EIO; the operating system's own errors are always TSR_EIO
 * @param file     path
 * @param dataset  or attribute; NULL: none
 * @param what     "cannot be read"
 */
tsr_status tsr_h5_fail(tsr_status status, const char *file, const char *dataset, const char *what);

/** Local. Open for reading with the serial driver. @return TSR_OK; TSR_EIO (missing, unreadable); TSR_EDATA (foreign,
 *  truncated) */
tsr_status tsr_h5_open(const char *path, hid_t *file) TSR_NODISCARD;

/**
 * Local. Give a file its place on the disk before HDF5 writes to it; call before and after HDF5 creates (empties) it.
 *
 * HDF5 crashes at the end of the program when a file could not be written out, and a disk that fills up during a
 * collective write leaves the ranks of Open MPI 4 waiting for each other, or is not reported at all (all seen). So a
 * disk is found full before; what is too much is cut off by tsr_h5_finish().
 * @return TSR_OK (also where the file system cannot do it); TSR_EIO in the operating system's own words
 */
tsr_status tsr_h5_reserve(const char *path, const char *name, int64_t bytes) TSR_NODISCARD;

/** Local. Bytes of a dataset in the file, rather too many: whole chunks with checksums and index, headers. */
int64_t tsr_h5_dataset_bytes(int64_t rows, size_t row_bytes);

#define TSR_H5_FILE_BYTES 16384 /* what a file needs besides its datasets */

/** Local. Create with the serial driver, with place for @p bytes; no object times. A file that is there is removed: a
 *  process that is being killed may still hold HDF5's lock on it.
 *  @param path  the temporary name; @param name  for messages */
tsr_status tsr_h5_create(const char *path, const char *name, int64_t bytes, hid_t *file) TSR_NODISCARD;

/**
 * Local. Fix the version of the file format for files that we create: 1.10.
 * The older one leaves unused parts of its chunk trees as they were in memory, so equal data would make unequal files;
 * this one also has checksums on everything that describes the data.
 */
herr_t tsr_h5_format(hid_t fapl);

/**
 * Local. Flush and close a file that was written. *file is TSR_NO_ID afterwards.
 * @param trim  path of the file: cut off what was reserved and not used; NULL for the parallel driver, which does that
 */
tsr_status tsr_h5_finish(hid_t *file, const char *name, const char *trim) TSR_NODISCARD;

/** Local. Close any identifier and set it to TSR_NO_ID; TSR_NO_ID is fine. Failures are of no interest here. */
void tsr_h5_close(hid_t *id);

/** Local. Silence the library's own messages: they are read by tsr_h5_fail(). */
void tsr_h5_quiet(void);

/** Local. New type in memory or (little-endian) in the file; @p width bytes of TEXT. */
hid_t tsr_h5_memory_type(tsr_type type, int32_t width);
hid_t tsr_h5_file_type(tsr_type type, int32_t width);

/** Local. The type of ours that holds all values of @p id; false: none does. @param[out] width  bytes of TEXT, else 1
 */
bool tsr_h5_type_of(hid_t id, tsr_type *type, int32_t *width);

/**
 * Local. Create a dataset: chunked by TSR_BLOCK_ROWS (or fewer rows) with fletcher32, without times.
 * @param cols  0: one-dimensional; TSR_H5_GROWS: likewise, and tsr_h5_extend() may add rows
 */
#define TSR_H5_GROWS (-1)
tsr_status tsr_h5_create_dataset(hid_t place, const char *file, const char *name, hid_t type, int64_t rows,
                                 int64_t cols, hid_t *dataset) TSR_NODISCARD;

/** Local. Make room in a dataset that grows: @p rows in all. */
tsr_status tsr_h5_extend(hid_t dataset, const char *file, const char *name, int64_t rows) TSR_NODISCARD;

/** Local. Create a group without times; parents must exist. */
tsr_status tsr_h5_create_group(hid_t place, const char *file, const char *name) TSR_NODISCARD;

/** Local. Write or read all rows first .. first + rows - 1, in transfers of at most TSR_CHUNK_BYTES.
 *  @param cols values per row (0: one-dimensional); @param bytes  of one row in memory */
tsr_status tsr_h5_write_rows(hid_t dataset, const char *file, const char *name, hid_t memory, int64_t first,
                             int64_t rows, int64_t cols, size_t bytes, const void *values) TSR_NODISCARD;
tsr_status tsr_h5_read_rows(hid_t dataset, const char *file, const char *name, hid_t memory, int64_t first,
                            int64_t rows, int64_t cols, size_t bytes, void *values) TSR_NODISCARD;

/** Local. Shape of a dataset. @param[out] cols  0: one-dimensional. @return TSR_OK; TSR_EDATA (other shapes) */
tsr_status tsr_h5_shape(hid_t dataset, const char *file, const char *name, int64_t *rows, int64_t *cols) TSR_NODISCARD;

/** Local. Attributes. Texts that are not there are read as empty; integers that are not there leave *value alone. */
tsr_status tsr_h5_put_text(hid_t object, const char *file, const char *name, const char *text) TSR_NODISCARD;
tsr_status tsr_h5_get_text(hid_t object, const char *file, const char *name, char *text, size_t room) TSR_NODISCARD;
tsr_status tsr_h5_put_int(hid_t object, const char *file, const char *name, int64_t value) TSR_NODISCARD;
tsr_status tsr_h5_get_int(hid_t object, const char *file, const char *name, int64_t *value) TSR_NODISCARD;
tsr_status tsr_h5_put_texts(hid_t object, const char *file, const char *name, const char *const *texts,
                            int32_t n) TSR_NODISCARD;

/** Local. A list of strings (fixed or variable length). @param[out] texts  new [n], one block: tsr_free(); NULL where
 *  there is no such attribute */
tsr_status tsr_h5_get_texts(hid_t object, const char *file, const char *name, char ***texts, int32_t *n) TSR_NODISCARD;

#endif
