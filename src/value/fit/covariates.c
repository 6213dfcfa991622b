#include "value/fit/covariates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/fit/cholesky.h"
#include "value/fit/maximize.h"
#include "value/fit/pair_sums.h"

#define FARTHEST 1024.0 /* standard deviations */
#define STEP     0x1p-20

/* Of a column's spread: what those before it leave unexplained, if no more than this, is rounding. */
#define DEPENDENT 1e-9

_Static_assert(TSR_COVARIATE_BITS == 20, "steps of 2^-20");
_Static_assert(TSR_NUMBERS_MAX <= TSR_MAXIMIZE_PARAMETERS, "a search moves all of them");

int64_t tsr_covariate_z(const tsr_covariates *covariates, int32_t k, double value)
{
    double z = (value - covariates->mean[k]) / covariates->sd[k];

    return isnan(z) || covariates->sd[k] == 0 ? 0 : llrint(fmax(-FARTHEST, fmin(FARTHEST, z)) / STEP);
}

int32_t tsr_value_effects(int32_t model, const char *const **names)
{
    *names = tsr_purchase_model_of(model)->effect_name;
    return tsr_purchase_model_of(model)->effects;
}

int32_t tsr_coefficient_at(const tsr_purchase_model *purchases, int32_t covariates, int32_t effect, int32_t k)
{
    return purchases->parameters + effect * covariates + k;
}

int32_t tsr_model_numbers(const tsr_value_model *model)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);

    return tsr_coefficient_at(purchases, model->covariates.n, purchases->effects, 0);
}

int32_t tsr_model_degrees(const tsr_value_model *model)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    int32_t degrees = purchases->parameters;

    for (int32_t k = 0; k < model->covariates.n; k++) degrees += model->covariates.sd[k] > 0 ? purchases->effects : 0;
    return degrees;
}

double tsr_value_coefficient_error(const tsr_value_model *model, int32_t effect, int32_t k)
{
    const tsr_covariates *c = &model->covariates;
    int32_t at = tsr_coefficient_at(tsr_purchase_model_of(model->model), c->n, effect, k);

    if (!model->has_errors || c->at_limit[effect][k]) return NAN;
    return sqrt(c->covariance[at][at]);
}

/* ---- what they do to parameters ---- */

void tsr_personal_parameters(const tsr_value_model *model, const int64_t *z, double parameter[TSR_PARAMETERS_MAX])
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    const tsr_covariates *c = &model->covariates;

    memcpy(parameter, model->parameter, sizeof model->parameter);
    for (int32_t e = 0; e < purchases->effects && c->n > 0; e++) {
        double sum = 0;
        for (int32_t k = 0; k < c->n; k++) sum += c->coefficient[e][k] * c->sd[k] * ((double)z[k] * STEP);
        parameter[purchases->effect[e].parameter] *= tsr_exp(purchases->effect[e].sign * sum);
    }
}

void tsr_value_personal(const tsr_value_model *model, const double *covariates, double parameter[4])
{
    int64_t z[TSR_COVARIATES_MAX] = {0};

    for (int32_t k = 0; k < model->covariates.n && covariates != NULL; k++)
        z[k] = tsr_covariate_z(&model->covariates, k, covariates[k]);
    tsr_personal_parameters(model, z, parameter);
}

/* One group of equal covariates: its sums are integers, and so is what they become by the factor z. */
static void add_group(const tsr_purchase_model *purchases, const double *theta, const tsr_histories *group,
                      const int64_t *z, int32_t n, tsr_fixed *sums)
{
    double parameter[TSR_PARAMETERS_MAX];
    tsr_fixed part[1 + TSR_PARAMETERS_MAX];

    for (int32_t j = 0; j < purchases->parameters; j++) parameter[j] = theta[j];
    for (int32_t e = 0; e < purchases->effects; e++) {
        double sum = 0;
        for (int32_t k = 0; k < n; k++) sum += theta[tsr_coefficient_at(purchases, n, e, k)] * ((double)z[k] * STEP);
        parameter[purchases->effect[e].parameter] += purchases->effect[e].sign * sum;
    }
    for (int32_t j = 0; j < purchases->parameters; j++) parameter[j] = tsr_exp(parameter[j]);
    for (int32_t j = 0; j <= purchases->parameters; j++) part[j] = tsr_fixed_zero(TSR_LIKELIHOOD_SCALE);
    purchases->add_likelihood(parameter, group, part);
    for (int32_t j = 0; j <= purchases->parameters; j++) tsr_fixed_join(&sums[j], &part[j]);
    for (int32_t e = 0; e < purchases->effects; e++) {
        const tsr_fixed *slope = &part[1 + purchases->effect[e].parameter];
        for (int32_t k = 0; k < n; k++) {
            tsr_fixed *sum = &sums[1 + tsr_coefficient_at(purchases, n, e, k)];
            sum->sum += slope->sum * (purchases->effect[e].sign * z[k]);
            sum->bad += slope->bad;
        }
    }
}

