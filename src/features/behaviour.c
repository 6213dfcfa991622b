#include "features/behaviour.h"

#include <math.h>
#include <string.h>

#define NIGHT_HOURS  8.0  /* of a day's 24: what an even spread would give */
#define WEEKEND_DAYS 2.0  /* of a week's 7 */
#define DOUBT        2    /* neutral orders, days or contacts beside those seen */
#define LONG_SILENCE 3650 /* days since an event, where there is neither one nor a purchase in the dataset */

enum {
    RECENCY,
    FREQUENCY,
    MONETARY,
    TENURE,
    AVERAGE_ORDER_VALUE,
    GAP_MEAN,
    GAP_SD,
    RETURN_SHARE,
    TREND,
    NIGHT_SHARE,
    WEEKEND_SHARE,
    MOMENTUM,
    NIGHT_HABIT,
    WEEKEND_HABIT,
    CATEGORY_DIVERSITY,
    FAVOURITE_SHARE,
    PROMOTION_SHARE,
    EVENT_RECENCY,
    SESSIONS,
    ACTIVE_DAYS,
    VIEWS_PER_SESSION,
    DWELL_MEAN,
    SUPPORT_CONTACTS,
    OPEN_RATE,
    CLICK_RATE,
    CONVERSION_RATE,
    RESPONSES,
    BEHAVIOURS
};

/* Left out of the default set: what recency, frequency, monetary and tenure say already, and shares that are 0 or 1 for
 * everybody who bought once: they split one-time buyers by chance (seen on CDNOW). Momentum and habits are the same
 * figures with the weight that few purchases deserve: those bring out what a customer does again and again. */
