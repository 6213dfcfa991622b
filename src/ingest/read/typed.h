/**
 * @file ingest/read/typed.h
 * Values that have a type already -> times and numbers of the dataset, exactly as if their text had been read.
 *
 * To write dates and amounts as text and to read them again would cost as much as all the rest of reading a file of
 * Parquet. What is not fine here (null, out of range, more decimals than money has, a type that means something
 * else) is written as text after all, and then the readers of text say what is wrong with it: no rule stands twice.
 */
#ifndef TSR_INGEST_TYPED_H
#define TSR_INGEST_TYPED_H

#include "ingest/parse/clock.h"
#include "ingest/read/parquet_text.h"

/* A column of a block: rows first .. of a vector, and where their text goes. Borrowed from the reader. */
typedef struct tsr_typed {
    tsr_value_type type;
    tsr_duck_vector vector;
    int64_t first;
    tsr_value_texts *texts; /* for the text of one row; NULL: the column is text, and nothing else here is set */
    tsr_slice *field;       /* of the first row; the others follow each `stride` */
    int64_t stride;
} tsr_typed;

/* What a reader shall do with a column. */
typedef enum tsr_use {
    TSR_USE_NOT,    /* its fields are empty */
    TSR_USE_TEXT,   /* its fields are text */
    TSR_USE_TIME,   /* it may come as values for tsr_typed_times(), */
    TSR_USE_NUMBER, /* or for tsr_typed_units(), */
    TSR_USE_ID,     /* or for tsr_typed_ids(), */
    TSR_USE_CODE,   /* or for tsr_typed_text(), where the file has such; else as text */
} tsr_use;

/** Local. Can a column of this type come as values for this use? */
bool tsr_typed_serves(const tsr_value_type *type, tsr_use use);

/** Local. The column of a block if it is no text; else NULL. */
const tsr_typed *tsr_typed_of(const tsr_row_block *block, int32_t column);

/** Local. Is there a null among the first @p n values? Perhaps, where it is among their neighbours. */
bool tsr_typed_may_be_null(const tsr_typed *values, int32_t n);

/**
 * Local. Civil seconds, as tsr_clock_parse() reads them from the text, of a column that serves for times.
 * @param[in,out] fine   [n] set to false where the value is not to be used
 * @param[out]    timed  [n] the text would hold a time of day
 * @param[out]    civil  [n]
 */
void tsr_typed_times(const tsr_typed *values, int32_t n, const tsr_clock *clock, bool *fine, bool *timed,
                     uint64_t *civil);

/** Local. Numbers in units of 10^-scale, as tsr_decimal_units() has them, of a column that serves for numbers.
 * @param[in,out] fine  [n] as above
 *  @param[out] units  [n] bits of int64 */
void tsr_typed_units(const tsr_typed *values, int32_t n, int32_t scale, bool *fine, uint64_t *units);

/** Local. Texts of whole numbers, of a column that serves for ids.
 * @param[in,out] fine  [n] as above
 * @param         text  [n] room that @p id points into */
void tsr_typed_ids(const tsr_typed *values, int32_t n, bool *fine, char (*text)[TSR_VALUE_ID], tsr_slice *id);

/** Local. A text of a column that serves for codes; of null an empty one. */
tsr_slice tsr_typed_text(const tsr_typed *values, int32_t row);

/** Local. Put the text of a value into its field, until that of another row is put there.
 * @param[in,out] row  of which it is a field: what is known of its texts
 * @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_typed_write(const tsr_typed *values, int32_t i, tsr_row *row) TSR_NODISCARD;

/** Local. One row of a block, all of it as text: valid until the next one is taken from it. @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_row_of_block(const tsr_row_block *block, int32_t i, tsr_row *row) TSR_NODISCARD;

#endif
