#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tessera/value.h"
#include "value/fit/covariates.h"
#include "value/histories/purchase.h"
#include "value/models/gamma_gamma.h"

#define PATH_BYTES 128

/*
 * One line per scalar of a struct: where it lies in the bundle and in memory. The same lists write and read, so that
 * nothing can be stored and forgotten.
 */
typedef enum kind { REAL, COUNT, SMALL, FLAG } kind;

typedef struct field {
    const char *name, *unit, *description;
    kind kind;
    size_t offset;
} field;

#define MODEL(kind, member, unit, description)                                                                         \
    {                                                                                                                  \
#member, unit, description, kind, offsetof(tsr_value_model, member)                                            \
    }
#define CHECK(kind, member, unit, description)                                                                         \
    {                                                                                                                  \
#member, unit, description, kind, offsetof(tsr_validation, member)                                             \
    }

static const field model_fields[] = {
    MODEL(SMALL, money_scale, NULL, "decimals of a money unit in the dataset"),
    MODEL(REAL, log_likelihood, NULL, "of the purchase model at its parameters"),
    MODEL(REAL, gradient, NULL, "largest derivative per customer in a log parameter, at the end"),
    MODEL(COUNT, customers, "customers", "in the fit of purchases"),
    MODEL(COUNT, distinct, NULL, "distinct histories (x, tx, T)"),
    MODEL(COUNT, t_zero, "customers", "who came on the last day"),
    MODEL(REAL, t_max, "time units", "longest observation"),
    MODEL(COUNT, evaluations, NULL, "of the likelihood"),
    MODEL(FLAG, converged, NULL, "1: the gradient is as good as zero"),
    MODEL(FLAG, no_dropout, NULL, "1: nobody seems to drop out"),
    MODEL(FLAG, has_errors, NULL, "1: the likelihood is a peak, so there are standard errors"),
    MODEL(FLAG, has_spend_errors, NULL, "1: the same of the fit of spend"),
    MODEL(FLAG, has_spend, NULL, "1: there is a fit of spend"),
    MODEL(REAL, spend_log_likelihood, NULL, "of Gamma-Gamma at its parameters"),
    MODEL(COUNT, spend_customers, "customers", "in the fit of spend: x > 0 and positive money"),
    MODEL(FLAG, spend_converged, NULL, "1: the fit of spend converged"),
    MODEL(REAL, spend_correlation, NULL, "of x and mean spend among them"),
};

static const field validation_fields[] = {
    CHECK(COUNT, customers, "customers", "who had bought by the end of the calibration"),
    CHECK(REAL, weeks, "time units", "length of the holdout"),
    CHECK(REAL, actual_purchases, "purchase days", "total in the holdout"),
    CHECK(REAL, predicted_purchases, "purchase days", "total in the holdout"),
    CHECK(REAL, mae, "purchase days", "mean absolute error per customer"),
    CHECK(REAL, rmse, "purchase days", "root mean squared error per customer"),
    CHECK(REAL, correlation, NULL, "of predicted and actual purchase days"),
    CHECK(REAL, actual_spend, "currency", "total in the holdout"),
    CHECK(REAL, predicted_spend, "currency", "total in the holdout"),
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static tsr_status put_field(tsr_bundle *bundle, const char *prefix, const field *f, const void *from)
{
    const char *at = (const char *)from + f->offset;
    char path[PATH_BYTES];
    int64_t count = 0;

    snprintf(path, sizeof path, "%s/%s", prefix, f->name);
    switch (f->kind) {
    case REAL: return tsr_bundle_put(bundle, path, TSR_F64, 1, 0, at, f->unit, f->description);
    case COUNT: count = *(const int64_t *)(const void *)at; break;
    case SMALL: count = *(const int32_t *)(const void *)at; break;
    case FLAG: count = *(const bool *)(const void *)at; break;
    }
    return tsr_bundle_put(bundle, path, TSR_I64, 1, 0, &count, f->unit, f->description);
}

static tsr_status get_field(const tsr_bundle *bundle, const char *prefix, const field *f, void *into)
{
    void *at = (char *)into + f->offset;
    char path[PATH_BYTES];
    int64_t count;

    snprintf(path, sizeof path, "%s/%s", prefix, f->name);
    if (f->kind == REAL) return tsr_bundle_get_real(bundle, path, at);
    tsr_status st = tsr_bundle_get_int(bundle, path, &count);
    if (st != TSR_OK) return st;
    switch (f->kind) {
    case COUNT: *(int64_t *)at = count; break;
    case SMALL: *(int32_t *)at = (int32_t)count; break;
    case FLAG: *(bool *)at = count != 0; break;
    case REAL: break;
    }
    return TSR_OK;
}

static tsr_status put_fields(tsr_bundle *bundle, const char *prefix, const field *fields, size_t n, const void *from)
{
    tsr_status st = TSR_OK;

    for (size_t i = 0; i < n && st == TSR_OK; i++) st = put_field(bundle, prefix, &fields[i], from);
    return st;
}

static tsr_status get_fields(const tsr_bundle *bundle, const char *prefix, const field *fields, size_t n, void *into)
{
    tsr_status st = TSR_OK;

    for (size_t i = 0; i < n && st == TSR_OK; i++) st = get_field(bundle, prefix, &fields[i], into);
    return st;
}

/* ---- names and parameters ---- */

static tsr_status put_text(tsr_bundle *bundle, const char *prefix, const char *name, const char *text)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", prefix, name);
    return tsr_bundle_put_text(bundle, path, text);
}

