/**
 * @file playbook.h
 * What to do with whom: rules from the top, the first one that holds names the play of a customer.
 *
 * The playbook is data: a TSV file with the columns
 *
 *     name  rule  objective  action  channel  cadence  guardrail  kpi  holdout
 *
 * A rule (rule.h) speaks of columns of customers.h5 and features.h5 and of features by name; `*` holds for everybody,
 * and so does the last one. A column that this run does not have is missing: tests of it do not hold. holdout is the
 * share of customers who are left alone, so that the effect can be measured.
 */
#ifndef TSR_PLAYBOOK_H
#define TSR_PLAYBOOK_H

#include "tessera/comm.h"
#include "tessera/job.h"
#include "tessera/rule.h"
#include "tessera/table.h"

typedef struct tsr_act_params {
    char *playbook;    /* path; NULL: the one of the house */
    char *names;       /* path of the rules for names (names.h); NULL: those of the house */
    double control;    /* share of customers whom no action reaches */
    char *purpose;     /* of consent that contact needs; NULL: any */
    tsr_texts granted; /* statuses of consent that allow it */
    int64_t contact_days, contact_cap;
} tsr_act_params;

extern const tsr_key tsr_act_keys[];

#define TSR_PLAYS_MAX 100

typedef struct tsr_play {
    const char *name, *objective, *action, *channel, *cadence, *guardrail, *kpi; /* of the playbook's text */
    double holdout;                                                              /* share */
    tsr_rule *rule;                                                              /* NULL: everybody */
} tsr_play;

typedef struct tsr_playbook {
    int32_t n;
    tsr_play *play; /* [n]; the last one is for everybody; owned */
    int32_t columns;
    char (*column)[TSR_RULE_WORD]; /* [columns] that rules name; a test's slot is a place here; owned */
    char *text;                    /* owned */
} tsr_playbook;

/** Local: is there such a column, in this run or in others? */
typedef bool (*tsr_column_known)(void *context, const char *name);

/**
 * Collective. Same on all ranks: all.
 * @param path           NULL: the playbook of the house
 * @param[out] playbook  new; tsr_playbook_destroy()
 * @return TSR_OK; TSR_EIO; TSR_ECONF (file, line, column, what is wrong); TSR_ENOMEM
 */
tsr_status tsr_playbook_load(const tsr_comm *comm, const char *path, tsr_column_known known, void *context,
                             tsr_playbook **playbook) TSR_NODISCARD;

/** Local. The same from a text. @param source  for messages */
tsr_status tsr_playbook_parse(const char *source, const char *text, tsr_column_known known, void *context,
                              tsr_playbook **playbook) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_playbook_destroy(tsr_playbook **playbook);

/** Local. The first play whose rule holds. */
int32_t tsr_playbook_choose(const tsr_playbook *playbook, tsr_rule_ask ask, void *context);

#endif
