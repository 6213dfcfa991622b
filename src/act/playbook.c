#include "tessera/playbook.h"

#include <stdlib.h>
#include <string.h>

#include "act/sheet.h"
#include "tessera/memory.h"

extern const char act_playbook[]; /* playbook.tsv */
extern const size_t act_playbook_bytes;

#define FIELD(name) offsetof(tsr_act_params, name)

const tsr_key tsr_act_keys[] = {
    {"act.playbook", TSR_KEY_PATH, FIELD(playbook), "null", 0, 0, NULL,
     "TSV file of plays: name, rule, objective, action, channel, cadence, guardrail, kpi, holdout; the first rule that "
     "holds for a customer; null: the playbook of the house.",
     NULL, 0},
    {"act.names", TSR_KEY_PATH, FIELD(names), "null", 0, 0, NULL,
     "TSV file of names for segments: rule, name; rules speak of features, in standard deviations from all customers; "
     "null: the names of the house.",
     NULL, 0},
    {"act.control", TSR_KEY_REAL, FIELD(control), "0.05", 0, 1, NULL,
     "Share of customers whom no action reaches, drawn by seed and key: the control group of everything.", NULL, 0},
    {"act.purpose", TSR_KEY_TEXT, FIELD(purpose), "null", 0, 0, NULL,
     "Purpose of consent that contact needs, where the dataset has consent; null: the latest one of any purpose.", NULL,
     0},
    {"act.granted", TSR_KEY_TEXTS, FIELD(granted), "[given, granted, yes, opt_in]", 0, 0, NULL,
     "Statuses of consent that allow contact.", NULL, 0},
    {"act.contact_days", TSR_KEY_INT, FIELD(contact_days), "28", 1, 3660, NULL,
     "Days before as_of in which contacts are counted, where the dataset has campaigns.", NULL, 0},
    {"act.contact_cap", TSR_KEY_INT, FIELD(contact_cap), "8", 0, 1000000, NULL,
     "Contacts in these days from which on a customer gets no more; 0: no cap.", NULL, 0},
    {.path = NULL},
};

enum { NAME, RULE, OBJECTIVE, ACTION, CHANNEL, CADENCE, GUARDRAIL, KPI, HOLDOUT, CELLS };

typedef struct finder {
    tsr_playbook *playbook;
    tsr_column_known known;
    void *context;
} finder;

static tsr_status find_column(void *context, const char *name, int32_t *slot)
{
    const finder *f = context;
    tsr_playbook *p = f->playbook;

    for (*slot = 0; *slot < p->columns; ++*slot)
        if (strcmp(p->column[*slot], name) == 0) return TSR_OK;
    if (!f->known(f->context, name)) return TSR_FAIL(TSR_ECONF, "no column or feature is called %s", name);
    tsr_status st = tsr_resize(&p->column, p->columns + 1, sizeof *p->column);
    if (st == TSR_OK) memcpy(p->column[p->columns++], name, strlen(name) + 1);
    return st;
}

static tsr_status read_holdout(const tsr_sheet *sheet, double *holdout)
{
    char *end;

    *holdout = strtod(sheet->cell[HOLDOUT], &end);
    if (*end != '\0' || !(*holdout >= 0 && *holdout < 1))
        return tsr_sheet_fail(sheet, HOLDOUT, "a holdout is a share from 0 to below 1");
    return TSR_OK;
}

