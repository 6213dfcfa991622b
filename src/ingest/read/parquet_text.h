/**
 * @file ingest/read/parquet_text.h
 * Values as DuckDB holds them -> text as SQL's CAST writes it, for the types and values that are common.
 *
 * Rows of Parquet go the way that rows of text go, so that both give the same dataset to the last bit. To have DuckDB
 * make the text costs far more than reading the file; what is written here has the same bytes, and what is not
 * (nested types, infinite dates, numbers with many digits) is left to DuckDB.
 */
#ifndef TSR_INGEST_PARQUET_TEXT_H
#define TSR_INGEST_PARQUET_TEXT_H

#include "data/parquet/duck.h"
#include "ingest/read/text_reader.h"

typedef enum tsr_value_form {
    TSR_VALUE_CAST, /* by DuckDB: the column is asked for as VARCHAR */
    TSR_VALUE_TEXT,
    TSR_VALUE_FLAG,
    TSR_VALUE_SIGNED,
    TSR_VALUE_UNSIGNED,
    TSR_VALUE_DECIMAL,
    TSR_VALUE_FLOAT,
    TSR_VALUE_DOUBLE,
    TSR_VALUE_DATE,
    TSR_VALUE_MOMENT, /* micro- or nanoseconds, as they stand or, with a zone, in UTC */
} tsr_value_form;

typedef struct tsr_value_type {
    tsr_value_form form;
    int32_t bytes;         /* of one value */
    int32_t digits, scale; /* of a decimal */
    int64_t per_second;    /* of a moment */
    bool zoned;            /* of a moment: a Z follows */
} tsr_value_type;

#define TSR_VALUE_BYTES 48 /* of a text that is written */
#define TSR_VALUE_SLOT  64 /* and some more that may be read */
#define TSR_VALUE_ID    24 /* of a whole number alone */

/* Different decimals of so many digits are different numbers; smaller ones than PLAIN are written with an exponent. */
#define TSR_VALUE_DOUBLE_MOST 999999999999999.0
#define TSR_VALUE_FLOAT_MOST  999999.0
#define TSR_VALUE_PLAIN       1e-4

/* Where the bytes of a block of one column stand, and what is known of them. */
typedef struct tsr_value_texts {
    bool nul, roomy, ascii; /* of all of them: one holds a zero byte; there is room; all are ASCII */
    char slot[TSR_BLOCK_MOST][TSR_VALUE_SLOT];
} tsr_value_texts;

/** Local. Whole numbers of 1, 2, 4 or 8 bytes. */
static inline int64_t tsr_value_signed(const void *value, int32_t bytes, int64_t i)
{
    switch (bytes) {
    case 1: return ((const int8_t *)value)[i];
    case 2: return ((const int16_t *)value)[i];
    case 4: return ((const int32_t *)value)[i];
    default: return ((const int64_t *)value)[i];
    }
}

/** Local. */
static inline uint64_t tsr_value_unsigned(const void *value, int32_t bytes, int64_t i)
{
    switch (bytes) {
    case 1: return ((const uint8_t *)value)[i];
    case 2: return ((const uint16_t *)value)[i];
    case 4: return ((const uint32_t *)value)[i];
    default: return ((const uint64_t *)value)[i];
    }
}

/** Local. @param name  as DESCRIBE says: BIGINT, DECIMAL(18,2), ... */
tsr_value_type tsr_value_type_of(const char *name);

/** Local. The same for tsr_duck_cast(), of a type whose values may not be of common form. */
tsr_duck_type tsr_value_cast(const tsr_value_type *type);

/**
 * Local. Rows first .. first + n - 1 of a vector, n <= TSR_BLOCK_MOST.
 * @param field  [n][stride], of which the first of each row is set; null is empty. They point into @p out or @p vector
 * @return false where a value is not of common form: that column is to be asked for as VARCHAR
 */
bool tsr_value_write(const tsr_value_type *type, const tsr_duck_vector *vector, int64_t first, int64_t n,
                     tsr_value_texts *out, tsr_slice *field, int64_t stride);

/** Local. The same of whole numbers, without a look at what is null. @param field  [n] they point into @p out */
void tsr_value_write_ids(const tsr_value_type *type, const tsr_duck_vector *vector, int64_t first, int64_t n,
                         char (*out)[TSR_VALUE_ID], tsr_slice *field);

#endif
