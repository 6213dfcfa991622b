#include "pipeline/profile.h"

#include <math.h>
#include <string.h>

#include "tessera/features.h"
#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"

/* Rows at a time; small, since all features of a block are held at once. */
#define BLOCK 8192

/* Units of real-valued sums: money to 2^-24, probabilities and counts to 2^-40. */
#define MONEY_SCALE 24
#define SHARE_SCALE 40

/* Bits of a feature's largest value: its mean is exact to that, and 2^34 rows fit. */
#define FEATURE_BITS 60

enum { CLV, PURCHASES, ALIVE, CHURN, VALUES };

static const char *const VALUE_COLUMN[VALUES] = {"clv", "expected_purchases", "p_alive", "churn_risk"};
static const int32_t VALUE_SCALE[VALUES] = {MONEY_SCALE, MONEY_SCALE, SHARE_SCALE, SHARE_SCALE};

/* Integer sums of one segment, in one reduction. */
enum { CUSTOMERS, BUYERS, ORDERS, RECENCY, REVENUE, COUNTS };

typedef struct reader {
    tsr_table *features, *customers;
    const tsr_span *span;
    int32_t k, cols;
    bool money, value;
    char (*name)[TSR_NAME_BYTES];
    double *values;   /* [cols][BLOCK] */
    int32_t *segment; /* [BLOCK] */
    int32_t *recency, *orders;
    int64_t *revenue;
    float *value_column[VALUES];
    double *largest;    /* [cols] largest |value| over all ranks */
    tsr_int128 *counts; /* [k][COUNTS] */
    tsr_fixed *worth;   /* [k][VALUES] */
    tsr_fixed *sums;    /* [k][cols] */
} reader;

static int64_t blocks_of(const reader *r)
{
    return (r->span->rows + BLOCK - 1) / BLOCK;
}

static int64_t rows_of(const reader *r, int64_t block)
{
    int64_t left = r->span->rows - block * BLOCK;

    return left < BLOCK ? left : BLOCK;
}

static tsr_status read_features(const reader *r, int64_t block, double *values)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; st == TSR_OK && c < r->cols; c++)
        st = tsr_table_read(r->features, r->name[c], r->span->first + block * BLOCK, rows_of(r, block), TSR_F64,
                            values + (int64_t)c * BLOCK);
    return st;
}

static tsr_status read_segments(const reader *r, int64_t block, int32_t *segment)
{
    return tsr_table_read(r->customers, "segment", r->span->first + block * BLOCK, rows_of(r, block), TSR_I32, segment);
}

/* ---- first pass: who and how much; largest values ---- */

static tsr_status read_money(const reader *r, int64_t block)
{
    int64_t first = r->span->first + block * BLOCK, rows = rows_of(r, block);
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

static void count_row(const reader *r, int64_t i)
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
    for (int v = 0; r->value && v < VALUES; v++)
        if (!isnan(r->value_column[v][i])) tsr_fixed_add(&worth[v], (double)r->value_column[v][i], 1);
}

static tsr_status first_pass(reader *r)
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
                double size = fabs(r->values[(int64_t)c * BLOCK + i]);
                if (size > r->largest[c]) r->largest[c] = size;
            }
    }
done:
    return st;
}

/* ---- second pass: exact sums of features ---- */

static tsr_status second_pass(reader *r)
{
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(r); b++) {
        int64_t rows = rows_of(r, b);
        TSR_TRY(read_segments(r, b, r->segment));
        TSR_TRY(read_features(r, b, r->values));
        for (int32_t c = 0; c < r->cols; c++)
            for (int64_t i = 0; i < rows; i++) {
                double value = r->values[(int64_t)c * BLOCK + i];
                if (!isnan(value)) tsr_fixed_add(&r->sums[(int64_t)r->segment[i] * r->cols + c], value, 1);
            }
    }
done:
    return st;
}

/* ---- quantiles ---- */

static tsr_status read_all(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const reader *r = context;

    (void)group;
    *rows = rows_of(r, block);
    return read_features(r, block, values);
}

