#include "ingest/infer/sniff.h"

#include <stdio.h>
#include <string.h>

#include "ingest/read/parquet_facts.h"
#include "ingest/read/parquet_reader.h"
#include "tessera/memory.h"

#define ROWS_OF_A_TRY 200
#define FIELDS_MAX    10000

void tsr_sniffed_clear(tsr_sniffed *sniffed)
{
    for (int32_t c = 0; c < sniffed->columns; c++) tsr_free(&sniffed->column[c].name);
    tsr_free(&sniffed->column);
    *sniffed = (tsr_sniffed){.columns = 0};
}

/* ---- the delimiter ---- */

/* How well a delimiter explains the first rows. */
typedef struct trial {
    int32_t fields; /* of the first row */
    int64_t rows, alike;
} trial;

static tsr_status try_format(const char *path, const tsr_file_facts *facts, const tsr_text_format *format, trial *t)
{
    tsr_text_reader *reader = NULL;
    tsr_row row;
    bool more = true;
    tsr_status st;

    *t = (trial){0};
    TSR_TRY(tsr_text_reader_open(path, facts, format, 0, facts->bytes, &reader));
    while (t->rows < ROWS_OF_A_TRY) {
        TSR_TRY(tsr_text_reader_next(reader, &row, &more));
        if (!more) break;
        if (t->rows++ == 0) t->fields = row.fields;
        t->alike += row.fields == t->fields && row.defect == TSR_DEFECT_NONE;
    }
done:
    tsr_text_reader_close(&reader);
    return st;
}

/* More rows of one length, then more fields. Blanks come last: they stand within fields, too. */
static bool is_better(const trial *a, const trial *b)
{
    if (a->fields < 2 || a->fields > FIELDS_MAX) return false;
    if (b->fields < 2) return true;
    if (a->alike * b->rows != b->alike * a->rows) return a->alike * b->rows > b->alike * a->rows;
    return a->fields > b->fields;
}

static tsr_status find_delimiter(const char *path, const tsr_file_facts *facts, tsr_sniffed *sniffed)
{
    static const char delimiters[] = {',', ';', '\t', '|', TSR_DELIMITER_BLANK};
    trial best = {0}, t;
    tsr_status failed = TSR_OK;

    for (size_t i = 0; i < sizeof delimiters; i++)
        for (int multiline = 0; multiline <= (delimiters[i] != TSR_DELIMITER_BLANK); multiline++) {
            tsr_text_format format = {.delimiter = delimiters[i], .multiline = multiline != 0};
            tsr_status st = try_format(path, facts, &format, &t);
            if (st == TSR_EIO || st == TSR_ENOMEM) return st;
            if (st != TSR_OK) failed = st;
            bool blank = delimiters[i] == TSR_DELIMITER_BLANK && best.fields >= 2 && best.alike == best.rows;
            if (st == TSR_OK && !blank && is_better(&t, &best)) {
                best = t;
                sniffed->delimiter = delimiters[i];
                sniffed->multiline = multiline != 0;
            }
            if (st == TSR_OK) break;
        }
    if (best.rows > 0 && best.fields >= 2) return TSR_OK;
    if (failed != TSR_OK) return failed;
    return TSR_FAIL(TSR_EDATA, "%s: no rows of two and more fields between , ; | tabs or blanks", path);
}

/* ---- the header and the columns ---- */

static tsr_status add_column(tsr_sniffed *sniffed, tsr_slice name)
{
    tsr_status st = tsr_resize(&sniffed->column, sniffed->columns + 1, sizeof *sniffed->column);
    char text[256];

    if (st != TSR_OK) return st;
    tsr_sniffed_column *column = &sniffed->column[sniffed->columns++];
    memset(column, 0, sizeof *column);
    column->in_file = name.n > 0;
    for (int32_t c = 0; c + 1 < sniffed->columns && name.n > 0; c++) /* a name that comes twice names nothing */
        if (strlen(sniffed->column[c].name) == (size_t)name.n &&
            memcmp(sniffed->column[c].name, name.at, (size_t)name.n) == 0)
            column->in_file = false;
    if (column->in_file)
        snprintf(text, sizeof text, "%.*s", (int)name.n, name.at);
    else
        snprintf(text, sizeof text, "%d", sniffed->columns);
    return tsr_strdup(&column->name, text);
}

static bool has_form(tsr_slice text, const tsr_guess_clocks *clocks)
{
    tsr_guess one = {0};

    tsr_guess_add(&one, clocks, text);
    tsr_guess_form form = tsr_guess_of(&one, clocks, "");
    return form == TSR_GUESS_WHOLE || form == TSR_GUESS_NUMBER || form == TSR_GUESS_COMMA || form == TSR_GUESS_TIME;
}