static const tsr_feature_about about[BEHAVIOURS] = {
    [RECENCY] = {"recency", "Calendar days from the last purchase to as_of.", "days",
                 "no purchase: days from the dataset's first transaction to as_of, the longest silence there can be",
                 "auto", true, 0},
    [FREQUENCY] = {"frequency", "Distinct orders with a purchase; without order ids each purchase row is an order.",
                   "orders", "no purchase: 0", "auto", true, 0},
    [MONETARY] = {"monetary", "Net revenue: the sum of all amounts, returns subtracted.", "currency units",
                  "no purchase: the returns alone, or 0", "auto", true, 0},
    [TENURE] = {"tenure", "Calendar days from the first purchase to as_of.", "days", "no purchase: 0", "auto", true, 0},
    [AVERAGE_ORDER_VALUE] = {"average_order_value", "Sum of the positive amounts divided by the number of orders.",
                             "currency units", "no purchase: 0", "auto", false, 0},
    [GAP_MEAN] = {"gap_mean", "Mean of the gaps between successive purchase days.", "days",
                  "one purchase day: the recency, as the open gap is at least so long; no purchase: the recency",
                  "auto", false, 0},
    [GAP_SD] = {"gap_sd", "Standard deviation (n - 1) of the gaps between successive purchase days.", "days",
                "fewer than two gaps: 0", "auto", false, 0},
    [RETURN_SHARE] = {"return_share",
                      "Returned money (negative amounts) divided by the sum of the positive amounts; above 1 where "
                      "purchases lie before the data.",
                      "share, from 0", "no return: 0; returns but nothing bought: 1", "none", true, 0},
    [TREND] =
        {"trend",
         "(b - a) / (b + a) of the purchase days after the first, in the later (b) and the earlier half (a) of the "
         "days from the first to the last before as_of; the middle day is of the earlier half.",
         "-1 (all early) to 1 (all late)", "fewer than two purchase days: 0", "none", false, 0},
    [NIGHT_SHARE] =
        {"night_share", "Share of orders whose first purchase is from 22:00 to 05:59.", "share, 0 to 1",
         "no purchase: 8/24, an even spread; where no transaction before as_of has a time of day: 0 for everybody",
         "none", false, 0},
    [WEEKEND_SHARE] = {"weekend_share", "Share of orders whose first purchase is on a Saturday or Sunday.",
                       "share, 0 to 1", "no purchase: 2/7, an even spread", "none", false, 0},
    [MOMENTUM] =
        {"momentum",
         "As trend, with two neutral days added: (b - a) / (b + a + 2). Few purchases say little about a trend.",
         "-1 (all early) to 1 (all late)", "fewer than two purchase days: 0", "none", true, 0},
    [NIGHT_HABIT] = {"night_habit",
                     "As night_share, with two orders spread evenly over the day added: (n + 2 x 8/24) / (orders + 2).",
                     "share, 0 to 1",
                     "no purchase: 8/24; where no transaction before as_of has a time of day: 0 for everybody", "none",
                     true, 0},
    [WEEKEND_HABIT] = {"weekend_habit",
                       "As weekend_share, with two orders spread evenly over the week added: (n + 2 x 2/7) / (orders "
                       "+ 2).",
                       "share, 0 to 1", "no purchase: 2/7", "none", true, 0},
    [CATEGORY_DIVERSITY] = {"category_diversity",
                            "Chance that two purchase rows with a category, drawn with replacement, differ in it: 1 - "
                            "sum of squared shares (Simpson).",
                            "share, 0 to 1", "no purchase with a category: 0", "none", false, TSR_HAS_CATEGORY},
    [FAVOURITE_SHARE] = {"favourite_share",
                         "Share of the purchase rows with a category that are of the most frequent one.",
                         "share, 0 to 1", "no purchase with a category: 0", "none", false, TSR_HAS_CATEGORY},
    [PROMOTION_SHARE] = {"promotion_share", "Share of purchase rows with a promotion.", "share, 0 to 1",
                         "no purchase: 0", "none", false, TSR_HAS_PROMOTION},
    [EVENT_RECENCY] = {"event_recency", "Calendar days from the last event to as_of.", "days",
                       "no event: days from the dataset's first transaction to as_of; without transactions 3650",
                       "auto", true, TSR_HAS_EVENTS},
    [SESSIONS] = {"sessions",
                  "Runs of events without a gap of more than features.session_gap; support contacts are left out.",
                  "sessions", "no event: 0", "auto", true, TSR_HAS_EVENTS},
    [ACTIVE_DAYS] = {"active_days", "Distinct calendar days with an event.", "days", "no event: 0", "auto", false,
                     TSR_HAS_EVENTS},
    [VIEWS_PER_SESSION] = {"views_per_session", "Events of the types features.events.view divided by sessions.",
                           "views", "no session: 0", "auto", false, TSR_HAS_EVENTS},
    [DWELL_MEAN] = {"dwell_mean", "Mean value of the events of the types features.events.dwell that have one.",
                    "unit of the events' values", "no such event: 0", "auto", false,
                    TSR_HAS_EVENTS | TSR_HAS_EVENT_VALUE},
    [SUPPORT_CONTACTS] = {"support_contacts", "Events of the types features.events.support.", "contacts", "no event: 0",
                          "auto", false, TSR_HAS_EVENTS},
    [OPEN_RATE] = {"open_rate",
                   "Contacts that were opened, divided by contacts sent + 2: two more without reaction, so that few "
                   "contacts say little.",
                   "share, 0 to 1", "no contact: 0", "none", false, TSR_HAS_CAMPAIGNS},
    [CLICK_RATE] = {"click_rate", "Contacts that were clicked, divided by contacts sent + 2.", "share, 0 to 1",
                    "no contact: 0", "none", true, TSR_HAS_CAMPAIGNS},
    [CONVERSION_RATE] = {"conversion_rate", "Contacts that led to a conversion, divided by contacts sent + 2.",
                         "share, 0 to 1", "no contact: 0", "none", false, TSR_HAS_CAMPAIGNS},
    [RESPONSES] = {"responses", "Contacts that were clicked or led to a conversion.", "contacts", "no contact: 0",
                   "auto", false, TSR_HAS_CAMPAIGNS},
};

static double recency(const tsr_window *window, const tsr_history *h)
{
    return (double)(h->days > 0 ? window->as_of_day - h->last_day : window->observed_days);
}

static double tenure(const tsr_window *window, const tsr_history *h)
{
    return h->days > 0 ? (double)(window->as_of_day - h->first_day) : 0.0;
}

static double average_order_value(const tsr_window *window, const tsr_history *h)
{
    return h->orders > 0 ? (double)h->paid / ((double)h->orders * window->money_unit) : 0.0;
}

static double gap_mean(const tsr_window *window, const tsr_history *h)
{
    if (h->days < 2) return recency(window, h);
    return (double)(h->last_day - h->first_day) / (double)(h->days - 1);
}

static double gap_sd(const tsr_history *h)
{
    int64_t gaps = h->days - 1, sum = h->last_day - h->first_day;

    if (gaps < 2) return 0.0;
    /* n sum(g^2) - sum(g)^2 is an integer: nothing cancels. */
    tsr_int128 spread = (tsr_int128)gaps * h->gap_squares - (tsr_int128)sum * sum;
    return sqrt((double)spread / ((double)gaps * (double)(gaps - 1)));
}