static tsr_status read_by_segment(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const reader *r = context;
    tsr_status st = read_all(context, block, values, group, rows);

    return st == TSR_OK && r->k > 1 ? read_segments(r, block, group) : st;
}

static const double PART_P[] = {.25, .5, .75};
static const double TOTAL_P[] = {.1, .2, .3, .4, .5, .6, .7, .8, .9, .25, .75};

enum { PART_P_N = 3, TOTAL_P_N = 11 };

static tsr_status take_quantiles(const tsr_comm *comm, reader *r, tsr_profile *profile, int64_t *present,
                                 int64_t *present_total)
{
    tsr_quantile_source by_segment = {r, blocks_of(r), BLOCK, read_by_segment};
    tsr_quantile_source all = {r, blocks_of(r), BLOCK, read_all};
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
        whole->p25 = q[9];
        whole->p50 = q[4];
        whole->p75 = q[10];
        for (int32_t s = 0; s < r->k; s++) {
            const double *p = part + ((int64_t)s * r->cols + c) * PART_P_N;
            tsr_feature_profile *one = &profile->segment[s].feature[c];
            one->p25 = p[0];
            one->p50 = p[1];
            one->p75 = p[2];
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

static tsr_status third_pass(reader *r, tsr_profile *profile)
{
    const int32_t bins = TSR_DECILES + 2;
    tsr_status st = TSR_OK;

    for (int64_t b = 0; b < blocks_of(r); b++) {
        TSR_TRY(read_features(r, b, r->values));
        for (int32_t c = 0; c < r->cols; c++)
            for (int64_t i = 0; i < rows_of(r, b); i++)
                profile
                    ->counts[c * bins + bin_of(profile->edge + c * TSR_DECILES, r->values[(int64_t)c * BLOCK + i])]++;
    }
done:
    return st;
}

/* ---- from sums to figures ---- */

double tsr_money(tsr_int128 units, int32_t money_scale)
{
    double unit = 1;

    for (int32_t i = 0; i < money_scale; i++) unit *= 10;
    return tsr_int128_scaled(units, 0) / unit;
}

static double per(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static void fill_part(tsr_part *part, const tsr_int128 *counts, const tsr_fixed *worth, const reader *r,
                      int32_t money_scale)
{
    part->customers = (int64_t)counts[CUSTOMERS];
    part->buyers = (int64_t)counts[BUYERS];
    part->orders = (int64_t)counts[ORDERS];
    part->revenue = counts[REVENUE];
    double money = r->money ? tsr_money(part->revenue, money_scale) : (double)NAN;
    part->recency_days = per(tsr_int128_scaled(counts[RECENCY], 0), part->buyers);
    part->frequency = r->money ? per((double)part->orders, part->customers) : (double)NAN;
    part->monetary = per(money, part->customers);
    part->order_value = per(money, part->orders);
    part->clv_total = r->value ? tsr_fixed_value(&worth[CLV]) : (double)NAN;
    part->expected_purchases = r->value ? tsr_fixed_value(&worth[PURCHASES]) : (double)NAN;
    part->clv = per(part->clv_total, part->buyers);
    part->p_alive = r->value ? per(tsr_fixed_value(&worth[ALIVE]), part->buyers) : (double)NAN;
    part->churn_risk = r->value ? per(tsr_fixed_value(&worth[CHURN]), part->buyers) : (double)NAN;
}

static void fill_figures(const reader *r, int32_t money_scale, const int64_t *present, const int64_t *present_total,
                         tsr_profile *profile)
{
    tsr_int128 counts[COUNTS] = {0};
    tsr_fixed worth[VALUES];

    for (int v = 0; v < VALUES; v++) worth[v] = tsr_fixed_zero(VALUE_SCALE[v]);
    for (int32_t s = 0; s < r->k; s++) {
        fill_part(&profile->segment[s], r->counts + (int64_t)s * COUNTS, r->worth + (int64_t)s * VALUES, r,
                  money_scale);
        for (int i = 0; i < COUNTS; i++) counts[i] += r->counts[(int64_t)s * COUNTS + i];
        for (int v = 0; v < VALUES; v++) tsr_fixed_join(&worth[v], &r->worth[(int64_t)s * VALUES + v]);
    }
    fill_part(&profile->total, counts, worth, r, money_scale);
    for (int32_t c = 0; c < r->cols; c++) {
        tsr_fixed all = tsr_fixed_zero(r->sums[c].scale);
        for (int32_t s = 0; s < r->k; s++) {
            int64_t at = (int64_t)s * r->cols + c;
            profile->segment[s].feature[c].mean = per(tsr_fixed_value(&r->sums[at]), present[at]);
            tsr_fixed_join(&all, &r->sums[at]);
        }
        profile->total.feature[c].mean = per(tsr_fixed_value(&all), present_total[c]);
    }
}

/* ---- memory ---- */

static tsr_status open_reader(reader *r, const char *features, const char *customers)
{
    tsr_status st;

    TSR_TRY(tsr_table_open(features, &r->features));
    TSR_TRY(tsr_table_open(customers, &r->customers));
    TSR_TRY(tsr_features_names(r->features, &r->name, &r->cols));
    r->money = tsr_table_find(r->features, "revenue") != NULL;
    r->value = tsr_table_find(r->customers, "clv") != NULL;
    TSR_TRY(tsr_alloc(&r->values, (int64_t)r->cols * BLOCK, sizeof *r->values));
    TSR_TRY(tsr_alloc(&r->segment, BLOCK, sizeof *r->segment));
    TSR_TRY(tsr_alloc(&r->recency, BLOCK, sizeof *r->recency));
    TSR_TRY(tsr_alloc(&r->orders, BLOCK, sizeof *r->orders));
    TSR_TRY(tsr_alloc(&r->revenue, BLOCK, sizeof *r->revenue));
    for (int v = 0; v < VALUES; v++) TSR_TRY(tsr_alloc(&r->value_column[v], BLOCK, sizeof *r->value_column[v]));
    TSR_TRY(tsr_alloc(&r->largest, r->cols, sizeof *r->largest));
    TSR_TRY(tsr_alloc_aligned(&r->counts, (int64_t)r->k * COUNTS, sizeof *r->counts));
    TSR_TRY(tsr_alloc_aligned(&r->worth, (int64_t)r->k * VALUES, sizeof *r->worth));
    TSR_TRY(tsr_alloc_aligned(&r->sums, (int64_t)r->k * r->cols, sizeof *r->sums));
    for (int32_t i = 0; i < r->k * VALUES; i++) r->worth[i] = tsr_fixed_zero(VALUE_SCALE[i % VALUES]);
done:
    return st;
}

static void close_reader(reader *r)
{
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

static tsr_status make_profile(const reader *r, tsr_profile *profile)
{
    tsr_status st;

    profile->k = r->k;
    profile->features = r->cols;
    profile->money = r->money;
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

static tsr_status add_over_ranks(const tsr_comm *comm, reader *r)
{
    tsr_status st;

    TSR_TRY(tsr_sum_int128(comm, r->counts, (int64_t)r->k * COUNTS));
    TSR_TRY(tsr_sum_fixed(comm, r->worth, (int64_t)r->k * VALUES));
    tsr_max_double(comm, r->largest, r->cols);
    for (int32_t i = 0; i < r->k * r->cols; i++) {
        double largest = r->largest[i % r->cols];
        r->sums[i] = tsr_fixed_zero(tsr_fixed_scale_for(largest > 0 ? largest : 1, FEATURE_BITS));
    }
done:
    return st;
}

tsr_status tsr_profile_run(const tsr_comm *comm, const char *features, const char *customers, const tsr_span *span,
                           int32_t k, int32_t money_scale, tsr_profile *profile)
{
    reader r = {.span = span, .k = k};
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
    TSR_TRY(take_quantiles(comm, &r, profile, present, present_total));
    TSR_AGREE(comm, third_pass(&r, profile));
    tsr_sum_int64(comm, profile->counts, (int64_t)r.cols * (TSR_DECILES + 2));
    fill_figures(&r, money_scale, present, present_total, profile);
done:
    if (st != TSR_OK) tsr_profile_clear(profile);
    tsr_free(&present_total);
    tsr_free(&present);
    close_reader(&r);
    return st;
}
