/**
 * @file memory.h
 * Memory that is counted, and failures on purpose.
 *
 * Every allocation of the library goes through here, so that tests can show that nothing leaks and that each failure
 * ends well. Memory is zeroed unless it says otherwise.
 */
#ifndef TSR_MEMORY_H
#define TSR_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "tessera/status.h"

/**
 * Local. Zeroed memory for @p count items of @p size bytes; count 0 gives a valid pointer.
 * @param[out] out  new; free with tsr_free(); NULL on failure
 * @return TSR_OK; TSR_ENOMEM (also where count x size does not fit)
 */
tsr_status tsr_alloc(void *out, int64_t count, size_t size) TSR_NODISCARD;

/** Local. As tsr_alloc(), aligned to 64 bytes, in transparent huge pages where the system allows (large blocks). */
tsr_status tsr_alloc_aligned(void *out, int64_t count, size_t size) TSR_NODISCARD;

/** Local. As tsr_alloc_aligned(), not zeroed: for what is written as a whole, so that memory is touched once. */
tsr_status tsr_alloc_unset(void *out, int64_t count, size_t size) TSR_NODISCARD;

/**
 * Local. Resize *inout (from tsr_alloc, or NULL) to @p count items; new items are not zeroed. On failure *inout stands.
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_resize(void *inout, int64_t count, size_t size) TSR_NODISCARD;

/** Local. A copy of a string; free with tsr_free(). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_strdup(char **out, const char *text) TSR_NODISCARD;

/** Local. Free what the pointer at @p inout points to (any of the functions above) and set it to NULL; NULL is fine. */
void tsr_free(void *inout);

/** Local. Blocks now allocated: zero at the end of every test. */
int64_t tsr_memory_blocks(void);

/** Local. Peak resident memory of this process since the last reset, in bytes; 0 where the system does not tell. */
int64_t tsr_memory_peak(void);

/** Local. Start the peak anew. Does nothing where the system does not allow it. */
void tsr_memory_peak_reset(void);

/**
 * Local. Should this call fail on purpose? Reads TSR_FAULT once:
 *   "n,seed"                            one in about n calls fails, on each rank other ones
 *   "point=NAME,rank=R[,nth=K][,action=fail|kill|stop|usr1|slow]"
 *                                       the K-th time (from 1) rank R passes point NAME: fail there, or raise the
 *                                       signal (stop: SIGSTOP, as if the host had frozen);
 *                                       slow: from that time on each pass takes a second longer
 * @param site  name of the point; "alloc" and "file" for the calls of memory and files, else the name of a stage
 * @return true: the caller returns a failure
 */
bool tsr_fault(const char *site);

/** Local. Another plan of failures than TSR_FAULT's, in the same words; NULL: none. Counting starts anew. For tests. */
void tsr_fault_set(const char *text);

#endif
