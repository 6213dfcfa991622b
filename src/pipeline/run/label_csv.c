#include "pipeline/run/label_csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/read/text_reader.h"
#include "ingest/read/unpack.h"
#include "tessera/memory.h"

#define NUMBER_BYTES 64

static bool ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcmp(path + n - m, end) == 0;
}

static bool is_tabs(const char *path)
{
    return ends_with(path, ".tsv") || ends_with(path, ".tsv.gz") || ends_with(path, ".tsv.zst");
}

bool tsr_label_csv_is(const char *path)
{
    return is_tabs(path) || ends_with(path, ".csv") || ends_with(path, ".csv.gz") || ends_with(path, ".csv.zst");
}

/* ---- which columns ---- */

static int32_t column_of(const tsr_row *head, const char *name)
{
    for (int32_t i = 0; i < head->fields; i++)
        if ((size_t)head->field[i].n == strlen(name) && memcmp(head->field[i].at, name, strlen(name)) == 0) return i;
    return -1;
}

/* Every rank reads the first line for itself. */
static tsr_status find_columns(const char *path, const tsr_file_facts *facts, const char *name, int32_t column[2])
{
    const tsr_text_format format = {.delimiter = is_tabs(path) ? '\t' : ','};
    tsr_text_reader *reader = NULL;
    tsr_row head = {0};
    bool more = false;
    tsr_status st;

    TSR_TRY(tsr_text_reader_open(path, facts, &format, 0, facts->bytes, &reader));
    TSR_TRY(tsr_text_reader_next(reader, &head, &more));
    column[0] = more ? column_of(&head, "id") : -1;
    column[1] = more ? column_of(&head, name) : -1;
    if (column[0] < 0) st = TSR_FAIL(TSR_ECONF, "%s: the first line names no column `id` to join by", path);
    if (st == TSR_OK && column[1] < 0) st = TSR_FAIL(TSR_ECONF, "%s has no column %s", path, name);
done:
    tsr_text_reader_close(&reader);
    return st;
}

/* ---- rows ---- */

static tsr_status parse(const char *path, const char *name, const tsr_row *row, tsr_slice text, double *value)
{
    char number[NUMBER_BYTES], *end = number;

    *value = (double)NAN;
    if (text.n == 0) return TSR_OK;
    if (text.n < NUMBER_BYTES) {
        memcpy(number, text.at, (size_t)text.n);
        number[text.n] = '\0';
        *value = strtod(number, &end);
    }
    if (end == number || *end != '\0' || !isfinite(*value))
        return TSR_FAIL(TSR_EDATA, "%s: the line at byte %" PRId64 ": column %s holds `%.*s`, which is no number", path,
                        row->offset, name, text.n < 40 ? text.n : 40, text.at);
    return TSR_OK;
}

static tsr_status take(const char *path, const char *name, const tsr_row *row, const int32_t column[2],
                       tsr_label *label)
{
    const int32_t last = column[0] > column[1] ? column[0] : column[1];

    if (row->defect != TSR_DEFECT_NONE || row->fields <= last)
        return TSR_FAIL(TSR_EDATA, "%s: the line at byte %" PRId64 " has %d columns, or an open quote", path,
                        row->offset, (int)row->fields);
    label->key = tsr_key_of_id(row->field[column[0]].at, (size_t)row->field[column[0]].n);
    return parse(path, name, row, row->field[column[1]], &label->value);
}

tsr_status tsr_label_csv_read(int rank, int size, const char *path, const char *name, tsr_label **known, int64_t *n)
{
    const tsr_text_format format = {.delimiter = is_tabs(path) ? '\t' : ',', .header = true};
    tsr_text_reader *reader = NULL;
    tsr_file_facts facts;
    int64_t room = 0;
    int32_t column[2];
    tsr_row row;
    bool more = false;
    tsr_status st;

    *n = 0;
    TSR_TRY(tsr_file_look(path, &facts));
    TSR_TRY(find_columns(path, &facts, name, column));
    if (facts.packing != TSR_PACKING_PLAIN && rank > 0) return TSR_OK;
    if (facts.packing != TSR_PACKING_PLAIN) size = 1;
    TSR_TRY(tsr_text_reader_open(path, &facts, &format, facts.bytes / size * rank,
                                 rank == size - 1 ? facts.bytes : facts.bytes / size * (rank + 1), &reader));
    for (;;) {
        TSR_TRY(tsr_text_reader_next(reader, &row, &more));
        if (!more) goto done;
        if (*n == room) TSR_TRY(tsr_resize(known, room = 2 * room + 1024, sizeof **known));
        TSR_TRY(take(path, name, &row, column, &(*known)[*n]));
        *n += !isnan((*known)[*n].value);
    }
done:
    tsr_text_reader_close(&reader);
    return st;
}
