#include "pipeline/profile/contact.h"

#include <math.h>
#include <string.h>

#include "pipeline/profile/advice.h"
#include "tessera/memory.h"
#include "tessera/rng.h"

#define SECONDS_PER_DAY 86400
#define ANY_PURPOSE     (-1)
#define NO_PURPOSE      (-2)

const char *const tsr_contact_names[TSR_CONTACTS] = {"yes",     "consent refused", "consent unknown", "control group",
                                                     "holdout", "contact cap",     "unstable segment"};

static int32_t code_of(const tsr_dictionary *words, const char *word)
{
    for (int32_t i = 0; i < words->n; i++)
        if (strcmp(words->text[i], word) == 0) return i;
    return NO_PURPOSE;
}

tsr_status tsr_contacts_make(const tsr_actions_input *input, tsr_contacts *contacts)
{
    const tsr_act_params *params = &input->run->settings->act;
    const tsr_playbook *playbook = input->playbook;
    tsr_status st;

    *contacts = (tsr_contacts){.in = input, .purpose = ANY_PURPOSE};
    TSR_TRY(tsr_alloc(&contacts->salt, playbook->n, sizeof *contacts->salt));
    for (int32_t i = 0; i < playbook->n; i++)
        contacts->salt[i] = tsr_key_of_id(playbook->play[i].name, strlen(playbook->play[i].name));
    if (input->input->dataset == NULL) goto done;
    const tsr_dataset_info *about = tsr_dataset_about(input->input->dataset);
    const tsr_dictionary *statuses = &about->dictionary[TSR_STATUSES];
    contacts->consent = tsr_has_kind(about->has, TSR_CONSENT);
    contacts->campaigns = tsr_has_kind(about->has, TSR_CAMPAIGNS) && params->contact_cap > 0;
    if (params->purpose != NULL) contacts->purpose = code_of(&about->dictionary[TSR_PURPOSES], params->purpose);
    TSR_TRY(tsr_alloc(&contacts->granted, statuses->n, sizeof *contacts->granted));
    for (int32_t i = 0; i < params->granted.n; i++) {
        int32_t code = code_of(statuses, params->granted.text[i]);
        if (code >= 0) contacts->granted[code] = true;
    }
done:
    return st;
}

void tsr_contacts_clear(tsr_contacts *contacts)
{
    tsr_free(&contacts->granted);
    tsr_free(&contacts->salt);
}

/* What held last before as_of; records of a customer stand in the order of time. */
static tsr_contact consent_of(const tsr_contacts *c, const tsr_records *records, int64_t customer)
{
    const uint32_t *time = records->column[TSR_CONSENT_TIME];
    const int32_t *purpose = records->column[TSR_CONSENT_PURPOSE], *status = records->column[TSR_CONSENT_STATUS];

    for (int64_t i = records->offset[customer + 1] - 1; i >= records->offset[customer]; i--) {
        if ((int64_t)time[i] >= c->in->as_of || (c->purpose != ANY_PURPOSE && purpose[i] != c->purpose)) continue;
        return status[i] >= 0 && c->granted[status[i]] ? TSR_CONTACT_YES : TSR_CONTACT_REFUSED;
    }
    return TSR_CONTACT_UNKNOWN;
}

static bool is_capped(const tsr_contacts *c, const tsr_records *records, int64_t customer)
{
    const tsr_act_params *params = &c->in->run->settings->act;
    const uint32_t *sent = records->column[TSR_CAMPAIGN_SENT];
    int64_t from = c->in->as_of - params->contact_days * SECONDS_PER_DAY, contacts = 0;

    for (int64_t i = records->offset[customer]; i < records->offset[customer + 1]; i++)
        contacts += sent[i] != 0 && (int64_t)sent[i] >= from && (int64_t)sent[i] < c->in->as_of;
    return contacts >= params->contact_cap;
}

/* Draws go by (seed, key): a customer stays in the group from run to run. The control group has the salt 0. */
static bool is_drawn(const tsr_contacts *c, int64_t row, uint64_t salt, double share)
{
    uint64_t seed = (uint64_t)c->in->run->settings->run.seed;

    return tsr_draw_uniform(seed, TSR_STREAM_CONTROL, c->in->population->key[row], salt) < share;
}

static tsr_contact contact_of(const tsr_contacts *c, const tsr_block *block, int64_t customer, int64_t row,
                              int32_t segment, int32_t play)
{
    if (c->consent) {
        tsr_contact consent = consent_of(c, &block->records[TSR_CONSENT], customer);
        if (consent != TSR_CONTACT_YES) return consent;
    }
    if (is_drawn(c, row, 0, c->in->run->settings->act.control)) return TSR_CONTACT_CONTROL;
    if (is_drawn(c, row, c->salt[play], c->in->playbook->play[play].holdout)) return TSR_CONTACT_HOLDOUT;
    if (c->campaigns && is_capped(c, &block->records[TSR_CAMPAIGNS], customer)) return TSR_CONTACT_CAP;
    return c->in->jaccard != NULL && c->in->jaccard[segment] < TSR_STABLE ? TSR_CONTACT_UNSTABLE : TSR_CONTACT_YES;
}

tsr_status tsr_contacts_find(const tsr_contacts *contacts, int64_t first, int64_t rows, const int64_t *row,
                             const int32_t *segment, const int8_t *action, int8_t *contact)
{
    tsr_block block = {0};
    uint32_t what = (contacts->consent ? TSR_READ_CONSENT : 0U) | (contacts->campaigns ? TSR_READ_CAMPAIGNS : 0U);
    tsr_status st = TSR_OK;

    if (what != 0 && rows > 0)
        TSR_TRY(tsr_dataset_read(contacts->in->input->dataset, row[0], row[rows - 1] + 1 - row[0], what, &block));
    for (int64_t i = 0; i < rows; i++)
        contact[i] =
            (int8_t)contact_of(contacts, &block, what != 0 ? row[i] - row[0] : 0, first + i, segment[i], action[i]);
done:
    tsr_block_clear(&block);
    return st;
}
