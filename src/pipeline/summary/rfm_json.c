#include "pipeline/summary/rfm_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const axis_name[TSR_RFM_AXES] = {"recency", "frequency", "monetary"};

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value + 0.0) : json_null();
}

/* Customers of a part: those with these scores before. */
static int64_t customers_of(const tsr_rfm *rfm, int axis, int32_t part)
{
    const int bins = rfm->bins, cells = axis == 1 ? bins * bins : bins;
    int64_t customers = 0;

    if (rfm->axis[axis].parts == 1) return rfm->customers;
    for (int i = 0; i < cells; i++) customers += rfm->cell_count[part * cells + i];
    return customers;
}

static json_t *edges_of(const tsr_rfm *rfm, int axis, int32_t part, long min_cell)
{
    bool shown = customers_of(rfm, axis, part) >= min_cell;
    json_t *edges = json_array();

    for (int i = 0; i < rfm->bins - 1; i++)
        json_array_append_new(edges, real(shown ? rfm->axis[axis].edge[part][i] : (double)NAN));
    return edges;
}

/* A list; where the axis is cut within parts, a list of lists. */
static json_t *thresholds_of(const tsr_rfm *rfm, int axis, long min_cell)
{
    json_t *parts;

    if (rfm->axis[axis].parts == 1) return edges_of(rfm, axis, 0, min_cell);
    parts = json_array();
    for (int32_t p = 0; p < rfm->axis[axis].parts; p++) json_array_append_new(parts, edges_of(rfm, axis, p, min_cell));
    return parts;
}

static json_t *scores_of(const tsr_rfm *rfm, int axis)
{
    json_t *counts = json_object();
    char score[2] = "1";

    for (int i = 0; i < rfm->bins; i++) {
        score[0] = (char)('1' + i);
        json_object_set_new(counts, score, json_integer(rfm->axis[axis].count[i]));
    }
    return counts;
}

/* ---- groups ---- */

static bool is_empty(const tsr_rfm *rfm, int32_t group)
{
    return rfm->count[group] == 0 && group < rfm->groups - 1;
}

int32_t tsr_rfm_empty_groups(const tsr_rfm *rfm, char *text, size_t bytes)
{
    int32_t empty = 0;

    *text = '\0';
    for (int32_t g = 0; g < rfm->groups; g++) {
        if (!is_empty(rfm, g)) continue;
        size_t n = strlen(text);
        snprintf(text + n, bytes - n, "%s%s", empty++ > 0 ? ", " : "", rfm->name[g]);
    }
    return empty;
}

static json_t *other_names_of(const tsr_rfm *rfm)
{
    json_t *names = json_object();

    for (int32_t g = 0; g < rfm->groups; g++)
        if (rfm->other_name[g][0] != '\0') json_object_set_new(names, rfm->name[g], json_string(rfm->other_name[g]));
    return names;
}

static void add_groups(const tsr_rfm *rfm, json_t *json)
{
    json_t *groups = json_object(), *order = json_array(), *empty = json_array();

    for (int32_t g = 0; g < rfm->groups; g++) {
        json_object_set_new(groups, rfm->name[g], json_integer(rfm->count[g]));
        json_array_append_new(order, json_string(rfm->name[g]));
        if (is_empty(rfm, g)) json_array_append_new(empty, json_string(rfm->name[g]));
    }
    json_object_set_new(json, "groups", groups);
    json_object_set_new(json, "order", order);
    json_object_set_new(json, "empty", empty);
    json_object_set_new(json, "other_names", other_names_of(rfm));
}

/* ---- weights ---- */

static json_t *weight_of(const double weight[TSR_RFM_AXES])
{
    json_t *json = json_object();

    if (isnan(weight[0])) {
        json_decref(json);
        return json_null();
    }
    for (int a = 0; a < TSR_RFM_AXES; a++) json_object_set_new(json, axis_name[a], real(weight[a]));
    return json;
}

static json_t *weightings_of(const double weight[TSR_RFM_WEIGHTINGS][TSR_RFM_AXES])
{
    json_t *json = json_object();

    for (int32_t w = 0; w < TSR_RFM_WEIGHTINGS; w++)
        json_object_set_new(json, tsr_rfm_weighting_name(w), weight_of(weight[w]));
    return json;
}

static json_t *weights_of(const tsr_rfm *rfm)
{
    const tsr_rfm_weights *w = &rfm->weights;

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "used", tsr_rfm_weighting_name(rfm->weighting), "used_of",
                     rfm->weights_of == TSR_RFM_OF_VALUES ? "values" : "scores", "weights", weight_of(w->used),
                     "of_scores", weightings_of(w->of_scores), "of_values", weightings_of(w->of_values),
                     "consistency_ratio", real(w->consistency));
}

json_t *tsr_rfm_json(const tsr_rfm *rfm, long min_cell)
{
    json_t *thresholds = json_object(), *scores = json_object();
    json_t *json = json_pack("{s:s, s:s, s:i, s:b, s:o, s:o, s:o}", "scheme", rfm->scheme, "rule",
                             tsr_rfm_rule_name(rfm->rule), "bins", (int)rfm->bins, "nested", (int)rfm->nested,
                             "thresholds", thresholds, "scores", scores, "weights", weights_of(rfm));

    for (int a = 0; a < TSR_RFM_AXES; a++) {
        json_object_set_new(thresholds, axis_name[a], thresholds_of(rfm, a, min_cell));
        json_object_set_new(scores, axis_name[a], scores_of(rfm, a));
    }
    add_groups(rfm, json);
    return json;
}