void tsr_covariates_add(const tsr_purchase_model *purchases, const double *theta, const tsr_histories *h,
                        tsr_fixed *sums)
{
    int32_t n = h->covariates;

    for (int32_t i = 0; i < purchases->effects * n; i++)
        sums[1 + purchases->parameters + i] = tsr_fixed_zero(TSR_LIKELIHOOD_SCALE + TSR_COVARIATE_BITS);
    for (int64_t first = 0, alike; first < h->n; first += alike) {
        alike = tsr_histories_alike(h, first);
        tsr_histories group = tsr_histories_part(h, first, alike);
        add_group(purchases, theta, &group, h->z + first * n, n, sums);
    }
}

/* ---- which columns ---- */

static tsr_status add_column(const char *name, tsr_covariates *c)
{
    for (int32_t k = 0; k < c->n; k++)
        if (strcmp(c->name[k], name) == 0) return TSR_FAIL(TSR_ECONF, "`value.covariates` names %s twice", name);
    if (c->n == TSR_COVARIATES_MAX)
        return TSR_FAIL(TSR_ECONF, "`value.covariates` come to more than %d columns", TSR_COVARIATES_MAX);
    snprintf(c->name[c->n++], TSR_NAME_BYTES, "%s", name);
    return TSR_OK;
}

static bool is_category_of(const char *column, const char *attribute, size_t length)
{
    return strncmp(column, attribute, length) == 0 && column[length] == '=';
}

/* A column of numbers, or all columns of an attribute's categories but the first: that one is what they differ from. */
static tsr_status add_columns(const tsr_table *table, const char *name, tsr_covariates *c)
{
    const tsr_column *one = tsr_table_find(table, name);
    tsr_status st = TSR_OK;
    int32_t n, found = 0;

    if (one != NULL && one->type != TSR_TEXT && one->width == 1) return add_column(name, c);
    const tsr_column *all = tsr_table_columns(table, &n);
    for (int32_t i = 0; i < n; i++)
        if (is_category_of(all[i].name, name, strlen(name)) && found++ > 0) TSR_TRY(add_column(all[i].name, c));
    if (found < 2)
        st = TSR_FAIL(TSR_ECONF,
                      "`value.covariates` names %s, which is no column of features.h5: list it in "
                      "`features.set`, where attributes stand by their names",
                      name);
done:
    return st;
}

static tsr_status find_columns(const char *features, const tsr_texts *wanted, int32_t model, tsr_covariates *c)
{
    tsr_table *table = NULL;
    tsr_status st;

    if (tsr_purchase_model_of(model)->effects == 0)
        return TSR_FAIL(TSR_ECONF, "`value.covariates`: %s has none", tsr_value_model_name(model));
    TSR_TRY(tsr_table_open(features, &table));
    for (int32_t i = 0; i < wanted->n; i++) TSR_TRY(add_columns(table, wanted->text[i], c));
done:
    tsr_table_close(&table);
    return st;
}

/* ---- customers ---- */

/* One block of columns: buffers of a reader. */
typedef struct column_block {
    const tsr_table *features;
    int64_t first, rows;
    double *column; /* [rows] */
    bool *known;    /* [rows] the category of an attribute */
} column_block;

/* Whose category is missing has 0 in all columns of the attribute, also in that of its first category. */
static tsr_status find_known(column_block *b, const char *attribute, size_t length)
{
    tsr_status st = TSR_OK;
    int32_t n;
    const tsr_column *all = tsr_table_columns(b->features, &n);

    for (int64_t i = 0; i < b->rows; i++) b->known[i] = false;
    for (int32_t c = 0; c < n; c++) {
        if (!is_category_of(all[c].name, attribute, length)) continue;
        TSR_TRY(tsr_table_read(b->features, all[c].name, b->first, b->rows, TSR_F64, b->column));
        for (int64_t i = 0; i < b->rows; i++) b->known[i] = b->known[i] || b->column[i] != 0;
    }
done:
    return st;
}

