#include "act/sheet.h"

#include <stdio.h>
#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"

tsr_status tsr_sheet_load(const tsr_comm *comm, const char *path, const char *of_the_house, int64_t house_bytes,
                          char **text)
{
    int64_t bytes = 0;
    tsr_status st;

    *text = NULL;
    if (path == NULL) {
        TSR_AGREE(comm, tsr_alloc(text, house_bytes + 1, 1));
        memcpy(*text, of_the_house, (size_t)house_bytes);
        return TSR_OK;
    }
    st = tsr_file_text(comm, path, text, &bytes);
done:
    return st;
}

static void cut_cells(tsr_sheet *s, char *line)
{
    char *begin = line;

    s->cells = 0;
    for (char *at = line;; at++) {
        if (*at != '\t' && *at != '\0') continue;
        bool last = *at == '\0';
        char *end = at;
        *at = '\0';
        while (*begin == ' ') begin++;
        while (end > begin && (end[-1] == ' ' || end[-1] == '\r')) *--end = '\0';
        if (s->cells < TSR_SHEET_CELLS) {
            s->column[s->cells] = (int32_t)(begin - line) + 1;
            s->cell[s->cells] = begin;
        }
        s->cells++;
        if (last) return;
        begin = at + 1;
    }
}

bool tsr_sheet_line(tsr_sheet *sheet)
{
    while (*sheet->next != '\0') {
        char *line = sheet->next, *end = strchr(line, '\n');

        sheet->next = end != NULL ? end + 1 : line + strlen(line);
        if (end != NULL) *end = '\0';
        sheet->line++;
        if (line[0] == '#' || line[strspn(line, " \t\r")] == '\0') continue;
        cut_cells(sheet, line);
        return true;
    }
    return false;
}

tsr_status tsr_sheet_fail(const tsr_sheet *sheet, int32_t cell, const char *what)
{
    return TSR_FAIL(TSR_ECONF, "%s:%lld:%d: %s", sheet->source, (long long)sheet->line, (int)sheet->column[cell], what);
}

tsr_status tsr_sheet_check(const tsr_sheet *sheet, int32_t cells, uint32_t may_be_empty)
{
    if (sheet->cells != cells)
        return TSR_FAIL(TSR_ECONF, "%s:%lld: a line has %d cells between tabs, and this one has %d", sheet->source,
                        (long long)sheet->line, (int)cells, (int)sheet->cells);
    for (int32_t c = 0; c < cells; c++)
        if (sheet->cell[c][0] == '\0' && (may_be_empty >> c & 1) == 0) return tsr_sheet_fail(sheet, c, "empty cell");
    return TSR_OK;
}

tsr_status tsr_sheet_rule(const tsr_sheet *sheet, int32_t cell, tsr_slot_finder finder, void *context, tsr_rule **rule)
{
    tsr_rule_fault fault;
    char what[256];

    *rule = NULL;
    if (strcmp(sheet->cell[cell], "*") == 0) return TSR_OK;
    tsr_status st = tsr_rule_compile(sheet->cell[cell], finder, NULL, context, &fault, rule);
    if (st != TSR_ECONF) return st;
    if (fault.expected != NULL)
        snprintf(what, sizeof what, "expected %s", fault.expected);
    else
        snprintf(what, sizeof what, "%.200s", tsr_error_last()->text);
    return TSR_FAIL(TSR_ECONF, "%s:%lld:%d: %s", sheet->source, (long long)sheet->line,
                    (int)(sheet->column[cell] + fault.position - 1), what);
}
