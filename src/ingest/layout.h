/**
 * @file ingest/layout.h
 * Rows on their way from the readers to the owner of their partition: plain bytes of one length per stream.
 *
 * Every row begins with the customer: key u64, check u32 (a second hash of the id, so that two ids with one key stay
 * apart), and 4 bytes of its own. An id travels in pieces of 24 bytes, once for each rank that saw it (or a few times
 * more); attributes and each kind of records are streams beside it. The same code deals, spills and sorts all of them.
 */
#ifndef TSR_INGEST_LAYOUT_H
#define TSR_INGEST_LAYOUT_H

#include "ingest/parse.h"
#include "tessera/dataset.h"

enum { TSR_STREAM_IDS, TSR_STREAM_ATTRIBUTES, TSR_STREAM_RECORDS }; /* + kind */
#define TSR_STREAMS (TSR_STREAM_RECORDS + TSR_KINDS)

#define TSR_ROW_HEAD 16 /* bytes */
#define TSR_ID_PIECE 24 /* bytes of an id in one row */

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
    int32_t attributes;                         /* of the stream of attributes */
} tsr_layout;

/** Local. @param has  TSR_HAS_* */
tsr_layout tsr_layout_of(int32_t stream, uint32_t has, int32_t attributes);

/** Local. The two hashes of an id (trimmed). */
tsr_customer_ref tsr_customer_of(tsr_slice id);

/** Local. The customer of a row. */
uint64_t tsr_row_key(const char *row);
uint32_t tsr_row_check(const char *row);

/** Local. The source of a record or of attributes, as its number in the job. */
int32_t tsr_row_source(const char *row);

/** Local. Write the head of a row. */
void tsr_row_begin(char *row, tsr_customer_ref customer, int32_t source);

/** Local. A record. */
void tsr_row_pack(const tsr_layout *layout, const tsr_cells *cells, char *row);

/** Local. Piece @p piece of an id. */
void tsr_row_pack_id(tsr_customer_ref customer, tsr_slice id, int32_t piece, char *row);

/** Local. Put a piece of an id in its place in @p id [256]. @return false where another id stands there already */
bool tsr_row_unpack_id(const char *row, char *id, int32_t *length, uint32_t *pieces);

/* Attributes: the position of the row in the input (from 1; 0: it was in the dataset before), then code and bits. */
void tsr_row_set_attribute(char *row, int32_t attribute, int32_t code, float number);
void tsr_row_set_position(char *row, int64_t position);
int64_t tsr_row_position(const char *row);
int32_t tsr_row_code(const char *row, int32_t attribute);
float tsr_row_number(const char *row, int32_t attribute);

/** Local. Replace codes: new = code[dictionary][old]; -1 stays. Attributes follow behind the dictionaries of records.
 */
void tsr_row_recode(const tsr_layout *layout, const int32_t *const *code, char *row);

/** Local. The full order: customer, then what the row holds, then its source. */
int tsr_row_compare(const tsr_layout *layout, const char *a, const char *b);

/** Local. The same customer and the same record, whatever the source? */
bool tsr_row_equal(const tsr_layout *layout, const char *a, const char *b);

/** Local. What records are sorted by after their customer; 0 for other streams. */
uint32_t tsr_row_time(const tsr_layout *layout, const char *row);

#endif
