#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/value/value_sheet.h"

#define CLASS_BYTES 48 /* the longest name of a class: two numbers of 20 digits */
#define BAR_WIDTH   24

/* ---- all customers ---- */

static void put_ratio(tsr_sheet *s, const char *name, const json_t *actual, const json_t *expected, int decimals)
{
    double a = json_number_value(actual), e = json_number_value(expected);

    tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
    tsr_sheet_number(s, actual, decimals);
    tsr_sheet_number(s, expected, decimals);
    if (json_is_number(actual) && json_is_number(expected) && a > 0)
        tsr_page_print(&s->page, "%+14.1f %%", 100 * (e / a - 1));
    tsr_page_print(&s->page, "\n");
}

static void put_holdout(tsr_sheet *s, const json_t *validation, const char *currency)
{
    static const char *const heads[] = {"actual", "expected", "difference"};
    const json_t *holdout = tsr_at(validation, "holdout"), *tracking = tsr_at(validation, "tracking");
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], spend[CLASS_BYTES];

    snprintf(spend, sizeof spend, currency[0] != '\0' ? "spend, %s" : "spend", currency);
    tsr_page_print(&s->page,
                   "\n  Holdout: the fit of the calibration period against the %s %ss after it, %s customers\n\n",
                   tsr_figure_short(&s->language, tsr_at(holdout, "length"), a), tsr_text_at(validation, "time_unit"),
                   tsr_figure(&s->language, tsr_at(holdout, "customers"), 0, b));
    tsr_sheet_heads(s, "all customers", heads, 3);
    put_ratio(s, "purchases", tsr_at(holdout, "actual_purchases"), tsr_at(holdout, "predicted_purchases"), 0);
    put_ratio(s, spend, tsr_at(holdout, "actual_spend"), tsr_at(holdout, "predicted_spend"), 0);
    if (!json_is_object(tracking)) return;
    put_ratio(s, "purchases, as a cohort", tsr_at(tracking, "holdout_actual"), tsr_at(tracking, "holdout_expected"), 0);
    tsr_page_print(&s->page, "\n  As a cohort: expected from the days of the first purchases alone, as in the next "
                             "table\n");
}

static void put_rankings(tsr_sheet *s, const json_t *checks)
{
    static const char *const heads[] = {"AUC", "Gini of money", "MAE", "RMSE", "correlation"};
    static const char *const names[][2] = {{"model", "the model"},
                                           {"past_frequency", "past frequency"},
                                           {"recency", "days since the last"},
                                           {"past_spend", "past spend"}};
    const json_t *one;
    size_t i;

    tsr_sheet_title(s, "Who buys, and how much: the model beside rules that need none\n");
    tsr_sheet_heads(s, "customers ranked by", heads, 5);
    json_array_foreach(tsr_at(checks, "rankings"), i, one)
    {
        const char *name = tsr_text_at(one, "by");
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(name, names[k][0]) == 0) name = names[k][1];
        tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
        tsr_sheet_number(s, tsr_at(one, "auc"), 3);
        tsr_sheet_number(s, tsr_at(one, "gini"), 3);
        tsr_sheet_number(s, tsr_at(one, "mae"), 3);
        tsr_sheet_number(s, tsr_at(one, "rmse"), 3);
        tsr_sheet_number(s, tsr_at(one, "correlation"), 3);
        tsr_page_print(&s->page, "\n");
    }
}

/* ---- rows of classes, each with a bar for the actual figure and a mark for the expected one ---- */

static void put_bar(tsr_sheet *s, const json_t *actual, const json_t *expected, double most)
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

static void put_classes(tsr_sheet *s, const char *title, const char *head, const json_t *rows, class_namer name,
                        int decimals)
{
    static const char *const heads[] = {"customers", "actual", "expected"};
    const json_t *row;
    size_t i;

    tsr_sheet_title(s, title);
    tsr_page_print(&s->page, "\n");
    tsr_sheet_heads(s, head, heads, 3);
    json_array_foreach(rows, i, row)
    {
        char text[CLASS_BYTES];
        name(i, json_array_size(rows), text);
        tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, text);
        tsr_sheet_number(s, tsr_at(row, "customers"), 0);
        tsr_sheet_number(s, tsr_at(row, "actual"), decimals);
        tsr_sheet_number(s, tsr_at(row, "predicted"), decimals);
        put_bar(s, tsr_at(row, "actual"), tsr_at(row, "predicted"), largest(rows));
        tsr_page_print(&s->page, "\n");
    }
}

