#include <math.h>
#include <string.h>

#include "pipeline/profile/profile_reader.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"

/* Units of real-valued sums: money to 2^-24, probabilities and counts to 2^-40. */
#define MONEY_SCALE 24
#define SHARE_SCALE 40

/* Bits of a feature's largest value: its mean is exact to that, and 2^34 rows fit. */
#define FEATURE_BITS 60

/* No double has a larger logarithm, nor one further below zero. */
#define LOG_LARGEST 746.0

static const char *const VALUE_COLUMN[VALUES] = {"clv",     "clv_infinite", "expected_purchases",
                                                 "p_alive", "p_buy",        "churn_risk"};
static const int32_t VALUE_SCALE[VALUES] = {MONEY_SCALE, MONEY_SCALE, MONEY_SCALE,
                                            SHARE_SCALE, SHARE_SCALE, SHARE_SCALE};

static int64_t blocks_of(const tsr_profile_reader *r)
{
    return (r->span->rows + TSR_PROFILE_ROWS - 1) / TSR_PROFILE_ROWS;
}

static int64_t rows_of(const tsr_profile_reader *r, int64_t block)
{
    int64_t left = r->span->rows - block * TSR_PROFILE_ROWS;

    return left < TSR_PROFILE_ROWS ? left : TSR_PROFILE_ROWS;
}

static tsr_status read_features(const tsr_profile_reader *r, int64_t block, double *values)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; st == TSR_OK && c < r->cols; c++)
        st = tsr_table_read(r->features, r->name[c], r->span->first + block * TSR_PROFILE_ROWS, rows_of(r, block),
                            TSR_F64, values + (int64_t)c * TSR_PROFILE_ROWS);
    return st;
}

static tsr_status read_segments(const tsr_profile_reader *r, int64_t block, int32_t *segment)
{
    return tsr_table_read(r->customers, "segment", r->span->first + block * TSR_PROFILE_ROWS, rows_of(r, block),
                          TSR_I32, segment);
}

/* ---- first pass: who and how much; largest values ---- */

static tsr_status read_money(const tsr_profile_reader *r, int64_t block)
{
    int64_t first = r->span->first + block * TSR_PROFILE_ROWS, rows = rows_of(r, block);
    tsr_status st = TSR_OK;

    if (r->money) {
        TSR_TRY(tsr_table_read(r->features, "recency_days", first, rows, TSR_I32, r->recency));
        TSR_TRY(tsr_table_read(r->features, "orders", first, rows, TSR_I32, r->orders));
        TSR_TRY(tsr_table_read(r->features, "revenue", first, rows, TSR_I64, r->revenue));
    }
    for (int v = 0; r->value && v < VALUES; v++)
        TSR_TRY(tsr_table_read(r->customers, VALUE_COLUMN[v], first, rows, TSR_F32, r->value_column[v]));
done:
    return st;
}

static void count_row(const tsr_profile_reader *r, int64_t i)
{
    tsr_int128 *counts = r->counts + (int64_t)r->segment[i] * COUNTS;
    tsr_fixed *worth = r->worth + (int64_t)r->segment[i] * VALUES;

    counts[CUSTOMERS] += 1;
    if (r->money) {
        bool buyer = r->recency[i] >= 0;
        counts[BUYERS] += buyer;
        counts[ORDERS] += r->orders[i];
        counts[RECENCY] += buyer ? r->recency[i] : 0;
        counts[REVENUE] += r->revenue[i];
    }
    /* Who has no history has no value; where it is missing for who has one, so is the sum. */
    for (int v = 0; r->value && !isnan(r->value_column[ALIVE][i]) && v < VALUES; v++)
        tsr_fixed_add(&worth[v], (double)r->value_column[v][i], 1);
}

static tsr_status first_pass(tsr_profile_reader *r)
{
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(r); b++) {
        int64_t rows = rows_of(r, b);
        TSR_TRY(read_segments(r, b, r->segment));
        TSR_TRY(read_money(r, b));
        TSR_TRY(read_features(r, b, r->values));
        for (int64_t i = 0; i < rows; i++) count_row(r, i);
        for (int32_t c = 0; c < r->cols; c++)
            for (int64_t i = 0; i < rows; i++) {
                double size = fabs(r->values[(int64_t)c * TSR_PROFILE_ROWS + i]);
                if (size > r->largest[c]) r->largest[c] = size;
            }
    }
done:
    return st;
}

