/**
 * @file rule.h
 * Rules in words: `amount < 0`, `missing id`, `rfm_r >= 4 and (rfm_f >= 4 or rfm_group = "Loyal")`.
 *
 *     rule   = term { "or" term }           column = a name; in single quotes where it is not one word
 *     term   = factor { "and" factor }
 *     factor = "(" rule ")" | "missing" column | column "starts_with" "text" | column comparison value
 *     value  = number | "text"              comparison = < <= > >= = == !=
 *
 * What a column is, and whether a test holds, says who asks.
 */
#ifndef TSR_RULE_H
#define TSR_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "tessera/status.h"

#define TSR_RULE_BYTES 512 /* of a whole rule, with the zero at its end */
#define TSR_RULE_WORD  128 /* of a name, a number or a text in it */
#define TSR_RULE_TESTS 64  /* tests, ands and ors */

typedef enum tsr_test_kind { TSR_TEST_MISSING, TSR_TEST_STARTS_WITH, TSR_TEST_NUMBER, TSR_TEST_TEXT } tsr_test_kind;

typedef enum tsr_comparison {
    TSR_LESS,
    TSR_LESS_EQUAL,
    TSR_MORE,
    TSR_MORE_EQUAL,
    TSR_EQUAL,
    TSR_UNEQUAL
} tsr_comparison;

/* One test of a column. */
typedef struct tsr_test {
    tsr_test_kind kind;
    tsr_comparison compare;
    int32_t slot, number_of;  /* of the column, as the finder said; of the test within its rule, below TSR_RULE_TESTS */
    double number;            /* of a NUMBER, to the nearest double */
    char text[TSR_RULE_WORD]; /* as written: of a NUMBER too */
    int32_t text_n;
} tsr_test;

/* What is wrong with a rule, and where. */
typedef struct tsr_rule_fault {
    int position;         /* byte of the rule, from 1 */
    const char *expected; /* "a column"; NULL: the finder or the checker failed, with a record of its own */
} tsr_rule_fault;

typedef struct tsr_rule tsr_rule;

/** Local: find a column. Sets *slot (any number). @return TSR_OK; TSR_ECONF naming the column */
typedef tsr_status (*tsr_slot_finder)(void *context, const char *column, int32_t *slot);

/** Local: does the test hold? */
typedef bool (*tsr_rule_ask)(void *context, const tsr_test *test);

/** Local: a number of the rule is accepted. @return TSR_OK; TSR_ECONF */
typedef tsr_status (*tsr_number_check)(void *context, const tsr_test *test);

/**
 * Local. Read a rule.
 * @param check       of numbers as written, called with @p context; NULL: any that strtod() takes
 * @param[out] fault  where it is TSR_ECONF; no record is left unless the finder or the checker left one
 * @param[out] rule   new; tsr_rule_destroy()
 * @return TSR_OK; TSR_ECONF; TSR_ENOMEM
 */
tsr_status tsr_rule_compile(const char *text, tsr_slot_finder finder, tsr_number_check check, void *context,
                            tsr_rule_fault *fault, tsr_rule **rule) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_rule_destroy(tsr_rule **rule);

/** Local. Does the rule hold? Tests are asked from the left, as far as needed. */
bool tsr_rule_holds(const tsr_rule *rule, tsr_rule_ask ask, void *context);

/** Local. Does a comparison hold for an order of -1, 0 or 1? */
bool tsr_comparison_holds(tsr_comparison compare, int order);

/** Local. The rule as written; borrowed. */
const char *tsr_rule_text(const tsr_rule *rule);

#endif
