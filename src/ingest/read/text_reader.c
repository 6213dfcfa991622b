#include "ingest/read/text_reader.h"

#include <inttypes.h>
#include <string.h>

#include "ingest/read/scan.h"
#include "tessera/memory.h"

#define BUFFER_BYTES (4 * TSR_LINE_MAX)
#define BLOCK_FIELDS 1024                   /* of rows that are read many at a time */
#define READ_BYTES   (4 * TSR_SOURCE_BLOCK) /* at a time: they are still in the cache when they are looked at */

struct tsr_text_reader {
    char *path;
    tsr_byte_source *bytes;
    tsr_file_facts facts;
    tsr_text_format format;
    int64_t end;              /* rows that begin here or later belong to others */
    char *space, *buffer;     /* [BUFFER_BYTES], in `space` */
    int64_t from;             /* place of buffer[0] in the text */
    int64_t at, n;            /* next byte to look at, bytes in the buffer */
    bool complete;            /* the text ends with the buffer */
    bool has_quotes, has_nul; /* somewhere in the buffer: rows need a closer look */
    bool plain;               /* they do not */
    bool ascii;               /* all of the buffer */
    int64_t breaks;           /* seen before buffer[at] and inside the range */
    tsr_slice *field;
    int32_t field_room;
};

/* ---- errors with exact lines ---- */

/* The line breaks before byte @p offset of the text: the file is read once more, to name the line of an error. */
static tsr_status count_breaks(const tsr_text_reader *reader, int64_t offset, int64_t *breaks)
{
    tsr_byte_source *bytes = NULL;
    char *block = NULL;
    int64_t got = TSR_SOURCE_BLOCK;
    tsr_status st;

    *breaks = 0;
    TSR_TRY(tsr_alloc(&block, TSR_SOURCE_BLOCK, 1));
    TSR_TRY(tsr_byte_source_open(reader->path, &reader->facts, 0, 0, &bytes));
    while (offset > 0 && got > 0) {
        int64_t want = offset < TSR_SOURCE_BLOCK ? offset : TSR_SOURCE_BLOCK;
        TSR_TRY(tsr_byte_source_read(bytes, block, want, &got));
        for (int64_t i = 0; i < got; i++) *breaks += block[i] == '\n';
        offset -= got;
    }
done:
    tsr_byte_source_close(&bytes);
    tsr_free(&block);
    return st;
}

static tsr_status fail_at(const tsr_text_reader *reader, int64_t offset, const char *what)
{
    int64_t breaks;
    tsr_status st = count_breaks(reader, offset, &breaks);

    if (st != TSR_OK) return st;
    return TSR_FAIL(TSR_EDATA, "%s, line %" PRId64 ": %s", reader->path, breaks + 1, what);
}

/* ---- the buffer ---- */

/* Do rows of the buffer need a closer look? */
static void look_over(tsr_text_reader *reader)
{
    tsr_text_bytes made_of = tsr_scan_bytes(reader->buffer, reader->n);

    reader->ascii = made_of.ascii;
    reader->has_quotes = made_of.quotes && reader->format.delimiter != TSR_DELIMITER_BLANK;
    reader->has_nul = made_of.nul;
    reader->plain = !reader->has_quotes && !reader->has_nul && reader->format.delimiter != TSR_DELIMITER_BLANK;
}

/* Keep what is not yet looked at and read on behind it: long rows take more. */
static tsr_status fill(tsr_text_reader *reader)
{
    int64_t kept = reader->n - reader->at, got;
    int64_t wanted = kept < READ_BYTES ? READ_BYTES : BUFFER_BYTES - kept;

    memmove(reader->buffer, reader->buffer + reader->at, (size_t)kept);
    reader->from += reader->at;
    reader->at = 0;
    reader->n = kept;
    tsr_status st = tsr_byte_source_read(reader->bytes, reader->buffer + kept, wanted, &got);
    if (st != TSR_OK) return st;
    reader->n += got;
    reader->complete = got < wanted;
    look_over(reader);
    return TSR_OK;
}

/* Where in a row of quoted fields a byte stands. Quotes count only at the start of a field. */
typedef enum quoting { FIELD_START, PLAIN, QUOTED, AFTER_QUOTE } quoting;

static quoting follow_quotes(quoting state, const char *from, const char *to, char delimiter)
{
    for (; from < to; from++) {
        if (state == QUOTED)
            state = *from == '"' ? AFTER_QUOTE : QUOTED;
        else if (*from == delimiter)
            state = FIELD_START;
        else if (*from == '"' && state != PLAIN)
            state = QUOTED; /* opens, or is the second of a pair */
        else
            state = PLAIN;
    }
    return state;
}

