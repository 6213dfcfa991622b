#include "ingest/mapping/mapping_parts.h"

#include <string.h>

#include "tessera/memory.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits up to the comma, in groups of three behind the first point; false where they are not so. */
static bool copy_whole(const char **at, const char *end, char **to)
{
    int32_t digits = 0, group = -1; /* group: digits since the last point */

    for (; *at < end && **at != ','; (*at)++) {
        if (**at == '.') {
            if (digits == 0 || digits > 3 || (group >= 0 && group != 3)) return false;
            digits = 3; /* further groups are counted by themselves */
            group = 0;
        } else if (is_digit(**at)) {
            if (group >= 0)
                group++;
            else
                digits++;
            *(*to)++ = **at;
        } else {
            return false;
        }
    }
    return group < 0 || group == 3;
}

static bool is_point_number(tsr_slice text)
{
    float number;

    return tsr_parse_float(text, &number) != TSR_PARSED_NOT;
}

tsr_slice tsr_decimal_comma(tsr_slice text, char *copy)
{
    const char *at = text.at, *end = text.at + text.n;
    char *to = copy;

    if (text.n == 0 || text.n >= TSR_MARKED_BYTES) return text;
    if (*at == '-' || *at == '+') *to++ = *at++;
    if (copy_whole(&at, end, &to)) {
        if (at < end) {
            *to++ = '.';
            for (at++; at < end && is_digit(*at); at++) *to++ = *at;
        }
        if (at == end) return (tsr_slice){copy, (int32_t)(to - copy)};
    }
    return is_point_number(text) ? (tsr_slice){"?", 1} : text;
}

tsr_status tsr_marked_add(tsr_marked *marked, int32_t slot)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < marked->slots; i++)
        if (marked->slot[i] == slot) return TSR_OK;
    if (slot < 0) return TSR_OK;
    TSR_TRY(tsr_resize(&marked->slot, marked->slots + 1, sizeof *marked->slot));
    TSR_TRY(tsr_resize(&marked->text, marked->slots + 1, TSR_MARKED_BYTES));
    marked->slot[marked->slots++] = slot;
done:
    return st;
}

void tsr_marked_clear(tsr_marked *marked)
{
    tsr_free(&marked->slot);
    tsr_free(&marked->field);
    tsr_free(&marked->attribute);
    tsr_free(&marked->text);
    *marked = (tsr_marked){0};
}

tsr_status tsr_marked_row(tsr_marked *marked, const tsr_row *row, tsr_row *made)
{
    if (row->fields > marked->fields_room) {
        tsr_status st = tsr_resize(&marked->field, row->fields, sizeof *marked->field);
        if (st != TSR_OK) return st;
        marked->fields_room = row->fields;
    }
    *made = *row;
    made->field = marked->field;
    marked->written = row->field;
    made->roomy = false; /* some of them stand elsewhere now */
    if (row->fields > 0) memcpy(marked->field, row->field, (size_t)row->fields * sizeof *row->field);
    for (int32_t i = 0; i < marked->slots; i++) {
        int32_t slot = marked->slot[i];
        if (slot < row->fields)
            marked->field[slot] =
                tsr_decimal_comma(tsr_trim(row->field[slot]), marked->text + (int64_t)i * TSR_MARKED_BYTES);
    }
    return TSR_OK;
}

static tsr_status mark_column(tsr_mapping *mapping, const tsr_header *header, int32_t slot)
{
    bool numbers = header->holds != NULL && slot >= 0 && slot < header->n && header->holds[slot] == TSR_HOLDS_NUMBERS;

    return numbers ? TSR_OK : tsr_marked_add(mapping->marked, slot);
}

tsr_status tsr_mapping_mark(tsr_mapping *mapping, const tsr_header *header, int32_t attributes)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&mapping->marked, 1, sizeof *mapping->marked));
    TSR_TRY(tsr_alloc(&mapping->marked->attribute, attributes, sizeof *mapping->marked->attribute));
    TSR_TRY(mark_column(mapping, header, mapping->price.slot));
    for (int32_t c = 0; c < mapping->columns; c++) {
        tsr_cell cell = tsr_kind_of(mapping->kind)->column[c].cell;
        if (cell == TSR_CELL_MONEY || cell == TSR_CELL_COUNT || cell == TSR_CELL_VALUE)
            TSR_TRY(mark_column(mapping, header, mapping->column[c].slot));
    }
    for (int32_t a = 0; a < mapping->attributes; a++)
        if (mapping->attribute[a].form != TSR_FORM_CATEGORY)
            TSR_TRY(mark_column(mapping, header, mapping->attribute[a].place.slot));
done:
    return st;
}
