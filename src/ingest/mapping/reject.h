/**
 * @file ingest/mapping/reject.h
 * Rules (rule.h) that refuse rows: `amount < 0`, `missing id`, `order starts_with "C" and Country != "Norway"`.
 *
 * A column is a field of `columns`, or a name in the file's header. A number compares exactly, as decimal; a text byte
 * by byte. A field that is empty, or no number where one is asked for, makes a comparison false, whatever it is.
 */
#ifndef TSR_INGEST_REJECT_H
#define TSR_INGEST_REJECT_H

#include "ingest/parse/parse.h"
#include "tessera/rule.h"

/* Where the value of a column comes from: a field of the row, or the amount that quantity and price make. */
#define TSR_SLOT_AMOUNT (-1)

typedef struct tsr_reject_rule tsr_reject_rule;

/** Local. The finder's slots are numbers of fields from 0, or TSR_SLOT_AMOUNT. @return TSR_OK; TSR_ECONF (what is wrong
 * and where in the rule); TSR_ENOMEM */
tsr_status tsr_reject_compile(const char *text, tsr_slot_finder finder, void *context,
                              tsr_reject_rule **rule) TSR_NODISCARD;
void tsr_reject_destroy(tsr_reject_rule **rule);

/**
 * Local. Does the rule refuse this row?
 * @param field, fields  of the row; slots beyond them are missing
 * @param amount  value of TSR_SLOT_AMOUNT; NULL: missing
 */
bool tsr_reject_matches(const tsr_reject_rule *rule, const tsr_slice *field, int32_t fields, const tsr_decimal *amount);

/** Local. The rule as written. Borrowed. */
const char *tsr_reject_text(const tsr_reject_rule *rule);

#endif
