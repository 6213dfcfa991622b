#include "tessera/tiers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"
#include "tessera/table.h"

#define CUTS_MAX   (TSR_TIERS_MAX - 2)
#define VALUE_BITS 40 /* of the largest value: 2^54 customers fit */
#define KEY_BITS   31 /* of a float that is not negative */

/* ---- what the job asks for ---- */

static bool is_number(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static tsr_status check_cuts(const tsr_tiers_params *params)
{
    const bool shares = params->by != TSR_TIERS_THRESHOLDS;
    double before = shares ? 0 : (double)INFINITY, cut;

    for (int32_t i = 0; i < params->cuts.n; i++) {
        if (!is_number(params->cuts.text[i], &cut))
            return TSR_FAIL(TSR_ECONF, "`cluster.tiers.cuts`: `%.40s` is no number", params->cuts.text[i]);
        if (shares && (cut <= before || cut >= 1))
            return TSR_FAIL(TSR_ECONF, "`cluster.tiers.cuts`: %s: shares rise and lie between 0 and 1",
                            params->cuts.text[i]);
        if (!shares && cut >= before)
            return TSR_FAIL(TSR_ECONF, "`cluster.tiers.cuts`: %s: lifetime values fall, from the top tier down",
                            params->cuts.text[i]);
        before = cut;
    }
    return TSR_OK;
}

static tsr_status check_names(const tsr_tiers_params *params)
{
    for (int32_t i = 0; i <= params->names.n; i++) {
        const char *name = i < params->names.n ? params->names.text[i] : params->rest;
        if (name == NULL || name[0] == '\0' || strlen(name) >= TSR_NAME_BYTES)
            return TSR_FAIL(TSR_ECONF, "`cluster.tiers`: a name has 1 to %d bytes", TSR_NAME_BYTES - 1);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(params->names.text[j], name) == 0)
                return TSR_FAIL(TSR_ECONF, "`cluster.tiers`: two segments are called `%s`", name);
    }
    return TSR_OK;
}

tsr_status tsr_tiers_check(const tsr_tiers_params *params)
{
    if (params->cuts.n < 1 || params->cuts.n > CUTS_MAX)
        return TSR_FAIL(TSR_ECONF, "`cluster.tiers.cuts`: 1 to %d belong here", CUTS_MAX);
    if (params->names.n != params->cuts.n + 1)
        return TSR_FAIL(TSR_ECONF, "`cluster.tiers.names`: %d cuts make %d tiers, but there are %d names",
                        (int)params->cuts.n, (int)params->cuts.n + 1, (int)params->names.n);
    tsr_status st = check_cuts(params);

    return st == TSR_OK ? check_names(params) : st;
}

/* ---- where tiers end ---- */

typedef struct values {
    const float *value;
    int64_t rows;
} values;

static tsr_status read_values(void *context, int64_t block, double *to, int32_t *group, int64_t *rows)
{
    const values *from = context;
    int64_t first = block * TSR_BLOCK_ROWS;

    (void)group;
    *rows = from->rows - first < TSR_BLOCK_ROWS ? from->rows - first : TSR_BLOCK_ROWS;
    for (int64_t i = 0; i < *rows; i++) to[i] = (double)from->value[first + i];
    return TSR_OK;
}

static tsr_status cut_customers(const tsr_comm *comm, const double *share, int32_t n, values *from, double *least)
{
    const tsr_quantile_source source = {from, (from->rows + TSR_BLOCK_ROWS - 1) / TSR_BLOCK_ROWS, TSR_BLOCK_ROWS,
                                        read_values};
    double p[CUTS_MAX];

    for (int32_t i = 0; i < n; i++) p[i] = 1 - share[i];
    return tsr_quantiles(comm, &source, 1, 1, p, n, least, NULL);
}

static float positive(float value)
{
    return value > 0 ? value : 0;
}

/* The float with these bits: among those that are not negative the bits rise with the value. */
static float of_key(uint32_t key)
{
    float value;

    memcpy(&value, &key, sizeof value);
    return value;
}

