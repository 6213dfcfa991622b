/**
 * @file ingest/sort/spill.h
 * Bytes that do not fit in memory: one file per rank, without a name from its first moment on, so that it is gone with
 * the process however that ends. A kill in that moment leaves an empty file, which the next ingest removes.
 */
#ifndef TSR_INGEST_SPILL_H
#define TSR_INGEST_SPILL_H

#include <stdint.h>

#include "tessera/status.h"

typedef struct tsr_spill {
    const char *folder; /* borrowed */
    int fd;             /* -1: nothing was spilled yet */
    int64_t bytes;      /* written so far */
} tsr_spill;

/** Local. Nothing is created before the first write. @param folder  borrowed until the spill is closed */
tsr_spill tsr_spill_in(const char *folder);
void tsr_spill_close(tsr_spill *spill);

/** Local. Remove what killed processes left in a folder. Those that still run lose nothing. */
void tsr_spill_tidy(const char *folder);

/** Local. Append; *at says where. @return TSR_OK; TSR_EIO (names the folder: full, not writable) */
tsr_status tsr_spill_write(tsr_spill *spill, const void *bytes, int64_t n, int64_t *at) TSR_NODISCARD;

/** Local. @return TSR_OK; TSR_EIO */
tsr_status tsr_spill_read(const tsr_spill *spill, int64_t at, int64_t n, void *to) TSR_NODISCARD;

/** Local. Forget all that was written, and give the space back. */
void tsr_spill_reset(tsr_spill *spill);

#endif
