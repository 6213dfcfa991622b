#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

/* ---- silhouettes ---- */

/* On a sample by true distances where there is one, else by distances to centroids on all customers. */
static bool is_sampled(const tsr_view *view)
{
    return json_is_object(tsr_at(view->segments, "quality.silhouette"));
}

static double silhouette_of(const json_t *segment, bool sampled, double *error)
{
    *error = sampled ? tsr_number_at(segment, "silhouette.error") : 0;
    return tsr_number_at(segment, sampled ? "silhouette.value" : "silhouette_simplified");
}

static void draw_silhouettes(tsr_view *view, const json_t *list, bool sampled)
{
    double bottom = 36 * (double)json_array_size(list) + 4, low = 0, high = .2, error;
    double whole =
        tsr_number_at(view->segments, sampled ? "quality.silhouette.value" : "quality.silhouette_simplified");
    char text[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        double value = silhouette_of(segment, sampled, &error);
        low = fmin(low, value - 2 * error);
        high = fmax(high, value + 2 * error);
    }
    tsr_axis axis = tsr_axis_make(low, high, 14, TSR_SVG_WIDTH - 50, 4);
    tsr_svg_open(view, "silhouettes", TSR_SVG_WIDTH, bottom + TSR_SVG_TICKS);
    tsr_axis_bottom(view, &axis, TSR_UNIT_NUMBER, 18, bottom);
    json_array_foreach(list, i, segment)
    {
        double y = 36 * (double)i, value = silhouette_of(segment, sampled, &error), zero = tsr_axis_at(&axis, 0);
        tsr_svg_label(view, 0, y + 12, TSR_SVG_WIDTH, TSR_START, "name halo", tsr_name_of(view, segment));
        if (isnan(value)) continue;
        double end = tsr_axis_at(&axis, value);
        tsr_svg_rect(view, fmin(zero, end), y + 18, fabs(end - zero), 12, value < 0 ? "bar2" : "bar1");
        if (error > 0)
            tsr_svg_line(view, tsr_axis_at(&axis, value - 2 * error), y + 24, tsr_axis_at(&axis, value + 2 * error),
                         y + 24, "whisker");
        tsr_svg_text(view, TSR_SVG_WIDTH, y + 28, TSR_END, "figure", tsr_figure_real(&view->language, value, 2, text));
    }
    if (!isnan(whole)) tsr_svg_line(view, tsr_axis_at(&axis, whole), 18, tsr_axis_at(&axis, whole), bottom, "mean");
    tsr_svg_close(view);
}

static const char *silhouettes_finding(const tsr_view *view, const json_t *list, bool sampled,
                                       char phrase[TSR_PHRASE_BYTES])
{
    double worst = INFINITY, error;
    double whole =
        tsr_number_at(view->segments, sampled ? "quality.silhouette.value" : "quality.silhouette_simplified");
    const char *name = "";
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        double value = silhouette_of(segment, sampled, &error);
        if (!(value < worst)) continue;
        worst = value;
        name = tsr_name_of(view, segment);
    }
    return tsr_phrase(view, phrase, "silhouettes.finding", tsr_figure_real(&view->language, whole, 2, a), name,
                      tsr_figure_real(&view->language, worst, 2, b), NULL);
}

