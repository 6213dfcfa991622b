#include "features/maker.h"
#include "features/value_features.h"

#include <stdio.h>

#include "tessera/memory.h"

static const tsr_column key_column = {.name = "key", .type = TSR_U64, .width = 1, .description = "hash of the id"};
static const tsr_column id_column = {.name = "id", .type = TSR_TEXT, .width = 1, .description = "the customer"};
static const tsr_column row_column = {.name = "row",
                                      .type = TSR_I64,
                                      .width = 1,
                                      .description = "row in the dataset or matrix"};

static const tsr_column money_columns[] = {
    {.name = "revenue", .type = TSR_I64, .width = 1, .unit = "money units", .description = "net sum of amounts"},
    {.name = "orders", .type = TSR_I32, .width = 1, .description = "distinct orders with a purchase"},
    {.name = "recency_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "from the last purchase to as_of; -1: no purchase"},
    {.name = "buy_x", .type = TSR_I32, .width = 1, .description = "repeat purchase days; -1: never bought"},
    {.name = "buy_tx_days", .type = TSR_I32, .width = 1, .unit = "days", .description = "first to last purchase day"},
    {.name = "buy_t_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "first purchase day to the end of observation"},
    {.name = "buy_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "money of the repeat purchase days"},
};

static const tsr_column calibration_columns[] = {
    {.name = "cal_x", .type = TSR_I32, .width = 1, .description = "buy_x up to calibration_end"},
    {.name = "cal_tx_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "buy_tx_days up to calibration_end"},
    {.name = "cal_t_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "buy_t_days up to calibration_end"},
    {.name = "cal_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "buy_spend up to calibration_end"},
    {.name = "hold_x", .type = TSR_I32, .width = 1, .description = "purchase days after calibration_end"},
    {.name = "hold_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "money of the purchase days after calibration_end"},
};

#define MONEY_COLUMNS       ((int32_t)(sizeof money_columns / sizeof money_columns[0]))
#define CALIBRATION_COLUMNS ((int32_t)(sizeof calibration_columns / sizeof calibration_columns[0]))

static void add_columns(tsr_maker *m, const tsr_column *columns, int32_t n)
{
    memcpy(m->column + m->columns, columns, (size_t)n * sizeof *columns);
    m->columns += n;
}

/* What is the same for all features of an origin. */
static const struct {
    const char *unit, *description;
} origins[] = {
    [TSR_FROM_COLUMN] = {"", "a number as it was given for the customer"},
    [TSR_FROM_CODE] = {"0 or 1", "1 where the customer has this value of the attribute, 0 where another one or none"},
    [TSR_FROM_FREQUENCY] = {"share, 0 to 1", "share of the customers of the run who have the same value; none: 0"},
    [TSR_FROM_CHANNEL] = {"share, 0 to 1", "share of the customer's events with a channel that came by this one"},
    [TSR_FROM_CATEGORY] = {"share, 0 to 1",
                           "share of the customer's purchase rows with a category that are of this one"},
    [TSR_FROM_EMBEDDING] = {"", "principal component of the customer's vector among those of all customers"},
};

static tsr_column feature_column(const tsr_feature *feature)
{
    tsr_column column = {.type = TSR_F64, .width = 1, .position = feature->position};
    int32_t n;
    const tsr_feature_about *about = tsr_features_table(&n);

    if (feature->from == TSR_FROM_VALUE) return tsr_value_feature_column(feature->behaviour, feature->position);
    const bool listed = feature->from == TSR_FROM_BEHAVIOUR;
    snprintf(column.name, sizeof column.name, "%s", feature->name);
    snprintf(column.unit, sizeof column.unit, "%s",
             listed ? about[feature->behaviour].unit : origins[feature->from].unit);
    snprintf(column.description, sizeof column.description, "%s",
             listed ? about[feature->behaviour].definition : origins[feature->from].description);
    return column;
}

tsr_status tsr_maker_columns(tsr_maker *m, int32_t id_width)
{
    tsr_status st = tsr_alloc(&m->column, m->set.n + 3 + MONEY_COLUMNS + CALIBRATION_COLUMNS, sizeof *m->column);

    if (st != TSR_OK) return st;
    if (m->keep_ids) {
        add_columns(m, &key_column, 1);
        add_columns(m, &id_column, 1);
        m->column[m->columns - 1].width = id_width;
    }
    add_columns(m, &row_column, 1);
    if (m->dataset != NULL) add_columns(m, money_columns, MONEY_COLUMNS);
    if (m->dataset != NULL && m->window.calibrated) add_columns(m, calibration_columns, CALIBRATION_COLUMNS);
    for (int32_t i = 0; i < m->set.n; i++) {
        tsr_column column = feature_column(&m->set.feature[i]);
        add_columns(m, &column, 1);
    }
    return TSR_OK;
}

int64_t tsr_rows_per_block(int64_t items, int64_t items_per_row)
{
    int64_t rows = items / items_per_row;

    if (rows > TSR_BLOCK_ROWS) return TSR_BLOCK_ROWS;
    return rows > 0 ? rows : 1;
}