/* ---- second pass: exact sums of features, raw and as they were clustered ---- */

static void add_raw(tsr_profile_reader *r, int32_t c, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        double value = r->values[(int64_t)c * TSR_PROFILE_ROWS + i];
        if (!isnan(value)) tsr_fixed_add(&r->sums[(int64_t)r->segment[i] * r->cols + c], value, 1);
    }
}

static void add_scaled(tsr_profile_reader *r, int32_t c, int64_t rows)
{
    for (int64_t i = 0; r->scaled[c] >= 0 && i < rows; i++) {
        double value = tsr_scaler_forward(r->scaler, r->scaled[c], r->values[(int64_t)c * TSR_PROFILE_ROWS + i]);
        tsr_fixed_add(&r->scaled_sums[(int64_t)r->segment[i] * r->cols + c], value, 1);
        tsr_fixed_add(&r->squares[c], value * value, 1);
    }
}

static tsr_status second_pass(tsr_profile_reader *r)
{
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(r); b++) {
        TSR_TRY(read_segments(r, b, r->segment));
        TSR_TRY(read_features(r, b, r->values));
        tsr_progress("profile", b * TSR_PROFILE_ROWS, r->span->rows);
        for (int32_t c = 0; c < r->cols; c++) {
            add_raw(r, c, rows_of(r, b));
            add_scaled(r, c, rows_of(r, b));
        }
    }
done:
    return st;
}

/* ---- quantiles ---- */

static tsr_status read_all(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const tsr_profile_reader *r = context;

    (void)group;
    *rows = rows_of(r, block);
    return read_features(r, block, values);
}

static tsr_status read_by_segment(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const tsr_profile_reader *r = context;
    tsr_status st = read_all(context, block, values, group, rows);

    return st == TSR_OK && r->k > 1 ? read_segments(r, block, group) : st;
}

static const double PART_P[] = {.1, .25, .5, .75, .9};
static const double TOTAL_P[] = {.1, .2, .3, .4, .5, .6, .7, .8, .9, .25, .75};

enum { PART_P_N = 5, TOTAL_P_N = 11 };

static tsr_status take_quantiles(const tsr_comm *comm, tsr_profile_reader *r, tsr_profile *profile, int64_t *present,
                                 int64_t *present_total)
{
    tsr_quantile_source by_segment = {r, blocks_of(r), TSR_PROFILE_ROWS, read_by_segment};
    tsr_quantile_source all = {r, blocks_of(r), TSR_PROFILE_ROWS, read_all};
    double *part = NULL, *total = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&part, (int64_t)r->k * r->cols * PART_P_N, sizeof *part));
    TSR_AGREE(comm, tsr_alloc(&total, (int64_t)r->cols * TOTAL_P_N, sizeof *total));
    TSR_TRY(tsr_quantiles(comm, &by_segment, r->cols, r->k, PART_P, PART_P_N, part, present));
    TSR_TRY(tsr_quantiles(comm, &all, r->cols, 1, TOTAL_P, TOTAL_P_N, total, present_total));
    for (int32_t c = 0; c < r->cols; c++) {
        const double *q = total + (int64_t)c * TOTAL_P_N;
        tsr_feature_profile *whole = &profile->total.feature[c];
        memcpy(profile->edge + (int64_t)c * TSR_DECILES, q, TSR_DECILES * sizeof *q);
        whole->p10 = q[0];
        whole->p25 = q[9];
        whole->p50 = q[4];
        whole->p75 = q[10];
        whole->p90 = q[8];
        for (int32_t s = 0; s < r->k; s++) {
            const double *p = part + ((int64_t)s * r->cols + c) * PART_P_N;
            tsr_feature_profile *one = &profile->segment[s].feature[c];
            one->p10 = p[0];
            one->p25 = p[1];
            one->p50 = p[2];
            one->p75 = p[3];
            one->p90 = p[4];
        }
    }
done:
    tsr_free(&total);
    tsr_free(&part);
    return st;
}

/* ---- third pass: how many between the deciles, for drift later ---- */

static int32_t bin_of(const double *edge, double value)
{
    int32_t bin = 0;

    if (isnan(value)) return TSR_DECILES + 1;
    while (bin < TSR_DECILES && value > edge[bin]) bin++;
    return bin;
}

