#include "ingest/sort/layout.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define AT_SOURCE    TSR_ROW_OWN
#define AT_LENGTH    (TSR_ROW_OWN + 2)
#define AT_POSITION  TSR_ROW_HEAD
#define AT_TIME      (TSR_ROW_HEAD + 8) /* and four bytes of nothing */
#define AT_ATTRIBUTE (TSR_ROW_HEAD + 16)
#define CHECK_SEED   0x7e55e7a

tsr_layout tsr_layout_of(int32_t stream, uint32_t has, int32_t attributes)
{
    tsr_layout layout = {.stream = stream, .bytes = TSR_ROW_HEAD};
    int32_t kind = stream - TSR_STREAM_RECORDS;

    if (stream == TSR_STREAM_IDS) layout.bytes += TSR_ID_PIECE;
    if (stream == TSR_STREAM_ATTRIBUTES) {
        layout.attributes = attributes;
        layout.bytes += 16 + 8 * attributes;
    }
    if (stream < TSR_STREAM_RECORDS) return layout;
    layout.columns = tsr_kind_of(kind)->columns;
    for (int32_t c = 0; c < layout.columns; c++) {
        const tsr_kind_column *column = &tsr_kind_of(kind)->column[c];
        layout.column[c] = (tsr_layout_column){0, column->cell, column->dictionary};
        if (!tsr_has_column(has, kind, c)) continue;
        layout.column[c].at = layout.bytes;
        layout.kept[layout.kept_n++] = c;
        if (column->cell == TSR_CELL_CODE) layout.code[layout.codes++] = c;
        layout.bytes += (int32_t)tsr_cell_bytes(column->cell);
    }
    layout.time_at = layout.column[0].at;
    layout.bytes = (layout.bytes + 7) / 8 * 8;
    return layout;
}

tsr_customer_ref tsr_customer_of(tsr_slice id)
{
    /* tsr_key_of_id() of a text without blanks at its ends */
    return (tsr_customer_ref){XXH3_64bits(id.at, (size_t)id.n),
                              (uint32_t)XXH3_64bits_withSeed(id.at, (size_t)id.n, CHECK_SEED)};
}

/* ---- heads ---- */

