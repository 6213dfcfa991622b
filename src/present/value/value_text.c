#include "tessera/value_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/value/value_sheet.h"
#include "tessera/memory.h"

static const char *title_of(const char *model)
{
    static const char *const titles[][2] = {{"bg_nbd", "BG/NBD"},
                                            {"mbg_nbd", "MBG/NBD"},
                                            {"pareto_nbd", "Pareto/NBD"},
                                            {"bg_bb", "BG/BB"},
                                            {"nbd", "NBD, without dropout"}};

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (strcmp(model, titles[i][0]) == 0) return titles[i][1];
    return model;
}

/* ---- fits ---- */

static bool is_at_limit(const json_t *fit, const char *name)
{
    size_t i;
    json_t *one;

    json_array_foreach(tsr_at(fit, "at_limit"), i, one)
    {
        if (strcmp(json_string_value(one), name) == 0) return true;
    }
    return false;
}

static void put_parameter(tsr_sheet *s, const json_t *fit, const char *name, const json_t *value)
{
    tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
    tsr_sheet_number(s, value, 4);
    tsr_sheet_number(s, json_object_get(tsr_at(fit, "standard_errors"), name), 4);
    tsr_page_print(&s->page, "%s\n", is_at_limit(fit, name) ? "  not bounded by the data" : "");
}

/* In the order of the literature; what it has no place for comes last. */
static void put_parameters(tsr_sheet *s, const json_t *fit)
{
    static const char *const heads[] = {"estimate", "standard error"};
    static const char *const order[] = {"r", "alpha", "a", "b", "s", "beta", "p", "q", "gamma", "delta"};
    const size_t ordered = sizeof order / sizeof order[0];
    const json_t *parameters = tsr_at(fit, "parameters");
    const char *name;
    json_t *value;

    tsr_sheet_heads(s, "parameter", heads, 2);
    for (size_t i = 0; i < ordered; i++)
        if (json_object_get(parameters, order[i]) != NULL)
            put_parameter(s, fit, order[i], json_object_get(parameters, order[i]));
    json_object_foreach((json_t *)parameters, name, value)
    {
        size_t at = 0;
        while (at < ordered && strcmp(order[at], name) != 0) at++;
        if (at == ordered) put_parameter(s, fit, name, value);
    }
}

/* Three figures of what is small: the effect of one currency unit of income, say. */
static int decimals_of(double number)
{
    double units = fabs(number) * 1e4; /* of the last decimal */
    int decimals = 4;

    for (; decimals < 10 && units < 100; decimals++) units *= 10;
    return number == 0 ? 4 : decimals;
}

static void put_effect(tsr_sheet *s, const char *covariate, const char *effect, const json_t *number)
{
    const json_t *coefficient = tsr_at(number, "coefficient"), *error = tsr_at(number, "standard_error");
    int decimals = decimals_of(json_number_value(json_is_number(error) ? error : coefficient));
    char name[128];

    snprintf(name, sizeof name, "%s: %s", covariate, effect);
    tsr_page_print(&s->page, "  %-*s", 2 * TSR_SHEET_NAME, name);
    tsr_sheet_number(s, coefficient, decimals);
    tsr_sheet_number(s, error, decimals);
    tsr_page_print(&s->page, "%s\n", json_is_true(tsr_at(number, "at_limit")) ? "  not bounded by the data" : "");
}

/* Without spread: no part in the fit. A masked number is a few. */
static void put_covariate(tsr_sheet *s, const json_t *one)
{
    static const char *const effects[] = {"purchase_rate", "dropout_rate", "dropout_a", "dropout_b"};
    const json_t *missing = json_object_get(one, "missing"), *sd = json_object_get(one, "sd");
    const char *name = tsr_text_at(one, "name");
    char number[TSR_FIGURE_BYTES];

    if (json_is_number(sd) && json_number_value(sd) == 0) {
        tsr_page_print(&s->page, "  %s: the same for all, or told by those before it; no part in the fit\n", name);
        return;
    }
    for (size_t e = 0; e < sizeof effects / sizeof effects[0]; e++)
        if (json_object_get(one, effects[e]) != NULL) put_effect(s, name, effects[e], json_object_get(one, effects[e]));
    if (json_is_null(missing) || json_integer_value(missing) > 0)
        tsr_page_print(&s->page, "  %s: missing for %s customers, who count as average\n", name,
                       json_is_number(missing) ? tsr_figure(&s->language, missing, 0, number) : "a few");
}

