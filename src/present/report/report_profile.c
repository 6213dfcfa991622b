#include <math.h>
#include <stdio.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

/* Differences are drawn up to so many standard deviations; beyond, the colour says no more. */
#define EFFECT_MAX 2.0

/* Features that were clustered: the others have one value for all customers. */
static bool is_drawn(const json_t *feature)
{
    return json_is_number(tsr_at(feature, "effect"));
}

static int drawn_features(const json_t *features)
{
    int n = 0;
    const char *name;
    json_t *feature;

    json_object_foreach((json_t *)features, name, feature) n += is_drawn(feature);
    return n;
}

static double effect_of(const json_t *segment, const char *name)
{
    return tsr_number_at(json_object_get(tsr_at(segment, "features"), name), "effect");
}

/* The feature in which some segment differs most from all customers. */
static const json_t *find_strongest(const tsr_view *view, const char **feature, double *effect)
{
    const json_t *found = NULL;
    const char *name;
    json_t *segment, *all;
    size_t i;

    *effect = 0;
    json_array_foreach(tsr_at(view->segments, "segments"), i, segment)
    {
        json_object_foreach(tsr_at(view->segments, "total.features"), name, all)
        {
            double size = effect_of(segment, name);
            if (isnan(size) || fabs(size) <= fabs(*effect)) continue;
            found = segment;
            *feature = name;
            *effect = size;
        }
    }
    return found;
}

/* ---- heat map: relative differences of means, coloured by their size in standard deviations ---- */

/* A share of a mean near zero says nothing. */
static bool takes_both_signs(const json_t *all)
{
    return !(tsr_number_at(all, "mean") > 0) || tsr_number_at(all, "p10") < 0 ||
           tsr_number_at(all, "p50") * tsr_number_at(all, "p90") <= 0;
}

static const char *ratio_text(const tsr_view *view, const json_t *segment, const char *name, const json_t *all,
                              char text[TSR_FIGURE_BYTES])
{
    const json_t *feature = json_object_get(tsr_at(segment, "features"), name);
    double own = tsr_number_at(feature, "mean"), ratio = own / tsr_number_at(all, "mean") - 1;
    double effect = tsr_number_at(feature, "effect");
    char figure[TSR_FIGURE_BYTES];

    if (isnan(own)) return "–";
    if (takes_both_signs(all)) {
        snprintf(text, TSR_FIGURE_BYTES, "%s%.48sσ", effect >= .05 ? "+" : "",
                 tsr_figure_real(&view->language, effect, 1, figure));
        return text;
    }
    if (ratio > 9.99) return ">999%";
    snprintf(text, TSR_FIGURE_BYTES, "%s%.48s", ratio >= .005 ? "+" : "",
             tsr_figure_percent(&view->language, ratio, 0, figure));
    return text;
}

static void draw_heat_cell(tsr_view *view, double x, double y, double width, double effect, const char *text)
{
    double strength = isnan(effect) ? 0 : fmin(fabs(effect) / EFFECT_MAX, 1);

    tsr_page_print(&view->page,
                   "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"22\" class=\"%s\" fill-opacity=\"%.2f\"/>\n",
                   x + 1, y, width - 2, effect < 0 ? "below" : "above", .04 + .46 * strength);
    tsr_svg_text(view, x + width / 2, y + 15, TSR_MIDDLE, "small", text);
}

static void draw_heat(tsr_view *view, const json_t *list, const json_t *features)
{
    double k = (double)json_array_size(list), width = fmax(TSR_SVG_WIDTH, 44 * k), cell = width / k, y = 22;
    const char *name;
    json_t *all, *segment;
    size_t i;
    char text[TSR_FIGURE_BYTES];

    tsr_svg_open(view, "heat", width, 22 + 42 * drawn_features(features) + tsr_svg_marks_height(view) + 6);
    json_array_foreach(list, i, segment) tsr_svg_mark(view, ((double)i + .5) * cell, 10, (int32_t)i);
    json_object_foreach((json_t *)features, name, all)
    {
        if (!is_drawn(all)) continue;
        tsr_svg_label(view, 1, y + 12, width, TSR_START, "name", tsr_text_of(&view->language, "feature", name));
        json_array_foreach(list, i, segment)
            draw_heat_cell(view, (double)i * cell, y + 16, cell, effect_of(segment, name),
                           ratio_text(view, segment, name, all, text));
        y += 42;
    }
    tsr_svg_marks(view, y + 6);
    tsr_svg_close(view);
}

