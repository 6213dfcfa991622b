#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void cli_print(const tsr_comm *comm, const char *format, ...)
{
    if (comm->rank != 0) return;
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

const char *cli_count(int64_t count, char *text)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, count), at = 0;
    for (int i = 0; i < n; i++) {
        text[at++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0) text[at++] = ',';
    }
    text[at] = '\0';
    return text;
}

const char *cli_date(int64_t seconds, bool with_time, char *text)
{
    time_t moment = (time_t)seconds;
    struct tm civil;
    gmtime_r(&moment, &civil); /* civil seconds: the zone is already in them */
    strftime(text, 32, with_time ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d", &civil);
    return text;
}