static uint16_t short_at(const char *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

static int32_t int_at(const char *at)
{
    int32_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

int32_t tsr_row_source(const char *row)
{
    return short_at(row + AT_SOURCE);
}

/* ---- what follows ---- */

void tsr_row_pack_id(tsr_customer_ref customer, tsr_slice id, int32_t piece, char *row)
{
    int32_t from = piece * TSR_ID_PIECE, n = id.n - from < TSR_ID_PIECE ? id.n - from : TSR_ID_PIECE;
    uint16_t length = (uint16_t)id.n;

    tsr_row_begin(row, customer, piece);
    memcpy(row + AT_LENGTH, &length, sizeof length);
    memset(row + TSR_ROW_HEAD, 0, TSR_ID_PIECE);
    memcpy(row + TSR_ROW_HEAD, id.at + from, (size_t)n);
}

int32_t tsr_row_id_length(const char *row)
{
    return short_at(row + AT_LENGTH);
}

bool tsr_row_unpack_id(const char *row, char *id, int32_t *length, uint32_t *pieces)
{
    uint16_t piece = short_at(row + AT_SOURCE), n = short_at(row + AT_LENGTH);
    char *to = id + piece * TSR_ID_PIECE;
    bool there = (*pieces >> piece & 1) != 0;

    if (*pieces != 0 && *length != n) return false;
    if (there && memcmp(to, row + TSR_ROW_HEAD, TSR_ID_PIECE) != 0) return false;
    memcpy(to, row + TSR_ROW_HEAD, TSR_ID_PIECE);
    *length = n;
    *pieces |= 1u << piece;
    return true;
}

void tsr_row_set_attribute(char *row, int32_t attribute, int32_t code, float number)
{
    memcpy(row + AT_ATTRIBUTE + 8 * attribute, &code, sizeof code);
    memcpy(row + AT_ATTRIBUTE + 8 * attribute + 4, &number, sizeof number);
}

void tsr_row_set_position(char *row, int64_t position)
{
    memcpy(row + AT_POSITION, &position, sizeof position);
}

void tsr_row_set_time(char *row, uint32_t time)
{
    uint64_t wide = time;

    memcpy(row + AT_TIME, &wide, sizeof wide);
}

uint32_t tsr_row_attribute_time(const char *row)
{
    uint64_t wide;

    memcpy(&wide, row + AT_TIME, sizeof wide);
    return (uint32_t)wide;
}

int64_t tsr_row_position(const char *row)
{
    int64_t position;

    memcpy(&position, row + AT_POSITION, sizeof position);
    return position;
}

int32_t tsr_row_code(const char *row, int32_t attribute)
{
    return int_at(row + AT_ATTRIBUTE + 8 * attribute);
}

float tsr_row_number(const char *row, int32_t attribute)
{
    float number;

    memcpy(&number, row + AT_ATTRIBUTE + 8 * attribute + 4, sizeof number);
    return number;
}

static void recode_column(char *at, int64_t n, int32_t bytes, const int32_t *code)
{
    for (int64_t i = 0; i < n; i++, at += bytes) {
        int32_t old = int_at(at);
        if (old >= 0) memcpy(at, &code[old], sizeof old);
    }
}

void tsr_rows_recode(const tsr_layout *layout, const int32_t *const *code, char *row, int64_t n)
{
    for (int32_t i = 0; i < layout->codes; i++) {
        const tsr_layout_column *column = &layout->column[layout->code[i]];
        recode_column(row + column->at, n, layout->bytes, code[column->dictionary]);
    }
    for (int32_t a = 0; a < layout->attributes; a++)
        recode_column(row + AT_ATTRIBUTE + 8 * a, n, layout->bytes, code[TSR_DICTIONARIES + a]);
}

/* ---- order ---- */

#define COMPARE(x, y) (((x) > (y)) - ((x) < (y)))

static int compare_bytes8(const char *a, const char *b, bool is_signed)
{
    uint64_t x, y, flip = is_signed ? 1ULL << 63 : 0;

    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    return COMPARE(x ^ flip, y ^ flip);
}

static int compare_bytes4(const char *a, const char *b, bool is_signed)
{
    uint32_t x, y, flip = is_signed ? 1U << 31 : 0;

    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return COMPARE(x ^ flip, y ^ flip);
}

/* NaN is one value, the last. */
static int compare_floats(const char *a, const char *b)
{
    float x, y;

    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    if (isnan(x) || isnan(y)) return (isnan(x) != 0) - (isnan(y) != 0);
    return COMPARE(x, y);
}

static int compare_cells(const tsr_layout_column *column, const char *a, const char *b)
{
    a += column->at;
    b += column->at;
    switch (column->cell) {
    case TSR_CELL_TIME: return compare_bytes4(a, b, false);
    case TSR_CELL_MONEY: return compare_bytes8(a, b, true);
    case TSR_CELL_HASH: return compare_bytes8(a, b, false);
    case TSR_CELL_COUNT:
    case TSR_CELL_CODE: return compare_bytes4(a, b, true);
    case TSR_CELL_VALUE: return compare_floats(a, b);
    }
    return 0;
}

static int compare_customers(const char *a, const char *b)
{
    int order = compare_bytes8(a, b, false);

    return order != 0 ? order : compare_bytes4(a + TSR_ROW_CHECK, b + TSR_ROW_CHECK, false);
}

static int compare_content(const tsr_layout *layout, const char *a, const char *b)
{
    int order = 0;

    if (layout->stream == TSR_STREAM_ATTRIBUTES) return compare_bytes8(a + AT_POSITION, b + AT_POSITION, true);
    if (layout->stream == TSR_STREAM_IDS) {
        order = COMPARE(short_at(a + AT_SOURCE), short_at(b + AT_SOURCE));
        return order != 0 ? order : memcmp(a + TSR_ROW_HEAD, b + TSR_ROW_HEAD, TSR_ID_PIECE);
    }
    for (int32_t c = 0; c < layout->columns && order == 0; c++)
        if (layout->column[c].at > 0) order = compare_cells(&layout->column[c], a, b);
    return order;
}

int tsr_row_compare(const tsr_layout *layout, const char *a, const char *b)
{
    int order = compare_customers(a, b);

    if (order == 0) order = compare_content(layout, a, b);
    return order != 0 ? order : COMPARE(short_at(a + AT_SOURCE), short_at(b + AT_SOURCE));
}

bool tsr_row_equal(const tsr_layout *layout, const char *a, const char *b)
{
    return compare_customers(a, b) == 0 && compare_content(layout, a, b) == 0;
}
