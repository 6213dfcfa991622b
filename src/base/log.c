#include "tessera/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/launch.h"
#include "tessera/interrupt.h"

#define LINE_BYTES     2048
#define REDRAW_SECONDS 0.25
#define LOG_SECONDS    60 /* between lines of progress where nobody sees a line change */
#define LIVE_COLUMNS   79

static int this_rank;
static tsr_log_level shown = TSR_LOG_INFO;

/* The live line: what it is about, and what stands on the terminal now. */
static bool terminal; /* somebody sees standard error */
static double log_seconds = LOG_SECONDS;

static struct {
    char stage[48];
    double started, drawn;
    int64_t done_at_start, counted_at_start;
    int width; /* columns on the screen; 0: no line */
} live;

static double wanted_log_seconds(void)
{
    const char *text = getenv("TESSERA_PROGRESS_SECONDS");
    double seconds = text != NULL ? strtod(text, NULL) : LOG_SECONDS;

    return seconds >= 0 && seconds < 1e9 ? seconds : LOG_SECONDS;
}

void tsr_log_init(int rank, tsr_log_level level)
{
    this_rank = rank;
    shown = level;
    terminal = tsr_launch_is_terminal(STDERR_FILENO);
    log_seconds = wanted_log_seconds();
}

/* One write per line, so that lines of several ranks do not mix. */
static void print_line(const char *head, const char *format, va_list args)
{
    char line[LINE_BYTES];
    int used = snprintf(line, sizeof line, "%s", head);

    vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    size_t length = strlen(line);
    line[length] = '\n';
    tsr_progress_end();
    fwrite(line, 1, length + 1, stderr);
    fflush(stderr);
}

static void print_root(tsr_log_level level, const char *head, const char *format, va_list args)
{
    if (this_rank == 0 && shown >= level) print_line(head, format, args);
}

void tsr_debug(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_root(TSR_LOG_DEBUG, "", format, args);
    va_end(args);
}

void tsr_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_root(TSR_LOG_INFO, "", format, args);
    va_end(args);
}

void tsr_warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_root(TSR_LOG_WARN, "warning: ", format, args);
    va_end(args);
}

void tsr_log_local(const char *format, ...)
{
    char head[32];
    va_list args;

    if (shown < TSR_LOG_DEBUG) return;
    snprintf(head, sizeof head, "rank %d: ", this_rank);
    va_start(args, format);
    print_line(head, format, args);
    va_end(args);
}

void tsr_log_error(void)
{
    const tsr_error *error = tsr_error_last();

    if (error->status != TSR_OK && this_rank == 0) {
        tsr_progress_end();
        fprintf(stderr, "tessera: %s\n", error->text[0] != '\0' ? error->text : tsr_status_text(error->status));
        fflush(stderr);
    }
    tsr_error_clear();
}

static void begin_stage(const char *stage, int64_t done, double now)
{
    snprintf(live.stage, sizeof live.stage, "%s", stage);
    live.started = now;
    live.done_at_start = done;
    live.drawn = terminal ? 0 : now;
}

const char *tsr_grouped_text(const char *decimal, char text[32])
{
    int digits = (int)strcspn(decimal + (decimal[0] == '-'), "."), at = 0;

    if (decimal[0] == '-') text[at++] = *decimal++;
    for (; *decimal != '\0' && at < 30; decimal++) {
        text[at++] = *decimal;
        if (--digits > 0 && digits % 3 == 0) text[at++] = ',';
    }
    text[at] = '\0';
    return text;
}

const char *tsr_grouped(int64_t count, char text[32])
{
    char digits[24];

    snprintf(digits, sizeof digits, "%" PRId64, count);
    return tsr_grouped_text(digits, text);
}

