/**
 * @file digest.h
 * Digests that do not depend on the order of rows: the sum modulo 2^256 of BLAKE2b-256 over each row. Not a seal.
 */
#ifndef TSR_DIGEST_H
#define TSR_DIGEST_H

#include "tessera/table.h"

/* An order-free sum of row hashes: plain data. */
typedef struct tsr_digest_sum {
    uint64_t limb[4]; /* little-endian 256-bit number */
} tsr_digest_sum;

/** Local. Choose the fastest way to hash that the processor has; without it digests are the same, and slower. */
void tsr_digest_start(void);

/** Local. Hash the bytes of one row and add it. */
void tsr_digest_row(tsr_digest_sum *sum, const void *bytes, size_t n);

/** Local. The same of n rows, several side by side where the processor can. @param start  [n + 1] of each row in @p
 * bytes, and the end of the last */
void tsr_digest_rows(tsr_digest_sum *sum, const uint8_t *bytes, const int64_t *start, int32_t n);

/** Local. Add one sum to another. */
void tsr_digest_add(tsr_digest_sum *sum, const tsr_digest_sum *other);

/** Collective. Add the sums of all ranks; all ranks get it. */
void tsr_digest_reduce(const tsr_comm *comm, tsr_digest_sum *sum);

/** Local. BLAKE2b-256 of some bytes. */
void tsr_digest_bytes(const void *bytes, size_t n, uint8_t digest[TSR_DIGEST_SIZE]);

/** Local. 64 lower-case hex digits and a zero: @p text holds 65 bytes. */
void tsr_digest_hex(const uint8_t digest[TSR_DIGEST_SIZE], char *text);

/** Local. The digest that 64 hex digits stand for; false where the text is something else. NULL is. */
bool tsr_digest_parse(const char *text, uint8_t digest[TSR_DIGEST_SIZE]);

/** Local. XXH3-64 of the bytes of an id, blanks at both ends and padding zeros trimmed: the key of a customer. */
uint64_t tsr_key_of_id(const char *id, size_t n);

#endif
