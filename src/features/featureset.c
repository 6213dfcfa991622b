#include "features/featureset.h"

#include <stdio.h>
#include <string.h>

#include "base/edits.h"
#include "features/behaviour.h"
#include "features/value_features.h"
#include "tessera/memory.h"

#define DEFAULT_SET "default"

/* Names of the other columns of features.h5: no feature may take one. The first three are there with a matrix too. */
static const char *const taken[] = {"key",        "id",          "row",        "revenue",   "orders", "recency_days",
                                    "buy_x",      "buy_tx_days", "buy_t_days", "buy_spend", "cal_x",  "cal_tx_days",
                                    "cal_t_days", "cal_spend",   "hold_x",     "hold_spend"};
#define TAKEN           ((int32_t)(sizeof taken / sizeof taken[0]))
#define TAKEN_BY_MATRIX 3
#define GROUPS          2 /* channel_share, category_share */

static const char *const transform_names[] = {"none", "log1p", "log", "auto"};
#define TRANSFORMS ((int32_t)(sizeof transform_names / sizeof transform_names[0]))

static const tsr_feature *find(const tsr_feature_set *set, const char *name)
{
    for (int32_t i = 0; i < set->n; i++)
        if (strcmp(set->feature[i].name, name) == 0) return &set->feature[i];
    return NULL;
}

/* ---- what there is to choose from ---- */

static tsr_status check_column_name(const tsr_feature_set *offered, const char *name, int32_t taken_n,
                                    const char *whose)
{
    if (name[0] == '\0' || strlen(name) >= TSR_NAME_BYTES || strchr(name, '/') != NULL || strcmp(name, ".") == 0)
        return TSR_FAIL(TSR_ECONF, "%s `%.80s`: a feature's name has 1 to %d bytes and no slash; rename it", whose,
                        name, TSR_NAME_BYTES - 1);
    for (int32_t i = 0; i < taken_n; i++)
        if (strcmp(name, taken[i]) == 0)
            return TSR_FAIL(TSR_ECONF, "%s `%s`: features.h5 has another column of this name; rename it", whose, name);
    if (strcmp(name, DEFAULT_SET) == 0 || find(offered, name) != NULL)
        return TSR_FAIL(TSR_ECONF, "%s `%s`: there is another feature of this name; rename it", whose, name);
    return TSR_OK;
}

static tsr_status offer_column(tsr_feature_set *offered, const char *name, int32_t column, tsr_feature_from from,
                               int32_t taken_n, const char *whose)
{
    tsr_feature feature = {
        .from = from, .behaviour = -1, .column = column, .code = -1, .in_default = from == TSR_FROM_COLUMN};
    tsr_status st = check_column_name(offered, name, taken_n, whose);

    if (st != TSR_OK) return st;
    snprintf(feature.name, sizeof feature.name, "%s", name);
    offered->feature[offered->n++] = feature;
    return TSR_OK;
}

/* What is known of purchases says nothing where there are none. */
static void offer_behaviour(const tsr_feature_about *about, int32_t number, const tsr_dataset_info *dataset,
                            tsr_feature_set *offered)
{
    tsr_feature *feature = &offered->feature[offered->n];
    bool speaks = about->needs != 0 || dataset->transactions > 0;

    if ((about->needs & ~dataset->has) != 0) return;
    *feature = (tsr_feature){.behaviour = number, .column = -1, .code = -1, .in_default = about->in_default && speaks};
    snprintf(feature->name, sizeof feature->name, "%s", about->name);
    offered->n++;
}

static tsr_status offer_embeddings(const tsr_dataset_info *dataset, tsr_feature_set *offered)
{
    char name[TSR_NAME_BYTES + 16];
    tsr_status st = TSR_OK;

    for (tsr_embedding e = {.dimensions = 0}; st == TSR_OK && tsr_embedding_next(dataset, &e);) {
        snprintf(name, sizeof name, TSR_EMBEDDING_PREFIX "%s", e.name);
        st = offer_column(offered, name, e.first, TSR_FROM_EMBEDDINGS, TAKEN, "embedding");
    }
    return st;
}