tsr_status tsr_covariates_columns(const tsr_covariates *covariates, const tsr_table *features, int64_t first,
                                  int64_t rows, double *y)
{
    column_block b = {.features = features, .first = first, .rows = rows};
    const int32_t n = covariates->n;
    tsr_status st;

    TSR_TRY(tsr_alloc(&b.column, rows, sizeof *b.column));
    TSR_TRY(tsr_alloc(&b.known, rows, sizeof *b.known));
    for (int32_t k = 0; k < n; k++) {
        const char *name = covariates->name[k];
        const size_t length = strcspn(name, "=");
        const bool category = name[length] != '\0';
        if (category && (k == 0 || !is_category_of(covariates->name[k - 1], name, length)))
            TSR_TRY(find_known(&b, name, length));
        TSR_TRY(tsr_table_read(features, name, first, rows, TSR_F64, b.column));
        for (int64_t i = 0; i < rows; i++) y[i * n + k] = category && !b.known[i] ? (double)NAN : b.column[i];
    }
done:
    tsr_free(&b.known);
    tsr_free(&b.column);
    return st;
}

typedef struct record {
    union {
        double value;
        int64_t z;
    } of[TSR_COVARIATES_MAX];
    int32_t x, tx_days, t_days;
} record;

typedef struct records {
    record *record; /* [n] */
    int64_t n;
} records;

static tsr_status read_records(const char *features, const tsr_span *span, tsr_value_period period,
                               const tsr_covariates *c, records *all)
{
    tsr_table *table = NULL;
    tsr_period_block block = {0};
    tsr_status st;

    TSR_TRY(tsr_alloc(&all->record, span->rows, sizeof *all->record));
    TSR_TRY(tsr_table_open(features, &table));
    TSR_TRY(tsr_period_block_create(c, &block));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_period_block_read(table, period, span->first + at, rows, &block));
        for (int64_t i = 0; i < rows; i++) {
            if (block.x[i] < 0) continue;
            record *r = &all->record[all->n++];
            *r = (record){.x = block.x[i], .tx_days = block.tx_days[i], .t_days = block.t_days[i]};
            for (int32_t k = 0; k < c->n; k++) r->of[k].value = block.y[i * c->n + k];
        }
    }
done:
    tsr_period_block_clear(&block);
    tsr_table_close(&table);
    return st;
}

/* A column without spread says nothing, which is no fault where others do: nobody has that category, say. */
static tsr_status check_spread(const tsr_covariates *c, tsr_value_period period)
{
    for (int32_t k = 0; k < c->n; k++)
        if (c->sd[k] > 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "`value.covariates`: %s is the same for all customers%s", c->name[0],
                    period == TSR_PERIOD_CALIBRATION ? " who came by value.calibration_end" : "");
}

static tsr_status find_moments(const tsr_comm *comm, const records *all, tsr_value_period period, tsr_covariates *c)
{
    double largest[TSR_COVARIATES_MAX] = {0};
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < all->n; i++)
        for (int32_t k = 0; k < c->n; k++) largest[k] = fmax(largest[k], fabs(all->record[i].of[k].value));
    tsr_max_double(comm, largest, c->n);
    for (int32_t k = 0; k < c->n; k++) {
        tsr_pair_sums sums = tsr_pair_sums_zero();
        double unit = largest[k] > 0 ? largest[k] : 1;
        for (int64_t i = 0; i < all->n; i++) {
            double value = all->record[i].of[k].value;
            if (isnan(value))
                c->missing[k]++;
            else
                tsr_pair_sums_add(&sums, 0, value / unit, 1);
        }
        TSR_TRY(tsr_pair_sums_reduce(comm, &sums));
        c->mean[k] = tsr_pair_sums_mean_b(&sums) * unit;
        c->sd[k] = tsr_pair_sums_deviation_b(&sums) * unit;
    }
    tsr_sum_int64(comm, c->missing, c->n);
    TSR_AGREE(comm, check_spread(c, period));
done:
    return st;
}

static int by_covariates(const void *left, const void *right)
{
    const record *a = left, *b = right;

    for (int k = 0; k < TSR_COVARIATES_MAX; k++)
        if (a->of[k].z != b->of[k].z) return a->of[k].z < b->of[k].z ? -1 : 1;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    if (a->tx_days != b->tx_days) return a->tx_days < b->tx_days ? -1 : 1;
    return (a->t_days > b->t_days) - (a->t_days < b->t_days);
}