static double return_share(const tsr_history *h)
{
    if (h->returned == 0) return 0.0;
    return h->paid > 0 ? (double)h->returned / (double)h->paid : 1.0;
}

/* @param neutral  days that are neither early nor late */
static double trend(const tsr_history *h, int64_t neutral)
{
    int64_t days = h->later + h->earlier;

    return days > 0 ? (double)(h->later - h->earlier) / (double)(days + neutral) : 0.0;
}

/* @param even   the part that an even spread would have; @param added  orders spread evenly */
static double share_of_orders(const tsr_history *h, int64_t part, double even, int64_t added)
{
    if (h->orders == 0) return even;
    return ((double)part + (double)added * even) / (double)(h->orders + added);
}

static double at_night(const tsr_window *window, const tsr_history *h, int64_t added)
{
    return window->clock ? share_of_orders(h, h->night_orders, NIGHT_HOURS / 24.0, added) : 0.0;
}

static double on_weekends(const tsr_history *h, int64_t added)
{
    return share_of_orders(h, h->weekend_orders, WEEKEND_DAYS / 7.0, added);
}

static double event_recency(const tsr_window *window, const tsr_history *h)
{
    if (h->activity.events > 0) return (double)(window->as_of_day - h->activity.last_day);
    return (double)(window->observed_days > 0 ? window->observed_days : LONG_SILENCE);
}

static double ratio(double part, int64_t whole)
{
    return whole > 0 ? part / (double)whole : 0.0;
}

static double diversity(const tsr_basket *b)
{
    return b->known > 0 ? 1.0 - (double)b->squares / ((double)b->known * (double)b->known) : 0.0;
}

static double rate(int64_t part, const tsr_contacts *c)
{
    return (double)part / (double)(c->sent + DOUBT);
}

/* From sources other than the amounts and times of transactions. */
static double from_further_sources(int32_t feature, const tsr_window *window, const tsr_history *h)
{
    switch (feature) {
    case CATEGORY_DIVERSITY: return diversity(&h->basket);
    case FAVOURITE_SHARE: return ratio((double)h->basket.favourite, h->basket.known);
    case PROMOTION_SHARE: return ratio((double)h->basket.promoted, h->basket.rows);
    case EVENT_RECENCY: return event_recency(window, h);
    case SESSIONS: return (double)h->activity.sessions;
    case ACTIVE_DAYS: return (double)h->activity.active_days;
    case VIEWS_PER_SESSION: return ratio((double)h->activity.views, h->activity.sessions);
    case DWELL_MEAN: return ratio(h->activity.dwell, h->activity.dwells);
    case SUPPORT_CONTACTS: return (double)h->activity.contacts;
    case OPEN_RATE: return rate(h->contacts.opened, &h->contacts);
    case CLICK_RATE: return rate(h->contacts.clicked, &h->contacts);
    case CONVERSION_RATE: return rate(h->contacts.converted, &h->contacts);
    case RESPONSES: return (double)h->contacts.responses;
    default: TSR_ASSERT(feature >= 0 && feature < BEHAVIOURS); return 0.0;
    }
}

double tsr_behaviour_compute(int32_t feature, const tsr_window *window, const tsr_history *h)
{
    switch (feature) {
    case RECENCY: return recency(window, h);
    case FREQUENCY: return (double)h->orders;
    case MONETARY: return (double)h->net / window->money_unit;
    case TENURE: return tenure(window, h);
    case AVERAGE_ORDER_VALUE: return average_order_value(window, h);
    case GAP_MEAN: return gap_mean(window, h);
    case GAP_SD: return gap_sd(h);
    case RETURN_SHARE: return return_share(h);
    case TREND: return trend(h, 0);
    case NIGHT_SHARE: return at_night(window, h, 0);
    case WEEKEND_SHARE: return on_weekends(h, 0);
    case MOMENTUM: return trend(h, DOUBT);
    case NIGHT_HABIT: return at_night(window, h, DOUBT);
    case WEEKEND_HABIT: return on_weekends(h, DOUBT);
    default: return from_further_sources(feature, window, h);
    }
}

const tsr_feature_about *tsr_features_table(int32_t *n)
{
    *n = BEHAVIOURS;
    return about;
}

int32_t tsr_behaviour_find(const char *name)
{
    for (int32_t i = 0; i < BEHAVIOURS; i++)
        if (strcmp(about[i].name, name) == 0) return i;
    return -1;
}
