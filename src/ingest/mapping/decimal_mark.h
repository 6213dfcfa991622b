/**
 * @file ingest/mapping/decimal_mark.h
 * Numbers written with a decimal comma: 1.234,56 and -0,5 become 1234.56 and -0.5.
 */
#ifndef TSR_INGEST_DECIMAL_MARK_H
#define TSR_INGEST_DECIMAL_MARK_H

#include "ingest/read/text_reader.h"

#define TSR_MARKED_BYTES 48 /* of a number; a longer text is none */

/**
 * Local. A number with a decimal comma, and points between groups of three digits or none, as one with a decimal
 * point. @param copy  [TSR_MARKED_BYTES] where it is written. @return the number; the text itself where it is no number
 * in either form; "?" where it is one with a decimal point, which would be read as another
 */
tsr_slice tsr_decimal_comma(tsr_slice text, char *copy);

/* Rows of a source with decimal commas: the fields that hold numbers are rewritten before all else is done with them.
 * All zero: there is nothing to do. */
typedef struct tsr_marked {
    bool comma;
    int32_t slots;
    int32_t *slot;    /* [slots] of fields with numbers, each once */
    tsr_slice *field; /* [fields_room] */
    int32_t fields_room;
    const tsr_slice *written; /* the fields of the row at hand, before */
    tsr_slice *attribute;     /* [attributes of the dataset] of the row at hand, rewritten */
    char *text;               /* [slots][TSR_MARKED_BYTES] */
} tsr_marked;

/** Local. A field that holds numbers; -1 is none. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_marked_add(tsr_marked *marked, int32_t slot) TSR_NODISCARD;
void tsr_marked_clear(tsr_marked *marked);

/** Local. The row with rewritten fields, a view as the row is. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_marked_row(tsr_marked *marked, const tsr_row *row, tsr_row *made) TSR_NODISCARD;

#endif
