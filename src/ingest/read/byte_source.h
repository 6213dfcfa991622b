/**
 * @file ingest/read/byte_source.h
 * The bytes of a source file, in order: a range of a plain file, or the whole of a gzip or zstd file, unpacked.
 *
 * The digest of a file is the sum modulo 2^64 over its blocks of 64 KiB of their XXH3-64 (seeded with the number of the
 * block), so ranks that read ranges of whole blocks just add up. It tells files apart; it is no seal.
 */
#ifndef TSR_INGEST_BYTE_SOURCE_H
#define TSR_INGEST_BYTE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/read/unpack.h"

#ifndef TSR_SOURCE_BLOCK /* less where tests shall reach many */
#define TSR_SOURCE_BLOCK 65536
#endif

/* What a file is, seen once by the root. Plain data. */
typedef struct tsr_file_facts {
    int64_t bytes;
    int64_t changed_seconds, changed_nanoseconds; /* time of the last change */
    int32_t packing;                              /* tsr_packing */
} tsr_file_facts;

typedef struct tsr_byte_source tsr_byte_source;

/** Local. Look at a file. @return TSR_OK; TSR_EIO; TSR_EDATA (not text: UTF-16, zip) */
tsr_status tsr_file_look(const char *path, tsr_file_facts *facts) TSR_NODISCARD;

/** Local. Is the file still what it was? @return TSR_OK; TSR_EDATA (changed while it was read); TSR_EIO */
tsr_status tsr_file_unchanged(const char *path, const tsr_file_facts *facts) TSR_NODISCARD;

/**
 * Local. @param begin  plain files: where to start; packed files: 0
 * @param end  the digest covers the bytes from begin to here (in whole blocks, or up to the end of the file)
 */
tsr_status tsr_byte_source_open(const char *path, const tsr_file_facts *facts, int64_t begin, int64_t end,
                                tsr_byte_source **source) TSR_NODISCARD;
void tsr_byte_source_close(tsr_byte_source **source);

/** Local. The next bytes; *got < n only at the end of the text. @return TSR_OK; TSR_EIO; TSR_EDATA (damaged) */
tsr_status tsr_byte_source_read(tsr_byte_source *source, char *to, int64_t n, int64_t *got) TSR_NODISCARD;

/** Local. Plain files: the byte before @p begin, which says whether a line starts there. */
tsr_status tsr_byte_source_before(const tsr_byte_source *source, int64_t begin, char *byte) TSR_NODISCARD;

/** Local. Sum of the digests of the blocks read so far; bytes of the file (packed) read so far. */
uint64_t tsr_byte_source_digest(const tsr_byte_source *source);
int64_t tsr_byte_source_consumed(const tsr_byte_source *source);

#endif
