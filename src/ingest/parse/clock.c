#define _DEFAULT_SOURCE /* tm_gmtoff */
#include "ingest/parse/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tessera/memory.h"

#define FIELD_MAX 63 /* bytes of a time; longer text is none */

/* ---- zones ---- */

#define ZONE_FIRST (-40 * (int64_t)TSR_SECONDS_PER_DAY)
#define ZONE_LAST  (4294967296 + 40 * (int64_t)TSR_SECONDS_PER_DAY)

/* glibc takes a name that it does not know for UTC, so look for the file. */
static bool zone_exists(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[512];

    if (strcmp(name, "UTC") == 0) return true;
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL) return false;
    int n = snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", name);
    return n < (int)sizeof path && access(path, R_OK) == 0;
}

static int64_t seconds_of(const struct tm *tm)
{
    int64_t days = 0;

    if (!tsr_days_of_date(tm->tm_year + 1900LL, tm->tm_mon + 1, tm->tm_mday, &days)) return 0;
    return days * TSR_SECONDS_PER_DAY + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

static int32_t offset_at(int64_t utc)
{
    time_t moment = (time_t)utc;
    struct tm tm;

    if (localtime_r(&moment, &tm) == NULL) return 0;
    return (int32_t)(seconds_of(&tm) - utc);
}

/* The first second after @p low at which the offset is no longer that of @p low. */
static int64_t change_between(int64_t low, int64_t high)
{
    int32_t before = offset_at(low);

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static tsr_status collect_changes(const char *name, tsr_zone *zone)
{
    int32_t now = offset_at(ZONE_FIRST);

    memset(zone, 0, sizeof *zone);
    zone->n = 1;
    zone->from[0] = INT64_MIN;
    zone->offset[0] = now;
    for (int64_t day = ZONE_FIRST; day < ZONE_LAST; day += TSR_SECONDS_PER_DAY) {
        int32_t next = offset_at(day + TSR_SECONDS_PER_DAY);
        if (next == now) continue;
        if (zone->n == TSR_ZONE_CHANGES)
            return TSR_FAIL(TSR_ECONF, "time zone %s changes its clocks more than %d times", name, TSR_ZONE_CHANGES);
        zone->from[zone->n] = change_between(day, day + TSR_SECONDS_PER_DAY);
        zone->offset[zone->n++] = now = next;
    }
    return TSR_OK;
}

tsr_status tsr_zone_read(const char *name, tsr_zone *zone)
{
    char *old = NULL;
    const char *tz = getenv("TZ");
    tsr_status st = TSR_OK;

    if (!zone_exists(name))
        return TSR_FAIL(TSR_ECONF,
                        "time zone %s is not in this machine's tz database: use a name such as Europe/Berlin", name);
    if (tz != NULL) TSR_TRY(tsr_strdup(&old, tz));
    setenv("TZ", name, 1);
    tzset();
    st = collect_changes(name, zone);
    if (old != NULL)
        setenv("TZ", old, 1);
    else
        unsetenv("TZ");
    tzset();
done:
    tsr_free(&old);
    return st;
}

static int32_t interval_at(const tsr_zone *zone, int64_t utc)
{
    int32_t low = 0, high = zone->n;

    while (high - low > 1) {
        int32_t middle = (low + high) / 2;
        if (zone->from[middle] <= utc)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int64_t tsr_zone_civil(const tsr_zone *zone, int64_t utc)
{
    return utc + zone->offset[interval_at(zone, utc)];
}

int64_t tsr_zone_utc(const tsr_zone *zone, int64_t civil)
{
    /* No offset is a day, so the interval in force a day earlier is the right one or one before it. */
    int32_t i = interval_at(zone, civil - TSR_SECONDS_PER_DAY);

    for (; i + 1 < zone->n; i++)
        if (civil - zone->offset[i] < zone->from[i + 1]) break;
    if (i > 0 && civil - zone->offset[i] < zone->from[i]) i--; /* skipped by the clocks */
    return civil - zone->offset[i];
}

/* ---- dates ---- */

bool tsr_days_of_date(int64_t year, int32_t month, int32_t day, int64_t *days)
{
    static const int32_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (month < 1 || month > 12 || day < 1 || day > length[month - 1] + (month == 2 && leap)) return false;

    /* Years that start in March put the leap day at the end (H. Hinnant, chrono-compatible low-level date algorithms).
     */
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    *days = era * 146097 + day_of_era - 719468;
    return true;
}

/* ---- forms ---- */

/* A moment as written: civil, with the offset that the text itself gives, if any. */
typedef struct reading {
    int64_t civil;
    bool clock, zoned;
    int32_t offset;
} reading;

static bool digits_at(const char *at, int32_t n, int32_t *value)
{
    int32_t v = 0;

    for (int32_t i = 0; i < n; i++) {
        if (at[i] < '0' || at[i] > '9') return false;
        v = v * 10 + (at[i] - '0');
    }
    *value = v;
    return true;
}

static bool read_eight(tsr_slice text, reading *out)
{
    int32_t year, month, day;
    int64_t days;

    if (text.n != 8 || !digits_at(text.at, 4, &year) || !digits_at(text.at + 4, 2, &month) ||
        !digits_at(text.at + 6, 2, &day) || !tsr_days_of_date(year, month, day, &days))
        return false;
    out->civil = days * TSR_SECONDS_PER_DAY;
    return true;
}

/* Z, +HH, +HHMM or +HH:MM, up to the end. */
static bool read_offset(const char *at, const char *end, reading *out)
{
    int32_t hours, minutes = 0;

    out->zoned = true;
    if (*at == 'Z') return at + 1 == end;
    int32_t sign = *at == '-' ? -1 : 1;
    if ((*at != '+' && *at != '-') || end - at < 3 || !digits_at(at + 1, 2, &hours)) return false;
    at += 3;
    if (at < end && *at == ':') at++;
    if (at < end && (end - at != 2 || !digits_at(at, 2, &minutes))) return false;
    out->offset = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60 && (at < end || at[-1] != ':');
}

/* HH:MM[:SS[.fraction]] [offset], up to the end. */
static bool read_clock(const char *at, const char *end, reading *out)
{
    int32_t hours, minutes, seconds = 0;

    if (end - at < 5 || !digits_at(at, 2, &hours) || at[2] != ':' || !digits_at(at + 3, 2, &minutes)) return false;
    at += 5;
    if (at < end && *at == ':') {
        if (end - at < 3 || !digits_at(at + 1, 2, &seconds)) return false;
        at += 3;
        if (at < end && *at == '.') {
            const char *fraction = ++at;
            while (at < end && *at >= '0' && *at <= '9') at++;
            if (at == fraction) return false;
        }
    }
    if (hours > 23 || minutes > 59 || seconds > 59) return false;
    out->clock = true;
    out->civil += hours * 3600 + minutes * 60 + seconds;
    if (at < end && *at == ' ') at++;
    return at == end ? at[-1] != ' ' : read_offset(at, end, out);
}

static bool read_iso(tsr_slice text, reading *out)
{
    const char *at = text.at, *end = text.at + text.n;
    int32_t year, month, day;
    int64_t days;

    if (text.n < 10 || !digits_at(at, 4, &year) || at[4] != '-' || !digits_at(at + 5, 2, &month) || at[7] != '-' ||
        !digits_at(at + 8, 2, &day) || !tsr_days_of_date(year, month, day, &days))
        return false;
    out->civil = days * TSR_SECONDS_PER_DAY;
    if (text.n == 10) return true;
    return (at[10] == 'T' || at[10] == ' ') && read_clock(at + 11, end, out);
}

static bool read_pattern(const tsr_clock *clock, tsr_slice text, reading *out)
{
    char copy[FIELD_MAX + 1];
    struct tm tm = {.tm_year = 0};
    int64_t days;

    *out = (reading){.civil = 0}; /* a faster reader may have begun */
    if (text.n > FIELD_MAX) return false;
    memcpy(copy, text.at, (size_t)text.n);
    copy[text.n] = '\0';
    const char *end = strptime(copy, clock->pattern, &tm);
    if (end == NULL || *end != '\0' || !tsr_days_of_date(tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday, &days))
        return false;
    if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59) return false;
    out->civil = days * TSR_SECONDS_PER_DAY + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    out->clock = clock->has_clock;
    out->zoned = clock->has_zone;
    out->offset = (int32_t)tm.tm_gmtoff;
    return true;
}

/* The patterns of most files, without strptime, which is ten times slower. What does not fit goes to strptime. */
static const struct {
    const char *pattern;
    int32_t bytes;
    char separator; /* between date and time of day */
} fast_pattern[] = {{"%Y%m%d", 8, 0},
                    {"%Y-%m-%d", 10, 0},
                    {"%Y-%m-%d %H:%M:%S", 19, ' '},
                    {"%Y-%m-%dT%H:%M:%S", 19, 'T'}};

static bool read_fast(int32_t fast, tsr_slice text, reading *out)
{
    if (fast < 0 || text.n != fast_pattern[fast].bytes) return false;
    if (text.n == 8) return read_eight(text, out);
    if (text.n == 19 && text.at[10] != fast_pattern[fast].separator) return false;
    return read_iso(text, out) && !out->zoned;
}

static tsr_parsed read_epoch(tsr_slice text, int64_t per_second, reading *out)
{
    tsr_decimal number;
    int64_t value;
    tsr_parsed parsed = tsr_parse_decimal(text, &number);

    if (parsed == TSR_PARSED) parsed = tsr_decimal_units(&number, 0, &value);
    if (parsed != TSR_PARSED) return parsed == TSR_PARSED_RANGE ? parsed : TSR_PARSED_NOT;
    out->civil = value / per_second - (value % per_second < 0);
    out->zoned = out->clock = true;
    return TSR_PARSED;
}

static tsr_parsed read_any(const tsr_clock *clock, tsr_slice text, reading *out)
{
    bool fine = false;

    switch (clock->kind) {
    case TSR_TIME_EPOCH: return read_epoch(text, 1, out);
    case TSR_TIME_EPOCH_MS: return read_epoch(text, 1000, out);
    case TSR_TIME_ISO: fine = read_iso(text, out); break;
    case TSR_TIME_PATTERN: fine = read_fast(clock->fast, text, out) || read_pattern(clock, text, out); break;
    }
    return fine ? TSR_PARSED : TSR_PARSED_NOT;
}

tsr_parsed tsr_clock_place(const tsr_clock *clock, int64_t seconds, bool timed, bool zoned, uint32_t *civil)
{
    if (seconds < ZONE_FIRST || seconds > ZONE_LAST) return TSR_PARSED_RANGE;
    if (zoned)
        seconds = tsr_zone_civil(clock->to, seconds);
    else if (timed && clock->from != clock->to)
        seconds = tsr_zone_civil(clock->to, tsr_zone_utc(clock->from, seconds));
    if (seconds < 0 || seconds > UINT32_MAX) return TSR_PARSED_RANGE;
    *civil = (uint32_t)seconds;
    return TSR_PARSED;
}

tsr_parsed tsr_clock_parse(const tsr_clock *clock, tsr_slice text, uint32_t *civil, bool *clock_seen)
{
    reading out = {.civil = 0};

    if (text.n == 0) return TSR_PARSED_EMPTY;
    tsr_parsed parsed = read_any(clock, text, &out);
    if (parsed != TSR_PARSED) return parsed;
    parsed = tsr_clock_place(clock, out.civil - (out.zoned ? out.offset : 0), out.clock, out.zoned, civil);
    if (out.clock && parsed == TSR_PARSED) *clock_seen = true;
    return parsed;
}

/* Two digits; more than 99 where they are none. */
static uint32_t two_digits(const char *at)
{
    uint32_t tens = (uint32_t)(at[0] - '0'), ones = (uint32_t)(at[1] - '0');

    return tens > 9 || ones > 9 ? 1000 : 10 * tens + ones;
}

/* Days before the month in a year that is no leap year, from March on, so that a leap day comes last. */
static uint32_t days_before(uint32_t month)
{
    return (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
}

bool tsr_clock_parse_plain(const tsr_clock *clock, tsr_slice text, uint32_t *civil, bool *clock_seen)
{
    const char *at = text.at;
    bool dated = text.n == 10, timed = text.n == 19 && clock->from == clock->to;

    if (clock->kind == TSR_TIME_PATTERN ? clock->fast < 0 || fast_pattern[clock->fast].bytes != text.n ||
                                              (timed && at[10] != fast_pattern[clock->fast].separator)
                                        : clock->kind != TSR_TIME_ISO)
        return false;
    if ((!dated && !timed) || at[4] != '-' || at[7] != '-') return false;
    uint32_t century = two_digits(at), year = two_digits(at + 2), month = two_digits(at + 5), day = two_digits(at + 8);
    if (century < 19 || century > 20 || year > 99 || month - 1 > 11 || day - 1 > 27) return false;
    year += century * 100;
    if (year < 1971 || year > 2105) return false;
    uint32_t from_march = year - (month <= 2), leaps = from_march / 4 - from_march / 100 + from_march / 400;
    *civil = (from_march * 365 + leaps + days_before(month) + day - 1 - 719468) * TSR_SECONDS_PER_DAY;
    if (dated) return true;
    uint32_t hours = two_digits(at + 11), minutes = two_digits(at + 14), seconds = two_digits(at + 17);
    if ((at[10] != ' ' && at[10] != 'T') || at[13] != ':' || at[16] != ':') return false;
    if (hours > 23 || minutes > 59 || seconds > 59) return false;
    *civil += hours * 3600 + minutes * 60 + seconds;
    *clock_seen = true;
    return true;
}

/* ---- setting up ---- */

/* Write a known moment with the pattern and read it back: what comes back is what the pattern holds. */
static tsr_status try_pattern(tsr_clock *clock)
{
    struct tm known = {.tm_year = 101,
                       .tm_mon = 10,
                       .tm_mday = 23,
                       .tm_hour = 14,
                       .tm_min = 35,
                       .tm_sec = 47,
                       .tm_wday = 5,
                       .tm_yday = 326};
    char text[FIELD_MAX + 1];
    reading out = {.civil = 0};
    int64_t days = 0;
    size_t n = strftime(text, sizeof text, clock->pattern, &known);

    bool fine = n > 0 && tsr_days_of_date(2001, 11, 23, &days) &&
                read_pattern(clock, (tsr_slice){text, (int32_t)n}, &out) && out.civil / TSR_SECONDS_PER_DAY == days;
    if (!fine)
        return TSR_FAIL(TSR_ECONF,
                        "time_format \"%s\" does not give year, month and day: use a pattern of strptime such as "
                        "\"%%Y-%%m-%%d %%H:%%M:%%S\", or iso, epoch, epoch_ms",
                        clock->pattern);
    clock->has_clock = out.civil % TSR_SECONDS_PER_DAY != 0;
    return TSR_OK;
}

tsr_status tsr_clock_set(tsr_clock *clock, const char *format, const tsr_zone *from, const tsr_zone *to)
{
    *clock = (tsr_clock){.from = from, .to = to, .fast = -1};
    if (strcmp(format, "epoch") == 0)
        clock->kind = TSR_TIME_EPOCH;
    else if (strcmp(format, "epoch_ms") == 0)
        clock->kind = TSR_TIME_EPOCH_MS;
    else if (strcmp(format, "iso") == 0)
        clock->kind = TSR_TIME_ISO;
    else
        clock->kind = TSR_TIME_PATTERN;
    if (clock->kind != TSR_TIME_PATTERN) return TSR_OK;

    if (strlen(format) >= sizeof clock->pattern)
        return TSR_FAIL(TSR_ECONF, "time_format \"%s\" is longer than %zu bytes", format, sizeof clock->pattern - 1);
    strcpy(clock->pattern, format);
    if (strstr(format, "%s") != NULL || strstr(format, "%Z") != NULL)
        return TSR_FAIL(TSR_ECONF, "time_format \"%s\": %%s and %%Z depend on the machine; use epoch, or %%z", format);
    for (size_t i = 0; i < sizeof fast_pattern / sizeof fast_pattern[0]; i++)
        if (strcmp(format, fast_pattern[i].pattern) == 0) clock->fast = (int32_t)i;
    clock->has_zone = strstr(format, "%z") != NULL;
    return try_pattern(clock);
}
