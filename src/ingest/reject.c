#include "ingest/reject.h"

#include <ctype.h>
#include <string.h>

#include "tessera/memory.h"

#define RULE_BYTES 512
#define NODES_MAX  64
#define WORD_BYTES 128
#define DEPTH_MAX  16

typedef enum node_kind { NODE_AND, NODE_OR, NODE_MISSING, NODE_STARTS_WITH, NODE_NUMBER, NODE_TEXT } node_kind;
typedef enum comparison { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, UNEQUAL } comparison;

typedef struct node {
    node_kind kind;
    comparison compare;
    int32_t left, right, slot;
    tsr_decimal number;
    char text[WORD_BYTES];
    int32_t text_n;
} node;

struct tsr_reject_rule {
    char text[RULE_BYTES];
    int32_t root, n;
    node nodes[NODES_MAX];
};

/* ---- reading a rule ---- */

typedef struct parser {
    tsr_reject_rule *rule;
    const char *at;
    int32_t depth;
    tsr_slot_finder finder;
    void *context;
} parser;

static tsr_status fail(const parser *p, const char *expected)
{
    return TSR_FAIL(TSR_ECONF, "reject rule `%s`: expected %s at position %d", p->rule->text, expected,
                    (int)(p->at - p->rule->text) + 1);
}

static void skip_blanks(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t') p->at++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

/* A word of the language at this place? Then step over it. */
static bool take_word(parser *p, const char *word)
{
    size_t n = strlen(word);

    skip_blanks(p);
    if (strncmp(p->at, word, n) != 0 || is_word(p->at[n])) return false;
    p->at += n;
    return true;
}

static tsr_status take_text(parser *p, char quote, const char *what, char *text, int32_t *n)
{
    const char *end = strchr(p->at + 1, quote);

    if (end == NULL || end - p->at > WORD_BYTES - 1) return fail(p, what);
    *n = (int32_t)(end - p->at - 1);
    memcpy(text, p->at + 1, (size_t)*n);
    text[*n] = '\0';
    p->at = end + 1;
    return TSR_OK;
}

static tsr_status take_column(parser *p, int32_t *slot)
{
    char name[WORD_BYTES];
    int32_t n = 0;

    skip_blanks(p);
    if (*p->at == '\'') {
        tsr_status st = take_text(p, '\'', "the end of a column's name", name, &n);
        if (st != TSR_OK) return st;
    } else {
        while (is_word(p->at[n]) && n < WORD_BYTES - 1) n++;
        memcpy(name, p->at, (size_t)n);
        name[n] = '\0';
        p->at += n;
    }
    if (n == 0) return fail(p, "a column");
    return p->finder(p->context, name, slot);
}

static bool take_comparison(parser *p, comparison *compare)
{
    static const struct {
        const char *sign;
        comparison compare;
    } signs[] = {{"<=", LESS_EQUAL}, {">=", MORE_EQUAL}, {"==", EQUAL}, {"!=", UNEQUAL},
                 {"<", LESS},        {">", MORE},        {"=", EQUAL}};

    skip_blanks(p);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strncmp(p->at, signs[i].sign, strlen(signs[i].sign)) != 0) continue;
        p->at += strlen(signs[i].sign);
        *compare = signs[i].compare;
        return true;
    }
    return false;
}

static tsr_status take_value(parser *p, node *made)
{
    int32_t n = 0;

    skip_blanks(p);
    if (*p->at == '"') {
        made->kind = NODE_TEXT;
        return take_text(p, '"', "the end of the text, within 126 bytes", made->text, &made->text_n);
    }
    while (p->at[n] != '\0' && strchr("+-.0123456789", p->at[n]) != NULL) n++;
    made->kind = NODE_NUMBER;
    if (n == 0 || tsr_parse_decimal((tsr_slice){p->at, n}, &made->number) != TSR_PARSED)
        return fail(p, "a number, or a text in double quotes");
    p->at += n;
    return TSR_OK;
}

static tsr_status add_node(parser *p, const node *made, int32_t *index)
{
    if (p->rule->n == NODES_MAX) return fail(p, "a shorter rule");
    *index = p->rule->n;
    p->rule->nodes[p->rule->n++] = *made;
    return TSR_OK;
}

static tsr_status take_test(parser *p, int32_t *index)
{
    node made = {.kind = NODE_MISSING};
    bool missing = take_word(p, "missing");
    tsr_status st = take_column(p, &made.slot);

    if (st != TSR_OK) return st;
    if (missing) return add_node(p, &made, index);
    if (take_word(p, "starts_with")) {
        skip_blanks(p);
        if (*p->at != '"') return fail(p, "a text in double quotes");
        st = take_value(p, &made);
        made.kind = NODE_STARTS_WITH;
    } else if (take_comparison(p, &made.compare)) {
        st = take_value(p, &made);
    } else {
        st = fail(p, "a comparison (< <= > >= = !=) or starts_with");
    }
    return st == TSR_OK ? add_node(p, &made, index) : st;
}

