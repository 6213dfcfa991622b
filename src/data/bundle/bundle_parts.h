/**
 * @file bundle_parts.h
 * What a bundle in memory and its file share.
 */
#ifndef TSR_DATA_BUNDLE_PARTS_H
#define TSR_DATA_BUNDLE_PARTS_H

#include "tessera/bundle.h"

typedef struct tsr_entry {
    char *path;
    tsr_type type;
    int64_t rows, cols;
    bool scalar; /* one number or string, without a shape in the file */
    char unit[32], description[192];
    char *values; /* [bytes], and a zero behind, so that one string can be borrowed */
    int64_t bytes;
} tsr_entry;

struct tsr_bundle {
    int32_t n;
    tsr_entry *entry; /* [n], by path */
};

/** Local. Columns of the array as put -> values per row. */
int64_t tsr_entry_row(int64_t cols);

/** Local. An entry with room for its values; tsr_entry_clear(). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_entry_shape(tsr_entry *e, const char *path, tsr_type type, int64_t rows, int64_t cols) TSR_NODISCARD;
void tsr_entry_clear(tsr_entry *e);

/** Local. Moves @p e into its place, where it takes that of one of the same path. @return TSR_OK; TSR_ENOMEM (then
 *  @p e stays the caller's) */
tsr_status tsr_entry_insert(tsr_bundle *bundle, const tsr_entry *e) TSR_NODISCARD;

/** Local. The same with copies of all that is given. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_entry_put(tsr_bundle *bundle, const char *path, tsr_type type, int64_t rows, int64_t cols,
                         const void *values, bool scalar, const char *unit, const char *description) TSR_NODISCARD;

#endif
