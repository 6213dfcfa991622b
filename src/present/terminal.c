#include <string.h>

#include "present/view.h"
#include "tessera/memory.h"
#include "tessera/report.h"

/* Columns of the table: right-aligned figures, so that a glance compares them. */
typedef struct column {
    const char *title, *path;
    int width; /* at least */
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

enum {
    COLUMNS_N = sizeof COLUMNS / sizeof COLUMNS[0],
    NAME_LEAST = 12,
    GAP = 2,
    FIGURE_BYTES = TSR_FIGURE_BYTES + 4 /* with a unit */
};

#define ALL "all"

/* How wide the table is: as its widest figures ask for. */
typedef struct layout {
    int name, column[COLUMNS_N]; /* 0: not shown */
} layout;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static const char *figure_of(const tsr_view *view, const json_t *part, const column *its, char text[FIGURE_BYTES])
{
    const json_t *value = tsr_at(part, its->path);

    switch (its->kind) {
    case SHARE:
    case PERCENT: tsr_figure_share(&view->language, value, text); break;
    case MONEY: tsr_figure(&view->language, value, 2, text); break;
    case TIMES: tsr_figure(&view->language, value, json_number_value(value) >= 10000 ? 0 : 2, text); break;
    case COUNT: tsr_figure(&view->language, value, 0, text); break;
    case DAYS:
        tsr_figure(&view->language, value, 0, text);
        if (json_is_number(value)) strcat(text, " d");
        break;
    }
    return text;
}

static void widen(layout *wide, const tsr_view *view, const json_t *part, const char *name)
{
    char text[FIGURE_BYTES];

    wide->name = larger(wide->name, tsr_page_columns(name));
    for (int c = 0; c < COLUMNS_N; c++)
        if (wide->column[c] > 0)
            wide->column[c] = larger(wide->column[c], GAP + tsr_page_columns(figure_of(view, part, &COLUMNS[c], text)));
}

static layout layout_of(const tsr_view *view, const json_t *segments)
{
    bool money = json_object_get(segments, "revenue") != NULL, value = json_is_object(tsr_at(segments, "value"));
    layout wide = {.name = NAME_LEAST};
    size_t i;
    json_t *segment;

    for (int c = 0; c < COLUMNS_N; c++)
        if ((!COLUMNS[c].money || money) && (!COLUMNS[c].value || value)) wide.column[c] = COLUMNS[c].width;
    json_array_foreach(tsr_at(segments, "segments"), i, segment)
        widen(&wide, view, segment, tsr_text_at(segment, "name"));
    widen(&wide, view, tsr_at(segments, "total"), ALL);
    return wide;
}

static void put_name(tsr_view *view, const char *name, int width)
{
    tsr_page_print(&view->page, "  %s%*s", name, larger(width - tsr_page_columns(name), 0), "");
}

static void put_right(tsr_view *view, const char *text, int width)
{
    tsr_page_print(&view->page, "%*s%s", larger(width - tsr_page_columns(text), 0), "", text);
}

static void put_heads(tsr_view *view, const layout *wide)
{
    put_name(view, "segment", wide->name);
    for (int c = 0; c < COLUMNS_N; c++)
        if (wide->column[c] > 0) put_right(view, COLUMNS[c].title, wide->column[c]);
    tsr_page_print(&view->page, "\n");
}

static void put_rule(tsr_view *view, const layout *wide)
{
    int width = wide->name;

    for (int c = 0; c < COLUMNS_N; c++) width += wide->column[c];
    tsr_page_print(&view->page, "  ");
    for (int i = 0; i < width; i++) tsr_page_print(&view->page, "─");
    tsr_page_print(&view->page, "\n");
}

static void put_row(tsr_view *view, const layout *wide, const char *name, const json_t *part)
{
    char text[FIGURE_BYTES];

    put_name(view, name, wide->name);
    for (int c = 0; c < COLUMNS_N; c++)
        if (wide->column[c] > 0) put_right(view, figure_of(view, part, &COLUMNS[c], text), wide->column[c]);
    tsr_page_print(&view->page, "\n");
}

static void put_table(tsr_view *view, const json_t *segments)
{
    const layout wide = layout_of(view, segments);
    size_t i;
    json_t *segment;

    put_heads(view, &wide);
    put_rule(view, &wide);
    json_array_foreach(tsr_at(segments, "segments"), i, segment)
        put_row(view, &wide, tsr_text_at(segment, "name"), segment);
    put_rule(view, &wide);
    put_row(view, &wide, ALL, tsr_at(segments, "total"));
}

static void put_header(tsr_view *view, const json_t *segments, const json_t *run)
{
    const char *title = json_string_value(json_object_get(tsr_at(run, "job"), "report.title"));
    const char *currency = tsr_text_at(segments, "currency");
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(&view->page, "\n  %s\n", title != NULL ? title : "Customer segments");
    tsr_page_print(&view->page, "  %s customers", tsr_figure(&view->language, tsr_at(segments, "customers"), 0, text));
    if (json_is_string(tsr_at(segments, "revenue")))
        tsr_page_print(&view->page, " · revenue %s%s%s",
                       tsr_figure(&view->language, tsr_at(segments, "revenue"), 9, text),
                       currency[0] != '\0' ? " " : "", currency);
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

/* The sum over all customers, and how far it is uncertain because the parameters are. */
static void put_value(tsr_view *view, const json_t *segments)
{
    const json_t *interval = tsr_at(segments, "total.clv_interval");
    const json_t *low = json_array_get(interval, 0), *high = json_array_get(interval, 1);
    char sum[TSR_MONEY_BYTES], a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];

    if (!json_is_object(tsr_at(segments, "value"))) return;
    tsr_page_print(&view->page, "  value     CLV of all customers %s over %s %ss",
                   tsr_figure_money(view, tsr_at(segments, "value.clv_total"), 2, sum),
                   tsr_figure_short(&view->language, tsr_at(segments, "value.horizon"), a),
                   tsr_text_at(segments, "value.time_unit"));
    if (json_is_number(low) && json_is_number(high))
        tsr_page_print(&view->page, " (95%%: %s to %s)", tsr_figure(&view->language, low, 0, a),
                       tsr_figure(&view->language, high, 0, b));
    tsr_page_print(&view->page, "\n");
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
    put_value(view, segments);
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
