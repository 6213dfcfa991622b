/**
 * @file ingest/synth/synth_contact.h
 * What a synthetic customer does beside buying: visits, answers to campaigns, consent. Drawn from the customer alone.
 */
#ifndef TSR_INGEST_SYNTH_CONTACT_H
#define TSR_INGEST_SYNTH_CONTACT_H

#include "ingest/collect/collect.h"
#include "ingest/synth/synth_draw.h"

/* What a dataset has that holds them: TSR_HAS_*. */
#define TSR_SYNTH_CONTACT_HAS                                                                                          \
    (TSR_HAS_EVENTS | TSR_HAS_EVENT_CHANNEL | TSR_HAS_EVENT_VALUE | TSR_HAS_CAMPAIGNS | TSR_HAS_CONSENT)

/**
 * Local. Add events (visits with views and the time spent, contacts with support), campaigns (one row for each that
 * began after the first purchase, half of them control) and consent to e-mail of a customer to a collection.
 * @return TSR_OK; TSR_ENOMEM; TSR_EIO
 */
tsr_status tsr_synth_contact(const tsr_synth_params *params, const tsr_synth_customer *customer, tsr_customer_ref ref,
                             tsr_collect *collect) TSR_NODISCARD;

#endif
