/**
 * @file activity.h
 * One customer's events, contacts by campaigns and purchases by category, before `as_of`: counts, from which features
 * are made. Parts of a tsr_history.
 */
#ifndef TSR_FEATURES_ACTIVITY_H
#define TSR_FEATURES_ACTIVITY_H

#include "tessera/dataset.h"
#include "tessera/features.h"

/* What the job says that an event is: bits per code of the dictionary of event types. */
enum { TSR_EVENT_VIEW = 1, TSR_EVENT_SUPPORT = 2, TSR_EVENT_DWELL = 4 };

/* Events. A session ends where no event follows within the gap; support contacts belong to none. */
typedef struct tsr_activity {
    int64_t events, sessions, active_days, views, contacts;
    int64_t last_day; /* of an event; meaningless where events = 0 */
    int64_t dwells;   /* dwell events with a value */
    double dwell;     /* sum of their values, in the order of events */
} tsr_activity;

/* Contacts by campaigns; a moment counts where it lies before as_of. */
typedef struct tsr_contacts {
    int64_t sent, opened, clicked, converted;
    int64_t responses; /* campaigns that were clicked or converted */
} tsr_contacts;

/* Purchase rows (as in history.h) by category and promotion. */
typedef struct tsr_basket {
    int64_t rows, promoted;            /* promoted: with a promotion */
    int64_t known, favourite, squares; /* with a category; of the most frequent one; sum of squared counts */
} tsr_basket;

/**
 * Local. The bits of every code of @p types, as the lists of the job say (upper and lower case are one).
 * @param[out] bits  new, [types->n]; tsr_free()
 */
tsr_status tsr_event_classes(const tsr_features_params *params, const tsr_dictionary *types,
                             uint8_t **bits) TSR_NODISCARD;

/** Local. How many records of @p kind (not transactions) customer @p customer has before @p as_of; 0: not read. */
int64_t tsr_records_before(const tsr_block *block, int32_t kind, int64_t customer, int64_t as_of);

/** Local. @param gap  seconds; @param bits  of codes; NULL: no event is a view, a contact or a dwell */
tsr_activity tsr_activity_read(const tsr_block *block, int64_t customer, int64_t as_of, int64_t gap,
                               const uint8_t *bits);

/** Local. */
tsr_contacts tsr_contacts_read(const tsr_block *block, int64_t customer, int64_t as_of);

/** Local. Of transaction rows first .. end - 1. @param room  [end - first] */
tsr_basket tsr_basket_read(const tsr_block *block, int64_t first, int64_t end, int32_t *room);

/** Local. Share of the events that came by channel @p code; no event with a channel: 0. */
double tsr_channel_share(const tsr_block *block, int64_t customer, int64_t as_of, int32_t code);

/** Local. Share of the purchase rows with a category that have @p code; none: 0. */
double tsr_category_share(const tsr_block *block, int64_t customer, int64_t as_of, int32_t code);

#endif