static void put_silhouettes(tsr_view *view, const json_t *list)
{
    static const char *const head[] = {"page.segment",       "quality.silhouette", "page.error",
                                       "quality.simplified", "quality.jaccard",    NULL};
    bool sampled = is_sampled(view);
    char phrase[TSR_PHRASE_BYTES];
    json_t *segment;
    size_t i;

    tsr_picture_open(view, "silhouettes", silhouettes_finding(view, list, sampled, phrase));
    draw_silhouettes(view, list, sampled);
    tsr_picture_table(view, "silhouettes");
    tsr_cells_head(view, head);
    json_array_foreach(list, i, segment)
    {
        tsr_cells_row(view, tsr_name_of(view, segment));
        tsr_cell_number(view, tsr_at(segment, "silhouette.value"), 3);
        tsr_cell_number(view, tsr_at(segment, "silhouette.error"), 3);
        tsr_cell_number(view, tsr_at(segment, "silhouette_simplified"), 3);
        tsr_cell_number(view, tsr_at(segment, "jaccard"), 2);
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- the number of segments ---- */

/* Each criterion: its vote, its curve, and how to read it. */
static const struct criterion {
    const char *name, *path, *key;
} CRITERIA[] = {
    {"silhouette", "silhouette_simplified", "choice.silhouette"},
    {"calinski_harabasz", "calinski_harabasz", "choice.calinski_harabasz"},
    {"davies_bouldin", "davies_bouldin", "choice.davies_bouldin"},
    {"gap", "gap", "choice.gap"},
    {"stability", "stability", "choice.stability"},
};

enum { CRITERIA_N = sizeof CRITERIA / sizeof CRITERIA[0] };

#define PANEL_WIDTH  150.0
#define PANEL_HEIGHT 112.0

static bool has_curve(const json_t *choice, const struct criterion *c)
{
    json_t *candidate;
    size_t i;

    json_array_foreach(choice, i, candidate) if (!isnan(tsr_number_at(candidate, c->path))) return true;
    return false;
}

static void range_of(const json_t *choice, const char *path, double *low, double *high)
{
    json_t *candidate;
    size_t i;

    *low = INFINITY;
    *high = -INFINITY;
    json_array_foreach(choice, i, candidate)
    {
        *low = fmin(*low, tsr_number_at(candidate, path));
        *high = fmax(*high, tsr_number_at(candidate, path));
    }
    if (!(*high > *low)) *high = *low + 1;
}

static void draw_panel(tsr_view *view, const json_t *choice, const struct criterion *c, double left, double top)
{
    size_t n = json_array_size(choice), i;
    double low, high, room = PANEL_WIDTH - 24, chosen = tsr_number_at(view->segments, "quality.k");
    char text[TSR_FIGURE_BYTES];
    json_t *candidate;
    char command = 'M';

    range_of(choice, c->path, &low, &high);
    tsr_svg_label(view, left, top + 12, PANEL_WIDTH, TSR_START, "name", tsr_text(&view->language, c->key));
    tsr_svg_line(view, left, top + 90, left + PANEL_WIDTH - 4, top + 90, "axis");
    tsr_page_print(&view->page, "<path class=\"curve\" d=\"");
    json_array_foreach(choice, i, candidate)
    {
        double value = tsr_number_at(candidate, c->path),
               x = left + 10 + room * (double)i / (double)(n > 1 ? n - 1 : 1);
        if (isnan(value)) continue;
        tsr_page_print(&view->page, "%c%.1f %.1f", command, x, top + 82 - 56 * (value - low) / (high - low));
        command = 'L';
    }
    tsr_page_print(&view->page, "\"/>\n");
    json_array_foreach(choice, i, candidate)
    {
        double value = tsr_number_at(candidate, c->path),
               x = left + 10 + room * (double)i / (double)(n > 1 ? n - 1 : 1);
        double k = tsr_number_at(candidate, "k");
        if (n <= 12 || i % 2 == 0)
            tsr_svg_text(view, x, top + 104, TSR_MIDDLE, k == chosen ? "name" : "tick",
                         tsr_figure_real(&view->language, k, 0, text));
        if (isnan(value)) continue;
        tsr_page_print(&view->page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" class=\"%s\"/>\n", x,
                       top + 82 - 56 * (value - low) / (high - low), k == chosen ? "5" : "3",
                       k == chosen ? "chosen" : "point");
    }
}

static void draw_choice(tsr_view *view, const json_t *choice)
{
    int shown = 0;

    for (int c = 0; c < CRITERIA_N; c++) shown += has_curve(choice, &CRITERIA[c]);
    tsr_svg_open(view, "choice", TSR_SVG_WIDTH, PANEL_HEIGHT * ((shown + 1) / 2));
    shown = 0;
    for (int c = 0; c < CRITERIA_N; c++) {
        if (!has_curve(choice, &CRITERIA[c])) continue;
        draw_panel(view, choice, &CRITERIA[c], shown % 2 == 0 ? 0 : TSR_SVG_WIDTH / 2 + 8, PANEL_HEIGHT * (shown / 2));
        shown++;
    }
    tsr_svg_close(view);
}

/* How many criteria name the chosen number, of those that name one. */
static const char *choice_finding(const tsr_view *view, char phrase[TSR_PHRASE_BYTES])
{
    const json_t *votes = tsr_at(view->segments, "choice_votes");
    double chosen = tsr_number_at(view->segments, "quality.k");
    int agree = 0, all = 0;
    char a[TSR_FIGURE_BYTES], b[TSR_FIGURE_BYTES], c[TSR_FIGURE_BYTES];

    for (int i = 0; i < CRITERIA_N; i++) {
        double vote = tsr_number_at(votes, CRITERIA[i].name);
        all += !isnan(vote);
        agree += vote == chosen;
    }
    tsr_figure_real(&view->language, chosen, 0, a);
    tsr_figure_real(&view->language, agree, 0, b);
    tsr_figure_real(&view->language, all, 0, c);
    if (all == 0) return tsr_phrase(view, phrase, "choice.finding_given", a, NULL);
    for (int i = 0; i < CRITERIA_N; i++)
        if (strcmp(tsr_text_at(votes, "decided_by"), CRITERIA[i].name) == 0)
            return tsr_phrase(view, phrase, "choice.finding", a, tsr_text(&view->language, CRITERIA[i].key), b, c,
                              NULL);
    return tsr_phrase(view, phrase, "choice.finding_given", a, NULL);
}

static void put_choice(tsr_view *view)
{
    static const char *const head[] = {"fact.segments",
                                       "choice.silhouette",
                                       "choice.calinski_harabasz",
                                       "choice.davies_bouldin",
                                       "choice.gap",
                                       "choice.stability",
                                       "quality.explained",
                                       "quality.jaccard_worst",
                                       NULL};
    const json_t *choice = tsr_at(view->segments, "choice");
    double chosen = tsr_number_at(view->segments, "quality.k");
    char phrase[TSR_PHRASE_BYTES], name[32];
    json_t *candidate;
    size_t i;

    if (json_array_size(choice) < 2) return;
    tsr_picture_open(view, "choice", choice_finding(view, phrase));
    draw_choice(view, choice);
    tsr_picture_table(view, "choice");
    tsr_cells_head(view, head);
    json_array_foreach(choice, i, candidate)
    {
        double k = tsr_number_at(candidate, "k");
        snprintf(name, sizeof name, "%d%s", (int)k, k == chosen ? " ✓" : "");
        tsr_cells_row(view, name);
        for (int c = 0; c < CRITERIA_N; c++) tsr_cell_short(view, tsr_at(candidate, CRITERIA[c].path));
        tsr_cell_share(view, tsr_at(candidate, "explained_variance"));
        tsr_cell_number(view, tsr_at(candidate, "jaccard"), 2);
        tsr_cells_end(view);
    }
    tsr_picture_close(view);
}

/* ---- measures ---- */

static void put_measures(tsr_view *view)
{
    static const char *const row[][2] = {
        {"quality.silhouette_simplified", "quality.silhouette_simplified"},
        {"quality.silhouette_squared", "quality.silhouette_squared"},
        {"quality.davies_bouldin", "quality.davies_bouldin"},
        {"quality.calinski_harabasz", "quality.calinski_harabasz"},
        {"quality.explained_variance", "quality.explained_variance"},
        {"quality.inertia", "quality.inertia"},
        {"quality.silhouette_sample", "quality.silhouette.value"},
        {"quality.silhouette_low", "quality.silhouette.low"},
        {"quality.silhouette_high", "quality.silhouette.high"},
        {"quality.adjusted_rand", "quality.agreement.adjusted_rand"},
        {"quality.information", "quality.agreement.normalised_information"},
    };
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(&view->page, "<details><summary>");
    tsr_say(view, "quality.measures", NULL);
    tsr_page_print(&view->page, "</summary>\n");
    tsr_cells_list(view, "quality.caption");
    tsr_page_print(&view->page, "<tbody>\n");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const json_t *value = tsr_at(view->segments, row[i][1]);
        if (!json_is_number(value)) continue;
        tsr_cells_pair(view, tsr_text(&view->language, row[i][0]), tsr_figure_short(&view->language, value, text));
    }
    tsr_cells_close(view);
    tsr_page_print(&view->page, "</details>\n");
}

void tsr_report_quality(tsr_view *view)
{
    const json_t *list = tsr_at(view->segments, "segments");

    if (!json_is_array(list) || !json_is_object(tsr_at(view->segments, "quality"))) return;
    tsr_section_open(view, "quality");
    tsr_pictures_open(view);
    put_silhouettes(view, list);
    put_choice(view);
    tsr_pictures_close(view);
    put_measures(view);
    tsr_section_close(view);
}