/* PREFIX/name [n] and PREFIX/name_names [n]. */
static tsr_status put_parameters(tsr_bundle *bundle, const char *prefix, const char *name, const double *value,
                                 const char *const *names, int32_t n, const char *description)
{
    char path[PATH_BYTES], text[TSR_PARAMETERS_MAX][TSR_NAME_BYTES] = {{0}};
    tsr_status st;

    for (int32_t i = 0; i < n; i++) snprintf(text[i], sizeof text[i], "%s", names[i]);
    snprintf(path, sizeof path, "%s/%s", prefix, name);
    TSR_TRY(tsr_bundle_put(bundle, path, TSR_F64, n, 0, value, NULL, description));
    snprintf(path, sizeof path, "%s/%s_names", prefix, name);
    TSR_TRY(tsr_bundle_put(bundle, path, TSR_TEXT, n, TSR_NAME_BYTES, text, NULL, "in the order of the parameters"));
done:
    return st;
}

static tsr_status get_parameters(const tsr_bundle *bundle, const char *prefix, const char *name, int32_t n,
                                 double *value)
{
    const void *stored;
    char path[PATH_BYTES];
    int64_t rows;

    snprintf(path, sizeof path, "%s/%s", prefix, name);
    tsr_status st = tsr_bundle_get(bundle, path, TSR_F64, &rows, NULL, &stored);
    if (st != TSR_OK) return st;
    if (rows != n) return TSR_FAIL(TSR_EDATA, "%s has %" PRId64 " values in place of %" PRId32, path, rows, n);
    memcpy(value, stored, (size_t)n * sizeof *value);
    return TSR_OK;
}

/* The number of a name in a list, by names as stored, so that lists may grow in any order. */
static tsr_status get_choice(const tsr_bundle *bundle, const char *prefix, const char *name,
                             const char *(*name_of)(int32_t), int32_t n, int32_t *choice)
{
    const char *text;
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", prefix, name);
    tsr_status st = tsr_bundle_get_text(bundle, path, &text);
    if (st != TSR_OK) return st;
    for (*choice = 0; *choice < n; ++*choice)
        if (strcmp(text, name_of(*choice)) == 0) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s is '%s', which this version does not know", path, text);
}

/* PREFIX/NAME_covariance [n][n] and PREFIX/NAME_at_limit [n]. */
static tsr_status put_errors(tsr_bundle *bundle, const char *prefix, const char *name, const double *covariance,
                             int32_t stride, const bool *at_limit, int32_t n)
{
    double square[TSR_PARAMETERS_MAX * TSR_PARAMETERS_MAX];
    int64_t limit[TSR_PARAMETERS_MAX];
    char path[PATH_BYTES];
    tsr_status st;

    for (int32_t i = 0; i < n; i++) {
        limit[i] = at_limit[i];
        memcpy(square + i * n, covariance + i * stride, (size_t)n * sizeof *square);
    }
    snprintf(path, sizeof path, "%s/%s_covariance", prefix, name);
    TSR_TRY(tsr_bundle_put(bundle, path, TSR_F64, n, n, square, NULL,
                           "of the logarithms of the parameters (of q - 1 for q); 0 for those at a limit"));
    snprintf(path, sizeof path, "%s/%s_at_limit", prefix, name);
    TSR_TRY(tsr_bundle_put(bundle, path, TSR_I64, n, 0, limit, NULL, "1: the data does not bound the parameter"));
done:
    return st;
}

