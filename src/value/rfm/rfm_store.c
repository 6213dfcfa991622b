#include <stdio.h>
#include <string.h>

#include "tessera/rfm.h"
#include "value/rfm/rfm_parts.h"

#define WEIGHTS ((int64_t)(sizeof(tsr_rfm_weights) / sizeof(double)))

static const char *const edges_path[] = {"/rfm/edges/recency", "/rfm/edges/frequency", "/rfm/edges/monetary"};
static const char *const keys_path[] = {"/rfm/edge_keys/recency", "/rfm/edge_keys/frequency",
                                        "/rfm/edge_keys/monetary"};

static int64_t cells_of(const tsr_rfm *rfm)
{
    return (int64_t)rfm->bins * rfm->bins * rfm->bins;
}

/* ---- save ---- */

static tsr_status save_axis(const tsr_rfm *rfm, int axis, tsr_bundle *bundle)
{
    static const char *const unit[] = {"days", "orders", "currency"};
    const tsr_rfm_axis *a = &rfm->axis[axis];
    const int cuts = rfm->bins - 1;
    double edge[TSR_RFM_PARTS_MAX * (TSR_RFM_BINS_MAX - 1)];
    uint64_t key[TSR_RFM_PARTS_MAX * (TSR_RFM_BINS_MAX - 1)];
    tsr_status st;

    for (int i = 0; i < a->parts * cuts; i++) {
        edge[i] = a->edge[i / cuts][i % cuts];
        key[i] = a->edge_key[i / cuts][i % cuts];
    }
    TSR_TRY(tsr_bundle_put(bundle, edges_path[axis], TSR_F64, a->parts, cuts, edge, unit[axis],
                           "one row per part, by the scores before: a score is 1 + the edges below the value; for "
                           "recency the number of classes minus the edges below"));
    if (a->has_keys)
        st = tsr_bundle_put(bundle, keys_path[axis], TSR_U64, a->parts, cuts, key, NULL,
                            "at an edge the class below holds the keys up to this one");
done:
    return st;
}

static tsr_status save_names(const tsr_rfm *rfm, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(bundle, "/rfm/group", TSR_I8, cells_of(rfm), 0, rfm->group, NULL,
                           "number in names of cell ((r-1) bins + f-1) bins + m-1"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/names", TSR_TEXT, rfm->groups, TSR_NAME_BYTES, rfm->name, NULL,
                           "groups in the order of the scheme; the last one: has not bought yet"));
    st = tsr_bundle_put(bundle, "/rfm/other_names", TSR_TEXT, rfm->groups, TSR_NAME_BYTES, rfm->other_name, NULL,
                        "the same in another language; empty: none");
done:
    return st;
}

tsr_status tsr_rfm_save(const tsr_rfm *rfm, tsr_bundle *bundle)
{
    const int32_t settings[] = {rfm->rule, rfm->bins, rfm->nested, rfm->weighting, rfm->weights_of};
    int8_t closed[TSR_RFM_AXES];
    tsr_status st;

    for (int a = 0; a < TSR_RFM_AXES; a++) closed[a] = rfm->axis[a].closed;
    TSR_TRY(tsr_bundle_put_text(bundle, "/rfm/scheme", rfm->scheme));
    TSR_TRY(tsr_bundle_put_text(bundle, "/rfm/rule", tsr_rfm_rule_name(rfm->rule)));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/settings", TSR_I32, 5, 0, settings, NULL,
                           "rule, bins, nested, weighting, weights of"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/closed", TSR_I8, TSR_RFM_AXES, 0, closed, NULL,
                           "1: an edge counts as below a value that equals it"));
    for (int a = 0; a < TSR_RFM_AXES; a++) TSR_TRY(save_axis(rfm, a, bundle));
    TSR_TRY(save_names(rfm, bundle));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/customers", TSR_I64, 1, 0, &rfm->customers, "customers", "with a purchase"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/count", TSR_I64, rfm->groups, 0, rfm->count, "customers", "per group"));
    TSR_TRY(
        tsr_bundle_put(bundle, "/rfm/cell_count", TSR_I64, cells_of(rfm), 0, rfm->cell_count, "customers", "per cell"));
    st = tsr_bundle_put(bundle, "/rfm/weights", TSR_F64, WEIGHTS, 0, &rfm->weights, NULL,
                        "of recency, frequency, money: used; then equal, entropy, CRITIC, AHP of scores; the same of "
                        "values; consistency ratio of AHP");
done:
    return st;
}

/* ---- load ---- */