static tsr_status take_any(parser *p, int32_t *index);

static tsr_status take_factor(parser *p, int32_t *index)
{
    skip_blanks(p);
    if (*p->at != '(') return take_test(p, index);
    if (++p->depth > DEPTH_MAX) return fail(p, "fewer parentheses");
    p->at++;
    tsr_status st = take_any(p, index);
    if (st != TSR_OK) return st;
    skip_blanks(p);
    if (*p->at != ')') return fail(p, "and, or, or a closing parenthesis");
    p->at++;
    p->depth--;
    return TSR_OK;
}

/* What @p part reads, joined by @p word, from the left. */
static tsr_status take_joined(parser *p, const char *word, node_kind kind, tsr_status (*part)(parser *, int32_t *),
                              int32_t *index)
{
    tsr_status st = part(p, index);

    while (st == TSR_OK && take_word(p, word)) {
        node made = {.kind = kind, .left = *index};
        st = part(p, &made.right);
        if (st == TSR_OK) st = add_node(p, &made, index);
    }
    return st;
}

static tsr_status take_all(parser *p, int32_t *index)
{
    return take_joined(p, "and", NODE_AND, take_factor, index);
}

static tsr_status take_any(parser *p, int32_t *index)
{
    return take_joined(p, "or", NODE_OR, take_all, index);
}

tsr_status tsr_reject_compile(const char *text, tsr_slot_finder finder, void *context, tsr_reject_rule **out)
{
    tsr_reject_rule *rule = NULL;
    parser p = {.finder = finder, .context = context};
    tsr_status st;

    *out = NULL;
    if (strlen(text) >= RULE_BYTES) return TSR_FAIL(TSR_ECONF, "a reject rule is longer than %d bytes", RULE_BYTES - 1);
    TSR_TRY(tsr_alloc(&rule, 1, sizeof *rule));
    strcpy(rule->text, text);
    p.rule = rule;
    p.at = rule->text;
    TSR_TRY(take_any(&p, &rule->root));
    skip_blanks(&p);
    if (*p.at != '\0') TSR_TRY(fail(&p, "and, or, or the end"));
    *out = rule;
    rule = NULL;
done:
    tsr_reject_destroy(&rule);
    return st;
}

void tsr_reject_destroy(tsr_reject_rule **rule)
{
    tsr_free(rule);
}

/* ---- asking it ---- */

static bool holds(comparison compare, int order)
{
    switch (compare) {
    case LESS: return order < 0;
    case LESS_EQUAL: return order <= 0;
    case MORE: return order > 0;
    case MORE_EQUAL: return order >= 0;
    case EQUAL: return order == 0;
    case UNEQUAL: return order != 0;
    }
    return false;
}

static int compare_text(tsr_slice a, const char *b, int32_t b_n)
{
    int order = memcmp(a.at, b, (size_t)(a.n < b_n ? a.n : b_n));

    return order != 0 ? order : (a.n > b_n) - (a.n < b_n);
}

static bool number_holds(const node *test, tsr_slice text, const tsr_decimal *amount)
{
    tsr_decimal value;

    if (test->slot == TSR_SLOT_AMOUNT) {
        if (amount == NULL) return false;
        value = *amount;
    } else if (tsr_parse_decimal(text, &value) != TSR_PARSED) {
        return false;
    }
    return holds(test->compare, tsr_decimal_compare(&value, &test->number));
}

static bool node_holds(const tsr_reject_rule *rule, int32_t index, const tsr_slice *field, int32_t fields,
                       const tsr_decimal *amount)
{
    const node *test = &rule->nodes[index];
    tsr_slice text = {"", 0};

    if (test->kind == NODE_AND)
        return node_holds(rule, test->left, field, fields, amount) &&
               node_holds(rule, test->right, field, fields, amount);
    if (test->kind == NODE_OR)
        return node_holds(rule, test->left, field, fields, amount) ||
               node_holds(rule, test->right, field, fields, amount);

    if (test->slot >= 0 && test->slot < fields) text = tsr_trim(field[test->slot]);
    switch (test->kind) {
    case NODE_MISSING: return test->slot == TSR_SLOT_AMOUNT ? amount == NULL : text.n == 0;
    case NODE_STARTS_WITH: return text.n >= test->text_n && memcmp(text.at, test->text, (size_t)test->text_n) == 0;
    case NODE_TEXT: return text.n > 0 && holds(test->compare, compare_text(text, test->text, test->text_n));
    default: return number_holds(test, text, amount);
    }
}

bool tsr_reject_matches(const tsr_reject_rule *rule, const tsr_slice *field, int32_t fields, const tsr_decimal *amount)
{
    return node_holds(rule, rule->root, field, fields, amount);
}

const char *tsr_reject_text(const tsr_reject_rule *rule)
{
    return rule->text;
}