static tsr_status get_errors(const tsr_bundle *bundle, const char *prefix, const char *name, double *covariance,
                             int32_t stride, bool *at_limit, int32_t n)
{
    const void *square, *limit;
    char path[PATH_BYTES];
    int64_t rows, cols, limits;
    tsr_status st;

    snprintf(path, sizeof path, "%s/%s_covariance", prefix, name);
    TSR_TRY(tsr_bundle_get(bundle, path, TSR_F64, &rows, &cols, &square));
    snprintf(path, sizeof path, "%s/%s_at_limit", prefix, name);
    TSR_TRY(tsr_bundle_get(bundle, path, TSR_I64, &limits, NULL, &limit));
    if (rows != n || cols != n || limits != n)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s/%s_covariance has another shape than expected", prefix, name));
    for (int32_t i = 0; i < n; i++) {
        at_limit[i] = ((const int64_t *)limit)[i] != 0;
        memcpy(covariance + i * stride, (const double *)square + i * n, (size_t)n * sizeof *covariance);
    }
done:
    return st;
}

/* ---- covariates ---- */

static tsr_status put_table(tsr_bundle *bundle, const char *prefix, const char *name, tsr_type type, int64_t rows,
                            int64_t cols, const void *values, const char *description)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/covariates/%s", prefix, name);
    return tsr_bundle_put(bundle, path, type, rows, cols, values, NULL, description);
}

/* Tables of a model with fewer covariates than there is room for, without the room. */
static tsr_status put_covariates(tsr_bundle *bundle, const char *prefix, const tsr_value_model *model)
{
    const tsr_covariates *c = &model->covariates;
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    int32_t n = c->n, numbers = tsr_model_numbers(model);
    double coefficient[TSR_EFFECTS_MAX * TSR_COVARIATES_MAX], covariance[TSR_NUMBERS_MAX * TSR_NUMBERS_MAX];
    int64_t limit[TSR_EFFECTS_MAX * TSR_COVARIATES_MAX];
    tsr_status st = TSR_OK;

    if (n == 0) goto done;
    for (int32_t e = 0; e < purchases->effects; e++)
        for (int32_t k = 0; k < n; k++) {
            coefficient[e * n + k] = c->coefficient[e][k];
            limit[e * n + k] = c->at_limit[e][k];
        }
    for (int32_t i = 0; i < numbers; i++)
        memcpy(covariance + i * numbers, c->covariance[i], (size_t)numbers * sizeof *covariance);
    TSR_TRY(put_table(bundle, prefix, "names", TSR_TEXT, n, TSR_NAME_BYTES, c->name, "columns of features.h5"));
    TSR_TRY(put_table(bundle, prefix, "mean", TSR_F64, n, 0, c->mean, "over the customers of the fit"));
    TSR_TRY(put_table(bundle, prefix, "sd", TSR_F64, n, 0, c->sd, "standard deviation"));
    TSR_TRY(put_table(bundle, prefix, "missing", TSR_I64, n, 0, c->missing, "customers without it: the mean counts"));
    TSR_TRY(put_table(bundle, prefix, "coefficients", TSR_F64, purchases->effects, n, coefficient,
                      "of the covariates in each effect, per unit"));
    TSR_TRY(put_table(bundle, prefix, "at_limit", TSR_I64, purchases->effects, n, limit,
                      "1: the data does not bound the coefficient"));
    TSR_TRY(put_table(bundle, prefix, "covariance", TSR_F64, numbers, numbers, covariance,
                      "of the logarithms of the parameters and of the coefficients"));
done:
    return st;
}

static tsr_status get_table(const tsr_bundle *bundle, const char *prefix, const char *name, tsr_type type, int64_t rows,
                            int64_t cols, const void **values)
{
    char path[PATH_BYTES];
    int64_t r, c;

    snprintf(path, sizeof path, "%s/covariates/%s", prefix, name);
    tsr_status st = tsr_bundle_get(bundle, path, type, &r, &c, values);
    if (st == TSR_OK && (r != rows || c != cols)) st = TSR_FAIL(TSR_EDATA, "%s has another shape than expected", path);
    return st;
}