static bool begins_with_mark(const char *at, int64_t n)
{
    return n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0;
}

/* The bytes from buffer[at] to the line break that ends the row, or to the end of the text. With @p quoted, a line
 * break inside quotes does not end it. */
static tsr_status find_end(tsr_text_reader *reader, bool quoted, int64_t *n, bool *has_break)
{
    bool marked = reader->from + reader->at == 0 && begins_with_mark(reader->buffer, reader->n);
    int64_t seen = marked ? 3 : 0;
    quoting state = FIELD_START;

    for (;;) {
        const char *row = reader->buffer + reader->at;
        int64_t have = reader->n - reader->at;
        const char *hit = memchr(row + seen, '\n', (size_t)(have - seen));
        int64_t next = hit != NULL ? hit + 1 - row : have;
        *n = next - (hit != NULL);
        *has_break = hit != NULL;
        if (quoted) state = follow_quotes(state, row + seen, row + *n, reader->format.delimiter);
        seen = next;
        if (*n > TSR_LINE_MAX)
            return fail_at(reader, reader->from + reader->at,
                           state == QUOTED ? "a quote that opens in this row is not closed within 1 MiB"
                                           : "longer than 1 MiB: is this delimited text?");
        if (hit != NULL && state != QUOTED) return TSR_OK;
        if (hit != NULL) continue;
        if (reader->complete) return TSR_OK;
        tsr_status st = fill(reader);
        if (st != TSR_OK) return st;
    }
}

/* Behind the line at buffer[at]; its line break counts where it lies in the range. */
static void step_over(tsr_text_reader *reader, int64_t n, bool has_break)
{
    int64_t place = reader->from + reader->at;

    if (reader->format.multiline) {
        for (int64_t i = 0; i < n; i++) reader->breaks += reader->buffer[reader->at + i] == '\n';
    }
    if (has_break && place + n < reader->end) reader->breaks++;
    reader->at += n + has_break;
}

/* ---- fields ---- */

static tsr_status grow_fields(tsr_text_reader *reader, int32_t room)
{
    if (room <= reader->field_room) return TSR_OK;
    tsr_status st = tsr_resize(&reader->field, room, sizeof *reader->field);
    if (st == TSR_OK) reader->field_room = room;
    return st;
}

static tsr_status add_field(tsr_text_reader *reader, tsr_row *row, const char *at, int64_t n)
{
    if (row->fields == reader->field_room) {
        tsr_status st = grow_fields(reader, reader->field_room > 0 ? 2 * reader->field_room : 64);
        if (st != TSR_OK) return st;
    }
    reader->field[row->fields++] = (tsr_slice){at, (int32_t)n};
    return TSR_OK;
}

static bool enough(const tsr_text_reader *reader, const tsr_row *row)
{
    return reader->format.fields > 0 && row->fields == reader->format.fields;
}

static tsr_status split_blanks(tsr_text_reader *reader, const char *at, const char *end, tsr_row *row)
{
    tsr_status st = TSR_OK;

    while (st == TSR_OK && !enough(reader, row)) {
        while (at < end && (*at == ' ' || *at == '\t')) at++;
        if (at == end) break;
        const char *start = at;
        while (at < end && *at != ' ' && *at != '\t') at++;
        st = add_field(reader, row, start, at - start);
    }
    return st;
}

/* One more field of a row: is it too many? An empty one behind the last delimiter is not. */
static void count_field(const tsr_text_reader *reader, int32_t number, int64_t n, tsr_row *row)
{
    if (reader->format.columns > 0 && number > reader->format.columns && n > 0 && row->defect == TSR_DEFECT_NONE)
        row->defect = TSR_DEFECT_FIELDS;
}

static tsr_status split_plain(tsr_text_reader *reader, const char *at, const char *end, tsr_row *row)
{
    tsr_status st = TSR_OK;

    for (int32_t number = 1; st == TSR_OK; number++) {
        const char *hit = memchr(at, reader->format.delimiter, (size_t)(end - at));
        int64_t n = (hit != NULL ? hit : end) - at;
        count_field(reader, number, n, row);
        if (!enough(reader, row)) st = add_field(reader, row, at, n);
        if (hit == NULL) break;
        at = hit + 1;
    }
    return st;
}

