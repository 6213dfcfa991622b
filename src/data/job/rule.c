#include "tessera/rule.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

#define DEPTH_MAX 16

typedef struct node {
    enum { NODE_AND, NODE_OR, NODE_TEST } kind;
    int32_t left, right;
    tsr_test test;
} node;

struct tsr_rule {
    char text[TSR_RULE_BYTES];
    int32_t root, n;
    node nodes[TSR_RULE_TESTS];
};

typedef struct parser {
    tsr_rule *rule;
    const char *at;
    int32_t depth;
    tsr_slot_finder finder;
    tsr_number_check check;
    void *context;
    tsr_rule_fault *fault;
} parser;

static tsr_status fail(const parser *p, const char *expected)
{
    *p->fault = (tsr_rule_fault){(int)(p->at - p->rule->text) + 1, expected};
    return TSR_ECONF;
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

    if (end == NULL || end - p->at > TSR_RULE_WORD - 1) return fail(p, what);
    *n = (int32_t)(end - p->at - 1);
    memcpy(text, p->at + 1, (size_t)*n);
    text[*n] = '\0';
    p->at = end + 1;
    return TSR_OK;
}

static tsr_status take_column(parser *p, int32_t *slot)
{
    char name[TSR_RULE_WORD];
    int32_t n = 0;

    skip_blanks(p);
    const char *begin = p->at;
    if (*p->at == '\'') {
        tsr_status st = take_text(p, '\'', "the end of a column's name", name, &n);
        if (st != TSR_OK) return st;
    } else {
        while (is_word(p->at[n]) && n < TSR_RULE_WORD - 1) n++;
        memcpy(name, p->at, (size_t)n);
        name[n] = '\0';
        p->at += n;
    }
    if (n == 0) return fail(p, "a column");
    tsr_status st = p->finder(p->context, name, slot);
    if (st == TSR_ECONF) *p->fault = (tsr_rule_fault){(int)(begin - p->rule->text) + 1, NULL};
    return st;
}

static bool take_comparison(parser *p, tsr_comparison *compare)
{
    static const struct {
        const char *sign;
        tsr_comparison compare;
    } signs[] = {{"<=", TSR_LESS_EQUAL}, {">=", TSR_MORE_EQUAL}, {"==", TSR_EQUAL}, {"!=", TSR_UNEQUAL},
                 {"<", TSR_LESS},        {">", TSR_MORE},        {"=", TSR_EQUAL}};

    skip_blanks(p);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strncmp(p->at, signs[i].sign, strlen(signs[i].sign)) != 0) continue;
        p->at += strlen(signs[i].sign);
        *compare = signs[i].compare;
        return true;
    }
    return false;
}

static tsr_status take_number(parser *p, tsr_test *test)
{
    static const char what[] = "a number, or a text in double quotes";
    char *end;

    test->kind = TSR_TEST_NUMBER;
    while (p->at[test->text_n] != '\0' && strchr("+-.0123456789", p->at[test->text_n]) != NULL) test->text_n++;
    if (test->text_n == 0 || test->text_n >= TSR_RULE_WORD) return fail(p, what);
    memcpy(test->text, p->at, (size_t)test->text_n);
    test->number = strtod(test->text, &end);
    if (*end != '\0') return fail(p, what);
    if (p->check != NULL && p->check(p->context, test) != TSR_OK) return fail(p, what);
    p->at += test->text_n;
    return TSR_OK;
}

static tsr_status take_value(parser *p, tsr_test *test)
{
    skip_blanks(p);
    if (*p->at != '"') return take_number(p, test);
    test->kind = TSR_TEST_TEXT;
    return take_text(p, '"', "the end of the text, within 126 bytes", test->text, &test->text_n);
}

static tsr_status add_node(parser *p, const node *made, int32_t *index)
{
    if (p->rule->n == TSR_RULE_TESTS) return fail(p, "a shorter rule");
    *index = p->rule->n;
    p->rule->nodes[p->rule->n++] = *made;
    return TSR_OK;
}

static tsr_status take_test(parser *p, int32_t *index)
{
    node made = {.kind = NODE_TEST, .test = {.kind = TSR_TEST_MISSING, .number_of = p->rule->n}};
    bool missing = take_word(p, "missing");
    tsr_status st = take_column(p, &made.test.slot);

    if (st != TSR_OK) return st;
    if (missing) return add_node(p, &made, index);
    if (take_word(p, "starts_with")) {
        skip_blanks(p);
        if (*p->at != '"') return fail(p, "a text in double quotes");
        st = take_value(p, &made.test);
        made.test.kind = TSR_TEST_STARTS_WITH;
    } else if (take_comparison(p, &made.test.compare)) {
        st = take_value(p, &made.test);
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
static tsr_status take_joined(parser *p, const char *word, int kind, tsr_status (*part)(parser *, int32_t *),
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

tsr_status tsr_rule_compile(const char *text, tsr_slot_finder finder, tsr_number_check check, void *context,
                            tsr_rule_fault *fault, tsr_rule **rule)
{
    tsr_rule *made = NULL;
    parser p = {.finder = finder, .check = check, .context = context, .fault = fault};
    tsr_status st;

    *rule = NULL;
    *fault = (tsr_rule_fault){TSR_RULE_BYTES, "a shorter rule"};
    if (strlen(text) >= TSR_RULE_BYTES) return TSR_ECONF;
    TSR_TRY(tsr_alloc(&made, 1, sizeof *made));
    strcpy(made->text, text);
    p.rule = made;
    p.at = made->text;
    TSR_TRY(take_any(&p, &made->root));
    skip_blanks(&p);
    if (*p.at != '\0') TSR_TRY(fail(&p, "and, or, or the end"));
    *rule = made;
    made = NULL;
done:
    tsr_rule_destroy(&made);
    return st;
}

void tsr_rule_destroy(tsr_rule **rule)
{
    tsr_free(rule);
}

/* ---- asking it ---- */

bool tsr_comparison_holds(tsr_comparison compare, int order)
{
    switch (compare) {
    case TSR_LESS: return order < 0;
    case TSR_LESS_EQUAL: return order <= 0;
    case TSR_MORE: return order > 0;
    case TSR_MORE_EQUAL: return order >= 0;
    case TSR_EQUAL: return order == 0;
    case TSR_UNEQUAL: return order != 0;
    }
    return false;
}

static bool node_holds(const tsr_rule *rule, int32_t index, tsr_rule_ask ask, void *context)
{
    const node *n = &rule->nodes[index];

    if (n->kind == NODE_TEST) return ask(context, &n->test);
    bool left = node_holds(rule, n->left, ask, context);
    if (left == (n->kind == NODE_OR)) return left;
    return node_holds(rule, n->right, ask, context);
}

bool tsr_rule_holds(const tsr_rule *rule, tsr_rule_ask ask, void *context)
{
    return node_holds(rule, rule->root, ask, context);
}

const char *tsr_rule_text(const tsr_rule *rule)
{
    return rule->text;
}
