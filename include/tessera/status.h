/**
 * @file status.h
 * What a function can come to, and the record that explains it.
 *
 * Zero is success. The other values are the exit statuses of the program, so a status needs no table on its way out.
 * The text of a failure lives in one record per thread; it is written once, by the function that saw the cause.
 */
#ifndef TSR_STATUS_H
#define TSR_STATUS_H

#include <stdbool.h>

#define TSR_NODISCARD           __attribute__((warn_unused_result))
#define TSR_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* name, value = exit status, meaning */
#define TSR_STATUS_MAP(X)                                                                                              \
    X(OK, 0, "done")                                                                                                   \
    X(ECONF, 2, "usage or job file")                                                                                   \
    X(EDATA, 3, "data")                                                                                                \
    X(EIO, 4, "input or output")                                                                                       \
    X(ENOMEM, 5, "out of memory")                                                                                      \
    X(EINTR, 6, "interrupted")                                                                                         \
    X(EBUG, 7, "a bug in tessera")                                                                                     \
    X(EPEER, 8, "another rank or host was lost")

typedef enum tsr_status {
#define TSR_STATUS_ENUM(name, value, text) TSR_##name = (value),
    TSR_STATUS_MAP(TSR_STATUS_ENUM)
#undef TSR_STATUS_ENUM
} tsr_status;

/** The last failure of this thread. Plain bytes, so that it can be broadcast. */
typedef struct tsr_error {
    tsr_status status;
    int rank;        /* that failed; -1: this process, not yet agreed */
    int line;        /* of the source file */
    char file[64];   /* source file: for people who mend tessera */
    char text[1024]; /* one line: file, row, column, what to do */
} tsr_error;

/** Local. The meaning of @p status in a few words. */
const char *tsr_status_text(tsr_status status);

/** Local. Record a failure and return @p status. Use TSR_FAIL. The text is cut to one line. */
tsr_status tsr_fail(tsr_status status, const char *file, int line, const char *format, ...) TSR_PRINTF(4, 5);

/** Local. The record of this thread; never NULL. */
tsr_error *tsr_error_last(void);

/** Local. Forget the last failure (after it was handled, not passed on). */
void tsr_error_clear(void);

/** Local. A broken invariant: report rank, file, line and end every rank through the hook (status 7). */
_Noreturn void tsr_bug(const char *file, int line, const char *what);

/** Local. How tsr_bug() ends the program: set once by the program to something that stops all ranks. */
void tsr_bug_hook(void (*hook)(int exit_status));

#define TSR_FAIL(status, ...) tsr_fail((status), __FILE__, __LINE__, __VA_ARGS__)

/* Expects a local `st` and a label `done`. */
#define TSR_TRY(call)                                                                                                  \
    do {                                                                                                               \
        st = (call);                                                                                                   \
        if (st != TSR_OK) goto done;                                                                                   \
    } while (0)

#ifndef NDEBUG
#define TSR_ASSERT(condition) ((condition) ? (void)0 : tsr_bug(__FILE__, __LINE__, #condition))
#else
#define TSR_ASSERT(condition) ((void)sizeof(condition))
#endif

#endif
