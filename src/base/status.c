#include "tessera/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/launch.h"

static _Thread_local tsr_error last;
static void (*end_all)(int exit_status);

const char *tsr_status_text(tsr_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text)                                                                                 \
    case TSR_##name: return text;
        TSR_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

/* A cut in the middle of a UTF-8 character would leave bytes that terminals and JSON readers refuse. */
static void drop_half_character(char *text)
{
    size_t end = strlen(text), start = end;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) start--;
    if (start == 0) return;
    unsigned char head = (unsigned char)text[start - 1];
    size_t width = head >= 0xf0 ? 4 : head >= 0xe0 ? 3 : head >= 0xc0 ? 2 : 1;
    if (width > end - start + 1) text[start - 1] = '\0';
}

/* Texts quote file names and fields as they came: control characters in them must not reach a terminal. */
static void make_one_line(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) c[0] = c[1] = ' ';
        if (*c < 0x20 || *c == 0x7f) *c = ' ';
    }
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--) text[n - 1] = '\0';
}

tsr_status tsr_fail(tsr_status status, const char *file, int line, const char *format, ...)
{
    tsr_error record;
    va_list args;

    TSR_ASSERT(status != TSR_OK);
    /* Built aside: the arguments may quote the record they replace. */
    memset(&record, 0, sizeof record);
    record.status = status;
    record.rank = -1;
    record.line = line;
    snprintf(record.file, sizeof record.file, "%s", file);
    va_start(args, format);
    int length = vsnprintf(record.text, sizeof record.text, format, args);
    va_end(args);
    if (length >= (int)sizeof record.text) drop_half_character(record.text);
    make_one_line(record.text);
    last = record;
    return status;
}

tsr_error *tsr_error_last(void)
{
    return &last;
}

void tsr_error_clear(void)
{
    memset(&last, 0, sizeof last);
}

_Noreturn void tsr_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "tessera: bug: rank %d: %s:%d: %s\n", tsr_launch_rank(), file, line, what);
    fflush(stderr);
    if (end_all != NULL) end_all(TSR_EBUG);
    _Exit(TSR_EBUG);
}

void tsr_bug_hook(void (*hook)(int exit_status))
{
    end_all = hook;
}