static tsr_status offer_dataset(const tsr_dataset_info *dataset, tsr_feature_set *offered)
{
    int32_t n;
    const tsr_feature_about *about = tsr_features_table(&n);
    tsr_status st;

    TSR_TRY(tsr_alloc(&offered->feature, n + dataset->attributes_n + GROUPS, sizeof *offered->feature));
    for (int32_t i = 0; i < n; i++) offer_behaviour(&about[i], i, dataset, offered);
    for (int32_t i = 0; i < dataset->attributes_n; i++) {
        if (tsr_in_embedding(dataset->attributes[i].name)) continue;
        TSR_TRY(offer_column(offered, dataset->attributes[i].name, i,
                             dataset->attributes[i].categorical ? TSR_FROM_CODES : TSR_FROM_COLUMN, TAKEN,
                             "attribute"));
    }
    TSR_TRY(offer_embeddings(dataset, offered));
    if (tsr_has_column(dataset->has, TSR_EVENTS, TSR_EVENT_CHANNEL))
        TSR_TRY(offer_column(offered, "channel_share", -1, TSR_FROM_CHANNELS, TAKEN, "feature"));
    if (tsr_has_column(dataset->has, TSR_TRANSACTIONS, TSR_TRANSACTION_CATEGORY))
        TSR_TRY(offer_column(offered, "category_share", -1, TSR_FROM_CATEGORIES, TAKEN, "feature"));
done:
    return st;
}

static tsr_status offer_matrix(const tsr_matrix *matrix, tsr_feature_set *offered)
{
    tsr_status st = tsr_alloc(&offered->feature, matrix->cols, sizeof *offered->feature);

    for (int32_t i = 0; i < matrix->cols && st == TSR_OK; i++)
        st = offer_column(offered, matrix->names[i], i, TSR_FROM_COLUMN, TAKEN_BY_MATRIX, "column of the matrix");
    return st;
}

/* ---- names that are not there ---- */

static tsr_status unknown(const tsr_feature_set *offered, const char *name)
{
    tsr_meant meant = {.distance = 4};
    char list[768];
    size_t used = 0;

    list[0] = '\0';
    for (int32_t i = 0; i < offered->n; i++) {
        const tsr_feature *feature = &offered->feature[i];
        tsr_meant_try(&meant, name, feature->name);
        if (used + strlen(feature->name) + 3 > sizeof list) continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", feature->name);
    }
    return TSR_FAIL(TSR_ECONF, "features.set: there is no feature `%.80s`%s%s%s; known: %s", name,
                    meant.name != NULL ? "; did you mean `" : "", meant.name != NULL ? meant.name : "",
                    meant.name != NULL ? "`?" : "", list);
}

/* A feature of the table that this dataset cannot have. */
static tsr_status without_source(const char *name)
{
    int32_t number = tsr_behaviour_find(name), n;
    const tsr_feature_about *about = tsr_features_table(&n);

    if (number < 0) return TSR_OK;
    for (int32_t kind = TSR_TRANSACTIONS + 1; kind < TSR_KINDS; kind++)
        if (about[number].needs & tsr_kind_of(kind)->bit)
            return TSR_FAIL(TSR_ECONF, "features.set: `%s` needs %s, and the dataset has not all that it needs", name,
                            tsr_kind_of(kind)->name);
    return TSR_FAIL(TSR_ECONF, "features.set: `%s` needs categories or promotions, which the dataset does not have",
                    name);
}

/* ---- the choice ---- */

/* What a choice is made from. */
typedef struct chooser {
    const tsr_features_params *params;
    const tsr_dataset_info *dataset; /* NULL: a matrix */
    tsr_feature_set offered;
    tsr_feature_set *set;
} chooser;

static tsr_status take(const tsr_feature *feature, tsr_feature_set *set)
{
    if (find(set, feature->name) != NULL) return TSR_OK;
    tsr_status st = tsr_resize(&set->feature, set->n + 1, sizeof *set->feature);
    if (st != TSR_OK) return st;
    set->feature[set->n++] = *feature;
    set->feature[set->n - 1].position = set->n;
    return TSR_OK;
}

