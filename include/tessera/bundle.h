/**
 * @file bundle.h
 * A small set of named arrays, the same on all ranks: a model, or a checkpoint, in memory and in one HDF5 file.
 */
#ifndef TSR_BUNDLE_H
#define TSR_BUNDLE_H

#include "tessera/table.h"

typedef struct tsr_bundle tsr_bundle;

/** Local. An empty bundle. Free with tsr_bundle_destroy(). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_bundle_create(tsr_bundle **bundle) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_bundle_destroy(tsr_bundle **bundle);

/**
 * Local. Put a copy of an array at @p path ("/pca/components"), replacing one that is there.
 * @param rows, cols  shape; cols 0 makes it one-dimensional (TEXT: cols is the width of a string, always
 * one-dimensional)
 * @param unit, description  attributes; NULL: none
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_bundle_put(tsr_bundle *bundle, const char *path, tsr_type type, int64_t rows, int64_t cols,
                          const void *values, const char *unit, const char *description) TSR_NODISCARD;

/** Local. Put one number, or one string. */
tsr_status tsr_bundle_put_real(tsr_bundle *bundle, const char *path, double value) TSR_NODISCARD;
tsr_status tsr_bundle_put_int(tsr_bundle *bundle, const char *path, int64_t value) TSR_NODISCARD;
tsr_status tsr_bundle_put_text(tsr_bundle *bundle, const char *path, const char *text) TSR_NODISCARD;

/** Local. Is there an array at @p path? */
bool tsr_bundle_has(const tsr_bundle *bundle, const char *path);

/**
 * Local. Borrow an array. @param[out] rows, cols  shape as put (may be NULL)
 * @return TSR_OK; TSR_EDATA (not there, or of another type), naming the path
 */
tsr_status tsr_bundle_get(const tsr_bundle *bundle, const char *path, tsr_type type, int64_t *rows, int64_t *cols,
                          const void **values) TSR_NODISCARD;
tsr_status tsr_bundle_get_real(const tsr_bundle *bundle, const char *path, double *value) TSR_NODISCARD;
tsr_status tsr_bundle_get_int(const tsr_bundle *bundle, const char *path, int64_t *value) TSR_NODISCARD;
tsr_status tsr_bundle_get_text(const tsr_bundle *bundle, const char *path, const char **text) TSR_NODISCARD;

/** Local. Array number @p i in byte order of paths: path (borrowed), type and shape. @return false: there is none */
bool tsr_bundle_at(const tsr_bundle *bundle, int32_t i, const char **path, tsr_type *type, int64_t *rows,
                   int64_t *cols);

/** Local. Copy all of @p from under the same paths. */
tsr_status tsr_bundle_merge(tsr_bundle *into, const tsr_bundle *from) TSR_NODISCARD;

/** Local. Digest over paths, types, shapes and bytes (one NaN, no -0), in byte order of paths. */
void tsr_bundle_digest(const tsr_bundle *bundle, uint8_t digest[TSR_DIGEST_SIZE]);

/** Collective. The root writes the file: whole or not at all. @return TSR_OK; TSR_EIO; TSR_ENOMEM */
tsr_status tsr_bundle_write(const tsr_comm *comm, const tsr_bundle *bundle, const char *path) TSR_NODISCARD;

/** Collective. The root reads, all receive. @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_bundle_read(const tsr_comm *comm, const char *path, tsr_bundle **bundle) TSR_NODISCARD;

/* Checkpoints inside a long stage: exact, so that one resumed on any number of ranks ends with the same bits. */
typedef struct tsr_checkpoint {
    const tsr_bundle *from; /* what an earlier run saved; NULL: begin */
    double seconds;         /* between two of them, by the clock of rank 0; one more where the stage is interrupted */
    /* Collective. Keeps a state; called with the same one on all ranks. A failure ends the stage. */
    tsr_status (*save)(const tsr_comm *comm, void *context, const tsr_bundle *state);
    void *context;
} tsr_checkpoint;

#endif
