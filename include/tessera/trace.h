/**
 * @file trace.h
 * What this process does and for how long: bytes that it moves, and, where a trace is wanted, spans of time for
 * `--trace` (trace_file.h). Recording keeps to the memory it is given: short spans give way to long ones.
 */
#ifndef TSR_TRACE_H
#define TSR_TRACE_H

#include <stdint.h>

#include "tessera/status.h"

/* ---- bytes ---- */

typedef enum tsr_bytes {
    TSR_BYTES_READ,    /* from files */
    TSR_BYTES_WRITTEN, /* to files */
    TSR_BYTES_SENT,    /* handed to MPI by calls that send or reduce; the program counts them (cli/profile_mpi.c) */
    TSR_BYTES_KINDS
} tsr_bytes;

/** Local. These bytes have been moved. */
void tsr_bytes_add(tsr_bytes kind, int64_t bytes);

/** Local. Bytes moved since the process began. */
int64_t tsr_bytes_moved(tsr_bytes kind);

/* ---- spans ---- */

typedef enum tsr_span_kind { TSR_SPAN_STAGE, TSR_SPAN_STEP, TSR_SPAN_WAIT } tsr_span_kind;

typedef struct tsr_trace_span {
    const char *name;    /* lives as long as the program */
    double began, ended; /* tsr_seconds() */
    tsr_span_kind kind;
} tsr_trace_span;

/**
 * Local. Record from now on, at most @p room spans; what was recorded before is forgotten.
 * @param room  at least 16; 0: record nothing, free all
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_trace_record(int64_t room) TSR_NODISCARD;

/**
 * Local. A span ends now. Costs nothing where nothing is recorded. When there is no room left, steps and waits
 * shorter than a limit are forgotten, the limit doubles, and they are not recorded any more; stages stay.
 * @param name   lives as long as the program
 * @param began  tsr_seconds() when it began
 */
void tsr_trace_add(tsr_span_kind kind, const char *name, double began);

/** Local. Record no more; what is recorded stays. */
void tsr_trace_stop(void);

/** Local. What is recorded, in the order of its ends. Borrowed. @param[out] n  how many */
const tsr_trace_span *tsr_trace_spans(int64_t *n);

/** Local. How many spans were forgotten or not recorded for want of room. */
int64_t tsr_trace_forgotten(void);

#endif