/* The head of a table with a row for each feature and a column for each segment, still open. */
static void begin_heads(tsr_view *view, const json_t *list)
{
    json_t *segment;
    size_t i;

    tsr_page_print(&view->page, "<thead><tr><th scope=\"col\">");
    tsr_say(view, "page.feature", NULL);
    tsr_page_print(&view->page, "</th>");
    json_array_foreach(list, i, segment)
    {
        tsr_page_print(&view->page, "<th scope=\"col\">");
        tsr_page_escape(&view->page, tsr_name_of(view, segment));
        tsr_page_print(&view->page, "</th>");
    }
}

static void put_effects(tsr_view *view, const json_t *list, const json_t *features)
{
    const char *name;
    json_t *all, *segment;
    size_t i;

    begin_heads(view, list);
    tsr_page_print(&view->page, "</tr></thead>\n<tbody>\n");
    json_object_foreach((json_t *)features, name, all)
    {
        if (!is_drawn(all)) continue;
        tsr_cells_row(view, tsr_text_of(&view->language, "feature", name));
        json_array_foreach(list, i, segment)
            tsr_cell_number(view, tsr_at(json_object_get(tsr_at(segment, "features"), name), "effect"), 2);
        tsr_cells_end(view);
    }
}

static void put_heat(tsr_view *view, const json_t *list, const json_t *features)
{
    const char *feature = NULL;
    double effect;
    const json_t *strongest = find_strongest(view, &feature, &effect);
    char phrase[TSR_PHRASE_BYTES], own[TSR_FIGURE_BYTES], other[TSR_FIGURE_BYTES];

    if (strongest == NULL) return;
    const json_t *mean = tsr_at(json_object_get(tsr_at(strongest, "features"), feature), "mean");
    const json_t *whole = tsr_at(json_object_get(features, feature), "mean");
    tsr_figure_short(&view->language, mean, own);
    tsr_figure_short(&view->language, whole, other);
    tsr_picture_open(view, "heat",
                     tsr_phrase(view, phrase, "heat.finding", tsr_name_of(view, strongest),
                                tsr_text_of(&view->language, "feature", feature), own, other, NULL));
    draw_heat(view, list, features);
    tsr_picture_table(view, "heat");
    put_effects(view, list, features);
    tsr_picture_close(view);
}

/* ---- snake plot: one line for each segment ---- */

static void draw_snake_line(tsr_view *view, const json_t *segment, int32_t number, const json_t *features,
                            const tsr_axis *axis)
{
    const char *name;
    json_t *all;
    double y = 28;
    char command = 'M';

    tsr_page_print(&view->page, "<path class=\"snake s%d\" d=\"", (int)(number % 8));
    json_object_foreach((json_t *)features, name, all)
    {
        double effect = effect_of(segment, name);
        if (is_drawn(all) && !isnan(effect)) {
            tsr_page_print(&view->page, "%c%.1f %.1f", command, tsr_axis_at(axis, effect), y);
            command = 'L';
        }
        y += is_drawn(all) ? 34 : 0;
    }
    tsr_page_print(&view->page, "\"/>\n");
    y = 28;
    json_object_foreach((json_t *)features, name, all)
    {
        double effect = effect_of(segment, name);
        if (is_drawn(all) && !isnan(effect)) tsr_svg_mark(view, tsr_axis_at(axis, effect), y, number);
        y += is_drawn(all) ? 34 : 0;
    }
}

