/**
 * @file ingest/collect_parts.h
 * The inside of a collection, shared by collect.c (rows come in) and gather.c (rows go out).
 */
#ifndef TSR_INGEST_COLLECT_PARTS_H
#define TSR_INGEST_COLLECT_PARTS_H

#include "ingest/collect.h"

/* A transaction as it travels: customer u32, time u32, amount i64, then the columns that the shape has. */
typedef struct tsr_packing_plan {
    int32_t order, quantity, code[TSR_CODE_KINDS]; /* offsets; 0: not there */
    int32_t bytes;                                 /* of a row, a multiple of 8 */
} tsr_packing_plan;

typedef struct tsr_attribute_values {
    char name[TSR_NAME_BYTES];
    int32_t form;      /* tsr_attribute_form */
    tsr_strings texts; /* distinct values as written */
    int32_t *text;     /* [customers] number in texts + 1; 0 missing */
    int64_t *position; /* [customers]; 0 missing */
} tsr_attribute_values;

struct tsr_collect {
    uint32_t has;
    tsr_packing_plan plan;
    tsr_strings ids;
    int64_t customers_room; /* of the attributes' arrays */
    tsr_strings codes[TSR_CODE_KINDS];
    int32_t attributes;
    tsr_attribute_values *attribute;
    char *row; /* [rows][plan.bytes] */
    int64_t rows, rows_room;
};

/** Local. The plan of what the shape has. */
tsr_packing_plan tsr_packing_plan_of(uint32_t has);

/** Local. Write and read a packed row. */
void tsr_row_pack(const tsr_packing_plan *plan, uint32_t customer, const tsr_transaction *from, char *row);
void tsr_row_unpack(const tsr_packing_plan *plan, const char *row, tsr_transaction *to);

/** Local. The customer of a packed row on the rank that packed it. */
uint32_t tsr_row_customer(const char *row);

/** Local. The full order of the rows of one customer: time, amount, order, item, quantity, category, promotion. */
int tsr_transaction_compare(const void *a, const void *b);

#endif
