/**
 * @file trace_file.h
 * What all ranks did, as one file that chrome://tracing, Perfetto and speedscope read (trace event format, JSON): a row
 * per rank with its stages, the steps inside them, and the calls of MPI in which it waited.
 *
 * Clocks of hosts differ, so times count from a moment at which all ranks met: they are as exact as that meeting,
 * microseconds on one host.
 */
#ifndef TSR_TRACE_FILE_H
#define TSR_TRACE_FILE_H

#include "tessera/comm.h"
#include "tessera/trace.h"

typedef struct tsr_trace_file tsr_trace_file;

/**
 * Collective. Begin to record (at most 2 MiB per rank); the file is opened now, so that one that cannot be written is
 * known before the work.
 * @param[out] file  new; tsr_trace_file_write() or tsr_trace_file_close()
 * @return TSR_OK; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_trace_file_open(const tsr_comm *comm, const char *path, tsr_trace_file **file) TSR_NODISCARD;

/**
 * Collective. Stop recording and write what was recorded, rank by rank in pieces of 64 KiB; then the file takes its
 * name.
 * @param title  of the whole, such as "tessera segment"
 * @return TSR_OK; TSR_EIO (nothing is left behind)
 */
tsr_status tsr_trace_file_write(const tsr_comm *comm, tsr_trace_file *file, const char *title) TSR_NODISCARD;

/** Local. Free *file and set it to NULL; what was not written is removed. NULL is fine. */
void tsr_trace_file_close(tsr_trace_file **file);

#endif
