#include "ingest/mapping/reject.h"

#include <string.h>

#include "tessera/memory.h"

struct tsr_reject_rule {
    tsr_rule *rule;
    tsr_decimal number[TSR_RULE_TESTS]; /* of its tests, exact */
};

/* What a rule is read with. */
typedef struct reader {
    tsr_reject_rule *made;
    tsr_slot_finder finder;
    void *context;
} reader;

static tsr_status find_slot(void *context, const char *column, int32_t *slot)
{
    const reader *r = context;

    return r->finder(r->context, column, slot);
}

static tsr_status read_number(void *context, const tsr_test *test)
{
    const reader *r = context;
    tsr_slice text = {test->text, test->text_n};

    return tsr_parse_decimal(text, &r->made->number[test->number_of]) == TSR_PARSED ? TSR_OK : TSR_ECONF;
}

tsr_status tsr_reject_compile(const char *text, tsr_slot_finder finder, void *context, tsr_reject_rule **out)
{
    tsr_reject_rule *made = NULL;
    tsr_rule_fault fault;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&made, 1, sizeof *made));
    reader r = {made, finder, context};
    st = tsr_rule_compile(text, find_slot, read_number, &r, &fault, &made->rule);
    if (st == TSR_ECONF && fault.expected != NULL)
        st = TSR_FAIL(TSR_ECONF, "reject rule `%s`: expected %s at position %d", text, fault.expected, fault.position);
    if (st != TSR_OK) goto done;
    *out = made;
    made = NULL;
done:
    tsr_reject_destroy(&made);
    return st;
}

void tsr_reject_destroy(tsr_reject_rule **rule)
{
    if (*rule == NULL) return;
    tsr_rule_destroy(&(*rule)->rule);
    tsr_free(rule);
}

/* ---- asking it ---- */

/* A row that the rule is asked about. */
typedef struct row {
    const tsr_reject_rule *rule;
    const tsr_slice *field;
    int32_t fields;
    const tsr_decimal *amount;
} row;

static int compare_text(tsr_slice a, const char *b, int32_t b_n)
{
    int order = memcmp(a.at, b, (size_t)(a.n < b_n ? a.n : b_n));

    return order != 0 ? order : (a.n > b_n) - (a.n < b_n);
}

static bool number_holds(const row *r, const tsr_test *test, tsr_slice text)
{
    tsr_decimal value;

    if (test->slot == TSR_SLOT_AMOUNT) {
        if (r->amount == NULL) return false;
        value = *r->amount;
    } else if (tsr_parse_decimal(text, &value) != TSR_PARSED) {
        return false;
    }
    return tsr_comparison_holds(test->compare, tsr_decimal_compare(&value, &r->rule->number[test->number_of]));
}

static bool test_holds(void *context, const tsr_test *test)
{
    const row *r = context;
    tsr_slice text = {"", 0};

    if (test->slot >= 0 && test->slot < r->fields) text = tsr_trim(r->field[test->slot]);
    switch (test->kind) {
    case TSR_TEST_MISSING: return test->slot == TSR_SLOT_AMOUNT ? r->amount == NULL : text.n == 0;
    case TSR_TEST_STARTS_WITH: return text.n >= test->text_n && memcmp(text.at, test->text, (size_t)test->text_n) == 0;
    case TSR_TEST_TEXT:
        return text.n > 0 && tsr_comparison_holds(test->compare, compare_text(text, test->text, test->text_n));
    case TSR_TEST_NUMBER: return number_holds(r, test, text);
    }
    return false;
}

bool tsr_reject_matches(const tsr_reject_rule *rule, const tsr_slice *field, int32_t fields, const tsr_decimal *amount)
{
    row r = {rule, field, fields, amount};

    return tsr_rule_holds(rule->rule, test_holds, &r);
}

const char *tsr_reject_text(const tsr_reject_rule *rule)
{
    return tsr_rule_text(rule->rule);
}
