/**
 * @file ingest/read/unpack.h
 * Packed bytes -> text: gzip (one or more members) and Zstandard (one or more frames), as they stream by.
 */
#ifndef TSR_INGEST_UNPACK_H
#define TSR_INGEST_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "tessera/status.h"

typedef enum tsr_packing { TSR_PACKING_PLAIN, TSR_PACKING_GZIP, TSR_PACKING_ZSTD } tsr_packing;

typedef struct tsr_unpacker tsr_unpacker;

/** Local. What the first bytes of a file say; four are enough. */
tsr_packing tsr_packing_of(const unsigned char *head, int64_t n);

/** Local. @param path  of the file, for messages; borrowed as long as the unpacker lives. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_unpacker_create(tsr_packing packing, const char *path, tsr_unpacker **unpacker) TSR_NODISCARD;
void tsr_unpacker_destroy(tsr_unpacker **unpacker);

/**
 * Local. Unpack from in[0 .. *in_n) to out[0 .. *out_n): some of both.
 * @param[in,out] in_n, out_n  bytes there are; bytes used and made
 * @return TSR_OK; TSR_EDATA (damaged)
 */
tsr_status tsr_unpack(tsr_unpacker *unpacker, const char *in, int64_t *in_n, char *out, int64_t *out_n) TSR_NODISCARD;

/** Local. Is there more to come out before more goes in? */
bool tsr_unpack_pending(const tsr_unpacker *unpacker);

/** Local. At the end of the file: was that the end of its data, too? @return TSR_OK; TSR_EDATA (cut off) */
tsr_status tsr_unpack_finish(const tsr_unpacker *unpacker) TSR_NODISCARD;

#endif
