#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "tessera/log.h"

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
    return tsr_grouped(count, text);
}

const char *cli_date(int64_t seconds, bool with_time, char *text)
{
    time_t moment = (time_t)seconds;
    struct tm civil;
    gmtime_r(&moment, &civil); /* civil seconds: the zone is already in them */
    strftime(text, 32, with_time ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d", &civil);
    return text;
}