/* Take the quotes of the field at *at away, in place. false: the quote is not closed. */
static bool unquote(char **at, char *end, char **field_end, tsr_row *row, char delimiter)
{
    char *from = *at + 1, *to = from;

    for (;; from++) {
        if (from == end) return false;
        if (*from == '"') {
            if (from + 1 == end || from[1] != '"') break;
            from++;
        }
        *to++ = *from;
    }
    *field_end = to;
    from++;
    if (from < end && *from != delimiter) { /* "abc"def: what was meant cannot be known */
        row->defect = TSR_DEFECT_QUOTE;
        while (from < end && *from != delimiter) from++;
    }
    *at = from;
    return true;
}

static tsr_status split_quoted(tsr_text_reader *reader, char *at, char *end, tsr_row *row)
{
    char delimiter = reader->format.delimiter;

    for (;;) {
        char *start = at, *field_end;
        if (at < end && *at == '"') {
            start = at + 1;
            if (!unquote(&at, end, &field_end, row, delimiter))
                return fail_at(reader, row->offset,
                               reader->format.multiline
                                   ? "a quote that opens in this row is not closed"
                                   : "a quote is open at the end of the line: close it, or set multiline: true where "
                                     "fields hold line breaks");
        } else {
            at = memchr(start, delimiter, (size_t)(end - start));
            field_end = at = at != NULL ? at : end;
        }
        count_field(reader, row->fields + 1, field_end - start, row);
        tsr_status st = add_field(reader, row, start, field_end - start);
        if (st != TSR_OK || at == end) return st;
        at++;
    }
}

static tsr_status split(tsr_text_reader *reader, char *at, int64_t n, tsr_row *row)
{
    if (row->offset == 0 && begins_with_mark(at, n)) at += 3, n -= 3;
    if (n > 0 && at[n - 1] == '\r') n--;
    if (reader->has_nul && memchr(at, '\0', (size_t)n) != NULL) row->defect = TSR_DEFECT_NUL;
    if (reader->format.delimiter == TSR_DELIMITER_BLANK) return split_blanks(reader, at, at + n, row);
    if (n == 0) return TSR_OK;
    if (reader->has_quotes && memchr(at, '"', (size_t)n) != NULL) return split_quoted(reader, at, at + n, row);
    return split_plain(reader, at, at + n, row);
}

/* ---- the interface ---- */

/* The header must be in the first range, however many there are: they are cut at whole blocks. */
static tsr_status skip_header(tsr_text_reader *reader)
{
    tsr_row header;
    bool more;
    tsr_status st = tsr_text_reader_next(reader, &header, &more);

    if (st != TSR_OK) return st;
    int64_t seen = more ? header.offset : reader->from + reader->at;
    bool cut_off = !more && reader->end > 0 && reader->end < reader->facts.bytes;
    if (!cut_off && seen < TSR_SOURCE_BLOCK) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s: begins with more than %d bytes of empty lines, where its columns should be named",
                    reader->path, (int)(seen < TSR_SOURCE_BLOCK ? reader->end : TSR_SOURCE_BLOCK));
}

/* Parquet says its name, and then no text follows. */
static tsr_status refuse_parquet(const tsr_text_reader *reader, int64_t begin)
{
    const char *at = reader->buffer;

    if (begin > 0 || reader->n < 5 || memcmp(at, "PAR1", 4) != 0 || (unsigned char)at[4] >= ' ') return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s: is Parquet: set format: parquet", reader->path);
}

/* Go to the first row that begins in the range: behind the first line break at or after the byte before it. */
static tsr_status start(tsr_text_reader *reader, int64_t begin)
{
    bool has_break;
    char before = '\n';
    int64_t n;
    tsr_status st = fill(reader);

    if (st == TSR_OK) st = refuse_parquet(reader, begin);
    if (st == TSR_OK && begin > 0) st = tsr_byte_source_before(reader->bytes, begin, &before);
    if (st == TSR_OK && before != '\n') {
        st = find_end(reader, false, &n, &has_break);
        if (st == TSR_OK) step_over(reader, n, has_break);
    }
    return st == TSR_OK && begin == 0 && reader->format.header ? skip_header(reader) : st;
}

