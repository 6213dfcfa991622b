#include "features/featureset.h"

#include <stdio.h>
#include <string.h>

#include "features/behaviour.h"
#include "tessera/memory.h"

#define DEFAULT_SET "default"

/* Names of the other columns of features.h5: no feature may take one. The first three are there with a matrix too. */
static const char *const taken[] = {"key",        "id",          "row",        "revenue",   "orders", "recency_days",
                                    "buy_x",      "buy_tx_days", "buy_t_days", "buy_spend", "cal_x",  "cal_tx_days",
                                    "cal_t_days", "cal_spend",   "hold_x",     "hold_spend"};
#define TAKEN           ((int32_t)(sizeof taken / sizeof taken[0]))
#define TAKEN_BY_MATRIX 3

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

static tsr_status offer_column(tsr_feature_set *offered, const char *name, int32_t column, bool categorical,
                               int32_t taken_n, const char *whose)
{
    tsr_feature feature = {.behaviour = -1, .column = column, .in_default = !categorical, .categorical = categorical};
    tsr_status st = check_column_name(offered, name, taken_n, whose);

    if (st != TSR_OK) return st;
    snprintf(feature.name, sizeof feature.name, "%s", name);
    offered->feature[offered->n++] = feature;
    return TSR_OK;
}

static tsr_status offer_dataset(const tsr_dataset_info *dataset, tsr_feature_set *offered)
{
    int32_t n;
    const tsr_feature_about *about = tsr_features_table(&n);
    tsr_status st = tsr_alloc(&offered->feature, n + dataset->attributes_n, sizeof *offered->feature);

    if (st != TSR_OK) return st;
    for (int32_t i = 0; i < n; i++) {
        tsr_feature *feature = &offered->feature[offered->n++];
        *feature = (tsr_feature){.behaviour = i, .column = -1, .in_default = about[i].in_default};
        snprintf(feature->name, sizeof feature->name, "%s", about[i].name);
    }
    for (int32_t i = 0; i < dataset->attributes_n && st == TSR_OK; i++)
        st = offer_column(offered, dataset->attributes[i].name, i, dataset->attributes[i].categorical, TAKEN,
                          "attribute");
    return st;
}

static tsr_status offer_matrix(const tsr_matrix *matrix, tsr_feature_set *offered)
{
    tsr_status st = tsr_alloc(&offered->feature, matrix->cols, sizeof *offered->feature);

    for (int32_t i = 0; i < matrix->cols && st == TSR_OK; i++)
        st = offer_column(offered, matrix->names[i], i, false, TAKEN_BY_MATRIX, "column of the matrix");
    return st;
}

/* ---- names that are not there ---- */

static int32_t least(int32_t a, int32_t b, int32_t c)
{
    int32_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Letters to insert, delete or replace (Levenshtein). */
static int32_t edits(const char *a, const char *b)
{
    int32_t row[TSR_NAME_BYTES + 1], n = (int32_t)strlen(b);

    for (int32_t j = 0; j <= n; j++) row[j] = j;
    for (int32_t i = 0; a[i] != '\0'; i++) {
        int32_t corner = row[0];
        row[0] = i + 1;
        for (int32_t j = 1; j <= n; j++) {
            int32_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

static tsr_status unknown(const tsr_feature_set *offered, const char *name)
{
    const tsr_feature *nearest = NULL;
    int32_t distance = 4; /* farther names are no slips of the finger */
    char list[768];
    size_t used = 0;

    list[0] = '\0';
    for (int32_t i = 0; i < offered->n; i++) {
        const tsr_feature *feature = &offered->feature[i];
        if (feature->categorical) continue;
        int32_t d = edits(name, feature->name);
        if (d < distance) {
            distance = d;
            nearest = feature;
        }
        if (used + strlen(feature->name) + 3 > sizeof list) continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", feature->name);
    }
    return TSR_FAIL(TSR_ECONF, "features.set: there is no feature `%.80s`%s%s%s; known: %s", name,
                    nearest != NULL ? "; did you mean `" : "", nearest != NULL ? nearest->name : "",
                    nearest != NULL ? "`?" : "", list);
}

/* ---- the choice ---- */

static void take(const tsr_feature *feature, tsr_feature_set *set)
{
    if (find(set, feature->name) == NULL) set->feature[set->n++] = *feature;
}

static tsr_status take_named(const tsr_feature_set *offered, const char *name, tsr_feature_set *set)
{
    if (strcmp(name, DEFAULT_SET) == 0) {
        for (int32_t i = 0; i < offered->n; i++)
            if (offered->feature[i].in_default) take(&offered->feature[i], set);
        return TSR_OK;
    }
    const tsr_feature *feature = find(offered, name);
    if (feature == NULL) return unknown(offered, name);
    if (feature->categorical)
        return TSR_FAIL(TSR_ECONF, "features.set: attribute `%s` holds categories, not numbers", name);
    take(feature, set);
    return TSR_OK;
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

static tsr_status choose(const tsr_features_params *params, const tsr_feature_set *offered, tsr_feature_set *set)
{
    tsr_status st = tsr_alloc(&set->feature, offered->n, sizeof *set->feature);

    for (int32_t i = 0; i < params->set.n && st == TSR_OK; i++) st = take_named(offered, params->set.text[i], set);
    if (st == TSR_OK && set->n == 0) st = TSR_FAIL(TSR_ECONF, "features.set: names no feature");
    return st == TSR_OK ? check_transforms(params, set) : st;
}

tsr_status tsr_feature_set_choose(const tsr_features_params *params, const tsr_dataset_info *dataset,
                                  const tsr_matrix *matrix, tsr_feature_set *set)
{
    tsr_feature_set offered = {0};

    *set = (tsr_feature_set){0};
    tsr_status st = dataset != NULL ? offer_dataset(dataset, &offered) : offer_matrix(matrix, &offered);
    if (st == TSR_OK) st = choose(params, &offered, set);
    if (st != TSR_OK) tsr_feature_set_clear(set);
    tsr_feature_set_clear(&offered);
    return st;
}

void tsr_feature_set_clear(tsr_feature_set *set)
{
    tsr_free(&set->feature);
    set->n = 0;
}