static void put_frequency(tsr_sheet *s, const json_t *frequency)
{
    static const char *const heads[] = {"actual", "expected"};
    const json_t *rows = tsr_at(frequency, "rows"), *row;
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];
    size_t i;

    tsr_page_print(
        &s->page,
        "\n  Customers by repeat purchases in the calibration period: chi-square %s, %s degrees of freedom\n\n",
        tsr_figure(&s->language, tsr_at(frequency, "chi_square"), 2, a),
        tsr_figure(&s->language, tsr_at(frequency, "degrees_of_freedom"), 0, b));
    tsr_sheet_heads(s, "repeat purchases", heads, 2);
    json_array_foreach(rows, i, row)
    {
        char text[CLASS_BYTES];
        name_count(i, json_array_size(rows), text);
        tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, text);
        tsr_sheet_number(s, tsr_at(row, "actual"), 0);
        tsr_sheet_number(s, tsr_at(row, "expected"), 1);
        put_bar(s, tsr_at(row, "actual"), tsr_at(row, "expected"), largest(rows));
        tsr_page_print(&s->page, "\n");
    }
}

/* ---- purchases added up, period by period ---- */

enum { STEPS = 10 };

/* The first n periods together: no number where one of them is masked. */
static json_t *add_periods(const json_t *periods, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(periods, i);
        if (!json_is_number(one)) return json_null();
        sum += json_number_value(one);
    }
    return json_real(sum);
}

/* @param n  periods. @param most  what a full bar stands for */
static void put_step(tsr_sheet *s, const json_t *tracking, size_t n, double most)
{
    json_t *actual = add_periods(tsr_at(tracking, "actual"), n);
    json_t *expected = add_periods(tsr_at(tracking, "expected"), n);
    double a = json_number_value(actual), e = json_number_value(expected);
    char name[CLASS_BYTES], difference[CLASS_BYTES] = "–";

    if (json_is_number(actual) && a > 0) snprintf(difference, sizeof difference, "%+.1f %%", 100 * (e / a - 1));
    snprintf(name, sizeof name, "%.0f", (double)n * json_number_value(tsr_at(tracking, "period")));
    tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
    tsr_sheet_number(s, actual, 0);
    tsr_sheet_number(s, expected, 0);
    tsr_sheet_right(s, difference, TSR_SHEET_NUMBER);
    put_bar(s, actual, expected, most);
    tsr_page_print(&s->page, "\n");
    json_decref(actual);
    json_decref(expected);
}

/* From after the first periods up to the end of the last, in as many steps as there may be. */
static void put_steps(tsr_sheet *s, const json_t *tracking, size_t first, size_t last, size_t steps, double most)
{
    for (size_t i = 1, done = first; i <= steps; i++) {
        size_t n = first + (last - first) * i / steps;
        if (n > done) put_step(s, tracking, n, most);
        done = n;
    }
}

/* About ten steps, of which one ends with the period that calibration ends in or next to. */
static void put_tracking(tsr_sheet *s, const json_t *validation)
{
    static const char *const heads[] = {"actual", "expected", "difference"};
    const json_t *tracking = tsr_at(validation, "tracking"), *error = tsr_at(tracking, "cumulative_error");
    const size_t n = json_array_size(tsr_at(tracking, "actual"));
    const double end = fmin(json_number_value(tsr_at(tracking, "calibration_periods")), (double)n);
    char name[CLASS_BYTES];

    if (n < 2) return;
    size_t calibration = (size_t)lround(end), before = (size_t)lround(STEPS * end / (double)n);
    json_t *actual = add_periods(tsr_at(tracking, "actual"), n),
           *expected = add_periods(tsr_at(tracking, "expected"), n);
    const double most = fmax(json_number_value(actual), json_number_value(expected));
    snprintf(name, sizeof name, "%ss since the first", tsr_text_at(validation, "time_unit"));
    tsr_sheet_title(s, "Repeat purchases added up, of those who first came in the calibration period\n");
    tsr_sheet_heads(s, name, heads, 3);
    put_steps(s, tracking, 0, calibration, before, most);
    tsr_page_print(&s->page, "  from here on the holdout, which the fit has not seen\n");
    put_steps(s, tracking, calibration, n, STEPS - before, most);
    if (json_is_number(error))
        tsr_page_print(&s->page, "\n  On average over the holdout these sums are off by %.1f %%\n",
                       100 * json_number_value(error));
    json_decref(actual);
    json_decref(expected);
}

void tsr_sheet_validation(tsr_sheet *s, const json_t *validation, const char *currency)
{
    const json_t *checks = tsr_at(validation, "checks");
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    put_holdout(s, validation, currency);
    put_tracking(s, validation);
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
