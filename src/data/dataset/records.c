#include "tessera/records.h"

#define COUNT(list) ((int32_t)(sizeof(list) / sizeof(list)[0]))

static const tsr_kind_column transactions[] = {
    {"time", TSR_CELL_TIME, 0, -1, "civil seconds since 1970-01-01 00:00 in the dataset's time zone"},
    {"amount", TSR_CELL_MONEY, 0, -1, "money; negative: a return"},
    {"order", TSR_CELL_HASH, TSR_HAS_ORDER, -1, "hash of the id of the order"},
    {"item", TSR_CELL_CODE, TSR_HAS_ITEM, TSR_ITEMS, "product, by dictionary"},
    {"quantity", TSR_CELL_COUNT, TSR_HAS_QUANTITY, -1, "pieces"},
    {"category", TSR_CELL_CODE, TSR_HAS_CATEGORY, TSR_CATEGORIES, "of the product, by dictionary"},
    {"promotion", TSR_CELL_CODE, TSR_HAS_PROMOTION, TSR_PROMOTIONS, "by dictionary; -1: at the full price"},
};

static const tsr_kind_column events[] = {
    {"time", TSR_CELL_TIME, 0, -1, "civil seconds"},
    {"type", TSR_CELL_CODE, 0, TSR_EVENT_TYPES, "view, click, open, ..., by dictionary"},
    {"channel", TSR_CELL_CODE, TSR_HAS_EVENT_CHANNEL, TSR_CHANNELS, "web, app, ..., by dictionary"},
    {"value", TSR_CELL_VALUE, TSR_HAS_EVENT_VALUE, -1, "a number whose meaning goes with the type: seconds, stars"},
};

static const tsr_kind_column campaigns[] = {
    {"assigned", TSR_CELL_TIME, 0, -1, "when the customer was assigned to the arm"},
    {"campaign", TSR_CELL_CODE, 0, TSR_CAMPAIGN_NAMES, "by dictionary"},
    {"arm", TSR_CELL_CODE, 0, TSR_ARMS, "variant or control, by dictionary"},
    {"sent", TSR_CELL_TIME, 0, -1, "civil seconds; 0: never"},
    {"opened", TSR_CELL_TIME, 0, -1, "civil seconds; 0: never"},
    {"clicked", TSR_CELL_TIME, 0, -1, "civil seconds; 0: never"},
    {"converted", TSR_CELL_TIME, 0, -1, "civil seconds; 0: never"},
    {"revenue", TSR_CELL_MONEY, 0, -1, "money that the campaign brought"},
    {"cost", TSR_CELL_MONEY, 0, -1, "money that the contact cost"},
};

static const tsr_kind_column consent[] = {
    {"time", TSR_CELL_TIME, 0, -1, "civil seconds from which it holds"},
    {"purpose", TSR_CELL_CODE, 0, TSR_PURPOSES, "what for, by dictionary"},
    {"status", TSR_CELL_CODE, 0, TSR_STATUSES, "given, withdrawn, ..., by dictionary"},
};

static const tsr_kind_about kinds[TSR_KINDS] = {
    [TSR_TRANSACTIONS] = {"transactions", 0, COUNT(transactions), transactions},
    [TSR_EVENTS] = {"events", TSR_HAS_EVENTS, COUNT(events), events},
    [TSR_CAMPAIGNS] = {"campaigns", TSR_HAS_CAMPAIGNS, COUNT(campaigns), campaigns},
    [TSR_CONSENT] = {"consent", TSR_HAS_CONSENT, COUNT(consent), consent},
};

const tsr_kind_about *tsr_kind_of(int32_t kind)
{
    return &kinds[kind];
}

size_t tsr_cell_bytes(tsr_cell cell)
{
    return cell == TSR_CELL_MONEY || cell == TSR_CELL_HASH ? 8 : 4;
}

int tsr_has_kind(uint32_t has, int32_t kind)
{
    return kinds[kind].bit == 0 || (has & kinds[kind].bit) != 0;
}

int tsr_has_column(uint32_t has, int32_t kind, int32_t column)
{
    uint32_t bit = kinds[kind].column[column].bit;

    return tsr_has_kind(has, kind) && (bit == 0 || (has & bit) != 0);
}
