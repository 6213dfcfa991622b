#include "tessera/value_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/page.h"
#include "present/texts.h"
#include "tessera/memory.h"

#define NAME_WIDTH  23
#define CLASS_BYTES 48 // the longest name of a class: two numbers of 20 digits
#define VALUE_WIDTH 15
#define BAR_WIDTH   24

/* What is written, and how figures look in it. */
typedef struct sheet {
    tsr_page page;
    tsr_language language;
} sheet;

/* ---- pieces ---- */

static void put_right(sheet *s, const char *text, int width)
{
    int n = 0;

    for (const char *c = text; *c != '\0'; c++) n += ((unsigned char)*c & 0xc0) != 0x80;
    tsr_page_print(&s->page, "%*s%s", n < width ? width - n : 1, "", text);
}

static void put_number(sheet *s, const json_t *value, int decimals)
{
    char text[TSR_FIGURE_BYTES];

    put_right(s, tsr_figure(&s->language, value, decimals, text), VALUE_WIDTH);
}

static void put_title(sheet *s, const char *title)
{
    tsr_page_print(&s->page, "\n  %s\n", title);
}

static void put_heads(sheet *s, const char *name, const char *const *heads, int n)
{
    tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, name);
    for (int i = 0; i < n; i++) put_right(s, heads[i], VALUE_WIDTH);
    tsr_page_print(&s->page, "\n  ");
    for (int i = 0; i < NAME_WIDTH + n * VALUE_WIDTH; i++) tsr_page_print(&s->page, "─");
    tsr_page_print(&s->page, "\n");
}

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

static void put_parameter(sheet *s, const json_t *fit, const char *name, const json_t *value)
{
    tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, name);
    put_number(s, value, 4);
    put_number(s, json_object_get(tsr_at(fit, "standard_errors"), name), 4);
    tsr_page_print(&s->page, "%s\n", is_at_limit(fit, name) ? "  not bounded by the data" : "");
}

/* In the order of the literature; what it has no place for comes last. */
static void put_parameters(sheet *s, const json_t *fit)
{
    static const char *const heads[] = {"estimate", "standard error"};
    static const char *const order[] = {"r", "alpha", "a", "b", "s", "beta", "p", "q", "gamma", "delta"};
    const size_t ordered = sizeof order / sizeof order[0];
    const json_t *parameters = tsr_at(fit, "parameters");
    const char *name;
    json_t *value;

    put_heads(s, "parameter", heads, 2);
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

static void put_effect(sheet *s, const char *covariate, const char *effect, const json_t *number)
{
    char name[128];

    snprintf(name, sizeof name, "%s: %s", covariate, effect);
    tsr_page_print(&s->page, "  %-*s", 2 * NAME_WIDTH, name);
    put_number(s, tsr_at(number, "coefficient"), 4);
    put_number(s, tsr_at(number, "standard_error"), 4);
    tsr_page_print(&s->page, "%s\n", json_is_true(tsr_at(number, "at_limit")) ? "  not bounded by the data" : "");
}

/* What each covariate does, per unit of it. */
static void put_covariates(sheet *s, const json_t *covariates)
{
    static const char *const effects[] = {"purchase_rate", "dropout_rate", "dropout_a", "dropout_b"};
    const json_t *one;
    size_t i;

    if (json_array_size(covariates) == 0) return;
    put_title(s, "What covariates do, per unit (coefficient and standard error; parameters above are those at their "
                 "means)\n");
    json_array_foreach(covariates, i, one)
    {
        for (size_t e = 0; e < sizeof effects / sizeof effects[0]; e++)
            if (json_object_get(one, effects[e]) != NULL)
                put_effect(s, tsr_text_at(one, "name"), effects[e], json_object_get(one, effects[e]));
    }
}

static void put_fits(sheet *s, const json_t *value)
{
    const json_t *spend = tsr_at(value, "spend");
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    tsr_page_print(&s->page, "\n  Purchases: %s, rates per %s, %s customers, log-likelihood %s\n\n",
                   title_of(tsr_text_at(value, "model")), tsr_text_at(value, "time_unit"),
                   tsr_figure(&s->language, tsr_at(value, "customers"), 0, a),
                   tsr_figure(&s->language, tsr_at(value, "log_likelihood"), 2, b));
    put_parameters(s, value);
    put_covariates(s, tsr_at(value, "covariates"));
    if (!json_is_object(spend)) return;
    tsr_page_print(&s->page, "\n  Spend: Gamma-Gamma, %s customers who came again, log-likelihood %s\n\n",
                   tsr_figure(&s->language, tsr_at(spend, "customers"), 0, a),
                   tsr_figure(&s->language, tsr_at(spend, "log_likelihood"), 2, b));
    put_parameters(s, spend);
}

static void put_candidates(sheet *s, const json_t *candidates)
{
    static const char *const heads[] = {"log-likelihood", "BIC", "expected", "RMSE"};
    const json_t *one;
    size_t i;

    if (json_array_size(candidates) < 2) return;
    put_title(s, "Models side by side (expected and RMSE: purchases in the holdout)\n");
    put_heads(s, "model", heads, 4);
    json_array_foreach(candidates, i, one)
    {
        bool chosen = json_is_true(tsr_at(one, "chosen"));
        tsr_page_print(&s->page, "%s%-*s", chosen ? "* " : "  ", NAME_WIDTH, title_of(tsr_text_at(one, "model")));
        put_number(s, tsr_at(one, "log_likelihood"), 2);
        put_number(s, tsr_at(one, "bic"), 2);
        put_number(s, tsr_at(one, "holdout.predicted_purchases"), 0);
        put_number(s, tsr_at(one, "holdout.rmse"), 4);
        tsr_page_print(&s->page, "%s\n", json_is_false(tsr_at(one, "converged")) ? "  did not converge" : "");
    }
}

/* ---- the holdout ---- */

static void put_ratio(sheet *s, const char *name, const json_t *actual, const json_t *expected, int decimals)
{
    double a = json_number_value(actual), e = json_number_value(expected);

    tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, name);
    put_number(s, actual, decimals);
    put_number(s, expected, decimals);
    if (json_is_number(actual) && json_is_number(expected) && a > 0)
        tsr_page_print(&s->page, "%+14.1f %%", 100 * (e / a - 1));
    tsr_page_print(&s->page, "\n");
}

