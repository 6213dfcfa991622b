#include "features/activity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tessera/memory.h"

#define DAY_SECONDS 86400

/* ---- what an event is ---- */

static bool lists(const tsr_texts *names, const char *name)
{
    for (int32_t i = 0; i < names->n; i++)
        if (strcasecmp(names->text[i], name) == 0) return true;
    return false;
}

tsr_status tsr_event_classes(const tsr_features_params *params, const tsr_dictionary *types, uint8_t **bits)
{
    tsr_status st = tsr_alloc(bits, types->n, 1);

    for (int32_t i = 0; st == TSR_OK && i < types->n; i++) {
        const char *name = types->text[i];
        (*bits)[i] = (uint8_t)((lists(&params->view_events, name) ? TSR_EVENT_VIEW : 0) |
                               (lists(&params->support_events, name) ? TSR_EVENT_SUPPORT : 0) |
                               (lists(&params->dwell_events, name) ? TSR_EVENT_DWELL : 0));
    }
    return st;
}

/* ---- events ---- */

/* Records of every kind are sorted by their first column, a time. */
int64_t tsr_records_before(const tsr_block *block, int32_t kind, int64_t customer, int64_t as_of)
{
    const tsr_records *records = &block->records[kind];
    const uint32_t *time = records->column[0];

    if (records->offset == NULL || time == NULL) return 0;
    int64_t first = records->offset[customer], low = first, high = records->offset[customer + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((int64_t)time[middle] < as_of)
            low = middle + 1;
        else
            high = middle;
    }
    return low - first;
}

static void visit_dwell(const float *value, int64_t row, tsr_activity *activity)
{
    if (value == NULL || isnan(value[row])) return;
    activity->dwells++;
    activity->dwell += (double)value[row];
}

tsr_activity tsr_activity_read(const tsr_block *block, int64_t customer, int64_t as_of, int64_t gap,
                               const uint8_t *bits)
{
    const tsr_records *records = &block->records[TSR_EVENTS];
    const uint32_t *time = records->column[TSR_EVENT_TIME];
    const int32_t *type = records->column[TSR_EVENT_TYPE];
    tsr_activity a = {.events = tsr_records_before(block, TSR_EVENTS, customer, as_of)};
    int64_t first = a.events > 0 ? records->offset[customer] : 0, last_seen = -1;

    for (int64_t i = first; i < first + a.events; i++) {
        uint8_t is = bits != NULL && type[i] >= 0 ? bits[type[i]] : 0;
        int64_t day = time[i] / DAY_SECONDS;
        a.active_days += i == first || day != a.last_day;
        a.last_day = day;
        a.views += (is & TSR_EVENT_VIEW) != 0;
        a.contacts += (is & TSR_EVENT_SUPPORT) != 0;
        if (is & TSR_EVENT_DWELL) visit_dwell(records->column[TSR_EVENT_VALUE], i, &a);
        if (is & TSR_EVENT_SUPPORT) continue;
        a.sessions += last_seen < 0 || (int64_t)time[i] - last_seen > gap;
        last_seen = time[i];
    }
    return a;
}

double tsr_channel_share(const tsr_block *block, int64_t customer, int64_t as_of, int32_t code)
{
    const tsr_records *records = &block->records[TSR_EVENTS];
    const int32_t *channel = records->column[TSR_EVENT_CHANNEL];
    int64_t n = channel != NULL ? tsr_records_before(block, TSR_EVENTS, customer, as_of) : 0, known = 0, found = 0;

    for (int64_t i = 0; i < n; i++) {
        int32_t own = channel[records->offset[customer] + i];
        known += own >= 0;
        found += own == code;
    }
    return known > 0 ? (double)found / (double)known : 0.0;
}

/* ---- campaigns ---- */

static bool happened(const tsr_records *records, int32_t column, int64_t row, int64_t as_of)
{
    uint32_t time = ((const uint32_t *)records->column[column])[row];

    return time != 0 && (int64_t)time < as_of;
}

tsr_contacts tsr_contacts_read(const tsr_block *block, int64_t customer, int64_t as_of)
{
    const tsr_records *records = &block->records[TSR_CAMPAIGNS];
    int64_t n = tsr_records_before(block, TSR_CAMPAIGNS, customer, as_of);
    tsr_contacts c = {0};

    for (int64_t i = 0; i < n; i++) {
        int64_t row = records->offset[customer] + i;
        bool clicked = happened(records, TSR_CAMPAIGN_CLICKED, row, as_of);
        bool converted = happened(records, TSR_CAMPAIGN_CONVERTED, row, as_of);
        if (!happened(records, TSR_CAMPAIGN_SENT, row, as_of)) continue; /* of control arms nothing is a response */
        c.sent++;
        c.opened += happened(records, TSR_CAMPAIGN_OPENED, row, as_of);
        c.clicked += clicked;
        c.converted += converted;
        c.responses += clicked || converted;
    }
    return c;
}

/* ---- categories ---- */

static int by_code(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

    return (a > b) - (a < b);
}

typedef struct day_seen {
    int64_t end; /* the first row after the day */
    bool has_return;
} day_seen;

/* Of a customer's rows, which end with row end - 1; asked of all of them in order, so that each day is met at its first
 * row. */
static bool is_purchase(const tsr_block *block, int64_t i, int64_t end, day_seen *seen)
{
    if (i >= seen->end) {
        *seen = (day_seen){.end = i};
        for (; seen->end < end && block->time[seen->end] / DAY_SECONDS == block->time[i] / DAY_SECONDS; seen->end++)
            seen->has_return |= block->amount[seen->end] < 0;
    }
    return block->amount[i] > 0 || (block->amount[i] == 0 && !seen->has_return);
}

tsr_basket tsr_basket_read(const tsr_block *block, int64_t first, int64_t end, int32_t *room)
{
    day_seen seen = {0};
    tsr_basket b = {0};

    for (int64_t i = first; i < end; i++) {
        if (!is_purchase(block, i, end, &seen)) continue;
        b.rows++;
        b.promoted += block->promotion != NULL && block->promotion[i] >= 0;
        if (block->category != NULL && block->category[i] >= 0) room[b.known++] = block->category[i];
    }
    if (b.known > 1) qsort(room, (size_t)b.known, sizeof *room, by_code);
    for (int64_t i = 0, next; i < b.known; i = next) {
        for (next = i; next < b.known && room[next] == room[i];) next++;
        b.squares += (next - i) * (next - i);
        if (next - i > b.favourite) b.favourite = next - i;
    }
    return b;
}

double tsr_category_share(const tsr_block *block, int64_t customer, int64_t as_of, int32_t code)
{
    int64_t first = block->offset[customer], end = block->offset[customer + 1], known = 0, found = 0;
    day_seen seen = {0};

    if (block->category == NULL) return 0.0;
    while (end > first && (int64_t)block->time[end - 1] >= as_of) end--;
    for (int64_t i = first; i < end; i++) {
        if (!is_purchase(block, i, end, &seen) || block->category[i] < 0) continue;
        known++;
        found += block->category[i] == code;
    }
    return known > 0 ? (double)found / (double)known : 0.0;
}
