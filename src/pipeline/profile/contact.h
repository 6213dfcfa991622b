/**
 * @file contact.h
 * What stands against contact with a customer: consent, control group, holdout, contact cap, an unstable segment.
 */
#ifndef TSR_CONTACT_H
#define TSR_CONTACT_H

#include "pipeline/profile/actions.h"

typedef struct tsr_contacts {
    const tsr_actions_input *in; /* borrowed */
    uint64_t *salt;              /* [plays] of draws for holdouts */
    int32_t purpose;             /* code of act.purpose; -1: any; -2: nobody has it */
    bool *granted;               /* [statuses] */
    bool consent, campaigns;     /* the dataset has them */
} tsr_contacts;

/** Local. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_contacts_make(const tsr_actions_input *input, tsr_contacts *contacts) TSR_NODISCARD;
void tsr_contacts_clear(tsr_contacts *contacts);

/**
 * Local. For rows from @p first of this rank's span on.
 * @param row      [rows] of the dataset, rising; NULL: there is none
 * @param segment  [rows]; @param action [rows] plays
 * @param[out] contact  [rows] a tsr_contact
 */
tsr_status tsr_contacts_find(const tsr_contacts *contacts, int64_t first, int64_t rows, const int64_t *row,
                             const int32_t *segment, const int8_t *action, int8_t *contact) TSR_NODISCARD;

#endif
