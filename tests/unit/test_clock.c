#include "unit_test.h"

#include <string.h>

#include "ingest/parse/clock.h"

static tsr_slice text(const char *t)
{
    return (tsr_slice){t, (int32_t)strlen(t)};
}

/* Read a time in one zone for a dataset in another; -1 - reason where it is refused. */
static int64_t civil(const char *format, const char *t, const tsr_zone *from, const tsr_zone *to)
{
    tsr_clock clock;
    uint32_t seconds;
    bool seen = false;

    assert_int_equal(tsr_clock_set(&clock, format, from, to), TSR_OK);
    tsr_parsed parsed = tsr_clock_parse(&clock, text(t), &seconds, &seen);
    return parsed == TSR_PARSED ? (int64_t)seconds : -1 - (int64_t)parsed;
}

static tsr_zone zone(const char *name)
{
    tsr_zone read;

    assert_int_equal(tsr_zone_read(name, &read), TSR_OK);
    return read;
}

#define REFUSED (-1 - (int64_t)TSR_PARSED_NOT)
#define BEYOND  (-1 - (int64_t)TSR_PARSED_RANGE)

static void dates_are_days_of_the_gregorian_calendar(void **state)
{
    int64_t days;

    (void)state;
    assert_true(tsr_days_of_date(1970, 1, 1, &days) && days == 0);
    assert_true(tsr_days_of_date(2000, 2, 29, &days) && days == 11016);
    assert_true(tsr_days_of_date(2000, 3, 1, &days) && days == 11017);
    assert_true(tsr_days_of_date(1969, 12, 31, &days) && days == -1);
    assert_true(tsr_days_of_date(2106, 2, 7, &days) && days == 49710);
    assert_false(tsr_days_of_date(1900, 2, 29, &days));
    assert_false(tsr_days_of_date(2023, 2, 29, &days));
    assert_false(tsr_days_of_date(2023, 4, 31, &days));
    assert_false(tsr_days_of_date(2023, 13, 1, &days));
    assert_false(tsr_days_of_date(2023, 0, 1, &days));
    assert_false(tsr_days_of_date(2023, 1, 0, &days));
}

static void patterns_give_civil_seconds(void **state)
{
    tsr_zone utc = zone("UTC");

    (void)state;
    assert_int_equal(civil("%Y%m%d", "19970101", &utc, &utc), 852076800);
    assert_int_equal(civil("%Y-%m-%d", "1997-01-01", &utc, &utc), 852076800);
    assert_int_equal(civil("%Y-%m-%d", "1997-1-1", &utc, &utc), 852076800);
    assert_int_equal(civil("%Y-%m-%d %H:%M:%S", "2010-12-01 08:26:00", &utc, &utc), 1291191960);
    assert_int_equal(civil("%Y-%m-%dT%H:%M:%S", "2010-12-01T08:26:00", &utc, &utc), 1291191960);
    assert_int_equal(civil("%d/%m/%Y %H:%M", "01/12/2010 08:26", &utc, &utc), 1291191960);
    assert_int_equal(civil("%d %b %Y", "1 Dec 2010", &utc, &utc), 1291161600);
    assert_int_equal(civil("epoch", "1291191960", &utc, &utc), 1291191960);
    assert_int_equal(civil("epoch_ms", "1291191960999", &utc, &utc), 1291191960);
    assert_int_equal(civil("%Y-%m-%d %H:%M:%S%z", "2010-12-01 08:26:00+0130", &utc, &utc), 1291191960 - 5400);
}

static void what_does_not_fit_the_pattern_is_refused(void **state)
{
    static const char *const wrong[][2] = {{"%Y%m%d", "19970230"},
                                           {"%Y%m%d", "19971301"},
                                           {"%Y%m%d", "1997010"},
                                           {"%Y%m%d", "19970101x"},
                                           {"%Y-%m-%d", "1997-02-29"},
                                           {"%Y-%m-%d", "1997-01-01 10:00:00"},
                                           {"%Y-%m-%d %H:%M:%S", "2010-12-01"},
                                           {"%Y-%m-%d %H:%M:%S", "2010-12-01T08:26:00"},
                                           {"%Y-%m-%d %H:%M:%S", "2010-12-01 24:00:00"},
                                           {"%Y-%m-%d %H:%M:%S", "2010-12-01 08:60:00"},
                                           {"%Y-%m-%d %H:%M:%S", "2016-12-31 23:59:60"},
                                           {"%d/%m/%Y", "12/13/2010"},
                                           {"%d/%m/%Y", "31/04/2010"},
                                           {"epoch", "12.5"},
                                           {"epoch", "2010-12-01"},
                                           {"iso", "20101201"},
                                           {"iso", "2010-12-01 8:26"},
                                           {"iso", "2010-12-01T08"},
                                           {"iso", "2010-12-01T08:26:00+1:00"},
                                           {"iso", "2010-12-01T08:26:00+01:"},
                                           {"iso", "2010-12-01T08:26:00."},
                                           {"iso", "2010-12-01T08:26:00 CET"}};
    tsr_zone utc = zone("UTC");

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t seconds = civil(wrong[i][0], wrong[i][1], &utc, &utc);
        if (seconds != REFUSED) print_error("%s: %s: %" PRId64 "\n", wrong[i][0], wrong[i][1], seconds);
        assert_int_equal(seconds, REFUSED);
    }
}

