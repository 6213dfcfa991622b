#include "ingest/read/scan.h"

#include <string.h>

tsr_text_bytes tsr_scan_bytes(const char *text, int64_t n)
{
    typedef unsigned char lanes __attribute__((vector_size(16)));
    lanes all = {0}, quotes = {0}, zeros = {0}, bytes;
    unsigned char any[3] = {0};
    int64_t i = 0;

    for (; i + 16 <= n; i += 16) {
        memcpy(&bytes, text + i, sizeof bytes);
        all |= bytes;
        quotes |= (lanes)(bytes == '"');
        zeros |= (lanes)(bytes == 0);
    }
    for (int lane = 0; lane < 16; lane++) any[0] |= all[lane], any[1] |= quotes[lane], any[2] |= zeros[lane];
    for (; i < n; i++) {
        any[0] |= (unsigned char)text[i];
        any[1] |= text[i] == '"';
        any[2] |= text[i] == '\0';
    }
    return (tsr_text_bytes){.ascii = any[0] < 0x80, .quotes = any[1] != 0, .nul = any[2] != 0};
}

/* Bit i: byte i of sixteen is a delimiter or a line break. */
static uint64_t marks_of_sixteen(const char *at, char delimiter)
{
#ifdef TSR_X86
    typedef char lanes __attribute__((vector_size(16)));
    lanes bytes;

    memcpy(&bytes, at, sizeof bytes);
    return (uint32_t)__builtin_ia32_pmovmskb128((lanes)(bytes == delimiter) | (lanes)(bytes == '\n'));
#else
    uint64_t marks = 0;

    for (uint32_t i = 0; i < 16; i++) marks |= (uint64_t)(at[i] == delimiter || at[i] == '\n') << i;
    return marks;
#endif
}

/* The same of TSR_SCAN_BYTES bytes. */
static uint64_t marks_of_block(const char *at, char delimiter)
{
    return marks_of_sixteen(at, delimiter) | marks_of_sixteen(at + 16, delimiter) << 16 |
           marks_of_sixteen(at + 32, delimiter) << 32 | marks_of_sixteen(at + 48, delimiter) << 48;
}

/* The last of the wanted fields may end with the row, and then with a CR. */
static bool end_row(const tsr_scan *scan, const char *end, int32_t found, tsr_slice *field)
{
    int64_t bytes = end - scan->from;

    if (found < scan->fields || bytes < 2 || bytes > scan->longest) return false;
    if (scan->columns > 0 && found > scan->columns) return false;
    if (found == scan->fields && end[-1] == '\r') field[found - 1].n--;
    return true;
}

int32_t tsr_scan_rows(tsr_scan *scan, int32_t most, tsr_slice *field)
{
    const char *start = scan->from, *const end = scan->end;
    int32_t rows = 0, found = 0;

    for (const char *block = start; block < end; block += TSR_SCAN_BYTES) {
        for (uint64_t marks = marks_of_block(block, scan->delimiter); marks != 0; marks &= marks - 1) {
            const char *hit = block + __builtin_ctzll(marks);
            if (hit >= end) return rows;
            if (found < scan->fields) field[found] = (tsr_slice){start, (int32_t)(hit - start)};
            found++;
            start = hit + 1;
            if (*hit != '\n') continue;
            if (!end_row(scan, hit, found, field)) return rows;
            scan->from = start;
            field += scan->fields;
            found = 0;
            if (++rows == most) return rows;
        }
    }
    return rows;
}