static tsr_status add_play(const tsr_sheet *sheet, finder *f)
{
    tsr_playbook *p = f->playbook;
    char *const *cell = sheet->cell;
    tsr_status st;

    TSR_TRY(tsr_sheet_check(sheet, CELLS, 1U << CADENCE | 1U << GUARDRAIL | 1U << KPI | 1U << CHANNEL));
    if (p->n == TSR_PLAYS_MAX) TSR_TRY(tsr_sheet_fail(sheet, NAME, "too many plays"));
    for (int32_t i = 0; i < p->n; i++)
        if (strcmp(p->play[i].name, cell[NAME]) == 0) TSR_TRY(tsr_sheet_fail(sheet, NAME, "this name is taken"));
    if (strlen(cell[NAME]) >= TSR_NAME_BYTES) TSR_TRY(tsr_sheet_fail(sheet, NAME, "a name has at most 63 bytes"));
    if (p->n > 0 && p->play[p->n - 1].rule == NULL)
        TSR_TRY(tsr_sheet_fail(sheet, NAME, "nobody comes this far: the play above is for everybody"));
    tsr_play *play = &p->play[p->n];
    *play = (tsr_play){cell[NAME],    cell[OBJECTIVE], cell[ACTION], cell[CHANNEL],
                       cell[CADENCE], cell[GUARDRAIL], cell[KPI],    .rule = NULL};
    TSR_TRY(read_holdout(sheet, &play->holdout));
    TSR_TRY(tsr_sheet_rule(sheet, RULE, find_column, f, &play->rule));
    p->n++;
done:
    return st;
}

/* Takes the text: it is cut into cells, and plays point into it. */
static tsr_status parse(const char *source, char *text, tsr_column_known known, void *context, tsr_playbook *p)
{
    tsr_sheet sheet = {.source = source, .next = text};
    finder f = {p, known, context};
    tsr_status st;

    p->text = text;
    TSR_TRY(tsr_alloc(&p->play, TSR_PLAYS_MAX, sizeof *p->play));
    if (!tsr_sheet_line(&sheet) || strcmp(sheet.cell[NAME], "name") != 0)
        return TSR_FAIL(TSR_ECONF,
                        "%s:%lld: the first line names the columns: name, rule, objective, action, channel, "
                        "cadence, guardrail, kpi, holdout",
                        source, (long long)sheet.line);
    while (tsr_sheet_line(&sheet)) TSR_TRY(add_play(&sheet, &f));
    if (p->n == 0 || p->play[p->n - 1].rule != NULL)
        st = TSR_FAIL(TSR_ECONF, "%s: the last play must be for everybody: give it the rule *", source);
done:
    return st;
}

tsr_status tsr_playbook_parse(const char *source, const char *text, tsr_column_known known, void *context,
                              tsr_playbook **playbook)
{
    tsr_playbook *p = NULL;
    char *copy = NULL;
    tsr_status st;

    *playbook = NULL;
    TSR_TRY(tsr_alloc(&p, 1, sizeof *p));
    TSR_TRY(tsr_alloc(&copy, (int64_t)strlen(text) + 1, 1));
    memcpy(copy, text, strlen(text));
    TSR_TRY(parse(source, copy, known, context, p));
    *playbook = p;
    p = NULL;
done:
    tsr_playbook_destroy(&p);
    return st;
}

tsr_status tsr_playbook_load(const tsr_comm *comm, const char *path, tsr_column_known known, void *context,
                             tsr_playbook **playbook)
{
    char *text = NULL;
    tsr_status st;

    *playbook = NULL;
    TSR_TRY(tsr_sheet_load(comm, path, act_playbook, (int64_t)act_playbook_bytes, &text));
    TSR_AGREE(comm, tsr_playbook_parse(path != NULL ? path : "playbook.tsv", text, known, context, playbook));
done:
    if (st != TSR_OK) tsr_playbook_destroy(playbook);
    tsr_free(&text);
    return st;
}

void tsr_playbook_destroy(tsr_playbook **playbook)
{
    tsr_playbook *p = *playbook;

    if (p == NULL) return;
    for (int32_t i = 0; p->play != NULL && i < p->n; i++) tsr_rule_destroy(&p->play[i].rule);
    tsr_free(&p->column);
    tsr_free(&p->play);
    tsr_free(&p->text);
    tsr_free(playbook);
}

int32_t tsr_playbook_choose(const tsr_playbook *playbook, tsr_rule_ask ask, void *context)
{
    int32_t i = 0;

    while (playbook->play[i].rule != NULL && !tsr_rule_holds(playbook->play[i].rule, ask, context)) i++;
    return i;
}