/* Exact sums of the values from each of n on. */
static tsr_status sum_from(const tsr_comm *comm, const values *from, int32_t scale, const uint32_t *key, int32_t n,
                           tsr_fixed *sum)
{
    for (int32_t c = 0; c < n; c++) {
        float least = of_key(key[c]);
        sum[c] = tsr_fixed_zero(scale);
        for (int64_t i = 0; i < from->rows; i++)
            if (positive(from->value[i]) >= least) tsr_fixed_add(&sum[c], (double)positive(from->value[i]), 1);
    }
    return tsr_sum_fixed(comm, sum, n);
}

static double largest_of(const tsr_comm *comm, const values *from)
{
    double largest = 0;

    for (int64_t i = 0; i < from->rows; i++)
        if ((double)from->value[i] > largest) largest = (double)from->value[i];
    tsr_max_double(comm, &largest, 1);
    return largest;
}

/* Bit by bit the largest value from which on the sum reaches the share of all; nobody is worth anything: 0. */
static tsr_status cut_value(const tsr_comm *comm, const double *share, int32_t n, const values *from, double *least)
{
    const double largest = largest_of(comm, from);
    const int32_t scale = largest > 0 ? tsr_fixed_scale_for(largest, VALUE_BITS) : 0;
    uint32_t key[CUTS_MAX] = {0}, trial[CUTS_MAX] = {0};
    tsr_fixed all, sum[CUTS_MAX];
    tsr_status st;

    TSR_TRY(sum_from(comm, from, scale, key, 1, &all));
    for (int bit = KEY_BITS - 1; bit >= 0; bit--) {
        for (int32_t c = 0; c < n; c++) trial[c] = key[c] | (uint32_t)1 << bit;
        TSR_TRY(sum_from(comm, from, scale, trial, n, sum));
        for (int32_t c = 0; c < n; c++)
            if (largest > 0 && tsr_fixed_value(&sum[c]) >= share[c] * tsr_fixed_value(&all)) key[c] = trial[c];
    }
    for (int32_t c = 0; c < n; c++) least[c] = (double)of_key(key[c]);
done:
    return st;
}

static tsr_status find_cuts(const tsr_comm *comm, const tsr_tiers_params *params, values *from, double *least)
{
    double cut[CUTS_MAX];
    const int32_t n = params->cuts.n;

    for (int32_t i = 0; i < n; i++) (void)is_number(params->cuts.text[i], &cut[i]);
    if (params->by == TSR_TIERS_CUSTOMERS) return cut_customers(comm, cut, n, from, least);
    if (params->by == TSR_TIERS_VALUE) return cut_value(comm, cut, n, from, least);
    memcpy(least, cut, sizeof *cut * (size_t)n);
    return TSR_OK;
}

/* ---- who is where ---- */

int32_t tsr_tiers_of(const tsr_tiers *tiers, float value)
{
    const int32_t last = tiers->k - 1;

    if (isnan(value)) return last;
    for (int32_t t = 0; t < last - tiers->rest; t++)
        if ((double)value >= tiers->least[t]) return t;
    return last - tiers->rest;
}

static void count(const tsr_comm *comm, const values *from, tsr_tiers *tiers)
{
    memset(tiers->customers, 0, sizeof tiers->customers);
    for (int64_t i = 0; i < from->rows; i++) tiers->customers[tsr_tiers_of(tiers, from->value[i])]++;
    tsr_sum_int64(comm, tiers->customers, tiers->k);
}

static void drop(tsr_tiers *tiers, int32_t at)
{
    const int32_t lowest = tiers->k - 1 - tiers->rest;
    const size_t after = (size_t)(tiers->k - 1 - at);

    if (at == lowest && at > 0) tiers->least[at - 1] = -(double)INFINITY;
    if (at == tiers->k - 1) tiers->rest = false;
    memmove(tiers->least + at, tiers->least + at + 1, after * sizeof *tiers->least);
    memmove(tiers->customers + at, tiers->customers + at + 1, after * sizeof *tiers->customers);
    memmove(tiers->name + at, tiers->name + at + 1, after * sizeof *tiers->name);
    tiers->k--;
}