static void measure(const tsr_covariates *c, records *all)
{
    for (int64_t i = 0; i < all->n; i++)
        for (int32_t k = 0; k < TSR_COVARIATES_MAX; k++) {
            double value = all->record[i].of[k].value;
            all->record[i].of[k].z = k < c->n ? tsr_covariate_z(c, k, value) : 0;
        }
}

/*
 * A column that follows from those before it (an attribute under two names; the last category where nobody has the
 * first) would leave the search a ridge to walk along and the others without errors: it becomes one without spread.
 */
static tsr_status drop_dependent(const tsr_comm *comm, tsr_covariates *c, records *all)
{
    tsr_int128 product[TSR_COVARIATES_MAX * TSR_COVARIATES_MAX] = {0};
    double square[TSR_COVARIATES_MAX * TSR_COVARIATES_MAX], l[TSR_COVARIATES_MAX * TSR_COVARIATES_MAX];
    const int32_t n = c->n;
    tsr_status st;

    for (int64_t i = 0; i < all->n; i++)
        for (int32_t j = 0; j < n; j++)
            for (int32_t k = 0; k <= j; k++)
                product[j * n + k] += (tsr_int128)all->record[i].of[j].z * all->record[i].of[k].z;
    TSR_TRY(tsr_sum_int128(comm, product, (int64_t)n * n));
    for (int32_t j = 0; j < n * n; j++) square[j] = tsr_int128_scaled(product[j], 2 * TSR_COVARIATE_BITS);
    tsr_cholesky(square, n, n, DEPENDENT, l);
    for (int32_t k = 0; k < n; k++) {
        if (l[k * n + k] > 0) continue;
        c->sd[k] = 0;
        for (int64_t i = 0; i < all->n; i++) all->record[i].of[k].z = 0;
    }
done:
    return st;
}

static tsr_status fill_histories(const records *all, double unit_days, int32_t covariates, tsr_histories *h)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&h->x, all->n, sizeof *h->x));
    TSR_TRY(tsr_alloc(&h->tx, all->n, sizeof *h->tx));
    TSR_TRY(tsr_alloc(&h->t, all->n, sizeof *h->t));
    TSR_TRY(tsr_alloc(&h->count, all->n, sizeof *h->count));
    TSR_TRY(tsr_alloc(&h->z, all->n * covariates, sizeof *h->z));
    h->covariates = covariates;
    for (int64_t i = 0; i < all->n; i++) {
        const record *r = &all->record[i];
        if (i > 0 && by_covariates(r - 1, r) == 0) {
            h->count[h->n - 1]++;
            continue;
        }
        h->x[h->n] = r->x;
        h->tx[h->n] = r->tx_days / unit_days;
        h->t[h->n] = r->t_days / unit_days;
        for (int32_t k = 0; k < covariates; k++) h->z[h->n * covariates + k] = r->of[k].z;
        h->count[h->n++] = 1;
    }
done:
    return st;
}

tsr_status tsr_covariates_read(const tsr_comm *comm, const char *features, const tsr_span *span,
                               tsr_value_period period, double unit_days, const tsr_texts *wanted, int32_t model,
                               tsr_covariates *covariates, tsr_histories *histories)
{
    records all = {0};
    tsr_histories by_customer = {.customers = histories->customers,
                                 .distinct = histories->customers, /* how many differ would depend on the ranks */
                                 .repeat = histories->repeat,
                                 .t_zero = histories->t_zero,
                                 .t_max = histories->t_max};
    tsr_status st;

    *covariates = (tsr_covariates){0};
    tsr_histories_clear(histories);
    TSR_AGREE(comm, find_columns(features, wanted, model, covariates));
    TSR_AGREE(comm, read_records(features, span, period, covariates, &all));
    TSR_TRY(find_moments(comm, &all, period, covariates));
    measure(covariates, &all);
    TSR_TRY(drop_dependent(comm, covariates, &all));
    if (all.n > 0) qsort(all.record, (size_t)all.n, sizeof *all.record, by_covariates);
    TSR_AGREE(comm, fill_histories(&all, unit_days, covariates->n, &by_customer));
    *histories = by_customer;
    by_customer = (tsr_histories){0};
done:
    tsr_histories_clear(&by_customer);
    tsr_free(&all.record);
    return st;
}