static void times_end_in_1970_and_2106(void **state)
{
    tsr_zone utc = zone("UTC");

    (void)state;
    assert_int_equal(civil("iso", "1970-01-01", &utc, &utc), 0);
    assert_int_equal(civil("iso", "1969-12-31T23:59:59", &utc, &utc), BEYOND);
    assert_int_equal(civil("iso", "2106-02-07T06:28:15", &utc, &utc), UINT32_MAX);
    assert_int_equal(civil("iso", "2106-02-07T06:28:16", &utc, &utc), BEYOND);
    assert_int_equal(civil("iso", "9999-12-31", &utc, &utc), BEYOND);
    assert_int_equal(civil("epoch", "-1", &utc, &utc), BEYOND);
    assert_int_equal(civil("epoch_ms", "-1", &utc, &utc), BEYOND);
    assert_int_equal(civil("epoch", "99999999999999999999999", &utc, &utc), BEYOND);
}

static void iso_takes_dates_clocks_and_offsets(void **state)
{
    tsr_zone utc = zone("UTC"), berlin = zone("Europe/Berlin");

    (void)state;
    assert_int_equal(civil("iso", "2010-12-01", &utc, &utc), 1291161600);
    assert_int_equal(civil("iso", "2010-12-01 08:26", &utc, &utc), 1291191960);
    assert_int_equal(civil("iso", "2010-12-01T08:26:00.123456", &utc, &utc), 1291191960);
    assert_int_equal(civil("iso", "2010-12-01T08:26:00Z", &utc, &utc), 1291191960);
    assert_int_equal(civil("iso", "2010-12-01T08:26:00+01", &utc, &utc), 1291191960 - 3600);
    assert_int_equal(civil("iso", "2010-12-01 08:26:00 -05:30", &utc, &utc), 1291191960 + 19800);
    assert_int_equal(civil("iso", "2010-12-01T08:26:00Z", &utc, &berlin), 1291191960 + 3600);
}

static void only_a_time_of_day_makes_the_resolution_a_second(void **state)
{
    static const char *const days[][2] = {{"iso", "2010-12-01"}, {"%Y%m%d", "20101201"}, {"%d/%m/%Y", "01/12/2010"}};
    static const char *const clocks[][2] = {{"iso", "2010-12-01 00:00"},
                                            {"%Y-%m-%d %H:%M:%S", "2010-12-01 00:00:00"},
                                            {"%d/%m/%Y %H:%M", "01/12/2010 00:00"},
                                            {"epoch", "0"}};
    tsr_zone utc = zone("UTC");
    tsr_clock clock;
    uint32_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        bool seen = false;
        assert_int_equal(tsr_clock_set(&clock, days[i][0], &utc, &utc), TSR_OK);
        assert_int_equal(tsr_clock_parse(&clock, text(days[i][1]), &seconds, &seen), TSR_PARSED);
        assert_false(seen);
    }
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        bool seen = false;
        assert_int_equal(tsr_clock_set(&clock, clocks[i][0], &utc, &utc), TSR_OK);
        assert_int_equal(tsr_clock_parse(&clock, text(clocks[i][1]), &seconds, &seen), TSR_PARSED);
        assert_true(seen);
    }
}

