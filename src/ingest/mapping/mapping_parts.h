/**
 * @file ingest/mapping/mapping_parts.h
 * The inside of a mapping, shared by source.c (which finds the columns), plain.c (which reads rows that are as they
 * should be) and take.c (which reads all others, and says what is wrong with them).
 */
#ifndef TSR_INGEST_MAPPING_PARTS_H
#define TSR_INGEST_MAPPING_PARTS_H

#include "ingest/mapping/decimal_mark.h"
#include "ingest/mapping/reject.h"
#include "ingest/mapping/source.h"

/* Where a value stands in a row. */
typedef struct tsr_place {
    int32_t slot;                  /* from 0; -1: not mapped */
    const char *constant;          /* the same text for every row ("=text" in the job); else NULL */
    const tsr_slice *piece;        /* where a piece of a field of this row stands; else NULL */
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
    const char *reason;            /* the rule as written, or what it stands for */
    char column[TSR_COLUMN_BYTES]; /* the first that it looks at */
} tsr_rule_place;

/* A column that plain.c reads without asking where it comes from. */
typedef struct tsr_plain_column {
    int32_t column, slot;
    tsr_cell cell;
    int32_t dictionary;
} tsr_plain_column;

struct tsr_mapping {
    int32_t kind; /* of records; -1: customers */
    int32_t source, file, money_scale;
    bool days;
    uint32_t has;            /* of the whole dataset */
    int32_t columns, needed; /* of the kind; the first of them that a row must have */
    tsr_place id, price, currency;
    tsr_place since; /* of customers: the time of the row */
    const tsr_rates *rates;
    uint32_t earliest;
    int64_t as_of;
    bool pairs;    /* a source of identities, with the column `other` */
    int32_t match; /* tsr_match, of identities */
    tsr_place other;
    tsr_place column[TSR_KIND_COLUMNS]; /* of the kind */
    int32_t attributes;
    tsr_attribute_place *attribute;
    tsr_slice *attribute_text; /* [attributes of the dataset] of the row at hand, as written */
    int32_t dimensions;        /* of a source of embeddings; else 0 */
    tsr_place vector;          /* the column with the list of numbers; not mapped where each has a column */
    tsr_slice *piece;          /* [dimensions + 1] of the list at hand, and the day */
    char *day;                 /* [TSR_DAY_BYTES] its text */
    int32_t rules;
    tsr_rule_place *rule; /* [rules] */
    tsr_clock clock;
    bool is_plain; /* see tsr_mapping_plan() */
    int32_t plain_n;
    tsr_plain_column plain[TSR_KIND_COLUMNS];
    struct tsr_plain_memory *memory; /* of the plain way: rows at hand, texts that came lately */
    tsr_text_format format;
    int32_t uses;
    tsr_use *use;       /* [uses] of the columns of the header */
    tsr_marked *marked; /* NULL: numbers have a decimal point */
};

/** Local. Plan the fast way for rows that are as they should be; the last step of making a mapping.
 *  @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_mapping_plan(tsr_mapping *mapping) TSR_NODISCARD;

/** Local. Put rows of a plain mapping where they belong: all fields are there, without defects. */
tsr_status tsr_mapping_take_plain(const tsr_mapping *mapping, const tsr_row_block *block, tsr_collect *collect,
                                  tsr_balance *balance, tsr_seen *seen) TSR_NODISCARD;

/** Local. Put any row where it belongs, or say what is wrong with it. */
tsr_status tsr_mapping_take_closely(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect,
                                    tsr_balance *balance, tsr_seen *seen) TSR_NODISCARD;

/** Local. Plan mapping->marked: the fields that hold numbers, where those have a decimal comma. Numbers that are none
 *  in text have no mark. @param attributes  of the dataset */
tsr_status tsr_mapping_mark(tsr_mapping *mapping, const tsr_header *header, int32_t attributes) TSR_NODISCARD;

#define TSR_DAY_BYTES 16

#define TSR_IS_MAPPED(place) ((place)->slot >= 0 || (place)->constant != NULL)

#endif
