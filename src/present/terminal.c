#include <string.h>

#include "present/view.h"
#include "tessera/memory.h"
#include "tessera/report.h"

/* Columns of the table: right-aligned figures, so that a glance compares them. */
typedef struct column {
    const char *title, *path;
    int width;
    enum { COUNT, SHARE, MONEY, DAYS, TIMES, PERCENT } kind;
    bool money; /* only where there is money */
    bool value; /* only where there is a value model */
} column;

static const column COLUMNS[] = {
    {"customers", "customers", 12, COUNT, false, false},     {"share", "share", 8, SHARE, false, false},
    {"revenue", "revenue", 15, MONEY, true, false},          {"share", "revenue_share", 8, SHARE, true, false},
    {"recency", "means.recency_days", 8, DAYS, true, false}, {"orders", "means.frequency", 8, TIMES, true, false},
    {"per head", "means.monetary", 11, TIMES, true, false},  {"CLV", "means.clv", 9, TIMES, false, true},
    {"churn", "means.churn_risk", 7, PERCENT, false, true},
};

enum { COLUMNS_N = sizeof COLUMNS / sizeof COLUMNS[0], NAME_LEAST = 12 };

static void put(tsr_view *view, const char *text, int width)
{
    int n = tsr_page_columns(text);

    tsr_page_print(&view->page, "%*s%s", n < width ? width - n : 0, "", text);
}

/* Room for the longest name of a segment. */
static int name_width(const json_t *segments)
{
    int width = NAME_LEAST;
    size_t i;
    json_t *segment;

    json_array_foreach(tsr_at(segments, "segments"), i, segment)
    {
        int n = tsr_page_columns(tsr_text_at(segment, "name"));
        if (n > width) width = n;
    }
    return width;
}

static void put_name(tsr_view *view, const char *name, int width)
{
    int n = tsr_page_columns(name);

    tsr_page_print(&view->page, "  %.*s%*s", (int)strlen(name), name, n < width ? width - n : 0, "");
}

static void put_figure(tsr_view *view, const json_t *part, const column *its)
{
    const json_t *value = tsr_at(part, its->path);
    char text[TSR_FIGURE_BYTES], unit[TSR_FIGURE_BYTES + 4];

    switch (its->kind) {
    case COUNT: tsr_figure(&view->language, value, 0, text); break;
    case SHARE:
    case PERCENT: tsr_figure_share(&view->language, value, text); break;
    case MONEY:
        tsr_figure(&view->language, value,
                   tsr_page_columns(json_is_string(value) ? json_string_value(value) : "") > 12 ? 0 : 2, text);
        break;
    case DAYS: tsr_figure(&view->language, value, 0, text); break;
    case TIMES: tsr_figure(&view->language, value, json_number_value(value) >= 10000 ? 0 : 2, text); break;
    }
    snprintf(unit, sizeof unit, its->kind == DAYS && json_is_number(value) ? "%s d" : "%s", text);
    put(view, unit, its->width);
}

static bool is_shown(const column *its, bool money, bool value)
{
    return (!its->money || money) && (!its->value || value);
}

static void put_rule(tsr_view *view, int width, bool money, bool value)
{
    for (int c = 0; c < COLUMNS_N; c++) width += is_shown(&COLUMNS[c], money, value) ? COLUMNS[c].width : 0;
    tsr_page_print(&view->page, "  ");
    for (int i = 0; i < width; i++) tsr_page_print(&view->page, "─");
    tsr_page_print(&view->page, "\n");
}

static void put_row(tsr_view *view, const char *name, int width, const json_t *part, bool money, bool value)
{
    put_name(view, name, width);
    for (int c = 0; c < COLUMNS_N; c++)
        if (is_shown(&COLUMNS[c], money, value)) put_figure(view, part, &COLUMNS[c]);
    tsr_page_print(&view->page, "\n");
}

static void put_table(tsr_view *view, const json_t *segments)
{
    bool money = json_object_get(segments, "revenue") != NULL, value = json_is_object(tsr_at(segments, "value"));
    int width = name_width(segments);
    size_t i;
    json_t *segment;

    put_name(view, "segment", width);
    for (int c = 0; c < COLUMNS_N; c++)
        if (is_shown(&COLUMNS[c], money, value)) put(view, COLUMNS[c].title, COLUMNS[c].width);
    tsr_page_print(&view->page, "\n");
    put_rule(view, width, money, value);
    json_array_foreach(tsr_at(segments, "segments"), i, segment)
        put_row(view, tsr_text_at(segment, "name"), width, segment, money, value);
    put_rule(view, width, money, value);
    put_row(view, "all", width, tsr_at(segments, "total"), money, value);
}

