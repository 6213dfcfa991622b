/**
 * @file ingest/read/text_reader.h
 * Delimited text: rows and fields of a byte range of a file.
 *
 * A row belongs to the range in which it begins, so ranges that cover a file give each row exactly once, wherever they
 * are cut. Lines end with LF or CRLF; the last one may end with the file. Empty lines are no rows.
 * Fields may be quoted ("a ""b"", c") unless the delimiter is blank (runs of spaces and tabs; those that lead a line
 * are ignored). A line break inside quotes is an error unless the format is multiline.
 */
#ifndef TSR_INGEST_TEXT_READER_H
#define TSR_INGEST_TEXT_READER_H

#include "ingest/parse/parse.h"
#include "ingest/read/byte_source.h"

#ifndef TSR_LINE_MAX           /* less where tests shall reach it */
#define TSR_LINE_MAX (1 << 20) /* bytes of a row; longer ones are an error */
#endif
#define TSR_DELIMITER_BLANK '\0'

typedef struct tsr_text_format {
    char delimiter; /* TSR_DELIMITER_BLANK: runs of blanks */
    bool header;    /* the first row of the file names the columns and is no row */
    bool multiline;
    int32_t fields;  /* how many are needed, from the left; others are counted, but may not be split. 0: all */
    int32_t columns; /* rows of more fields have a defect; 0: none has, as with blanks for a delimiter */
} tsr_text_format;

/* Why a row cannot be used as it is. */
typedef enum tsr_defect { TSR_DEFECT_NONE, TSR_DEFECT_NUL, TSR_DEFECT_QUOTE, TSR_DEFECT_FIELDS } tsr_defect;

/* One row: a view, valid until the next one is read. */
typedef struct tsr_row {
    const tsr_slice *field; /* [fields], quotes taken away, blanks kept */
    int32_t fields;
    int32_t defect; /* tsr_defect */
    int64_t offset; /* where the row begins, in bytes of the (unpacked) text */
    int64_t breaks; /* line breaks between the start of the range and the row */
    bool roomy;     /* eight bytes from where a field begins can be read, with and without its blanks in front */
    bool ascii;     /* all bytes of the fields are known to be ASCII */
} tsr_row;

/* Rows that stand one behind the other and are as they should be: of the wanted fields, without quotes or NUL bytes. */
struct tsr_typed;
typedef struct tsr_row_block {
    int32_t rows, fields;
    const tsr_slice *field;         /* [rows][fields] */
    int64_t offset, breaks;         /* of the first row, as in tsr_row */
    bool roomy, ascii;              /* of the fields that are text */
    bool counted;                   /* offsets count rows, not bytes */
    const struct tsr_typed *values; /* [fields] columns that are no text, see typed.h; NULL: there are none */
} tsr_row_block;

typedef struct tsr_text_reader tsr_text_reader;

/**
 * Local. Read the rows that begin in [begin, end) of a plain file; a packed or multiline file is read whole.
 * @param facts, format  borrowed for the call
 */
tsr_status tsr_text_reader_open(const char *path, const tsr_file_facts *facts, const tsr_text_format *format,
                                int64_t begin, int64_t end, tsr_text_reader **reader) TSR_NODISCARD;
void tsr_text_reader_close(tsr_text_reader **reader);

/**
 * Local. The next row; *more is false at the end.
 * @return TSR_OK; TSR_EIO; TSR_EDATA (file and line: open quote, line of more than TSR_LINE_MAX bytes); TSR_ENOMEM
 */
tsr_status tsr_text_reader_next(tsr_text_reader *reader, tsr_row *row, bool *more) TSR_NODISCARD;

/** Local. Can a row name columns, or be the first one of text at all? @return TSR_OK; TSR_EDATA (file, and what to do)
 */
tsr_status tsr_text_reader_check(const tsr_text_reader *reader, const tsr_row *row) TSR_NODISCARD;

#define TSR_BLOCK_MOST 256 /* rows */

/** Local. The next rows at once, as far as they are common ones: valid until the next call. None:
 * tsr_text_reader_next() takes the next row, whatever it is. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_text_reader_block(tsr_text_reader *reader, tsr_row_block *block) TSR_NODISCARD;

/** Local. At the end: line breaks that lie in the range. */
int64_t tsr_text_reader_breaks(const tsr_text_reader *reader);

/** Local. The bytes under the reader: digest and progress. */
const tsr_byte_source *tsr_text_reader_bytes(const tsr_text_reader *reader);

#endif
