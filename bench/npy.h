/**
 * @file npy.h
 * Arrays in NumPy's file format (version 1.0, little-endian, C order): what peers in Python map as it is.
 */
#ifndef BENCH_NPY_H
#define BENCH_NPY_H

#include <stdint.h>

#include "tessera/comm.h"

#define NPY_HEADER 128 /* bytes before the first value in files written here */

/* One array, or some of its rows, mapped into memory. */
typedef struct npy_map {
    const void *rows; /* the first mapped row */
    int64_t rows_n;   /* mapped */
    void *base;       /* what munmap gets */
    size_t bytes;
} npy_map;

/** Local. Shape of a float32 matrix. @return TSR_OK; TSR_EIO; TSR_EDATA (another type, order or rank) */
tsr_status npy_shape(const char *path, int64_t *rows, int32_t *cols) TSR_NODISCARD;

/** Local. Map rows first .. first + n - 1 of a float32 matrix, all pages present. @return TSR_OK; TSR_EIO; TSR_EDATA */
tsr_status npy_map_rows(const char *path, int64_t first, int64_t n, npy_map *map) TSR_NODISCARD;

/** Local. Unmap; an empty map is fine. */
void npy_unmap(npy_map *map);

/**
 * Collective. Make @p path of shape (rows, cols), or (rows) where cols is 0, and write each rank's part of it, rank by
 * rank in order of @p first. The file appears whole or not at all.
 * @param descr  NumPy's name of the type: "<f4", "<u2"
 * @param write  writes this rank's part with npy_write()
 */
tsr_status npy_create(const tsr_comm *comm, const char *path, const char *descr, int64_t rows, int32_t cols,
                      tsr_status (*write)(int file, void *context), void *context) TSR_NODISCARD;

/** Local. Write @p bytes at byte @p at behind the header. @return TSR_OK; TSR_EIO */
tsr_status npy_write(int file, int64_t at, const void *data, int64_t bytes) TSR_NODISCARD;

#endif
