/* Files of delimited text, and their rows as one text. For unit tests of reading. */
#ifndef TSR_TEST_TEXT_ROWS_H
#define TSR_TEST_TEXT_ROWS_H

#include "unit_test.h"

#include <stdio.h>
#include <string.h>

#include "ingest/read/text_reader.h"

static inline void write_file(const char *text, size_t n)
{
    FILE *file = fopen(FILE_NAME, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *text)
{
    write_file(text, strlen(text));
}

/* All rows of a range as one text: fields in brackets, line and offset before them. */
static char shown[1 << 16];
static size_t shown_n;

static inline void show_row(const tsr_row *row, int64_t base, bool places)
{
    size_t room = sizeof shown - shown_n;
    char *at = shown + shown_n;
    int n = 0;

    if (places) n = snprintf(at, room, "%d@%d ", (int)(base + row->breaks + 1), (int)row->offset);
    for (int32_t i = 0; i < row->fields; i++)
        n += snprintf(at + n, room - (size_t)n, "[%.*s]", row->field[i].n, row->field[i].at);
    if (row->defect != TSR_DEFECT_NONE) n += snprintf(at + n, room - (size_t)n, "!%d", row->defect);
    n += snprintf(at + n, room - (size_t)n, "\n");
    shown_n += (size_t)n;
}

/* @return the status; the line breaks of the range are added to *breaks */
static inline tsr_status show_range(const tsr_text_format *format, int64_t begin, int64_t end, int64_t *breaks,
                                    bool places)
{
    tsr_text_reader *reader = NULL;
    tsr_file_facts facts;
    tsr_row row;
    bool more = true;
    tsr_status st;

    TSR_TRY(tsr_file_look(FILE_NAME, &facts));
    if (end < 0) end = facts.bytes;
    TSR_TRY(tsr_text_reader_open(FILE_NAME, &facts, format, begin, end, &reader));
    while (more) {
        TSR_TRY(tsr_text_reader_next(reader, &row, &more));
        if (more) show_row(&row, *breaks, places);
    }
    *breaks += tsr_text_reader_breaks(reader);
done:
    tsr_text_reader_close(&reader);
    return st;
}

static inline tsr_status show(const tsr_text_format *format)
{
    int64_t breaks = 0;

    shown_n = 0;
    shown[0] = '\0';
    return show_range(format, 0, -1, &breaks, false);
}

static const tsr_text_format comma = {.delimiter = ','};

#endif