/* What each covariate does, per unit of it. */
static void put_covariates(tsr_sheet *s, const json_t *covariates)
{
    const json_t *one;
    size_t i;

    if (json_array_size(covariates) == 0) return;
    tsr_sheet_title(s,
                    "What covariates do, per unit (coefficient and standard error; parameters above are those at their "
                    "means)\n");
    json_array_foreach(covariates, i, one) put_covariate(s, one);
}

/* A masked number is a few. */
static void put_left_out(tsr_sheet *s, const json_t *value)
{
    const json_t *without = json_object_get(value, "without_purchase");
    char number[TSR_FIGURE_BYTES];

    if (without == NULL) return;
    tsr_page_print(&s->page, "\n  Left out: %s customers without a purchase, or whose returns were worth as much\n",
                   json_is_number(without) ? tsr_figure(&s->language, without, 0, number) : "a few");
}

static void put_fits(tsr_sheet *s, const json_t *value)
{
    const json_t *spend = tsr_at(value, "spend");
    const char *currency = tsr_text_at(value, "currency");
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    const char *model = tsr_text_at(value, "model");
    tsr_page_print(&s->page, "\n  Purchases: %s, %s %s, %s customers, log-likelihood %s\n\n", title_of(model),
                   strcmp(model, "bg_bb") == 0 ? "one chance a" : "rates per", tsr_text_at(value, "time_unit"),
                   tsr_figure(&s->language, tsr_at(value, "customers"), 0, a),
                   tsr_figure(&s->language, tsr_at(value, "log_likelihood"), 2, b));
    put_parameters(s, value);
    put_left_out(s, value);
    put_covariates(s, tsr_at(value, "covariates"));
    if (!json_is_object(spend)) return;
    tsr_page_print(&s->page, "\n  Spend: Gamma-Gamma, %s%s%s customers who came again, log-likelihood %s\n\n", currency,
                   currency[0] != '\0' ? ", " : "", tsr_figure(&s->language, tsr_at(spend, "customers"), 0, a),
                   tsr_figure(&s->language, tsr_at(spend, "log_likelihood"), 2, b));
    put_parameters(s, spend);
}

static void put_candidates(tsr_sheet *s, const json_t *candidates)
{
    static const char *const heads[] = {"log-likelihood", "BIC", "expected", "RMSE"};
    const json_t *one;
    size_t i;

    if (json_array_size(candidates) < 2) return;
    tsr_sheet_title(s, "Models side by side (expected and RMSE: purchases in the holdout)\n");
    tsr_sheet_heads(s, "model", heads, 4);
    json_array_foreach(candidates, i, one)
    {
        bool chosen = json_is_true(tsr_at(one, "chosen"));
        tsr_page_print(&s->page, "%s%-*s", chosen ? "* " : "  ", TSR_SHEET_NAME, title_of(tsr_text_at(one, "model")));
        tsr_sheet_number(s, tsr_at(one, "log_likelihood"), 2);
        tsr_sheet_number(s, tsr_at(one, "bic"), 2);
        tsr_sheet_number(s, tsr_at(one, "holdout.predicted_purchases"), 0);
        tsr_sheet_number(s, tsr_at(one, "holdout.rmse"), 4);
        tsr_page_print(&s->page, "%s\n", json_is_false(tsr_at(one, "converged")) ? "  did not converge" : "");
    }
}

static void put_warnings(tsr_sheet *s, const json_t *warnings)
{
    const json_t *one;
    size_t i;

    if (json_array_size(warnings) > 0) tsr_page_print(&s->page, "\n");
    json_array_foreach(warnings, i, one) tsr_page_wrap(&s->page, "  warning   ", json_string_value(one));
}

static void put_all(tsr_sheet *s, const json_t *value)
{
    const json_t *validation = tsr_at(value, "validation");

    put_fits(s, value);
    put_candidates(s, tsr_at(value, "candidates"));
    if (json_is_object(validation)) tsr_sheet_validation(s, validation, tsr_text_at(value, "currency"));
    put_warnings(s, tsr_at(value, "warnings"));
    tsr_page_print(&s->page, "\n");
}

tsr_status tsr_value_text(const char *value, char **text)
{
    json_t *json = json_loads(value, 0, NULL);
    tsr_sheet s = {0};
    tsr_status st;

    *text = NULL;
    if (!json_is_object(json)) TSR_TRY(TSR_FAIL(TSR_EDATA, "the value models are no JSON"));
    TSR_TRY(tsr_language_open("en", &s.language));
    put_all(&s, json);
    TSR_TRY(tsr_page_take(&s.page, text));
done:
    tsr_language_close(&s.language);
    json_decref(json);
    return st;
}