static const tsr_dictionary *codes_of(const chooser *c, const tsr_feature *group)
{
    if (group->from == TSR_FROM_CODES) return &c->dataset->attributes[group->column].dictionary;
    return &c->dataset->dictionary[group->from == TSR_FROM_CHANNELS ? TSR_CHANNELS : TSR_CATEGORIES];
}

/* What a group is made of; anything else is made of itself. */
static int32_t single_of(int32_t from)
{
    switch (from) {
    case TSR_FROM_CODES: return TSR_FROM_CODE;
    case TSR_FROM_CHANNELS: return TSR_FROM_CHANNEL;
    case TSR_FROM_CATEGORIES: return TSR_FROM_CATEGORY;
    case TSR_FROM_EMBEDDINGS: return TSR_FROM_EMBEDDING;
    default: return from;
    }
}

/* What to do about values that make no columns. */
static tsr_status no_columns(const tsr_feature *group, const char *why)
{
    return TSR_FAIL(TSR_ECONF, "features.set: %s: %s; %s", group->name, why,
                    group->from == TSR_FROM_CODES
                        ? "`features.categories: 0` makes one column, the share of customers with the same value"
                        : "name values otherwise where they come from, or leave it out");
}

/* The column of one code: `city=Berlin`; a slash would be a folder in features.h5. */
static tsr_status take_code(const chooser *c, const tsr_feature *group, int32_t code, const char *text)
{
    tsr_feature feature = *group;
    int n = snprintf(feature.name, sizeof feature.name, "%s=%s", group->name, text);
    char why[128];

    feature.code = code;
    feature.from = single_of(group->from);
    for (char *at = feature.name; *at != '\0'; at++)
        if (*at == '/') *at = '_';
    if (n >= TSR_NAME_BYTES) {
        snprintf(why, sizeof why, "a value of %zu bytes is too long for the name of its column, of %d at most",
                 strlen(text), TSR_NAME_BYTES - 1);
        return no_columns(group, why);
    }
    if (find(c->set, feature.name) != NULL || find(&c->offered, feature.name) != NULL)
        return no_columns(group, "the column of a value would have the name of another one");
    return take(&feature, c->set);
}

static bool is_taken(const tsr_feature_set *set, const tsr_feature *group)
{
    for (int32_t i = 0; i < set->n; i++)
        if (set->feature[i].from == single_of(group->from) && set->feature[i].column == group->column) return true;
    return false;
}

/* `reviews:1`, `reviews:2`, ... */
static tsr_status take_components(const chooser *c, const tsr_feature *group)
{
    tsr_embedding e = {.dimensions = 0};
    tsr_feature feature = *group;
    tsr_status st = TSR_OK;

    while (tsr_embedding_next(c->dataset, &e) && e.first != group->column) {
    }
    feature.from = TSR_FROM_EMBEDDING;
    for (feature.code = 0; st == TSR_OK && feature.code < tsr_embedding_parts(c->params, &e); feature.code++) {
        snprintf(feature.name, sizeof feature.name, "%.51s:%d", e.name, (int)feature.code + 1);
        st = take(&feature, c->set);
    }
    return st;
}

static tsr_status take_group(const chooser *c, const tsr_feature *group)
{
    tsr_feature frequency = *group;
    tsr_status st = TSR_OK;

    if (is_taken(c->set, group)) return TSR_OK;
    if (group->from == TSR_FROM_EMBEDDINGS) return take_components(c, group);
    const tsr_dictionary *codes = codes_of(c, group);
    if (codes->n <= c->params->categories) {
        for (int32_t i = 0; i < codes->n && st == TSR_OK; i++) st = take_code(c, group, i, codes->text[i]);
        return st;
    }
    if (group->from != TSR_FROM_CODES)
        return TSR_FAIL(TSR_ECONF,
                        "features.set: %s: %d values, those of later records among them, are more than "
                        "features.categories, %d: give it a larger number",
                        group->name, (int)codes->n, (int)c->params->categories);
    frequency.from = TSR_FROM_FREQUENCY;
    return take(&frequency, c->set);
}