static tsr_status third_pass(tsr_profile_reader *r, tsr_profile *profile)
{
    const int32_t bins = TSR_DECILES + 2;
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(r); b++) {
        TSR_TRY(read_features(r, b, r->values));
        for (int32_t c = 0; c < r->cols; c++)
            for (int64_t i = 0; i < rows_of(r, b); i++)
                profile->counts[c * bins + bin_of(profile->edge + c * TSR_DECILES,
                                                  r->values[(int64_t)c * TSR_PROFILE_ROWS + i])]++;
    }
done:
    return st;
}

/* ---- memory ---- */

/* Features of one value for all customers are not in the scaler. */
static int32_t place_in(const tsr_scaler *scaler, const char *name)
{
    for (int32_t i = 0; i < scaler->cols; i++)
        if (strcmp(scaler->name[i], name) == 0) return i;
    return -1;
}

static tsr_status open_reader(tsr_profile_reader *r, const char *features, const char *customers)
{
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &r->features));
    TSR_TRY(tsr_table_open(customers, &r->customers));
    TSR_TRY(tsr_features_names(r->features, &r->name, &r->cols));
    r->money = tsr_table_find(r->features, "revenue") != NULL;
    r->value = tsr_table_find(r->customers, "clv") != NULL;
    TSR_TRY(tsr_alloc(&r->values, (int64_t)r->cols * TSR_PROFILE_ROWS, sizeof *r->values));
    TSR_TRY(tsr_alloc(&r->segment, TSR_PROFILE_ROWS, sizeof *r->segment));
    TSR_TRY(tsr_alloc(&r->recency, TSR_PROFILE_ROWS, sizeof *r->recency));
    TSR_TRY(tsr_alloc(&r->orders, TSR_PROFILE_ROWS, sizeof *r->orders));
    TSR_TRY(tsr_alloc(&r->revenue, TSR_PROFILE_ROWS, sizeof *r->revenue));
    for (int v = 0; v < VALUES; v++)
        TSR_TRY(tsr_alloc(&r->value_column[v], TSR_PROFILE_ROWS, sizeof *r->value_column[v]));
    TSR_TRY(tsr_alloc(&r->largest, r->cols, sizeof *r->largest));
    TSR_TRY(tsr_alloc_aligned(&r->counts, (int64_t)r->k * COUNTS, sizeof *r->counts));
    TSR_TRY(tsr_alloc_aligned(&r->worth, (int64_t)r->k * VALUES, sizeof *r->worth));
    TSR_TRY(tsr_alloc_aligned(&r->sums, (int64_t)r->k * r->cols, sizeof *r->sums));
    TSR_TRY(tsr_alloc_aligned(&r->scaled_sums, (int64_t)r->k * r->cols, sizeof *r->scaled_sums));
    TSR_TRY(tsr_alloc_aligned(&r->squares, r->cols, sizeof *r->squares));
    TSR_TRY(tsr_alloc(&r->scaled, r->cols, sizeof *r->scaled));
    for (int32_t c = 0; c < r->cols; c++) r->scaled[c] = place_in(r->scaler, r->name[c]);
    for (int32_t i = 0; i < r->k * VALUES; i++) r->worth[i] = tsr_fixed_zero(VALUE_SCALE[i % VALUES]);
done:
    return st;
}

static void close_reader(tsr_profile_reader *r)
{
    tsr_free(&r->scaled);
    tsr_free(&r->squares);
    tsr_free(&r->scaled_sums);
    tsr_free(&r->sums);
    tsr_free(&r->worth);
    tsr_free(&r->counts);
    tsr_free(&r->largest);
    for (int v = 0; v < VALUES; v++) tsr_free(&r->value_column[v]);
    tsr_free(&r->revenue);
    tsr_free(&r->orders);
    tsr_free(&r->recency);
    tsr_free(&r->segment);
    tsr_free(&r->values);
    tsr_free(&r->name);
    tsr_table_close(&r->customers);
    tsr_table_close(&r->features);
}

static tsr_status make_profile(const tsr_profile_reader *r, tsr_profile *profile)
{
    tsr_status st;

    profile->k = r->k;
    profile->features = r->cols;
    profile->value = r->value;
    TSR_TRY(tsr_alloc(&profile->name, r->cols, sizeof *profile->name));
    memcpy(profile->name, r->name, sizeof *r->name * (size_t)r->cols);
    TSR_TRY(tsr_alloc(&profile->edge, (int64_t)r->cols * TSR_DECILES, sizeof *profile->edge));
    TSR_TRY(tsr_alloc(&profile->counts, (int64_t)r->cols * (TSR_DECILES + 2), sizeof *profile->counts));
    TSR_TRY(tsr_alloc(&profile->total.feature, r->cols, sizeof *profile->total.feature));
    TSR_TRY(tsr_alloc_aligned(&profile->segment, r->k, sizeof *profile->segment));
    for (int32_t s = 0; s < r->k; s++)
        TSR_TRY(tsr_alloc(&profile->segment[s].feature, r->cols, sizeof *profile->segment[s].feature));
done:
    return st;
}

