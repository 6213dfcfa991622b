/**
 * @file cdnow.h
 * The CDNOW sample as purchase histories, read by a few lines of its own: the code under test has no part in it.
 * The data stays outside the repository: TESSERA_DATA, or ../shared/data beside the source tree.
 */
#ifndef TSR_TEST_CDNOW_H
#define TSR_TEST_CDNOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CDNOW_CUSTOMERS 2357
#define CDNOW_SCALE     2 /* money in cents */

/* One period of one customer. */
typedef struct cdnow_history {
    int32_t x, tx_days, t_days;
    int64_t spend; /* cents of the repeat purchase days */
} cdnow_history;

typedef struct cdnow {
    cdnow_history calibration[CDNOW_CUSTOMERS], all[CDNOW_CUSTOMERS];
    int32_t hold_x[CDNOW_CUSTOMERS]; /* purchase days after 1997-09-30 */
    int64_t hold_spend[CDNOW_CUSTOMERS];
} cdnow;

/* Days since 1970-01-01 of a date of 1997 or 1998. */
static inline int32_t cdnow_day(int32_t yyyymmdd)
{
    static const int32_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

    return 9862 + (yyyymmdd / 10000 - 1997) * 365 + before[yyyymmdd / 100 % 100 - 1] + yyyymmdd % 100 - 1;
}

/* One purchase; those of a customer come by date, and those of one day are one. */
static inline void cdnow_add(cdnow_history *h, int32_t first, int32_t day, bool repeat, bool new_day, int64_t cents)
{
    if (!repeat) return;
    if (new_day) h->x++;
    h->tx_days = day - first;
    h->spend += cents;
}

static inline bool cdnow_parse(FILE *file, cdnow *out)
{
    const int32_t cut = cdnow_day(19970930), end = cdnow_day(19980630);
    int32_t master, sample, date, discs, whole, part, n = 0, previous = 0, first = 0, last = 0;

    while (fscanf(file, "%d %d %d %d %d.%d", &master, &sample, &date, &discs, &whole, &part) == 6) {
        int32_t day = cdnow_day(date);
        int64_t cents = 100 * (int64_t)whole + part;
        if (sample != previous) {
            if (n == CDNOW_CUSTOMERS) return false;
            n++;
            first = last = day;
            out->calibration[n - 1].t_days = cut - first;
            out->all[n - 1].t_days = end - first;
        }
        bool new_day = day != last;
        cdnow_add(&out->all[n - 1], first, day, day != first, new_day, cents);
        if (day <= cut) {
            cdnow_add(&out->calibration[n - 1], first, day, day != first, new_day, cents);
        } else {
            out->hold_x[n - 1] += new_day;
            out->hold_spend[n - 1] += cents;
        }
        previous = sample;
        last = day;
    }
    return n == CDNOW_CUSTOMERS;
}

/* Path of a file of the data folder; static. */
static inline const char *data_path(const char *name)
{
    static char path[4096];
    const char *folder = getenv("TESSERA_DATA");

    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : TSR_TEST_DATA, name);
    return path;
}

/* Data may be missing, but not where the environment says that it must be there. */
static inline bool data_required(void)
{
    const char *required = getenv("TESSERA_REQUIRE_DATA");

    return required != NULL && strcmp(required, "1") == 0;
}

/* false: the data is not there (or not what it should be). */
static inline bool cdnow_read(cdnow *out)
{
    FILE *file = fopen(data_path("cdnow/CDNOW_sample.txt"), "r");

    memset(out, 0, sizeof *out);
    if (file == NULL) return false;
    bool whole = cdnow_parse(file, out);
    fclose(file);
    return whole;
}

#endif
