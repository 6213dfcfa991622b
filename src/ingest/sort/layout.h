/**
 * @file ingest/sort/layout.h
 * Rows on their way from the readers to the owner of their partition: plain bytes of one length per stream.
 *
 * Every row begins with the customer: key u64, check u32 (a second hash of the id, so that two ids with one key stay
 * apart), and 4 bytes of its own. An id travels in pieces of 24 bytes, once for each rank that saw it (or a few times
 * more); attributes and each kind of records are streams beside it. The same code deals, spills and sorts all of them.
 */
#ifndef TSR_INGEST_LAYOUT_H
#define TSR_INGEST_LAYOUT_H

#include <string.h>

#include "ingest/parse/parse.h"
#include "tessera/dataset.h"

enum { TSR_STREAM_IDS, TSR_STREAM_ATTRIBUTES, TSR_STREAM_RECORDS }; /* + kind */
#define TSR_STREAMS (TSR_STREAM_RECORDS + TSR_KINDS)

#define TSR_ROW_HEAD  16 /* bytes: key, check, and 4 of its own */
#define TSR_ROW_CHECK 8
#define TSR_ROW_OWN   12 /* u16: source, or number of a piece of an id; u16: length of an id */
#define TSR_ID_PIECE  24 /* bytes of an id in one row */

/* Who a row belongs to. */
typedef struct tsr_customer_ref {
    uint64_t key;
    uint32_t check;
} tsr_customer_ref;

/* Cells of one record, each with the bits of its type. */
typedef struct tsr_cells {
    uint64_t cell[TSR_KIND_COLUMNS];
} tsr_cells;

typedef struct tsr_layout_column {
    int32_t at; /* offset in the row; 0: the dataset does not have it */
    tsr_cell cell;
    int32_t dictionary; /* of codes; -1 */
} tsr_layout_column;

typedef struct tsr_layout {
    int32_t stream;
    int32_t bytes; /* of a row, a multiple of 8 */
    int32_t columns;
    tsr_layout_column column[TSR_KIND_COLUMNS]; /* of records */
    int32_t kept_n, kept[TSR_KIND_COLUMNS];     /* the columns that the dataset has */
    int32_t codes, code[TSR_KIND_COLUMNS];      /* those of them that hold codes */
    int32_t time_at;                            /* offset of the time that records are sorted by; 0: no records */
    int32_t attributes;                         /* of the stream of attributes */
} tsr_layout;

/** Local. @param has  TSR_HAS_* */
tsr_layout tsr_layout_of(int32_t stream, uint32_t has, int32_t attributes);

/** Local. The two hashes of an id (trimmed). */
tsr_customer_ref tsr_customer_of(tsr_slice id);

/** Local. The customer of a row. */
static inline uint64_t tsr_row_key(const char *row)
{
    uint64_t key;

    memcpy(&key, row, sizeof key);
    return key;
}

static inline uint32_t tsr_row_check(const char *row)
{
    uint32_t check;

    memcpy(&check, row + TSR_ROW_CHECK, sizeof check);
    return check;
}

static inline bool tsr_row_same_customer(const char *a, const char *b)
{
    return tsr_row_key(a) == tsr_row_key(b) && tsr_row_check(a) == tsr_row_check(b);
}

/** Local. What records are sorted by after their customer; 0 for other streams. */
static inline uint32_t tsr_row_time(const tsr_layout *layout, const char *row)
{
    uint32_t time = 0;

    if (layout->time_at > 0) memcpy(&time, row + layout->time_at, sizeof time);
    return time;
}

/** Local. Copy one row; rows of common lengths without a call. */
static inline void tsr_row_copy(char *to, const char *from, int32_t bytes)
{
    switch (bytes) {
    case 32: memcpy(to, from, 32); return;
    case 40: memcpy(to, from, 40); return;
    default: memcpy(to, from, (size_t)bytes); return;
    }
}

/** Local. The source of a record or of attributes, as its number in the job. */
int32_t tsr_row_source(const char *row);

/** Local. Write the head of a row. */
static inline void tsr_row_begin(char *row, tsr_customer_ref customer, int32_t source)
{
    uint32_t own = (uint16_t)source;

    memcpy(row, &customer.key, sizeof customer.key);
    memcpy(row + TSR_ROW_CHECK, &customer.check, sizeof customer.check);
    memcpy(row + TSR_ROW_OWN, &own, sizeof own);
}

/** Local. Piece @p piece of an id. */
void tsr_row_pack_id(tsr_customer_ref customer, tsr_slice id, int32_t piece, char *row);

/** Local. Bytes of the id of which a row holds a piece. */
int32_t tsr_row_id_length(const char *row);

/** Local. Put a piece of an id in its place in @p id [256]. @return false where another id stands there already */
bool tsr_row_unpack_id(const char *row, char *id, int32_t *length, uint32_t *pieces);

/* Attributes: the position of the row in the input (from 1; 0: it was in the dataset before), its time
 * (0: not said), then code and bits. */
void tsr_row_set_attribute(char *row, int32_t attribute, int32_t code, float number);
void tsr_row_set_position(char *row, int64_t position);
void tsr_row_set_time(char *row, uint32_t time);
uint32_t tsr_row_attribute_time(const char *row);
int64_t tsr_row_position(const char *row);
int32_t tsr_row_code(const char *row, int32_t attribute);
float tsr_row_number(const char *row, int32_t attribute);

/** Local. Replace the codes of n rows: new = code[dictionary][old]; -1 stays. Attributes follow behind the dictionaries
 *  of records. */
void tsr_rows_recode(const tsr_layout *layout, const int32_t *const *code, char *row, int64_t n);

/** Local. The full order: customer, then what the row holds, then its source. */
int tsr_row_compare(const tsr_layout *layout, const char *a, const char *b);

/** Local. The same customer and the same record, whatever the source? */
bool tsr_row_equal(const tsr_layout *layout, const char *a, const char *b);

#endif