static tsr_status get_names(const tsr_bundle *bundle, const char *prefix, tsr_covariates *c)
{
    char path[PATH_BYTES];
    const void *names;
    int64_t n, width;

    snprintf(path, sizeof path, "%s/covariates/names", prefix);
    if (!tsr_bundle_has(bundle, path)) return TSR_OK;
    tsr_status st = tsr_bundle_get(bundle, path, TSR_TEXT, &n, &width, &names);
    if (st != TSR_OK) return st;
    if (n < 1 || n > TSR_COVARIATES_MAX || width != TSR_NAME_BYTES)
        return TSR_FAIL(TSR_EDATA, "%s has another shape than expected", path);
    c->n = (int32_t)n;
    memcpy(c->name, names, (size_t)(n * width));
    for (int32_t k = 0; k < c->n; k++) c->name[k][TSR_NAME_BYTES - 1] = '\0';
    return TSR_OK;
}

static tsr_status get_covariates(const tsr_bundle *bundle, const char *prefix, tsr_value_model *model)
{
    tsr_covariates *c = &model->covariates;
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    const void *mean, *sd, *missing, *coefficient, *limit, *covariance;
    tsr_status st;

    TSR_TRY(get_names(bundle, prefix, c));
    if (c->n == 0) goto done;
    int32_t n = c->n, numbers = tsr_model_numbers(model);
    TSR_TRY(get_table(bundle, prefix, "mean", TSR_F64, n, 0, &mean));
    TSR_TRY(get_table(bundle, prefix, "sd", TSR_F64, n, 0, &sd));
    TSR_TRY(get_table(bundle, prefix, "missing", TSR_I64, n, 0, &missing));
    TSR_TRY(get_table(bundle, prefix, "coefficients", TSR_F64, purchases->effects, n, &coefficient));
    TSR_TRY(get_table(bundle, prefix, "at_limit", TSR_I64, purchases->effects, n, &limit));
    TSR_TRY(get_table(bundle, prefix, "covariance", TSR_F64, numbers, numbers, &covariance));
    memcpy(c->mean, mean, (size_t)n * sizeof *c->mean);
    memcpy(c->sd, sd, (size_t)n * sizeof *c->sd);
    memcpy(c->missing, missing, (size_t)n * sizeof *c->missing);
    for (int32_t e = 0; e < purchases->effects; e++)
        for (int32_t k = 0; k < n; k++) {
            c->coefficient[e][k] = ((const double *)coefficient)[e * n + k];
            c->at_limit[e][k] = ((const int64_t *)limit)[e * n + k] != 0;
        }
    for (int32_t i = 0; i < numbers; i++)
        memcpy(c->covariance[i], (const double *)covariance + i * numbers, (size_t)numbers * sizeof(double));
done:
    return st;
}

static const char *const spend_names[] = {"p", "q", "gamma"};

tsr_status tsr_value_save(const tsr_value_model *model, const char *prefix, tsr_bundle *bundle)
{
    const tsr_purchase_model *purchases = tsr_purchase_model_of(model->model);
    tsr_status st;

    TSR_TRY(put_text(bundle, prefix, "model", purchases->name));
    TSR_TRY(put_text(bundle, prefix, "time_unit", tsr_time_unit_name(model->time_unit)));
    TSR_TRY(put_parameters(bundle, prefix, "parameters", model->parameter, purchases->parameter_name,
                           purchases->parameters, "of the purchase model; rates per time_unit"));
    TSR_TRY(put_parameters(bundle, prefix, "spend_parameters", model->spend, spend_names, TSR_SPEND_PARAMETERS,
                           "of Gamma-Gamma; money in currency units"));
    TSR_TRY(put_errors(bundle, prefix, "parameters", model->covariance[0], 4, model->at_limit, purchases->parameters));
    TSR_TRY(put_errors(bundle, prefix, "spend_parameters", model->spend_covariance[0], 3, model->spend_at_limit,
                       TSR_SPEND_PARAMETERS));
    TSR_TRY(put_covariates(bundle, prefix, model));
    st = put_fields(bundle, prefix, model_fields, COUNT_OF(model_fields), model);
done:
    return st;
}

