/**
 * @file log.h
 * Messages for people, on standard error. Results go to files, never here. No message holds a customer's id.
 */
#ifndef TSR_LOG_H
#define TSR_LOG_H

#include <stdint.h>

#include "tessera/status.h"

typedef enum tsr_log_level { TSR_LOG_QUIET, TSR_LOG_WARN, TSR_LOG_INFO, TSR_LOG_DEBUG } tsr_log_level;

/** Local. Set what is shown and which rank this process is; only rank 0 prints, but for tsr_log_local(). */
void tsr_log_init(int rank, tsr_log_level level);

/** Local. One line on rank 0; the other ranks stay silent. Not collective. */
void tsr_debug(const char *format, ...) TSR_PRINTF(1, 2);
void tsr_info(const char *format, ...) TSR_PRINTF(1, 2);
void tsr_warn(const char *format, ...) TSR_PRINTF(1, 2);

/** Local. One line from this rank, with its number, at debug level. */
void tsr_log_local(const char *format, ...) TSR_PRINTF(1, 2);

/** Local. Print the record of the last failure, "tessera: <text>", and forget it; only rank 0 prints. */
void tsr_log_error(void);

/** Local. A count with a comma between each three digits, in @p text, which is returned. */
const char *tsr_grouped(int64_t count, char text[32]);

/** Local. The same of a decimal number, a sum of money say: "-1,234.50". Cut behind 30 characters. */
const char *tsr_grouped_text(const char *decimal, char text[32]);

/**
 * Local. Show progress of a long stage (rank 0): a live line on a terminal, redrawn at most four times a second; a line
 * every minute in a log (the environment's TESSERA_PROGRESS_SECONDS). @p total <= 0: not known.
 */
void tsr_progress(const char *stage, int64_t done, int64_t total);

/** Local. The same of bytes, with the rows that they held: "1.2 of 2.0 GB (60 %)  4,000,000 rows/s  1 s left". */
void tsr_progress_bytes(const char *stage, int64_t done, int64_t total, int64_t rows);

/** Local. Take the live line away, before anything else is printed. */
void tsr_progress_end(void);

#endif