static void zones_convert_through_summer_time(void **state)
{
    tsr_zone utc = zone("UTC"), berlin = zone("Europe/Berlin"), york = zone("America/New_York");

    (void)state;
    /* summer time in Berlin: 2023-03-26 01:00 UTC to 2023-10-29 01:00 UTC */
    assert_int_equal(tsr_zone_civil(&berlin, 1679792399), 1679792399 + 3600);
    assert_int_equal(tsr_zone_civil(&berlin, 1679792400), 1679792400 + 7200);
    assert_int_equal(tsr_zone_civil(&berlin, 1698541199), 1698541199 + 7200);
    assert_int_equal(tsr_zone_civil(&berlin, 1698541200), 1698541200 + 3600);

    assert_int_equal(civil("iso", "2023-07-01 12:00", &berlin, &utc), civil("iso", "2023-07-01 10:00", &utc, &utc));
    assert_int_equal(civil("iso", "2023-01-01 12:00", &berlin, &york), civil("iso", "2023-01-01 06:00", &utc, &utc));
    /* New York changes two weeks before Berlin */
    assert_int_equal(civil("iso", "2023-03-20 12:00", &berlin, &york), civil("iso", "2023-03-20 07:00", &utc, &utc));
    /* 02:30 comes twice on 2023-10-29: the first is 00:30 UTC */
    assert_int_equal(civil("iso", "2023-10-29 02:30", &berlin, &utc), civil("iso", "2023-10-29 00:30", &utc, &utc));
    /* 02:30 does not exist on 2023-03-26: read with winter's offset */
    assert_int_equal(civil("iso", "2023-03-26 02:30", &berlin, &utc), civil("iso", "2023-03-26 01:30", &utc, &utc));
}

static void conversion_there_and_back_is_the_identity_outside_of_changes(void **state)
{
    static const char *const names[] = {"Europe/Berlin",       "America/New_York",   "Asia/Kolkata",
                                        "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tsr_zone read = zone(names[i]);
        int32_t other = 0;
        for (int64_t utc = 0; utc < 4294967296; utc += 86400 * 3 + 3607) {
            int64_t back = tsr_zone_utc(&read, tsr_zone_civil(&read, utc));
            if (back != utc) other++;
            assert_true(back == utc || (back < utc && utc - back <= 7200)); /* the second of an hour that comes twice */
        }
        assert_true(other < 40);
    }
}

static void dates_without_a_clock_stay_where_they_are(void **state)
{
    tsr_zone utc = zone("UTC"), york = zone("America/New_York");

    (void)state;
    assert_int_equal(civil("%Y%m%d", "20230701", &utc, &york), civil("iso", "2023-07-01", &utc, &utc));
    assert_int_equal(civil("iso", "2023-07-01", &utc, &york), civil("iso", "2023-07-01", &utc, &utc));
}

static void zone_reading_leaves_the_process_in_its_own_zone(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    zone("Europe/Berlin");
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    unsetenv("TZ");
    zone("Europe/Berlin");
    assert_null(getenv("TZ"));
}

static void unknown_zones_and_bad_patterns_are_settings_errors(void **state)
{
    static const char *const wrong[] = {"%H:%M", "%Y-%m", "%s", "%Y-%m-%d %Z", "hello", ""};
    tsr_zone utc = zone("UTC"), read;
    tsr_clock clock;

    (void)state;
    assert_int_equal(tsr_zone_read("Europe/Atlantis", &read), TSR_ECONF);
    assert_int_equal(tsr_zone_read("../../etc/passwd", &read), TSR_ECONF);
    assert_int_equal(tsr_zone_read("", &read), TSR_ECONF);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (tsr_clock_set(&clock, wrong[i], &utc, &utc) != TSR_ECONF) print_error("taken: %s\n", wrong[i]);
        assert_int_equal(tsr_clock_set(&clock, wrong[i], &utc, &utc), TSR_ECONF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_days_of_the_gregorian_calendar),
        cmocka_unit_test(patterns_give_civil_seconds),
        cmocka_unit_test(what_does_not_fit_the_pattern_is_refused),
        cmocka_unit_test(times_end_in_1970_and_2106),
        cmocka_unit_test(iso_takes_dates_clocks_and_offsets),
        cmocka_unit_test(only_a_time_of_day_makes_the_resolution_a_second),
        cmocka_unit_test(zones_convert_through_summer_time),
        cmocka_unit_test(conversion_there_and_back_is_the_identity_outside_of_changes),
        cmocka_unit_test(dates_without_a_clock_stay_where_they_are),
        cmocka_unit_test(zone_reading_leaves_the_process_in_its_own_zone),
        cmocka_unit_test(unknown_zones_and_bad_patterns_are_settings_errors),
    };

    return RUN_UNIT_TESTS(tests);
}
