/*
 * The reader of delimited text against any bytes. The first byte chooses the format, the second where the file is cut
 * in two. What must hold: no crash, no memory left over, fields within the row, and the rows of two parts, and those
 * that come many at a time, are the rows of the whole (where no row is an error).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "ingest/read/text_reader.h"
#include "ingest/read/typed.h"
#include "tessera/memory.h"

static void check(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "fuzz_rows: %s\n", what);
    abort();
}

/* Numbers and units of every field: they may be anything, but reading them must end well. */
static uint64_t look_at(const tsr_row *row)
{
    tsr_decimal value;
    int64_t units = 0, slow = 0;
    uint64_t sum = (uint64_t)(row->fields + 64 * row->defect);

    for (int32_t i = 0; i < row->fields; i++) {
        tsr_slice text = tsr_trim(row->field[i]);
        check(text.n >= 0 && text.n <= TSR_LINE_MAX, "a field is longer than a row may be");
        if (tsr_parse_units(text, 2, &units)) {
            check(tsr_parse_decimal(text, &value) == TSR_PARSED && tsr_decimal_units(&value, 2, &slow) == TSR_PARSED &&
                      slow == units,
                  "the fast way reads another number than the exact one");
        }
        if (tsr_is_ascii(text)) check(tsr_utf8_valid(text), "ASCII is UTF-8");
        for (int32_t k = 0; k < text.n; k++) sum = sum * 31 + (unsigned char)text.at[k];
    }
    return sum;
}

/* The rows that begin in a part; false: one of them is an error. @param many  as many at a time as can be had */
static bool read_part(const char *path, const tsr_text_format *format, bool many, int64_t begin, int64_t end,
                      int64_t *rows, uint64_t *sum)
{
    tsr_file_facts facts;
    tsr_text_reader *reader = NULL;
    tsr_row_block block = {.rows = 0};
    tsr_row row;
    bool more = true;
    tsr_status st = tsr_file_look(path, &facts);

    if (st == TSR_OK) st = tsr_text_reader_open(path, &facts, format, begin, end, &reader);
    while (st == TSR_OK && more) {
        if (many) st = tsr_text_reader_block(reader, &block);
        for (int32_t i = 0; st == TSR_OK && i < block.rows; i++) {
            st = tsr_row_of_block(&block, i, &row);
            if (st == TSR_OK) *sum += look_at(&row);
        }
        *rows += block.rows;
        if (st != TSR_OK || block.rows > 0) continue;
        st = tsr_text_reader_next(reader, &row, &more);
        if (st != TSR_OK || !more) break;
        *rows += 1;
        *sum += look_at(&row);
    }
    tsr_text_reader_close(&reader);
    tsr_error_clear();
    return st == TSR_OK;
}

/* Packed files are read whole by one rank. */
static bool is_plain(const char *path)
{
    tsr_file_facts facts;

    return tsr_file_look(path, &facts) == TSR_OK && facts.packing == TSR_PACKING_PLAIN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char delimiters[] = {',', ';', '\t', TSR_DELIMITER_BLANK};
    char path[] = "/tmp/tessera-fuzz-XXXXXX";
    int64_t whole = 0, parts = 0, blocks = 0;
    uint64_t whole_sum = 0, parts_sum = 0, blocks_sum = 0;

    if (n < 2) return 0;
    tsr_text_format format = {.delimiter = delimiters[data[0] & 3],
                              .header = (data[0] & 4) != 0,
                              .multiline = (data[0] & 8) != 0,
                              .fields = data[0] >> 4 & 7,
                              .columns = (data[0] & 128) != 0 ? 3 : 0};
    int64_t bytes = (int64_t)n - 2, cut = bytes * data[1] / 256;
    if (format.multiline && format.delimiter == TSR_DELIMITER_BLANK) return 0;
    int fd = mkstemp(path);
    check(fd >= 0 && write(fd, data + 2, (size_t)bytes) == bytes, "no file can be written");
    close(fd);
    bool fine = read_part(path, &format, false, 0, bytes, &whole, &whole_sum);
    if (fine && !format.multiline && is_plain(path) && read_part(path, &format, false, 0, cut, &parts, &parts_sum) &&
        read_part(path, &format, true, cut, bytes, &parts, &parts_sum))
        check(whole == parts && whole_sum == parts_sum, "two parts do not give the rows of the whole");
    check(read_part(path, &format, true, 0, bytes, &blocks, &blocks_sum) == fine, "blocks know another error");
    check(!fine || (whole == blocks && whole_sum == blocks_sum), "blocks do not give the rows that come one by one");
    unlink(path);
    check(tsr_memory_blocks() == 0, "memory is left over");
    return 0;
}