/* Names are filled, valid text, and neither numbers nor times. */
static bool looks_like_header(const tsr_row *row, const tsr_guess_clocks *clocks)
{
    for (int32_t f = 0; f < row->fields; f++) {
        tsr_slice name = tsr_trim(row->field[f]);
        if (name.n == 0 || name.n > 120 || !tsr_utf8_valid(name) || has_form(name, clocks)) return false;
    }
    return row->defect == TSR_DEFECT_NONE;
}

static tsr_status see_row(tsr_sniffed *sniffed, const tsr_guess_clocks *clocks, const tsr_row *row)
{
    tsr_status st = TSR_OK;

    while (st == TSR_OK && sniffed->columns < row->fields && sniffed->columns < FIELDS_MAX)
        st = add_column(sniffed, (tsr_slice){"", 0});
    for (int32_t f = 0; f < row->fields && f < sniffed->columns; f++)
        tsr_guess_add(&sniffed->column[f].guess, clocks, tsr_trim(row->field[f]));
    sniffed->rows++;
    return st;
}

static tsr_status see_rows(const char *path, const tsr_file_facts *facts, const tsr_guess_clocks *clocks,
                           tsr_sniffed *sniffed)
{
    tsr_text_format format = {.delimiter = sniffed->delimiter, .multiline = sniffed->multiline};
    tsr_text_reader *reader = NULL;
    tsr_row row;
    bool more = true;
    tsr_status st;

    TSR_TRY(tsr_text_reader_open(path, facts, &format, 0, facts->bytes, &reader));
    for (bool first = true; sniffed->rows < TSR_SNIFF_ROWS; first = false) {
        TSR_TRY(tsr_text_reader_next(reader, &row, &more));
        if (!more) break;
        if (first) TSR_TRY(tsr_text_reader_check(reader, &row));
        if (first) sniffed->header = looks_like_header(&row, clocks);
        if (!first || !sniffed->header) TSR_TRY(see_row(sniffed, clocks, &row));
        for (int32_t f = 0; first && sniffed->header && f < row.fields; f++)
            TSR_TRY(add_column(sniffed, tsr_trim(row.field[f])));
    }
done:
    tsr_text_reader_close(&reader);
    return st;
}

/* ---- Parquet ---- */

static bool is_parquet(const char *path)
{
    char head[4] = "";
    FILE *file = fopen(path, "rb");
    bool is = file != NULL && fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "PAR1", 4) == 0;

    if (file != NULL) fclose(file);
    return is;
}

static tsr_status see_parquet(const char *path, const tsr_guess_clocks *clocks, tsr_sniffed *sniffed)
{
    tsr_parquet_facts facts = {0};
    tsr_parquet_reader *reader = NULL;
    tsr_duck *duck = NULL;
    tsr_use *use = NULL;
    bool more = true;
    tsr_row row;
    tsr_status st;

    TSR_TRY(tsr_duck_open(&duck));
    TSR_TRY(tsr_parquet_look(duck, path, &facts));
    TSR_TRY(tsr_alloc(&use, facts.columns, sizeof *use));
    const char *name = facts.names;
    for (int32_t c = 0; c < facts.columns; c++, name += strlen(name) + 1) {
        TSR_TRY(add_column(sniffed, (tsr_slice){name, (int32_t)strlen(name)}));
        sniffed->column[c].guess.nested = tsr_holds_nested(facts.holds[c]);
        use[c] = sniffed->column[c].guess.nested ? TSR_USE_NOT : TSR_USE_TEXT;
    }
    int64_t rows = facts.first[facts.groups];
    if (rows > TSR_SNIFF_ROWS) rows = TSR_SNIFF_ROWS;
    TSR_TRY(tsr_parquet_reader_open(duck, path, facts.columns, use, 0, rows, &reader));
    while (true) {
        TSR_TRY(tsr_parquet_reader_next(reader, &row, &more));
        if (!more) break;
        TSR_TRY(see_row(sniffed, clocks, &row));
    }
done:
    tsr_parquet_reader_close(&reader);
    tsr_duck_close(&duck);
    tsr_parquet_facts_clear(&facts);
    tsr_free(&use);
    return st;
}

/* ---- the interface ---- */

tsr_status tsr_sniff(const char *path, const tsr_guess_clocks *clocks, tsr_sniffed *sniffed)
{
    tsr_file_facts facts;
    tsr_status st;

    *sniffed = (tsr_sniffed){.parquet = is_parquet(path), .header = true};
    if (sniffed->parquet) {
        TSR_TRY(see_parquet(path, clocks, sniffed));
    } else {
        TSR_TRY(tsr_file_look(path, &facts));
        TSR_TRY(find_delimiter(path, &facts, sniffed));
        TSR_TRY(see_rows(path, &facts, clocks, sniffed));
    }
    if (sniffed->rows == 0) st = TSR_FAIL(TSR_EDATA, "%s: no rows to learn from", path);
done:
    if (st != TSR_OK) tsr_sniffed_clear(sniffed);
    return st;
}