static void put_holdout(sheet *s, const json_t *validation)
{
    static const char *const heads[] = {"actual", "expected", "difference"};
    const json_t *holdout = tsr_at(validation, "holdout"), *tracking = tsr_at(validation, "tracking");
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    tsr_page_print(&s->page,
                   "\n  Holdout: the fit of the calibration period against the %s %ss after it, %s customers\n\n",
                   tsr_figure_short(&s->language, tsr_at(holdout, "length"), a), tsr_text_at(validation, "time_unit"),
                   tsr_figure(&s->language, tsr_at(holdout, "customers"), 0, b));
    put_heads(s, "all customers", heads, 3);
    put_ratio(s, "purchases", tsr_at(holdout, "actual_purchases"), tsr_at(holdout, "predicted_purchases"), 0);
    put_ratio(s, "spend", tsr_at(holdout, "actual_spend"), tsr_at(holdout, "predicted_spend"), 0);
    put_ratio(s, "purchases, as a cohort", tsr_at(tracking, "holdout_actual"), tsr_at(tracking, "holdout_expected"), 0);
    if (json_is_number(tsr_at(tracking, "cumulative_error")))
        tsr_page_print(&s->page,
                       "\n  Purchases added up from the first %s on are off by %.1f %% on average in the holdout\n",
                       tsr_text_at(validation, "time_unit"),
                       100 * json_number_value(tsr_at(tracking, "cumulative_error")));
}

static void put_rankings(sheet *s, const json_t *checks)
{
    static const char *const heads[] = {"AUC", "Gini of money", "MAE", "RMSE", "correlation"};
    static const char *const names[][2] = {{"model", "the model"},
                                           {"past_frequency", "past frequency"},
                                           {"recency", "days since the last"},
                                           {"past_spend", "past spend"}};
    const json_t *one;
    size_t i;

    put_title(s, "Who buys, and how much: the model beside rules that need none\n");
    put_heads(s, "customers ranked by", heads, 5);
    json_array_foreach(tsr_at(checks, "rankings"), i, one)
    {
        const char *name = tsr_text_at(one, "by");
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(name, names[k][0]) == 0) name = names[k][1];
        tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, name);
        put_number(s, tsr_at(one, "auc"), 3);
        put_number(s, tsr_at(one, "gini"), 3);
        put_number(s, tsr_at(one, "mae"), 3);
        put_number(s, tsr_at(one, "rmse"), 3);
        put_number(s, tsr_at(one, "correlation"), 3);
        tsr_page_print(&s->page, "\n");
    }
}

/* ---- rows of classes, each with a bar for the actual figure and a mark for the expected one ---- */

static void put_bar(sheet *s, const json_t *actual, const json_t *expected, double most)
{
    if (!json_is_number(actual) || !json_is_number(expected) || !(most > 0)) return;
    long bar = lround(json_number_value(actual) / most * BAR_WIDTH);
    long mark = lround(json_number_value(expected) / most * BAR_WIDTH);

    tsr_page_print(&s->page, "   ");
    for (long i = 1; i <= (bar > mark ? bar : mark); i++)
        tsr_page_print(&s->page, "%s", i == mark ? "│" : i <= bar ? "█" : " ");
}