static void print_duration(char *text, size_t bytes, double seconds)
{
    int64_t s = seconds < 1e9 ? (int64_t)(seconds + 0.5) : (int64_t)1e9;

    if (s >= 3600)
        snprintf(text, bytes, "%" PRId64 " h %02d min", s / 3600, (int)(s % 3600 / 60));
    else if (s >= 60)
        snprintf(text, bytes, "%d min %02d s", (int)(s / 60), (int)(s % 60));
    else
        snprintf(text, bytes, "%d s", (int)s);
}

/* On a terminal, with blanks over the rest of an older, longer line. */
static void draw(const char *text)
{
    int width = (int)strlen(text);

    if (!terminal) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    if (width > LIVE_COLUMNS) width = LIVE_COLUMNS;
    int blanks = live.width > width ? live.width - width : 0;
    fprintf(stderr, "\r%.*s%*s", width, text, blanks, "");
    fflush(stderr);
    live.width = width;
}

/* Is it time to draw the line again? The root alone has one. */
static bool is_due(const char *stage, int64_t done, int64_t counted, double *seconds)
{
    if (this_rank != 0 || shown < TSR_LOG_INFO) return false;
    double now = tsr_seconds();
    if (strncmp(live.stage, stage, sizeof live.stage - 1) != 0) {
        begin_stage(stage, done, now);
        live.counted_at_start = counted;
    }
    if (now - live.drawn < (terminal ? REDRAW_SECONDS : log_seconds)) return false;
    live.drawn = now;
    *seconds = now - live.started;
    return true;
}

static void add_rate(char *text, size_t room, double rate, const char *of)
{
    char count[32];
    size_t used = strlen(text);

    if (rate >= 10 && rate < 1e15)
        snprintf(text + used, room - used, "  %s%s/s", tsr_grouped((int64_t)rate, count), of);
    else if (rate > 0)
        snprintf(text + used, room - used, "  %.2g%s/s", rate, of);
}

static void add_left(char *text, size_t room, int64_t left, double rate)
{
    char duration[32];
    size_t used = strlen(text);

    if (rate <= 0 || left <= 0) return;
    print_duration(duration, sizeof duration, (double)left / rate);
    snprintf(text + used, room - used, "  %s left", duration);
}

static double rate_of(int64_t done, int64_t before, double seconds)
{
    return seconds > 0 ? (double)(done - before) / seconds : 0;
}

void tsr_progress(const char *stage, int64_t done, int64_t total)
{
    char text[160], count[32], all[32];
    double seconds;

    if (!is_due(stage, done, done, &seconds)) return;
    double rate = rate_of(done, live.done_at_start, seconds);
    int used = snprintf(text, sizeof text, "%s  %s", live.stage, tsr_grouped(done, count));
    if (total > 0)
        snprintf(text + used, sizeof text - (size_t)used, " of %s (%.0f %%)", tsr_grouped(total, all),
                 100.0 * (double)done / (double)total);
    add_rate(text, sizeof text, rate, "");
    add_left(text, sizeof text, total > 0 ? total - done : 0, rate);
    draw(text);
}

void tsr_progress_bytes(const char *stage, int64_t done, int64_t total, int64_t rows)
{
    bool large = total >= 1000000000;
    double unit = large ? 1e9 : 1e6, seconds;
    char text[160];

    if (!is_due(stage, done, rows, &seconds)) return;
    snprintf(text, sizeof text, "%s  %.1f of %.1f %s (%.0f %%)", live.stage, (double)done / unit, (double)total / unit,
             large ? "GB" : "MB", total > 0 ? 100.0 * (double)done / (double)total : 100.0);
    add_rate(text, sizeof text, rate_of(rows, live.counted_at_start, seconds), " rows");
    add_left(text, sizeof text, total - done, rate_of(done, live.done_at_start, seconds));
    draw(text);
}

void tsr_progress_end(void)
{
    if (live.width > 0) {
        draw("");
        fputc('\r', stderr);
        fflush(stderr);
    }
    memset(&live, 0, sizeof live);
}
