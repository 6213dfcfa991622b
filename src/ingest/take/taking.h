/**
 * @file ingest/take/taking.h
 * One row on its way into the collection, shared by take.c and take_money.c.
 */
#ifndef TSR_INGEST_TAKING_H
#define TSR_INGEST_TAKING_H

#include <stdio.h>
#include <string.h>

#include "ingest/mapping/mapping_parts.h"

/* One row on its way: a reason is set by the first check that fails, and the rest is not looked at. */
typedef struct tsr_taking {
    const tsr_mapping *mapping;
    const tsr_row *row;
    tsr_collect *collect;
    tsr_seen *seen;
    tsr_slice id;
    uint32_t since; /* time of a row of attributes; 0: not said */
    tsr_decimal amount;
    bool has_amount; /* the amount can be read */
    int64_t money;   /* in units; 0 where it cannot be read */
    tsr_parsed money_parsed;
    const tsr_place *money_place; /* to blame where it cannot */
    const char *money_name;
    const tsr_decimal *rate; /* of its currency; NULL: that of the dataset, or not known */
    tsr_cells made;
    char reason[TSR_REASON_BYTES]; /* empty: the row is fine so far */
    const char *column;
} tsr_taking;

static inline tsr_slice tsr_taking_text(const tsr_taking *t, const tsr_place *place)
{
    if (place->constant != NULL) return (tsr_slice){place->constant, (int32_t)strlen(place->constant)};
    if (place->piece != NULL) return *place->piece;
    if (place->slot < 0 || place->slot >= t->row->fields) return (tsr_slice){"", 0};
    return tsr_trim(t->row->field[place->slot]);
}

static inline const tsr_kind_column *tsr_taking_about(const tsr_taking *t, int32_t column)
{
    return &tsr_kind_of(t->mapping->kind)->column[column];
}

static inline void tsr_taking_refuse(tsr_taking *t, const char *column, const char *format, const char *name)
{
    if (t->reason[0] != '\0') return;
    snprintf(t->reason, sizeof t->reason, format, name);
    t->column = column;
}

static inline bool tsr_taking_fine(const tsr_taking *t)
{
    return t->reason[0] == '\0';
}

/** Local. Refuse a number that cannot be read, for what is wrong with it. */
void tsr_taking_refuse_number(tsr_taking *t, const tsr_place *place, const char *name, tsr_parsed parsed,
                              int32_t decimals);

/** Local. The money that the balance accounts for: the first column of money that the kind has. */
int32_t tsr_taking_money_column(int32_t kind);

/** Local. Read the money and its currency: before all checks, so that refused rows are accounted for too. */
void tsr_taking_read_money(tsr_taking *t);

/** Local. Refuse a row whose money cannot be read, or not in the dataset's currency. */
void tsr_taking_check_money(tsr_taking *t);

/** Local. Read another column of money, like a cost; empty is 0. */
void tsr_taking_check_other_money(tsr_taking *t, int32_t column);

#endif