/* An attribute of the same name comes before. */
static tsr_status take_value(const chooser *c, const char *name)
{
    tsr_feature feature = {.from = TSR_FROM_VALUE, .behaviour = tsr_value_feature_find(name), .column = -1, .code = -1};

    snprintf(feature.name, sizeof feature.name, "%s", name);
    return take(&feature, c->set);
}

static tsr_status take_named(const chooser *c, const char *name)
{
    tsr_status st = TSR_OK;

    if (strcmp(name, DEFAULT_SET) == 0) {
        for (int32_t i = 0; i < c->offered.n && st == TSR_OK; i++)
            if (c->offered.feature[i].in_default) st = take(&c->offered.feature[i], c->set);
        return st;
    }
    const tsr_feature *feature = find(&c->offered, name);
    if (feature == NULL && c->dataset != NULL && tsr_value_feature_find(name) >= 0) return take_value(c, name);
    if (feature == NULL && c->dataset != NULL) st = without_source(name);
    if (st != TSR_OK) return st;
    if (feature == NULL) return unknown(&c->offered, name);
    return single_of(feature->from) != feature->from ? take_group(c, feature) : take(feature, c->set);
}

bool tsr_feature_is_share(const char *name)
{
    return strchr(name, '=') != NULL;
}

bool tsr_feature_is_component(const char *name)
{
    const char *number = strrchr(name, ':');

    return number != NULL && number[1] != '\0' && number[1 + strspn(number + 1, "0123456789")] == '\0';
}

tsr_status tsr_feature_transform(const tsr_features_params *params, const char *name, int32_t *transform)
{
    for (int32_t i = 0; i < params->transforms.n; i++) {
        if (strcmp(params->transforms.name[i], name) != 0) continue;
        for (int32_t t = 0; t < TRANSFORMS; t++) {
            if (strcmp(params->transforms.text[i], transform_names[t]) != 0) continue;
            *transform = t;
            return TSR_OK;
        }
        return TSR_FAIL(TSR_ECONF, "features.transforms.%s: `%.80s` is none of none, log1p, log, auto", name,
                        params->transforms.text[i]);
    }
    return TSR_OK;
}

static tsr_status check_transforms(const tsr_features_params *params, const tsr_feature_set *set)
{
    int32_t transform;

    for (int32_t i = 0; i < params->transforms.n; i++) {
        const char *name = params->transforms.name[i];
        if (find(set, name) == NULL)
            return TSR_FAIL(TSR_ECONF, "features.transforms: `%.80s` is not among the features of this run", name);
        if (tsr_feature_transform(params, name, &transform) != TSR_OK) return TSR_ECONF;
    }
    return TSR_OK;
}

static tsr_status choose(const chooser *c)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < c->params->set.n && st == TSR_OK; i++) st = take_named(c, c->params->set.text[i]);
    if (st == TSR_OK && c->set->n == 0) st = TSR_FAIL(TSR_ECONF, "features.set: names no feature");
    return st == TSR_OK ? check_transforms(c->params, c->set) : st;
}

tsr_status tsr_feature_set_choose(const tsr_features_params *params, const tsr_dataset_info *dataset,
                                  const tsr_matrix *matrix, tsr_feature_set *set)
{
    chooser c = {.params = params, .dataset = dataset, .set = set};

    *set = (tsr_feature_set){0};
    tsr_status st = dataset != NULL ? offer_dataset(dataset, &c.offered) : offer_matrix(matrix, &c.offered);
    if (st == TSR_OK) st = choose(&c);
    if (st != TSR_OK) tsr_feature_set_clear(set);
    tsr_feature_set_clear(&c.offered);
    return st;
}

void tsr_feature_set_clear(tsr_feature_set *set)
{
    tsr_free(&set->feature);
    set->n = 0;
}
