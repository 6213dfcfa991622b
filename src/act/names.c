#include "tessera/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "act/sheet.h"
#include "tessera/memory.h"

extern const char act_names[]; /* names.tsv */
extern const size_t act_names_bytes;

#define NAMES_MAX 200
#define TOP       3 /* features that a made name may list */

enum { RULE, NAME, CELLS };

typedef struct choice {
    tsr_rule *rule; /* NULL: everybody */
    const char *name;
} choice;

/* Variables of this run have their place as slot; what others have is at -1: missing. */
typedef struct finder {
    const tsr_likeness *likeness;
    tsr_column_known known;
    void *context;
} finder;

static tsr_status find_variable(void *context, const char *name, int32_t *slot)
{
    const finder *f = context;

    for (*slot = 0; *slot < f->likeness->n; ++*slot)
        if (strcmp(f->likeness->variable[*slot], name) == 0) return TSR_OK;
    *slot = -1;
    return f->known(f->context, name) ? TSR_OK : TSR_FAIL(TSR_ECONF, "no feature is called %s", name);
}

/* A segment that a rule is asked about. */
typedef struct subject {
    const tsr_likeness *likeness;
    int32_t segment;
} subject;

static bool test_holds(void *context, const tsr_test *test)
{
    const subject *s = context;
    double value = test->slot < 0 ? (double)NAN : s->likeness->value[(int64_t)s->segment * s->likeness->n + test->slot];

    if (test->kind == TSR_TEST_MISSING) return isnan(value);
    if (test->kind != TSR_TEST_NUMBER || isnan(value)) return false;
    return tsr_comparison_holds(test->compare, (value > test->number) - (value < test->number));
}

int32_t tsr_likeness_top(const tsr_likeness *likeness, int32_t segment, int32_t most, int32_t *feature)
{
    const double *value = likeness->value + (int64_t)segment * likeness->n;
    int32_t n = 0;

    for (int32_t i = 0; i < likeness->features; i++) {
        if (!(fabs(value[i]) >= TSR_DISTINCT)) continue;
        int32_t at = n < most ? n : most - 1;
        if (n == most && fabs(value[i]) <= fabs(value[feature[at]])) continue;
        while (at > 0 && fabs(value[i]) > fabs(value[feature[at - 1]])) {
            feature[at] = feature[at - 1];
            at--;
        }
        feature[at] = i;
        if (n < most) n++;
    }
    return n;
}

static bool is_taken(char (*name)[TSR_NAME_BYTES], int32_t given, const char *wanted)
{
    for (int32_t s = 0; s < given; s++)
        if (strcmp(name[s], wanted) == 0) return true;
    return false;
}

/* Cut to fit, between characters. */
static void append(char *name, const char *text)
{
    size_t room = TSR_NAME_BYTES - 1 - strlen(name), n = strlen(text);

    if (n > room) n = room;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    strncat(name, text, n);
}

static void append_feature(char *name, const char *feature, double value, bool first)
{
    char text[TSR_RULE_WORD];
    int32_t begin = (int32_t)strlen(name);

    snprintf(text, sizeof text, "%s%s %s", first ? "" : ", ", value > 0 ? "high" : "low", feature);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '_') *c = ' ';
    append(name, text);
    if (begin == 0 && (name[0] == 'h' || name[0] == 'l')) name[0] = name[0] == 'h' ? 'H' : 'L';
}

/* @p base and the features that set the segment apart, as many as it takes to be new; a number at the very end. */
static void make_name(const tsr_likeness *likeness, int32_t segment, const char *base, char (*name)[TSR_NAME_BYTES])
{
    char *made = name[segment], suffix[16];
    int32_t feature[TOP], n = tsr_likeness_top(likeness, segment, TOP, feature);

    snprintf(made, TSR_NAME_BYTES, "%s", base != NULL ? base : n == 0 ? "Like most" : "");
    for (int32_t i = 0; i < n; i++) {
        append_feature(made, likeness->variable[feature[i]],
                       likeness->value[(int64_t)segment * likeness->n + feature[i]], made[0] == '\0');
        if (!is_taken(name, segment, made)) return;
    }
    for (int number = 2; is_taken(name, segment, made); number++) {
        snprintf(suffix, sizeof suffix, " %d", number);
        made[0] = '\0';
        append(made, base != NULL ? base : "Like most");
        append(made, suffix);
    }
}

static void name_segment(const tsr_likeness *likeness, const choice *choices, int32_t n, int32_t segment,
                         char (*name)[TSR_NAME_BYTES])
{
    subject s = {likeness, segment};
    const char *base = NULL;

    for (int32_t i = 0; i < n; i++) {
        if (choices[i].rule != NULL && !tsr_rule_holds(choices[i].rule, test_holds, &s)) continue;
        if (base == NULL) base = choices[i].name;
        if (is_taken(name, segment, choices[i].name)) continue;
        snprintf(name[segment], TSR_NAME_BYTES, "%s", choices[i].name);
        return;
    }
    make_name(likeness, segment, base, name);
}

static tsr_status read_choices(tsr_sheet *sheet, finder *f, choice *choices, int32_t *n)
{
    tsr_status st = TSR_OK;

    while (tsr_sheet_line(sheet)) {
        TSR_TRY(tsr_sheet_check(sheet, CELLS, 0));
        if (*n == NAMES_MAX) TSR_TRY(tsr_sheet_fail(sheet, RULE, "too many names"));
        if (strlen(sheet->cell[NAME]) >= TSR_NAME_BYTES)
            TSR_TRY(tsr_sheet_fail(sheet, NAME, "a name has at most 63 bytes"));
        TSR_TRY(tsr_sheet_rule(sheet, RULE, find_variable, f, &choices[*n].rule));
        choices[(*n)++].name = sheet->cell[NAME];
    }
done:
    return st;
}

tsr_status tsr_names_from(const char *source, char *text, tsr_column_known known, void *context,
                          const tsr_likeness *likeness, char (**name)[TSR_NAME_BYTES])
{
    tsr_sheet sheet = {.source = source, .next = text};
    finder f = {likeness, known, context};
    choice *choices = NULL;
    int32_t n = 0;
    tsr_status st;

    *name = NULL;
    TSR_TRY(tsr_alloc(&choices, NAMES_MAX, sizeof *choices));
    TSR_TRY(read_choices(&sheet, &f, choices, &n));
    TSR_TRY(tsr_alloc(name, likeness->k, sizeof **name));
    for (int32_t s = 0; s < likeness->k; s++) name_segment(likeness, choices, n, s, *name);
done:
    for (int32_t i = 0; choices != NULL && i < n; i++) tsr_rule_destroy(&choices[i].rule);
    tsr_free(&choices);
    return st;
}

tsr_status tsr_names_give(const tsr_comm *comm, const char *path, tsr_column_known known, void *context,
                          const tsr_likeness *likeness, char (**name)[TSR_NAME_BYTES])
{
    char *text = NULL;
    tsr_status st;

    *name = NULL;
    TSR_TRY(tsr_sheet_load(comm, path, act_names, (int64_t)act_names_bytes, &text));
    TSR_AGREE(comm, tsr_names_from(path != NULL ? path : "names.tsv", text, known, context, likeness, name));
done:
    if (st != TSR_OK) tsr_free(name);
    tsr_free(&text);
    return st;
}