static double largest(const json_t *rows)
{
    double most = 0;
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        most = fmax(most, json_number_value(tsr_at(row, "actual")));
        most = fmax(most, json_number_value(tsr_at(row, "predicted")));
        most = fmax(most, json_number_value(tsr_at(row, "expected")));
    }
    return most;
}

typedef void (*class_namer)(size_t i, size_t n, char text[CLASS_BYTES]);

static void name_count(size_t i, size_t n, char text[CLASS_BYTES])
{
    snprintf(text, CLASS_BYTES, i + 1 < n ? "%zu" : "%zu and more", i);
}

static void name_decile(size_t i, size_t n, char text[CLASS_BYTES])
{
    (void)n;
    snprintf(text, CLASS_BYTES, "tenth %zu%s", i + 1, i == 0 ? ", the best" : "");
}

static void name_chance(size_t i, size_t n, char text[CLASS_BYTES])
{
    snprintf(text, CLASS_BYTES, "%zu to %zu %%", 100 * i / n, 100 * (i + 1) / n);
}

static void put_classes(sheet *s, const char *title, const char *head, const json_t *rows, class_namer name,
                        int decimals)
{
    static const char *const heads[] = {"customers", "actual", "expected"};
    const json_t *row;
    size_t i;

    put_title(s, title);
    tsr_page_print(&s->page, "\n");
    put_heads(s, head, heads, 3);
    json_array_foreach(rows, i, row)
    {
        char text[CLASS_BYTES];
        name(i, json_array_size(rows), text);
        tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, text);
        put_number(s, tsr_at(row, "customers"), 0);
        put_number(s, tsr_at(row, "actual"), decimals);
        put_number(s, tsr_at(row, "predicted"), decimals);
        put_bar(s, tsr_at(row, "actual"), tsr_at(row, "predicted"), largest(rows));
        tsr_page_print(&s->page, "\n");
    }
}

static void put_frequency(sheet *s, const json_t *frequency)
{
    static const char *const heads[] = {"actual", "expected"};
    const json_t *rows = tsr_at(frequency, "rows"), *row;
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];
    size_t i;

    tsr_page_print(&s->page,
                   "\n  Customers by repeat purchases in the calibration period: chi-square %s, %s degrees\n\n",
                   tsr_figure(&s->language, tsr_at(frequency, "chi_square"), 2, a),
                   tsr_figure(&s->language, tsr_at(frequency, "degrees_of_freedom"), 0, b));
    put_heads(s, "repeat purchases", heads, 2);
    json_array_foreach(rows, i, row)
    {
        char text[CLASS_BYTES];
        name_count(i, json_array_size(rows), text);
        tsr_page_print(&s->page, "  %-*s", NAME_WIDTH, text);
        put_number(s, tsr_at(row, "actual"), 0);
        put_number(s, tsr_at(row, "expected"), 1);
        put_bar(s, tsr_at(row, "actual"), tsr_at(row, "expected"), largest(rows));
        tsr_page_print(&s->page, "\n");
    }
}

static void put_checks(sheet *s, const json_t *checks)
{
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    put_rankings(s, checks);
    put_classes(s, "Purchases in the holdout, mean by tenths of the customers as the model ranks them", "customers",
                tsr_at(checks, "deciles"), name_decile, 3);
    put_classes(s, "Purchases in the holdout, mean by repeat purchases before", "repeat purchases",
                tsr_at(checks, "by_purchases"), name_count, 3);
    put_classes(s, "Share who bought in the holdout, by the chance that the model gave", "chance to buy",
                tsr_at(checks, "calibration"), name_chance, 3);
    tsr_page_print(&s->page, "\n  Brier score of that chance %s; of the same chance for everybody %s\n",
                   tsr_figure(&s->language, tsr_at(checks, "brier"), 4, a),
                   tsr_figure(&s->language, tsr_at(checks, "brier_of_share"), 4, b));
    put_frequency(s, tsr_at(checks, "frequency"));
    tsr_page_print(&s->page, "\n  █ actual   │ expected\n");
}

static void put_warnings(sheet *s, const json_t *warnings)
{
    const json_t *one;
    size_t i;

    if (json_array_size(warnings) > 0) tsr_page_print(&s->page, "\n");
    json_array_foreach(warnings, i, one) tsr_page_print(&s->page, "  warning   %s\n", json_string_value(one));
}

static void put_all(sheet *s, const json_t *value)
{
    const json_t *validation = tsr_at(value, "validation");

    put_fits(s, value);
    put_candidates(s, tsr_at(value, "candidates"));
    if (json_is_object(validation)) {
        put_holdout(s, validation);
        put_checks(s, tsr_at(validation, "checks"));
    }
    put_warnings(s, tsr_at(value, "warnings"));
    tsr_page_print(&s->page, "\n");
}

tsr_status tsr_value_text(const char *value, char **text)
{
    json_t *json = json_loads(value, 0, NULL);
    sheet s = {0};
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
