#include "ingest/synth/synth_contact.h"

#include <math.h>
#include <string.h>

#include "tessera/rng.h"

#define WEEK_SECONDS  604800
#define CONTACT_DRAWS ((uint64_t)1 << 41) /* from here on: purchases and habits stay as they are */
#define CAMPAIGNS     3
#define VISITS_MEAN   3.0
#define VIEWS_MEAN    2.5
#define VIEW_GAP      240 /* seconds, at most */
#define SUPPORT       0.15
#define WITHDRAWN     0.10
#define CONTACT_CENTS 5

typedef struct contact {
    const tsr_synth_params *params;
    const tsr_synth_customer *customer;
    tsr_customer_ref ref;
    tsr_collect *collect;
    tsr_rng rng;
    int64_t first, end; /* first purchase; end of the window */
} contact;

static tsr_status code(const contact *c, int32_t dictionary, const char *text, uint64_t *cell)
{
    int32_t found = -1;
    tsr_status st = tsr_collect_code(c->collect, dictionary, (tsr_slice){text, (int32_t)strlen(text)}, &found);

    *cell = (uint32_t)found;
    return st;
}

/* ---- events ---- */

static tsr_status add_event(const contact *c, int64_t time, const char *type, const char *channel, float value)
{
    tsr_cells cells = {{0}};
    uint32_t bits;
    tsr_status st;

    if (time >= c->end) return TSR_OK;
    memcpy(&bits, &value, sizeof bits);
    cells.cell[TSR_EVENT_TIME] = (uint64_t)time;
    cells.cell[TSR_EVENT_VALUE] = bits;
    TSR_TRY(code(c, TSR_EVENT_TYPES, type, &cells.cell[TSR_EVENT_TYPE]));
    TSR_TRY(code(c, TSR_CHANNELS, channel, &cells.cell[TSR_EVENT_CHANNEL]));
    st = tsr_collect_record(c->collect, TSR_EVENTS, c->ref, 0, &cells);
done:
    return st;
}

static int64_t draw_time(contact *c)
{
    return c->first + (int64_t)(tsr_rng_open(&c->rng) * (double)(c->end - c->first));
}

static tsr_status add_visit(contact *c)
{
    int64_t begin = draw_time(c), time = begin, views = 1 + (int64_t)(tsr_rng_exponential(&c->rng) * VIEWS_MEAN);
    const char *channel = tsr_rng_open(&c->rng) < 0.6 ? "web" : "app";
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < views && st == TSR_OK; i++) {
        st = add_event(c, time, "view", channel, NAN);
        time += 1 + (int64_t)(tsr_rng_open(&c->rng) * VIEW_GAP);
    }
    return st == TSR_OK ? add_event(c, begin, "dwell", channel, (float)(time - begin)) : st;
}

static tsr_status add_events(contact *c)
{
    int64_t visits = c->customer->records + (int64_t)(tsr_rng_exponential(&c->rng) * VISITS_MEAN);
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < visits && st == TSR_OK; i++) st = add_visit(c);
    if (st == TSR_OK && tsr_rng_open(&c->rng) < SUPPORT) st = add_event(c, draw_time(c), "support", "phone", NAN);
    return st;
}

/* ---- campaigns ---- */

/* Each answer needs the one before it. */
static void draw_answers(contact *c, uint64_t cell[TSR_KIND_COLUMNS])
{
    const double share[] = {c->customer->newsletter ? 0.45 : 0.12, 0.25, 0.20};
    int64_t time = (int64_t)cell[TSR_CAMPAIGN_SENT];

    for (int32_t i = 0; i < 3; i++) {
        if (tsr_rng_open(&c->rng) >= share[i]) return;
        time += 60 + (int64_t)(tsr_rng_open(&c->rng) * 7200);
        if (time >= c->end) return;
        cell[TSR_CAMPAIGN_OPENED + i] = (uint64_t)time;
    }
    cell[TSR_CAMPAIGN_REVENUE] =
        (uint64_t)llrint(fmin(1.0 + 100.0 * c->customer->truth.spend * tsr_rng_exponential(&c->rng), 1e12));
}

static tsr_status add_campaign(contact *c, const char *name, int64_t begin)
{
    bool mail = tsr_rng_open(&c->rng) < 0.5;
    tsr_cells cells = {{0}};
    tsr_status st;

    cells.cell[TSR_CAMPAIGN_ASSIGNED] = (uint64_t)begin;
    TSR_TRY(code(c, TSR_CAMPAIGN_NAMES, name, &cells.cell[TSR_CAMPAIGN_CAMPAIGN]));
    TSR_TRY(code(c, TSR_ARMS, mail ? "mail" : "control", &cells.cell[TSR_CAMPAIGN_ARM]));
    if (mail) {
        cells.cell[TSR_CAMPAIGN_SENT] = (uint64_t)(begin + 1 + (int64_t)(tsr_rng_open(&c->rng) * 3600));
        cells.cell[TSR_CAMPAIGN_COST] = CONTACT_CENTS;
        draw_answers(c, cells.cell);
    }
    st = tsr_collect_record(c->collect, TSR_CAMPAIGNS, c->ref, 0, &cells);
done:
    return st;
}

static tsr_status add_campaigns(contact *c)
{
    static const char *const name[CAMPAIGNS] = {"spring", "summer", "winter"};
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < CAMPAIGNS && st == TSR_OK; i++) {
        int64_t begin = TSR_SYNTH_BEGIN + c->params->weeks * (3 * i + 3) / 10 * WEEK_SECONDS + 9 * 3600;
        if (begin > c->first) st = add_campaign(c, name[i], begin);
    }
    return st;
}

/* ---- consent ---- */

static tsr_status add_consent(const contact *c, int64_t time, const char *status)
{
    tsr_cells cells = {{0}};
    tsr_status st;

    cells.cell[TSR_CONSENT_TIME] = (uint64_t)time;
    TSR_TRY(code(c, TSR_PURPOSES, "email", &cells.cell[TSR_CONSENT_PURPOSE]));
    TSR_TRY(code(c, TSR_STATUSES, status, &cells.cell[TSR_CONSENT_STATUS]));
    st = tsr_collect_record(c->collect, TSR_CONSENT, c->ref, 0, &cells);
done:
    return st;
}

static tsr_status add_consents(contact *c)
{
    bool given = c->customer->newsletter;
    tsr_status st = add_consent(c, c->first, given ? "given" : "denied");

    if (st != TSR_OK || !given || tsr_rng_open(&c->rng) >= WITHDRAWN) return st;
    return add_consent(c, draw_time(c), "withdrawn");
}

tsr_status tsr_synth_contact(const tsr_synth_params *params, const tsr_synth_customer *customer, tsr_customer_ref ref,
                             tsr_collect *collect)
{
    contact c = {.params = params,
                 .customer = customer,
                 .ref = ref,
                 .collect = collect,
                 .rng = {.seed = params->seed, .key = customer->key, .stream = TSR_STREAM_SYNTH, .draw = CONTACT_DRAWS},
                 .first = customer->record[0].time,
                 .end = TSR_SYNTH_BEGIN + params->weeks * WEEK_SECONDS};
    tsr_status st;

    TSR_TRY(add_events(&c));
    TSR_TRY(add_campaigns(&c));
    TSR_TRY(add_consents(&c));
done:
    return st;
}