tsr_status tsr_text_reader_open(const char *path, const tsr_file_facts *facts, const tsr_text_format *format,
                                int64_t begin, int64_t end, tsr_text_reader **out)
{
    tsr_text_reader *reader = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&reader, 1, sizeof *reader));
    reader->facts = *facts;
    reader->format = *format;
    reader->from = begin;
    reader->end = facts->packing == TSR_PACKING_PLAIN ? end : INT64_MAX;
    TSR_TRY(tsr_strdup(&reader->path, path));
    TSR_TRY(tsr_resize(&reader->space, BUFFER_BYTES + 2 * TSR_SCAN_BYTES, 1)); /* most files are small: not zeroed */
    memset(reader->space, 0, TSR_SCAN_BYTES);
    reader->buffer = reader->space + TSR_SCAN_BYTES;
    TSR_TRY(tsr_byte_source_open(path, facts, begin, end, &reader->bytes));
    TSR_TRY(start(reader, begin));
    *out = reader;
    reader = NULL;
done:
    tsr_text_reader_close(&reader);
    return st;
}

void tsr_text_reader_close(tsr_text_reader **at)
{
    tsr_text_reader *reader = *at;

    if (reader == NULL) return;
    tsr_byte_source_close(&reader->bytes);
    tsr_free(&reader->field);
    tsr_free(&reader->space);
    tsr_free(&reader->path);
    tsr_free(at);
}

tsr_status tsr_text_reader_next(tsr_text_reader *reader, tsr_row *row, bool *more)
{
    bool has_break;
    int64_t n;
    tsr_status st = TSR_OK;

    for (*more = false; !*more; *more = row->fields > 0) { /* empty lines are no rows */
        if (reader->at == reader->n && !reader->complete) TSR_TRY(fill(reader));
        if (reader->from + reader->at >= reader->end || (reader->at == reader->n && reader->complete)) break;
        TSR_TRY(find_end(reader, reader->format.multiline, &n, &has_break));
        *row = (tsr_row){.offset = reader->from + reader->at, .breaks = reader->breaks, .roomy = true};
        row->ascii = reader->ascii;
        TSR_TRY(split(reader, reader->buffer + reader->at, n, row));
        row->field = reader->field;
        step_over(reader, n, has_break);
    }
done:
    return st;
}

tsr_status tsr_text_reader_check(const tsr_text_reader *reader, const tsr_row *row)
{
    for (int32_t i = 0; i < row->fields; i++) {
        tsr_slice text = tsr_trim(row->field[i]);
        if (memchr(text.at, '\r', (size_t)text.n) != NULL)
            return TSR_FAIL(TSR_EDATA,
                            "%s: a CR stands within the first row: do lines end with CR alone? Convert it (tr '\\r' "
                            "'\\n')",
                            reader->path);
        if (row->defect == TSR_DEFECT_NUL || !tsr_utf8_valid(text))
            return TSR_FAIL(
                TSR_EDATA,
                "%s: the first row is not text in UTF-8: convert it (iconv -f WINDOWS-1252 -t UTF-8, or -f UTF-16)",
                reader->path);
    }
    return row->defect == TSR_DEFECT_NONE
               ? TSR_OK
               : TSR_FAIL(TSR_EDATA, "%s: text after a closing quote in the first row", reader->path);
}

tsr_status tsr_text_reader_block(tsr_text_reader *reader, tsr_row_block *block)
{
    const int32_t fields = reader->format.fields;
    const int64_t first = reader->from + reader->at, left = reader->end - first;
    const int64_t have = reader->n - reader->at < left ? reader->n - reader->at : left;
    const char *at = reader->buffer + reader->at;

    *block = (tsr_row_block){
        .fields = fields, .offset = first, .breaks = reader->breaks, .roomy = true, .ascii = reader->ascii};
    if (!reader->plain || first == 0 || fields < 1 || fields > BLOCK_FIELDS || have <= 0) return TSR_OK;
    tsr_status st = grow_fields(reader, fields * TSR_BLOCK_MOST);
    if (st != TSR_OK) return st;
    tsr_scan scan = {at, at + have, reader->format.delimiter, fields, reader->format.columns, TSR_LINE_MAX};
    block->rows = tsr_scan_rows(&scan, TSR_BLOCK_MOST, reader->field);
    block->field = reader->field;
    if (block->rows == 0) return TSR_OK;
    reader->at += scan.from - at;
    reader->breaks += block->rows;
    return TSR_OK;
}

int64_t tsr_text_reader_breaks(const tsr_text_reader *reader)
{
    return reader->breaks;
}

const tsr_byte_source *tsr_text_reader_bytes(const tsr_text_reader *reader)
{
    return reader->bytes;
}