static void draw_snake(tsr_view *view, const json_t *list, const json_t *features)
{
    double low = -.5, high = .5, bottom = 34.0 * drawn_features(features) + 8, y = 12;
    const char *name;
    json_t *all, *segment;
    size_t i;

    json_array_foreach(list, i, segment)
    {
        json_object_foreach((json_t *)features, name, all)
        {
            low = fmin(low, effect_of(segment, name));
            high = fmax(high, effect_of(segment, name));
        }
    }
    tsr_axis axis = tsr_axis_make(low, high, 14, TSR_SVG_WIDTH - 14, 5);
    tsr_svg_open(view, "snake", TSR_SVG_WIDTH, bottom + TSR_SVG_TICKS + 6 + tsr_svg_marks_height(view));
    tsr_axis_bottom(view, &axis, TSR_UNIT_NUMBER, 18, bottom);
    tsr_svg_line(view, tsr_axis_at(&axis, 0), 18, tsr_axis_at(&axis, 0), bottom, "zero");
    json_array_foreach(list, i, segment) draw_snake_line(view, segment, (int32_t)i, features, &axis);
    json_object_foreach((json_t *)features, name, all)
    {
        if (!is_drawn(all)) continue;
        tsr_svg_label(view, 1, y, TSR_SVG_WIDTH, TSR_START, "name halo", tsr_text_of(&view->language, "feature", name));
        y += 34;
    }
    tsr_svg_marks(view, bottom + TSR_SVG_TICKS + 4);
    tsr_svg_close(view);
}

/* The feature that tells the segments apart best: the widest spread between them. */
static const char *find_widest(const json_t *list, const json_t *features, double *spread)
{
    const char *name, *found = NULL;
    json_t *all, *segment;
    size_t i;

    *spread = 0;
    json_object_foreach((json_t *)features, name, all)
    {
        double low = INFINITY, high = -INFINITY;
        json_array_foreach(list, i, segment)
        {
            low = fmin(low, effect_of(segment, name));
            high = fmax(high, effect_of(segment, name));
        }
        if (!(high - low > *spread)) continue;
        *spread = high - low;
        found = name;
    }
    return found;
}

static void put_snake(tsr_view *view, const json_t *list, const json_t *features)
{
    double spread;
    const char *widest = find_widest(list, features, &spread);
    char phrase[TSR_PHRASE_BYTES], figure[TSR_FIGURE_BYTES];

    if (widest == NULL) return;
    tsr_picture_open(view, "snake",
                     tsr_phrase(view, phrase, "snake.finding", tsr_text_of(&view->language, "feature", widest),
                                tsr_figure_real(&view->language, spread, 1, figure), NULL));
    draw_snake(view, list, features);
    tsr_picture_table(view, "snake");
    put_effects(view, list, features);
    tsr_picture_close(view);
}

/* ---- quantiles ---- */

static void put_spread(tsr_view *view, const json_t *feature)
{
    static const char *const path[] = {"p10", "p25", "p50", "p75", "p90"};
    char text[5][TSR_FIGURE_BYTES];

    for (int i = 0; i < 5; i++) tsr_figure_short(&view->language, tsr_at(feature, path[i]), text[i]);
    tsr_page_print(&view->page, "<td>%s <span class=\"soft\">%s … %s</span> <span class=\"soft\">%s … %s</span></td>",
                   text[2], text[1], text[3], text[0], text[4]);
}

static void put_quantiles(tsr_view *view, const json_t *list, const json_t *features)
{
    const char *name;
    json_t *all, *segment;
    size_t i;

    tsr_page_print(&view->page, "<details><summary>");
    tsr_say(view, "profile.quantiles", NULL);
    tsr_page_print(&view->page, "</summary>\n");
    tsr_cells_table(view, "profile.quantiles_caption");
    begin_heads(view, list);
    tsr_page_print(&view->page, "<th scope=\"col\">");
    tsr_say(view, "page.all", NULL);
    tsr_page_print(&view->page, "</th></tr></thead>\n<tbody>\n");
    json_object_foreach((json_t *)features, name, all)
    {
        tsr_cells_row(view, tsr_text_of(&view->language, "feature", name));
        json_array_foreach(list, i, segment) put_spread(view, json_object_get(tsr_at(segment, "features"), name));
        put_spread(view, all);
        tsr_cells_end(view);
    }
    tsr_cells_close(view);
    tsr_page_print(&view->page, "</details>\n");
}

void tsr_report_profile(tsr_view *view)
{
    const json_t *list = tsr_at(view->segments, "segments"), *features = tsr_at(view->segments, "total.features");

    if (!json_is_array(list) || json_object_size(features) == 0) return;
    tsr_section_open(view, "profile");
    tsr_pictures_open(view);
    put_heat(view, list, features);
    put_snake(view, list, features);
    tsr_pictures_close(view);
    put_quantiles(view, list, features);
    tsr_section_close(view);
}