/* Copy an array whose size must be @p values. */
static tsr_status load_array(const tsr_bundle *bundle, const char *path, tsr_type type, int64_t values, void *into)
{
    const void *from;
    int64_t rows, cols;

    tsr_status st = tsr_bundle_get(bundle, path, type, &rows, &cols, &from);
    if (st != TSR_OK) return st;
    if (rows * (cols > 0 ? cols : 1) != values) return TSR_FAIL(TSR_EDATA, "%s has another shape than expected", path);
    memcpy(into, from, (size_t)values * tsr_type_bytes(type));
    return TSR_OK;
}

static tsr_status load_settings(const tsr_bundle *bundle, tsr_rfm *rfm)
{
    int32_t settings[5];
    const char *scheme;
    tsr_status st;

    TSR_TRY(tsr_bundle_get_text(bundle, "/rfm/scheme", &scheme));
    snprintf(rfm->scheme, sizeof rfm->scheme, "%s", scheme);
    TSR_TRY(load_array(bundle, "/rfm/settings", TSR_I32, 5, settings));
    rfm->rule = settings[0];
    rfm->bins = settings[1];
    rfm->nested = settings[2] != 0;
    rfm->weighting = settings[3];
    rfm->weights_of = settings[4];
    if (rfm->bins < 2 || rfm->bins > TSR_RFM_BINS_MAX || rfm->rule < 0 || rfm->rule >= TSR_RFM_RULES ||
        rfm->weighting < 0 || rfm->weighting >= TSR_RFM_WEIGHTINGS)
        st = TSR_FAIL(TSR_EDATA, "/rfm/settings holds what cannot be");
done:
    return st;
}

static tsr_status load_axis(const tsr_bundle *bundle, int number, tsr_rfm *rfm)
{
    tsr_rfm_axis *axis = &rfm->axis[number];
    const int cuts = rfm->bins - 1;
    const void *edge, *key = NULL;
    int64_t parts, width;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(bundle, edges_path[number], TSR_F64, &parts, &width, &edge));
    axis->has_keys = tsr_bundle_has(bundle, keys_path[number]);
    if (axis->has_keys) TSR_TRY(tsr_bundle_get(bundle, keys_path[number], TSR_U64, NULL, NULL, &key));
    if (parts < 1 || parts > TSR_RFM_PARTS_MAX || width != cuts)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s has another shape than expected", edges_path[number]));
    axis->parts = (int32_t)parts;
    for (int i = 0; i < parts * cuts; i++) {
        axis->edge[i / cuts][i % cuts] = ((const double *)edge)[i];
        axis->edge_key[i / cuts][i % cuts] = key != NULL ? ((const uint64_t *)key)[i] : 0;
    }
done:
    return st;
}

static tsr_status load_names(const tsr_bundle *bundle, tsr_rfm *rfm)
{
    const void *names;
    int64_t groups, width;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(bundle, "/rfm/names", TSR_TEXT, &groups, &width, &names));
    if (groups < 1 || groups > TSR_RFM_GROUPS_MAX || width != TSR_NAME_BYTES)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "/rfm/names has another shape than expected"));
    rfm->groups = (int32_t)groups;
    memcpy(rfm->name, names, (size_t)(groups * width));
    TSR_TRY(load_array(bundle, "/rfm/other_names", TSR_TEXT, groups * width, rfm->other_name));
    st = load_array(bundle, "/rfm/group", TSR_I8, cells_of(rfm), rfm->group);
done:
    return st;
}

tsr_status tsr_rfm_load(const tsr_bundle *bundle, tsr_rfm *rfm)
{
    int8_t closed[TSR_RFM_AXES];
    tsr_status st;

    memset(rfm, 0, sizeof *rfm);
    TSR_TRY(load_settings(bundle, rfm));
    TSR_TRY(load_names(bundle, rfm));
    TSR_TRY(load_array(bundle, "/rfm/closed", TSR_I8, TSR_RFM_AXES, closed));
    for (int a = 0; a < TSR_RFM_AXES; a++) {
        rfm->axis[a].closed = closed[a] != 0;
        TSR_TRY(load_axis(bundle, a, rfm));
    }
    TSR_TRY(load_array(bundle, "/rfm/customers", TSR_I64, 1, &rfm->customers));
    TSR_TRY(load_array(bundle, "/rfm/count", TSR_I64, rfm->groups, rfm->count));
    TSR_TRY(load_array(bundle, "/rfm/cell_count", TSR_I64, cells_of(rfm), rfm->cell_count));
    TSR_TRY(load_array(bundle, "/rfm/weights", TSR_F64, WEIGHTS, &rfm->weights));
    tsr_rfm_count_scores(rfm);
done:
    return st;
}
