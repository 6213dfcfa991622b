#include "features/value_features.h"

#include <stdio.h>
#include <string.h>

#include "tessera/memory.h"

static const tsr_feature_about about[] = {
    {"clv", "Customer lifetime value over the horizon, discounted, times margin.", "currency units",
     "no purchase, or nobody's spend known: 0", "auto", false, 0},
    {"expected_purchases", "Purchase days expected in the horizon.", "purchase days", "no purchase: 0", "auto", false,
     0},
    {"expected_spend", "Money expected per purchase day.", "currency units", "no purchase, or nobody's spend known: 0",
     "auto", false, 0},
    {"p_alive", "Probability of being a customer still.", "probability", "no purchase: 0", "none", false, 0},
    {"p_buy", "Probability of at least one purchase in the horizon.", "probability", "no purchase: 0", "none", false,
     0},
};

#define FEATURES ((int32_t)(sizeof about / sizeof about[0]))

const tsr_feature_about *tsr_features_of_value(int32_t *n)
{
    *n = FEATURES;
    return about;
}

int32_t tsr_value_feature_find(const char *name)
{
    for (int32_t i = 0; i < FEATURES; i++)
        if (strcmp(about[i].name, name) == 0) return i;
    return -1;
}

bool tsr_value_feature_is_share(const char *name)
{
    int32_t number = tsr_value_feature_find(name);

    return number >= 0 && strcmp(about[number].transform, "none") == 0;
}

tsr_column tsr_value_feature_column(int32_t number, int32_t position)
{
    tsr_column column = {.type = TSR_F64, .width = 1, .position = position, .file = TSR_FEATURES_WORTH};

    snprintf(column.name, sizeof column.name, "%s", about[number].name);
    snprintf(column.unit, sizeof column.unit, "%s", about[number].unit);
    snprintf(column.description, sizeof column.description, "%s", about[number].definition);
    return column;
}

tsr_status tsr_features_valued(const tsr_features_params *params, const tsr_dataset_info *dataset, tsr_column **columns,
                               int32_t *n)
{
    tsr_feature_set set = {0};
    tsr_status st;

    *columns = NULL;
    *n = 0;
    TSR_TRY(tsr_feature_set_choose(params, dataset, NULL, &set));
    TSR_TRY(tsr_alloc(columns, set.n, sizeof **columns));
    for (int32_t i = 0; i < set.n; i++)
        if (set.feature[i].from == TSR_FROM_VALUE)
            (*columns)[(*n)++] = tsr_value_feature_column(set.feature[i].behaviour, set.feature[i].position);
done:
    tsr_feature_set_clear(&set);
    return st;
}
