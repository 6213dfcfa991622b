/**
 * @file rowhash.h
 * The order-free digest of a table's rows (DESIGN section 5), fed column by column.
 *
 * A row is hashed over `key`, `id`, then the other columns in byte order of their names: each field framed by its
 * length (u64), numbers little-endian with one NaN and no -0, texts without their padding.
 */
#ifndef TSR_DATA_ROWHASH_H
#define TSR_DATA_ROWHASH_H

#include "tessera/digest.h"

typedef struct tsr_rowhash tsr_rowhash;

/** Local. @param columns  [n], kept by reference. @param[out] hash  new; tsr_rowhash_destroy(). @return TSR_OK;
 *  TSR_ENOMEM */
tsr_status tsr_rowhash_create(const tsr_column *columns, int32_t n, tsr_rowhash **hash) TSR_NODISCARD;
void tsr_rowhash_destroy(tsr_rowhash **hash);

/** Local. Add rows. @param values  [n], each [rows][width], in the order of the columns given */
void tsr_rowhash_add(tsr_rowhash *hash, int64_t rows, void *const *values);

/** Collective. The digest over the rows of all ranks and the columns' names and types. */
void tsr_rowhash_finish(const tsr_comm *comm, tsr_rowhash *hash, uint8_t digest[TSR_DIGEST_SIZE]);

/** Local. Numbers as the digest sees them: one NaN, no -0. In place. */
void tsr_canonical(tsr_type type, void *values, int64_t n);

/** Local. The name of a type in digests and files ("f64", "text"). */
const char *tsr_type_name(tsr_type type);

#endif
