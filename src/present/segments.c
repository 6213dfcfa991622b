#include "tessera/segments.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "present/suppress.h"
#include "tessera/memory.h"

tsr_status tsr_json_text(const json_t *json, char **text)
{
    const size_t flags = JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY;
    size_t n = json_dumpb(json, NULL, 0, flags);
    tsr_status st;

    *text = NULL;
    if (n == 0) return TSR_FAIL(TSR_EBUG, "a value that is no JSON");
    TSR_TRY(tsr_alloc(text, (int64_t)n + 2, 1));
    json_dumpb(json, *text, n, flags);
    (*text)[n] = '\n';
done:
    return st;
}

/* ---- small cells ---- */

#define MIX "rfm_groups" /* of a segment */

/* null in place of every number, string and list below; names and numbers of things stay. */
static void blank(json_t *object, const char *const *keep)
{
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(object, next, key, value)
    {
        bool stays = false;
        for (int i = 0; keep[i] != NULL; i++) stays = stays || strcmp(key, keep[i]) == 0;
        if (stays) continue;
        if (json_is_object(value))
            blank(value, (const char *const[]){NULL});
        else
            json_object_set_new(object, key, json_null());
    }
}

typedef struct cell {
    int64_t customers;
    json_t *owner;   /* object that holds it */
    const char *key; /* its key there; NULL: the owner itself is the cell, and what it counts is `customers` */
    bool masked;
} cell;

static int by_size(const void *left, const void *right)
{
    const cell *a = left, *b = right;

    return a->customers < b->customers ? -1 : a->customers > b->customers;
}

static void mask(cell *one)
{
    one->masked = true;
    if (one->key != NULL)
        json_object_set_new(one->owner, one->key, json_null());
    else
        blank(one->owner, (const char *const[]){"segment", "name", "slug", "flags", NULL});
}

/* A family of cells adds up to a total that is shown: one masked cell alone could be found by subtraction. */
static void mask_family(cell *cells, int64_t n, long min_cell)
{
    int64_t masked = 0, people = 0;

    qsort(cells, (size_t)n, sizeof *cells, by_size);
    for (int64_t i = 0; i < n && cells[i].customers < min_cell; i++) {
        if (cells[i].customers == 0 && cells[i].key != NULL) continue; /* an empty group hides nobody */
        mask(&cells[i]);
        masked++;
        people += cells[i].customers;
    }
    for (int64_t i = 0; i < n && masked > 0 && (masked == 1 || people < min_cell); i++) {
        if (cells[i].masked || cells[i].customers == 0) continue;
        mask(&cells[i]);
        masked++;
        people += cells[i].customers;
    }
}

/* Members of an object that are counts: {name: customers}. */
static tsr_status mask_counts(json_t *counts, long min_cell)
{
    cell *cells = NULL;
    int64_t n = 0;
    const char *key;
    json_t *value;
    tsr_status st;

    TSR_TRY(tsr_alloc(&cells, (int64_t)json_object_size(counts), sizeof *cells));
    json_object_foreach(counts, key, value) cells[n++] = (cell){json_integer_value(value), counts, key, false};
    mask_family(cells, n, min_cell);
done:
    tsr_free(&cells);
    return st;
}

static tsr_status mask_segments(json_t *segments, long min_cell)
{
    cell *cells = NULL;
    int64_t n = (int64_t)json_array_size(segments);
    tsr_status st;

    TSR_TRY(tsr_alloc(&cells, n, sizeof *cells));
    for (int64_t i = 0; i < n; i++) {
        json_t *segment = json_array_get(segments, (size_t)i);
        cells[i] = (cell){json_integer_value(json_object_get(segment, "customers")), segment, NULL, false};
    }
    mask_family(cells, n, min_cell);
done:
    tsr_free(&cells);
    return st;
}