void tsr_profile_clear(tsr_profile *profile)
{
    for (int32_t s = 0; profile->segment != NULL && s < profile->k; s++) tsr_free(&profile->segment[s].feature);
    tsr_free(&profile->segment);
    tsr_free(&profile->total.feature);
    tsr_free(&profile->counts);
    tsr_free(&profile->edge);
    tsr_free(&profile->name);
}

/* A bound of the scaled values: transforms rise. Logarithms of the lower bound may not exist; that of a double is at
 * most LOG_LARGEST. */
static double largest_scaled(const tsr_profile_reader *r, int32_t c)
{
    int32_t at = r->scaled[c];

    if (at < 0) return 1;
    double low = fabs(tsr_scaler_forward(r->scaler, at, -r->largest[c]));
    double high = fabs(tsr_scaler_forward(r->scaler, at, r->largest[c]));
    if (!isfinite(low) || !isfinite(high)) low = high = (LOG_LARGEST + fabs(r->scaler->mean[at])) / r->scaler->sd[at];
    return fmax(fmax(low, high), 1);
}

static tsr_status add_over_ranks(const tsr_comm *comm, tsr_profile_reader *r)
{
    tsr_status st;

    TSR_TRY(tsr_sum_int128(comm, r->counts, (int64_t)r->k * COUNTS));
    TSR_TRY(tsr_sum_fixed(comm, r->worth, (int64_t)r->k * VALUES));
    tsr_max_double(comm, r->largest, r->cols);
    for (int32_t i = 0; i < r->k * r->cols; i++) {
        double largest = r->largest[i % r->cols], scaled = largest_scaled(r, i % r->cols);
        r->sums[i] = tsr_fixed_zero(tsr_fixed_scale_for(largest > 0 ? largest : 1, FEATURE_BITS));
        r->scaled_sums[i] = tsr_fixed_zero(tsr_fixed_scale_for(scaled, FEATURE_BITS));
        r->squares[i % r->cols] = tsr_fixed_zero(tsr_fixed_scale_for(scaled * scaled, FEATURE_BITS));
    }
done:
    return st;
}

tsr_status tsr_profile_run(const tsr_comm *comm, const char *features, const char *customers, const tsr_span *span,
                           const tsr_scaler *scaler, int32_t k, int32_t money_scale, tsr_profile *profile)
{
    tsr_profile_reader r = {.span = span, .scaler = scaler, .k = k};
    int64_t *present = NULL, *present_total = NULL;
    tsr_status st;

    memset(profile, 0, sizeof *profile);
    TSR_AGREE(comm, open_reader(&r, features, customers));
    TSR_AGREE(comm, make_profile(&r, profile));
    TSR_AGREE(comm, tsr_alloc(&present, (int64_t)k * r.cols, sizeof *present));
    TSR_AGREE(comm, tsr_alloc(&present_total, r.cols, sizeof *present_total));
    TSR_AGREE(comm, first_pass(&r));
    TSR_TRY(add_over_ranks(comm, &r));
    TSR_AGREE(comm, second_pass(&r));
    TSR_TRY(tsr_sum_fixed(comm, r.sums, (int64_t)k * r.cols));
    TSR_TRY(tsr_sum_fixed(comm, r.scaled_sums, (int64_t)k * r.cols));
    TSR_TRY(tsr_sum_fixed(comm, r.squares, r.cols));
    TSR_TRY(take_quantiles(comm, &r, profile, present, present_total));
    TSR_AGREE(comm, third_pass(&r, profile));
    tsr_sum_int64(comm, profile->counts, (int64_t)r.cols * (TSR_DECILES + 2));
    tsr_profile_fill(&r, money_scale, present, present_total, profile);
done:
    if (st != TSR_OK) tsr_profile_clear(profile);
    tsr_free(&present_total);
    tsr_free(&present);
    close_reader(&r);
    return st;
}
