/**
 * @file actions.h
 * The play of each customer, and whether it may reach them: columns `action` and `contact` of customers.h5.
 */
#ifndef TSR_ACTIONS_H
#define TSR_ACTIONS_H

#include "pipeline/run/population.h"
#include "pipeline/run/run.h"
#include "tessera/playbook.h"

/* What stands against contact, the first in this order. */
typedef enum tsr_contact {
    TSR_CONTACT_YES,
    TSR_CONTACT_REFUSED,  /* consent was refused or withdrawn */
    TSR_CONTACT_UNKNOWN,  /* the dataset has consent, but none of this customer */
    TSR_CONTACT_CONTROL,  /* in the control group of everything */
    TSR_CONTACT_HOLDOUT,  /* left alone by this play, to measure it */
    TSR_CONTACT_CAP,      /* contacted often enough */
    TSR_CONTACT_UNSTABLE, /* the segment is not to be targeted */
    TSR_CONTACTS
} tsr_contact;

extern const char *const tsr_contact_names[TSR_CONTACTS];

/**
 * Collective. Are the playbook and the rules for names well written? Which columns they speak of is seen when features
 * are there. @return TSR_OK; TSR_EIO; TSR_ECONF (file, line, column); TSR_ENOMEM
 */
tsr_status tsr_actions_check(const tsr_comm *comm, const tsr_act_params *params) TSR_NODISCARD;

/** Collective. The playbook of the job, where the run has money or the job names one. @param[out] playbook  new, or
 *  NULL: none. @return TSR_OK; TSR_EIO; TSR_ECONF; TSR_ENOMEM */
tsr_status tsr_actions_playbook(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                                tsr_playbook **playbook) TSR_NODISCARD;

typedef struct tsr_actions tsr_actions;

/* What decides on plays and contact; borrowed. */
typedef struct tsr_actions_input {
    const tsr_run *run;
    const tsr_input *input;
    const tsr_population *population;
    const tsr_playbook *playbook;
    const tsr_table *features;
    const tsr_column *column; /* [columns] of customers.h5 that are filled before */
    int32_t columns;
    int64_t as_of;         /* civil seconds */
    const double *jaccard; /* [k]; NULL: stability is not known */
} tsr_actions_input;

/** Local. @param[out] actions  new; tsr_actions_destroy(). @return TSR_OK; TSR_ECONF (a text compared with numbers);
 *  TSR_ENOMEM */
tsr_status tsr_actions_create(const tsr_actions_input *input, tsr_actions **actions) TSR_NODISCARD;
void tsr_actions_destroy(tsr_actions **actions);

/**
 * Local. At most TSR_BLOCK_ROWS rows from @p first of this rank's span on.
 * @param values  [columns] of the input, filled for these rows
 * @param[out] action, contact  [rows]
 */
tsr_status tsr_actions_fill(tsr_actions *actions, int64_t first, int64_t rows, void *const *values, int8_t *action,
                            int8_t *contact) TSR_NODISCARD;

/* Customers by segment and play, and by contact. */
typedef struct tsr_actions_count {
    int32_t plays;
    int64_t *play; /* [k][plays]; owned */
    int64_t contact[TSR_CONTACTS];
} tsr_actions_count;

/** Collective. Count the two columns of customers.h5. @param[out] count  free count->play. @return TSR_OK; TSR_EIO;
 *  TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_actions_tally(const tsr_comm *comm, const char *customers, const tsr_span *span, int32_t k,
                             int32_t plays, tsr_actions_count *count) TSR_NODISCARD;

#endif