/* Figures of a part of a segment: those who bought. The rest of the segment must not be found from it either. */
static void mask_buyers(json_t *part, long min_cell)
{
    int64_t customers = json_integer_value(json_object_get(part, "customers"));
    json_t *buyers = json_object_get(part, "buyers");
    int64_t bought = json_integer_value(buyers);

    if (!json_is_integer(buyers)) return;
    if (bought < min_cell) {
        json_object_set_new(part, "clv_total", json_null());
        json_object_del(part, "clv_infinite_total");
        json_object_del(part, "clv_interval");
        json_object_del(part, "clv_infinite_interval");
        json_object_del(part, "expected_purchases");
        json_object_del(part, "expected_buyers");
        json_object_del(part, "expected_buyers_interval");
        json_object_del(part, "clv_concentration");
        json_object_del(part, "expected_purchases_interval");
        blank(json_object_get(part, "means"), (const char *const[]){NULL});
    }
    if (bought < min_cell || (customers > bought && customers - bought < min_cell))
        json_object_set_new(part, "buyers", json_null());
}

/* A quantile near the end of a small segment speaks of the few beyond it. */
static void mask_tails(json_t *part, long min_cell)
{
    static const double tail = .1;
    double customers = json_number_value(json_object_get(part, "customers"));
    const char *name;
    json_t *feature;

    if (tail * customers >= (double)min_cell) return;
    json_object_foreach(json_object_get(part, "features"), name, feature)
    {
        if (json_is_number(json_object_get(feature, "p10"))) json_object_set_new(feature, "p10", json_null());
        if (json_is_number(json_object_get(feature, "p90"))) json_object_set_new(feature, "p90", json_null());
    }
}

static void mask_count(json_t *object, const char *key, long min_cell)
{
    const json_t *count = json_object_get(object, key);

    if (json_is_integer(count) && json_integer_value(count) > 0 && json_integer_value(count) < min_cell)
        json_object_set_new(object, key, json_null());
}

/* Recency by frequency: the totals of its rows and columns are the counts of the scores. */
static tsr_status mask_grid(json_t *grid, long min_cell)
{
    int64_t n = (int64_t)json_array_size(grid), *count = NULL;
    int32_t bins = 0;
    bool *hidden = NULL;
    json_t *one;
    size_t i;
    tsr_status st;

    while ((int64_t)bins * bins < n) bins++;
    TSR_TRY(tsr_alloc(&count, n, sizeof *count));
    TSR_TRY(tsr_alloc(&hidden, n, sizeof *hidden));
    json_array_foreach(grid, i, one) count[i] = json_integer_value(json_object_get(one, "customers"));
    TSR_TRY(tsr_suppress(count, bins, bins, min_cell, hidden));
    json_array_foreach(grid, i, one) if (hidden[i]) blank(one, (const char *const[]){"r", "f", NULL});
done:
    tsr_free(&hidden);
    tsr_free(&count);
    return st;
}

/* Segments by RFM group: both their sizes are shown. A segment that is masked shows nothing anyway. */
static tsr_status mask_mix(json_t *list, long min_cell)
{
    size_t rows = json_array_size(list), cols = json_object_size(json_object_get(json_array_get(list, 0), MIX)), at = 0;
    int64_t *count = NULL;
    bool *hidden = NULL;
    const char *group;
    json_t *segment, *people;
    size_t i;
    void *next;
    tsr_status st;

    TSR_TRY(tsr_alloc(&count, (int64_t)(rows * cols), sizeof *count));
    TSR_TRY(tsr_alloc(&hidden, (int64_t)(rows * cols), sizeof *hidden));
    json_array_foreach(list, i, segment)
    {
        json_object_foreach(json_object_get(segment, MIX), group, people) count[at++] = json_integer_value(people);
    }
    TSR_TRY(tsr_suppress(count, (int32_t)rows, (int32_t)cols, min_cell, hidden));
    at = 0;
    json_array_foreach(list, i, segment)
    {
        json_t *mix = json_object_get(segment, MIX);
        json_object_foreach_safe(mix, next, group, people) if (hidden[at++])
            json_object_set_new(mix, group, json_null());
    }
done:
    tsr_free(&hidden);
    tsr_free(&count);
    return st;
}