static void drop_empty(tsr_tiers *tiers)
{
    for (int32_t t = tiers->k - 1; t >= 0; t--) {
        if (tiers->customers[t] > 0) continue;
        tiers->left_out += !(tiers->rest && t == tiers->k - 1);
        drop(tiers, t);
    }
}

tsr_status tsr_tiers_fit(const tsr_comm *comm, const tsr_tiers_params *params, const float *value, int64_t rows,
                         tsr_tiers *tiers, uint16_t *label)
{
    const int32_t cuts = params->cuts.n;
    values from = {value, rows};
    int64_t known = 0;
    tsr_status st;

    *tiers = (tsr_tiers){.k = cuts + 2, .rest = true};
    for (int64_t i = 0; i < rows; i++) known += !isnan(value[i]);
    tsr_sum_int64(comm, &known, 1);
    TSR_AGREE(comm, known > 0 ? TSR_OK : TSR_FAIL(TSR_EDATA, "no customer has a lifetime value: no tiers"));
    TSR_TRY(find_cuts(comm, params, &from, tiers->least));
    tiers->least[cuts] = -(double)INFINITY;
    tiers->least[cuts + 1] = (double)NAN;
    for (int32_t t = 0; t <= cuts; t++) snprintf(tiers->name[t], sizeof tiers->name[t], "%s", params->names.text[t]);
    snprintf(tiers->name[cuts + 1], sizeof tiers->name[0], "%s", params->rest);
    count(comm, &from, tiers);
    drop_empty(tiers);
    for (int64_t i = 0; i < rows; i++) label[i] = (uint16_t)tsr_tiers_of(tiers, value[i]);
done:
    return st;
}

/* ---- in and out of a bundle ---- */

tsr_status tsr_tiers_save(const tsr_tiers *tiers, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put(bundle, "/tiers/least", TSR_F64, tiers->k, 0, tiers->least, "currency",
                           "least customer lifetime value in each tier, from the top; NaN: customers without one"));
    TSR_TRY(tsr_bundle_put(bundle, "/tiers/customers", TSR_I64, tiers->k, 0, tiers->customers, "customers", NULL));
    TSR_TRY(tsr_bundle_put(bundle, "/tiers/names", TSR_TEXT, tiers->k, TSR_NAME_BYTES, tiers->name, NULL, NULL));
    TSR_TRY(tsr_bundle_put_int(bundle, "/tiers/left_out", tiers->left_out));
done:
    return st;
}

tsr_status tsr_tiers_load(const tsr_bundle *bundle, tsr_tiers *tiers)
{
    const void *least, *customers, *names;
    int64_t k, counts, texts, width, left_out;
    tsr_status st;

    *tiers = (tsr_tiers){0};
    TSR_TRY(tsr_bundle_get(bundle, "/tiers/least", TSR_F64, &k, NULL, &least));
    TSR_TRY(tsr_bundle_get(bundle, "/tiers/customers", TSR_I64, &counts, NULL, &customers));
    TSR_TRY(tsr_bundle_get(bundle, "/tiers/names", TSR_TEXT, &texts, &width, &names));
    TSR_TRY(tsr_bundle_get_int(bundle, "/tiers/left_out", &left_out));
    if (k < 1 || k > TSR_TIERS_MAX || counts != k || texts != k || width != TSR_NAME_BYTES)
        return TSR_FAIL(TSR_EDATA, "/tiers: 1 to %d tiers, each with a count and a name, belong here", TSR_TIERS_MAX);
    memcpy(tiers->least, least, (size_t)k * sizeof *tiers->least);
    memcpy(tiers->customers, customers, (size_t)k * sizeof *tiers->customers);
    memcpy(tiers->name, names, (size_t)k * sizeof *tiers->name);
    tiers->k = (int32_t)k;
    tiers->rest = isnan(tiers->least[k - 1]);
    tiers->left_out = (int32_t)left_out;
done:
    return st;
}
