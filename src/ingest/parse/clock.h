/**
 * @file ingest/parse/clock.h
 * Text fields -> civil seconds in the dataset's time zone.
 */
#ifndef TSR_INGEST_CLOCK_H
#define TSR_INGEST_CLOCK_H

#include "ingest/parse/parse.h"
#include "tessera/comm.h"

#define TSR_SECONDS_PER_DAY 86400
#define TSR_ZONE_CHANGES    512 /* 1970 to 2106 with two a year, and room for the unusual */
#define TSR_PATTERN_BYTES   64

/* The offsets of a time zone from UTC, taken from the tz database once, on one rank. Plain data. */
typedef struct tsr_zone {
    int32_t n;
    int64_t from[TSR_ZONE_CHANGES];   /* UTC seconds: offset[i] holds from from[i] on; from[0] is before all times */
    int32_t offset[TSR_ZONE_CHANGES]; /* civil seconds - UTC seconds */
} tsr_zone;

/** Local. Read a zone by its IANA name. @return TSR_OK; TSR_ECONF (not in the tz database) */
tsr_status tsr_zone_read(const char *name, tsr_zone *zone) TSR_NODISCARD;

/** Local. */
int64_t tsr_zone_civil(const tsr_zone *zone, int64_t utc);

/** Local. The moment of a civil time. Of an hour that comes twice, the first; a time that the clocks skip is read with
 *  the offset before the skip. */
int64_t tsr_zone_utc(const tsr_zone *zone, int64_t civil);

typedef enum tsr_time_kind { TSR_TIME_ISO, TSR_TIME_PATTERN, TSR_TIME_EPOCH, TSR_TIME_EPOCH_MS } tsr_time_kind;

/* How a source writes times, and into which zone they go. */
typedef struct tsr_clock {
    tsr_time_kind kind;
    char pattern[TSR_PATTERN_BYTES]; /* of strptime */
    int32_t fast;                    /* the pattern is one that is read without strptime; -1: it is not */
    bool has_zone;                   /* the pattern holds %z */
    bool has_clock;                  /* the pattern holds a time of day */
    const tsr_zone *from, *to;       /* of civil times in the text, and of the dataset; the same: nothing to convert */
} tsr_clock;

/**
 * Local. @param format  "iso" (YYYY-MM-DD [T or blank HH:MM[:SS[.fraction]] [Z or +HH:MM]]), "epoch", "epoch_ms", or a
 * pattern of strptime that gives at least year, month and day. @param from, to  borrowed
 * @return TSR_OK; TSR_ECONF
 */
tsr_status tsr_clock_set(tsr_clock *clock, const char *format, const tsr_zone *from, const tsr_zone *to) TSR_NODISCARD;

/** Local. A date without a time of day is the same date in every zone: it is not converted.
 *  @param[out] clock_seen  set to true where the field holds a time of day; else left as it is
 *  @return PARSED; EMPTY; NOT; RANGE (before 1970 or beyond 32 bits, in the year 2106) */
tsr_parsed tsr_clock_parse(const tsr_clock *clock, tsr_slice text, uint32_t *civil, bool *clock_seen);

/** Local. Seconds since 1970 that a value or a text gives -> civil seconds of the dataset. @param timed  they hold a
 * time of day @param zoned  they are of UTC; else of the source's zone @return PARSED; RANGE */
tsr_parsed tsr_clock_place(const tsr_clock *clock, int64_t seconds, bool timed, bool zoned, uint32_t *civil);

/** Local. The common case, fast: YYYY-MM-DD or YYYY-MM-DD HH:MM:SS that needs no conversion. @return false where the
 * text or the clock is anything else; tsr_clock_parse() then tells */
bool tsr_clock_parse_plain(const tsr_clock *clock, tsr_slice text, uint32_t *civil, bool *clock_seen);

/** Local. Days since 1970-01-01 of a date of the Gregorian calendar that exists; false where it does not. */
bool tsr_days_of_date(int64_t year, int32_t month, int32_t day, int64_t *days);

#endif