static void put_header(tsr_view *view, const json_t *segments, const json_t *run)
{
    const char *title = json_string_value(json_object_get(tsr_at(run, "job"), "report.title"));
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(&view->page, "\n  %s\n", title != NULL ? title : "Customer segments");
    tsr_page_print(&view->page, "  %s customers", tsr_figure(&view->language, tsr_at(segments, "customers"), 0, text));
    if (json_is_string(tsr_at(segments, "revenue")))
        tsr_page_print(&view->page, " · revenue %s %s",
                       tsr_figure(&view->language, tsr_at(segments, "revenue"), 9, text),
                       tsr_text_at(segments, "currency"));
    if (tsr_text_at(segments, "as_of")[0] != '\0')
        tsr_page_print(&view->page, " · before %s", tsr_text_at(segments, "as_of"));
    tsr_page_print(&view->page, "\n\n");
}

/* What each criterion says of the number of segments: agreement is worth as much as the number. */
static void put_votes(tsr_view *view, const json_t *votes)
{
    static const char *const title[][2] = {{"silhouette", "silhouette"},
                                           {"Calinski-Harabasz", "calinski_harabasz"},
                                           {"Davies-Bouldin", "davies_bouldin"},
                                           {"gap", "gap"},
                                           {"stability", "stability"}};

    if (!json_is_object(votes)) return;
    tsr_page_print(&view->page, "  choice    segments by");
    for (size_t i = 0; i < sizeof title / sizeof title[0]; i++) {
        json_int_t k = json_integer_value(tsr_at(votes, title[i][1]));
        tsr_page_print(&view->page, "%s %s%s ", i > 0 ? " ·" : "", title[i][0],
                       strcmp(tsr_text_at(votes, "decided_by"), title[i][1]) == 0 ? " (decides)" : "");
        if (k > 0)
            tsr_page_print(&view->page, "%lld", (long long)k);
        else
            tsr_page_print(&view->page, "-");
    }
    tsr_page_print(&view->page, "\n");
}

/* From which lifetime value on a customer belongs to a tier. */
static void put_tiers(tsr_view *view, const json_t *segments)
{
    char line[1024] = "", text[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    if (!json_is_object(tsr_at(segments, "tiers"))) return;
    json_array_foreach(tsr_at(segments, "segments"), i, segment)
    {
        size_t used = strlen(line);
        if (!json_is_number(tsr_at(segment, "clv_from"))) continue;
        snprintf(line + used, sizeof line - used, "%s%s from %s", used > 0 ? " · " : "", tsr_text_at(segment, "name"),
                 tsr_figure(&view->language, tsr_at(segment, "clv_from"), 2, text));
    }
    tsr_page_wrap(&view->page, "  tiers     ", line);
}

static void put_quality(tsr_view *view, const json_t *segments, const json_t *run)
{
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], c[TSR_FIGURE_BYTES];
    const json_t *warnings = tsr_at(run, "warnings");
    size_t i;
    json_t *warning;

    tsr_page_print(&view->page, "\n");
    put_tiers(view, segments);
    if (json_is_object(tsr_at(segments, "quality")))
        tsr_page_print(&view->page, "  quality   silhouette %s · explained variance %s · Davies-Bouldin %s\n",
                       tsr_figure(&view->language, tsr_at(segments, "quality.silhouette_simplified"), 3, a),
                       tsr_figure_share(&view->language, tsr_at(segments, "quality.explained_variance"), b),
                       tsr_figure(&view->language, tsr_at(segments, "quality.davies_bouldin"), 3, c));
    put_votes(view, tsr_at(segments, "choice_votes"));
    if (json_is_object(tsr_at(segments, "value")))
        tsr_page_print(&view->page, "  value     CLV of all customers %s over %s %ss\n",
                       tsr_figure(&view->language, tsr_at(segments, "value.clv_total"), 2, a),
                       tsr_figure_short(&view->language, tsr_at(segments, "value.horizon"), b),
                       tsr_text_at(segments, "value.time_unit"));
    json_array_foreach(warnings, i, warning) tsr_page_wrap(&view->page, "  warning   ", json_string_value(warning));
}

static void put_files(tsr_view *view, const json_t *run, const char *folder)
{
    tsr_page_print(&view->page, "\n  report    %s/report.html\n", folder);
    tsr_page_print(&view->page, "  results   %s/customers.h5, segments.json, model.h5\n", folder);
    tsr_page_print(&view->page, "  digest    %s\n\n", tsr_text_at(run, "digest"));
}

tsr_status tsr_report_summary(const char *segments, const char *run, const char *folder, char **text)
{
    json_t *s = json_loads(segments, 0, NULL), *r = json_loads(run, 0, NULL);
    tsr_view view = {0};
    tsr_status st;

    *text = NULL;
    if (!json_is_object(s) || !json_is_object(r))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: segments.json or run.json is damaged", folder));
    TSR_TRY(tsr_language_open("en", &view.language));
    put_header(&view, s, r);
    put_table(&view, s);
    put_quality(&view, s, r);
    put_files(&view, r, folder);
    TSR_TRY(tsr_page_take(&view.page, text));
done:
    tsr_language_close(&view.language);
    json_decref(r);
    json_decref(s);
    return st;
}