tsr_status tsr_value_load(const tsr_bundle *bundle, const char *prefix, tsr_value_model *model)
{
    tsr_status st;

    *model = (tsr_value_model){0};
    TSR_TRY(get_choice(bundle, prefix, "model", tsr_value_model_name, TSR_VALUE_MODELS, &model->model));
    TSR_TRY(get_choice(bundle, prefix, "time_unit", tsr_time_unit_name, TSR_UNIT_YEAR + 1, &model->time_unit));
    TSR_TRY(get_parameters(bundle, prefix, "parameters", tsr_purchase_model_of(model->model)->parameters,
                           model->parameter));
    TSR_TRY(get_parameters(bundle, prefix, "spend_parameters", TSR_SPEND_PARAMETERS, model->spend));
    TSR_TRY(get_errors(bundle, prefix, "parameters", model->covariance[0], 4, model->at_limit,
                       tsr_purchase_model_of(model->model)->parameters));
    TSR_TRY(get_errors(bundle, prefix, "spend_parameters", model->spend_covariance[0], 3, model->spend_at_limit,
                       TSR_SPEND_PARAMETERS));
    TSR_TRY(get_covariates(bundle, prefix, model));
    st = get_fields(bundle, prefix, model_fields, COUNT_OF(model_fields), model);
done:
    return st;
}

tsr_status tsr_validation_save(const tsr_validation *validation, const char *prefix, tsr_bundle *bundle)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/model", prefix);
    tsr_status st = tsr_value_save(&validation->model, path, bundle);
    if (st != TSR_OK) return st;
    return put_fields(bundle, prefix, validation_fields, COUNT_OF(validation_fields), validation);
}

tsr_status tsr_validation_load(const tsr_bundle *bundle, const char *prefix, tsr_validation *validation)
{
    char path[PATH_BYTES];

    *validation = (tsr_validation){0};
    snprintf(path, sizeof path, "%s/model", prefix);
    tsr_status st = tsr_value_load(bundle, path, &validation->model);
    if (st != TSR_OK) return st;
    return get_fields(bundle, prefix, validation_fields, COUNT_OF(validation_fields), validation);
}

/* ---- candidates ---- */

tsr_status tsr_candidates_save(const tsr_value_candidate *candidate, int32_t n, tsr_bundle *bundle)
{
    int64_t counts[2] = {n, n > 0 && candidate[0].validated};
    char path[PATH_BYTES];
    tsr_status st;

    TSR_TRY(tsr_bundle_put(bundle, "/candidates/count", TSR_I64, 2, 0, counts, NULL, "fits; 1: with a holdout"));
    for (int32_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "/candidates/%d/fit", (int)i);
        TSR_TRY(tsr_value_save(&candidate[i].model, path, bundle));
        snprintf(path, sizeof path, "/candidates/%d/validation", (int)i);
        if (candidate[i].validated) TSR_TRY(tsr_validation_save(&candidate[i].validation, path, bundle));
    }
done:
    return st;
}

tsr_status tsr_candidates_load(const tsr_bundle *bundle, tsr_value_candidate candidate[TSR_VALUE_MODELS], int32_t *n)
{
    const void *stored;
    char path[PATH_BYTES];
    int64_t rows;
    tsr_status st;

    *n = 0;
    TSR_TRY(tsr_bundle_get(bundle, "/candidates/count", TSR_I64, &rows, NULL, &stored));
    const int64_t *counts = stored;
    if (rows != 2 || counts[0] < 0 || counts[0] > TSR_VALUE_MODELS)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "/candidates/count is not what this version writes"));
    for (int32_t i = 0; i < counts[0]; i++) {
        candidate[i] = (tsr_value_candidate){.validated = counts[1] != 0};
        snprintf(path, sizeof path, "/candidates/%d/fit", (int)i);
        TSR_TRY(tsr_value_load(bundle, path, &candidate[i].model));
        snprintf(path, sizeof path, "/candidates/%d/validation", (int)i);
        if (candidate[i].validated) TSR_TRY(tsr_validation_load(bundle, path, &candidate[i].validation));
    }
    *n = (int32_t)counts[0];
done:
    return st;
}
