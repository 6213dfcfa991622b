/**
 * @file ingest/mapping_parts.h
 * The inside of a mapping, shared by source.c (which finds the columns) and take.c (which reads the rows).
 */
#ifndef TSR_INGEST_MAPPING_PARTS_H
#define TSR_INGEST_MAPPING_PARTS_H

#include "ingest/reject.h"
#include "ingest/source.h"

/* The fields that a source of transactions knows. */
typedef enum tsr_field {
    TSR_FIELD_ID,
    TSR_FIELD_TIME,
    TSR_FIELD_AMOUNT,
    TSR_FIELD_QUANTITY,
    TSR_FIELD_PRICE,
    TSR_FIELD_ORDER,
    TSR_FIELD_ITEM,
    TSR_FIELD_CATEGORY,
    TSR_FIELD_PROMOTION,
    TSR_FIELDS
} tsr_field;

/* Where a value stands in a row. */
typedef struct tsr_place {
    int32_t slot;                  /* from 0; -1: not mapped */
    char column[TSR_COLUMN_BYTES]; /* its name in the file, or its number from 1: for people */
} tsr_place;

typedef struct tsr_attribute_place {
    tsr_place place;
    int32_t attribute; /* number in the shape */
    int32_t form;      /* tsr_attribute_form */
    const char *name;
} tsr_attribute_place;

typedef struct tsr_rule_place {
    tsr_reject_rule *rule;
    char column[TSR_COLUMN_BYTES]; /* the first that it looks at */
} tsr_rule_place;

struct tsr_mapping {
    int32_t kind, source, file, money_scale;
    bool days;
    uint32_t has; /* of the whole dataset */
    tsr_place field[TSR_FIELDS];
    int32_t attributes;
    tsr_attribute_place *attribute;
    int32_t rules;
    tsr_rule_place *rule; /* [rules] */
    tsr_clock clock;
    tsr_text_format format;
    bool *used; /* [columns of the header] */
};

extern const char *const tsr_field_name[TSR_FIELDS];

#endif
