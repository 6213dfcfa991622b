#include "tessera/rfm_text.h"

#include <stdio.h>
#include <string.h>

#include "present/text_sheet.h"
#include "tessera/memory.h"

#define AXES 3

static const char *const axes[AXES] = {"recency", "frequency", "monetary"};
static const char *const heads[AXES] = {"recency, days", "orders", "revenue"};

/* ---- edges between the scores ---- */

/* Edges rise; recency is the axis of which less is better. */
static void put_edges(tsr_sheet *s, const json_t *rfm)
{
    const json_t *thresholds = tsr_at(rfm, "thresholds");
    const size_t edges = (size_t)json_integer_value(tsr_at(rfm, "bins")) - 1;
    char name[32];

    if (!json_is_object(thresholds)) return;
    tsr_page_print(&s->page, "\n  RFM: scores by the rule %s, groups of the scheme %s\n\n", tsr_text_at(rfm, "rule"),
                   tsr_text_at(rfm, "scheme"));
    if (json_is_true(tsr_at(rfm, "nested"))) {
        tsr_page_print(&s->page,
                       "  Orders are cut within each score of recency, revenue within both: segments.json and\n"
                       "  the report list the edges.\n");
        return;
    }
    tsr_sheet_heads(s, "edges of the scores", heads, AXES);
    for (size_t edge = 0; edge < edges; edge++) {
        snprintf(name, sizeof name, "%zu", edge + 1);
        tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
        for (int a = 0; a < AXES; a++) tsr_sheet_number(s, json_array_get(tsr_at(thresholds, axes[a]), edge), 2);
        tsr_page_print(&s->page, "\n");
    }
}

/* ---- weights of the three scores ---- */

static bool is_used(const json_t *weights, const char *way, const char *of)
{
    const bool given = strcmp(way, "equal") == 0 || strcmp(way, "ahp") == 0; /* these look at no data */

    return strcmp(tsr_text_at(weights, "used"), way) == 0 &&
           (given || strcmp(tsr_text_at(weights, "used_of"), of) == 0);
}

static void put_weights(tsr_sheet *s, const json_t *weights)
{
    static const char *const rows[][3] = {{"equal", "scores", "equal"},
                                          {"entropy", "scores", "entropy of the scores"},
                                          {"critic", "scores", "CRITIC of the scores"},
                                          {"entropy", "values", "entropy of the values"},
                                          {"critic", "values", "CRITIC of the values"},
                                          {"ahp", "scores", "AHP"}};
    const json_t *ratio = tsr_at(weights, "consistency_ratio");
    char path[64], text[TSR_FIGURE_BYTES];

    if (!json_is_object(weights)) return;
    tsr_page_print(&s->page, "\n");
    tsr_sheet_heads(s, "weights (*: in use)", heads, AXES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(path, sizeof path, "of_%s.%s", rows[i][1], rows[i][0]);
        const json_t *row = tsr_at(weights, path);
        if (!json_is_object(row)) continue;
        tsr_page_print(&s->page, "%s%-*s", is_used(weights, rows[i][0], rows[i][1]) ? "* " : "  ", TSR_SHEET_NAME,
                       rows[i][2]);
        for (int a = 0; a < AXES; a++) tsr_sheet_number(s, tsr_at(row, axes[a]), 3);
        tsr_page_print(&s->page, "\n");
    }
    if (json_is_number(ratio))
        tsr_page_print(&s->page, "  AHP's consistency ratio is %s (up to 0.1 is usual)\n",
                       tsr_figure(&s->language, ratio, 3, text));
}

/* ---- groups ---- */

static void put_groups(tsr_sheet *s, const json_t *rfm, double customers)
{
    static const char *const columns[] = {"customers", "share"};
    const json_t *one;
    size_t i;

    tsr_page_print(&s->page, "\n");
    tsr_sheet_heads(s, "group", columns, 2);
    json_array_foreach(tsr_at(rfm, "order"), i, one)
    {
        const char *name = json_string_value(one);
        const json_t *count = json_object_get(tsr_at(rfm, "groups"), name);
        const char *other = json_string_value(json_object_get(tsr_at(rfm, "other_names"), name));
        char share[TSR_FIGURE_BYTES] = "–";
        int width = tsr_page_columns(name);
        tsr_page_print(&s->page, "  %s%*s", name, width < TSR_SHEET_NAME ? TSR_SHEET_NAME - width : 0, "");
        tsr_sheet_number(s, count, 0);
        if (json_is_number(count) && customers > 0)
            tsr_figure_percent(&s->language, json_number_value(count) / customers, 1, share);
        tsr_sheet_right(s, share, TSR_SHEET_NUMBER);
        tsr_page_print(&s->page, "%s%s\n", other != NULL ? "  " : "", other != NULL ? other : "");
    }
}

tsr_status tsr_rfm_text(const char *segments, char **text)
{
    json_t *json = json_loads(segments, 0, NULL);
    const json_t *rfm = tsr_at(json, "rfm");
    tsr_sheet s = {0};
    tsr_status st;

    *text = NULL;
    if (!json_is_object(json)) TSR_TRY(TSR_FAIL(TSR_EDATA, "segments.json is no JSON"));
    TSR_TRY(tsr_language_open("en", &s.language));
    if (json_is_object(rfm)) {
        put_edges(&s, rfm);
        put_weights(&s, tsr_at(rfm, "weights"));
        put_groups(&s, rfm, json_number_value(tsr_at(json, "customers")));
    }
    TSR_TRY(tsr_page_take(&s.page, text));
done:
    tsr_language_close(&s.language);
    json_decref(json);
    return st;
}