static int by_third(const void *left, const void *right)
{
    const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;

    return (int)(json_integer_value(json_array_get(a, 2)) - json_integer_value(json_array_get(b, 2)));
}

/* A map keeps the bins with enough people. Those left out must be enough people together, or the smallest go too. */
static tsr_status mask_map(json_t *map, long min_cell)
{
    json_t **bins = NULL, *cells = json_object_get(map, "cells"), *kept = json_array();
    int64_t n = (int64_t)json_array_size(cells), left_out = 0;
    tsr_status st;

    TSR_TRY(tsr_alloc(&bins, n, sizeof *bins));
    for (int64_t i = 0; i < n; i++) bins[i] = json_array_get(cells, (size_t)i);
    qsort(bins, (size_t)n, sizeof *bins, by_third);
    for (int64_t i = 0; i < n; i++) {
        json_int_t people = json_integer_value(json_array_get(bins[i], 2));
        bool shown = people >= min_cell && (left_out == 0 || left_out >= min_cell);
        left_out += shown ? 0 : people;
        if (shown) json_array_append(kept, bins[i]);
    }
    if (json_is_object(map)) json_object_set(map, "cells", kept);
done:
    tsr_free(&bins);
    json_decref(kept);
    return st;
}

static tsr_status mask_scores(json_t *rfm, long min_cell)
{
    json_t *scores = json_object_get(rfm, "scores"), *value;
    const char *key;
    tsr_status st;

    TSR_TRY(mask_counts(json_object_get(rfm, "groups"), min_cell));
    TSR_TRY(mask_grid(json_object_get(rfm, "grid"), min_cell));
    json_object_foreach(scores, key, value) TSR_TRY(mask_counts(value, min_cell));
done:
    return st;
}

/* Parameters of a model that was fitted to a handful of people say what they did. */
static void mask_fit(json_t *fit, long min_cell)
{
    static const char *const keep[] = {"model", "time_unit", "horizon", "discount_rate", "margin", "validation", NULL};
    json_t *spend = json_object_get(fit, "spend");

    if (!json_is_object(fit)) return;
    if (json_integer_value(json_object_get(fit, "customers")) < min_cell) blank(fit, keep);
    if (json_is_object(spend) && json_integer_value(json_object_get(spend, "customers")) < min_cell)
        blank(spend, (const char *const[]){NULL});
    mask_fit(json_object_get(fit, "validation"), min_cell);
}

tsr_status tsr_segments_mask(json_t *segments, long min_cell)
{
    json_t *rfm = json_object_get(segments, "rfm"), *playbook = json_object_get(segments, "playbook"),
           *list = json_object_get(segments, "segments"), *segment;
    size_t i;
    tsr_status st;

    if (json_integer_value(json_object_get(segments, "customers")) < min_cell) {
        blank(segments, (const char *const[]){"min_cell", "title", "as_of", "currency", NULL});
        return TSR_OK;
    }
    TSR_TRY(mask_mix(list, min_cell));
    TSR_TRY(mask_segments(list, min_cell));
    TSR_TRY(mask_map(json_object_get(json_object_get(segments, "pca"), "map"), min_cell));
    TSR_TRY(mask_map(json_object_get(json_object_get(segments, "tsne"), "map"), min_cell));
    json_array_foreach(list, i, segment)
    {
        mask_buyers(segment, min_cell);
        mask_tails(segment, min_cell);
    }
    mask_buyers(json_object_get(segments, "total"), min_cell);
    mask_tails(json_object_get(segments, "total"), min_cell);
    mask_fit(json_object_get(segments, "value"), min_cell);
    mask_count(segments, "prospects", min_cell);
    mask_count(segments, "after_as_of", min_cell);
    if (json_is_object(rfm)) TSR_TRY(mask_scores(rfm, min_cell));
    if (json_is_object(playbook)) TSR_TRY(mask_counts(json_object_get(playbook, "customers"), min_cell));
    if (json_is_object(playbook)) TSR_TRY(mask_counts(json_object_get(playbook, "contact"), min_cell));
done:
    return st;
}
