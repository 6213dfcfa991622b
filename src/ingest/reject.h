/**
 * @file ingest/reject.h
 * Rules that refuse rows: `amount < 0`, `missing id`, `order starts_with "C" and Country != "Norway"`.
 *
 *     rule   = term { "or" term }           column = a field of `columns`, or a name in the file's header;
 *     term   = factor { "and" factor }               in single quotes where it is not one word
 *     factor = "(" rule ")" | "missing" column | column "starts_with" "text" | column comparison value
 *     value  = number | "text"              comparison = < <= > >= = == !=
 *
 * A number compares exactly, as decimal; a text byte by byte. A field that is empty, or no number where one is asked
 * for, makes a comparison false, whatever it is.
 */
#ifndef TSR_INGEST_REJECT_H
#define TSR_INGEST_REJECT_H

#include "ingest/parse.h"
#include "tessera/status.h"

/* Where the value of a column comes from: a field of the row, or the amount that quantity and price make. */
#define TSR_SLOT_AMOUNT (-1)

typedef struct tsr_reject_rule tsr_reject_rule;

/** Local: find a column. Sets *slot (from 0, or TSR_SLOT_AMOUNT). @return TSR_OK; TSR_ECONF naming the column */
typedef tsr_status (*tsr_slot_finder)(void *context, const char *column, int32_t *slot);

/** Local. @return TSR_OK; TSR_ECONF (what is wrong and where in the rule); TSR_ENOMEM */
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
