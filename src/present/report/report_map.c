#include <math.h>
#include <stdio.h>
#include <string.h>

#include "present/report/report_parts.h"
#include "present/report/svg.h"

#define LEFT   34.0
#define TOP    10.0
#define RIGHT  (TSR_SVG_WIDTH - 12)
#define BOTTOM 234.0

#define ARROWS     4
#define LABELS_MAX 32

/* Bins of a plane, in the shape in which segments.json holds them, and the scales that draw them. */
typedef struct plane {
    const json_t *map;
    tsr_axis x, y;
} plane;

static plane plane_of(const json_t *map)
{
    plane p = {.map = map};

    p.x = (tsr_axis){json_number_value(json_array_get(tsr_at(map, "x"), 0)),
                     json_number_value(json_array_get(tsr_at(map, "x"), 1)), LEFT, RIGHT, 1};
    p.y = (tsr_axis){json_number_value(json_array_get(tsr_at(map, "y"), 0)),
                     json_number_value(json_array_get(tsr_at(map, "y"), 1)), BOTTOM, TOP, 1};
    return p;
}

static double bin(const json_t *cell, size_t i)
{
    return json_number_value(json_array_get(cell, i));
}

/* The colour of a bin's segment, where the map names one. */
static const char *paint(const json_t *cell, char kind[16])
{
    if (json_array_size(cell) < 4) return "density";
    snprintf(kind, 16, "density s%d", (int)bin(cell, 3) % 8);
    return kind;
}

static void draw_bins(tsr_view *view, const plane *p)
{
    char kind[16];
    double columns = tsr_number_at(p->map, "columns"), rows = tsr_number_at(p->map, "rows"), most = 1;
    double width = (RIGHT - LEFT) / columns, height = (BOTTOM - TOP) / rows;
    json_t *cell;
    size_t i;

    json_array_foreach(tsr_at(p->map, "cells"), i, cell) most = fmax(most, bin(cell, 2));
    tsr_svg_rect(view, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, "plane");
    json_array_foreach(tsr_at(p->map, "cells"), i, cell)
        tsr_page_print(&view->page,
                       "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" class=\"%s\" "
                       "fill-opacity=\"%.2f\"/>\n",
                       LEFT + bin(cell, 0) * width, BOTTOM - (bin(cell, 1) + 1) * height, width + .1, height + .1,
                       paint(cell, kind), .12 + .6 * sqrt(bin(cell, 2) / most));
}

/* Ticks at round values inside the plane. */
static void draw_scales(tsr_view *view, const plane *p, const char *x_name, const char *y_name)
{
    const tsr_axis *axes[] = {&p->x, &p->y};
    char text[TSR_FIGURE_BYTES];

    for (int a = 0; a < 2; a++) {
        tsr_axis round = tsr_axis_make(axes[a]->low, axes[a]->high, 0, 1, 4);
        for (double value = round.low; value <= axes[a]->high; value += round.step) {
            if (value < axes[a]->low) continue;
            double at = tsr_axis_at(axes[a], value);
            tsr_figure_real(&view->language, value, round.step < 1 ? 1 : 0, text);
            if (a == 0)
                tsr_svg_text(view, at, BOTTOM + 14, TSR_MIDDLE, "tick", text);
            else if (at > TOP + 6 && at < BOTTOM - 2)
                tsr_svg_text(view, LEFT - 5, at + 4, TSR_END, "tick", text);
        }
    }
    tsr_svg_label(view, 0, BOTTOM + 30, TSR_SVG_WIDTH, TSR_START, "soft", x_name);
    tsr_svg_label(view, 0, BOTTOM + 46, TSR_SVG_WIDTH, TSR_START, "soft", y_name);
}

/* ---- labels that keep out of each other's way ---- */

typedef struct box {
    double x, y, width, height;
} box;

typedef struct labels {
    box taken[LABELS_MAX];
    int n;
} labels;

static bool is_free(const labels *placed, const box *b)
{
    if (b->x < LEFT || b->x + b->width > RIGHT || b->y < TOP || b->y + b->height > BOTTOM) return false;
    for (int i = 0; i < placed->n; i++) {
        const box *t = &placed->taken[i];
        if (b->x < t->x + t->width && t->x < b->x + b->width && b->y < t->y + t->height && t->y < b->y + b->height)
            return false;
    }
    return true;
}

static void take(labels *placed, const box *b)
{
    if (placed->n < LABELS_MAX) placed->taken[placed->n++] = *b;
}

/* Beside a point, on the first side with room; nothing where all sides are taken: keys and tables name it too. */
static void draw_beside(tsr_view *view, labels *placed, double x, double y, const char *kind, const char *text)
{
    double width = tsr_svg_text_width(text, TSR_SVG_TEXT) + 4;
    const box side[] = {{x + 7, y - 8, width, 16},          {x - 7 - width, y - 8, width, 16},
                        {x - width / 2, y - 24, width, 16}, {x - width / 2, y + 8, width, 16},
                        {x + 5, y - 20, width, 16},         {x + 5, y + 5, width, 16},
                        {x - 5 - width, y - 20, width, 16}, {x - 5 - width, y + 5, width, 16}};

    for (size_t i = 0; i < sizeof side / sizeof side[0]; i++) {
        if (!is_free(placed, &side[i])) continue;
        take(placed, &side[i]);
        tsr_svg_text(view, side[i].x + 2, side[i].y + 12, TSR_START, kind, text);
        return;
    }
}

/* ---- segments on the plane ---- */

/* The ellipse one standard deviation around the mean, as 24 points: x = mean + sd cos t, y along the regression. */
static void draw_ellipse(tsr_view *view, const plane *p, const json_t *place, int32_t segment)
{
    /* Cosines of multiples of 15 degrees. */
    static const double cosine[] = {1, .965926, .866025, .707107, .5, .258819, 0};
    double mean[2], sd[2], rho = tsr_number_at(place, "correlation");

    for (size_t a = 0; a < 2; a++) {
        mean[a] = json_number_value(json_array_get(tsr_at(place, "mean"), a));
        sd[a] = json_number_value(json_array_get(tsr_at(place, "sd"), a));
    }
    if (isnan(rho)) return;
    tsr_page_print(&view->page, "<path class=\"ellipse s%d\" d=\"", (int)(segment % 8));
    for (int i = 0; i < 24; i++) {
        int c = i % 24 <= 12 ? i : 24 - i, s = (i + 18) % 24 <= 12 ? (i + 18) % 24 : 24 - (i + 18) % 24;
        double u = c <= 6 ? cosine[c] : -cosine[12 - c], v = s <= 6 ? cosine[s] : -cosine[12 - s];
        double x = mean[0] + sd[0] * u, y = mean[1] + sd[1] * (rho * u + sqrt(fmax(1 - rho * rho, 0)) * v);
        tsr_page_print(&view->page, "%c%.1f %.1f", i == 0 ? 'M' : 'L', tsr_axis_at(&p->x, x), tsr_axis_at(&p->y, y));
    }
    tsr_page_print(&view->page, "z\"/>\n");
}

static bool find_place(const plane *p, const json_t *segment, double *x, double *y)
{
    const json_t *mean = tsr_at(segment, "map.mean");

    if (!json_is_number(json_array_get(mean, 0))) return false;
    *x = tsr_axis_at(&p->x, json_number_value(json_array_get(mean, 0)));
    *y = tsr_axis_at(&p->y, json_number_value(json_array_get(mean, 1)));
    return *x >= LEFT && *x <= RIGHT && *y >= TOP && *y <= BOTTOM;
}

static void draw_segments(tsr_view *view, const plane *p, labels *placed)
{
    const json_t *list = tsr_at(view->segments, "segments");
    json_t *segment;
    size_t i;
    double x, y;
    char number[16];

    tsr_page_print(&view->page, "<svg x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" viewBox=\"%g %g %g %g\">\n", LEFT,
                   TOP, RIGHT - LEFT, BOTTOM - TOP, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
    json_array_foreach(list, i, segment) draw_ellipse(view, p, tsr_at(segment, "map"), (int32_t)i);
    tsr_page_print(&view->page, "</svg>\n");
    json_array_foreach(list, i, segment)
    {
        if (!find_place(p, segment, &x, &y)) continue;
        tsr_svg_mark(view, x, y, (int32_t)i);
        take(placed, &(box){x - 6, y - 6, 12, 12});
    }
    json_array_foreach(list, i, segment)
    {
        if (!find_place(p, segment, &x, &y)) continue;
        snprintf(number, sizeof number, "%d", (int)i + 1);
        draw_beside(view, placed, x, y, "name halo", number);
    }
}

/* ---- directions of features ---- */

typedef struct arrow {
    const char *name;
    double x, y;
} arrow;

static double length2(const arrow *a)
{
    return a->x * a->x + a->y * a->y;
}

static int longest_arrows(const json_t *loadings, arrow arrows[ARROWS])
{
    const char *name;
    json_t *loading;
    int n = 0;

    json_object_foreach((json_t *)loadings, name, loading)
    {
        arrow one = {name, bin(loading, 0), bin(loading, 1)};
        int at = n < ARROWS ? n++ : ARROWS;
        for (; at > 0 && length2(&one) > length2(&arrows[at - 1]); at--)
            if (at < ARROWS) arrows[at] = arrows[at - 1];
        if (at < ARROWS) arrows[at] = one;
    }
    return n;
}

static void draw_arrows(tsr_view *view, const plane *p, labels *placed)
{
    const double reach = .42 * fmin(RIGHT - LEFT, BOTTOM - TOP);
    double x = tsr_axis_at(&p->x, 0), y = tsr_axis_at(&p->y, 0);
    arrow arrows[ARROWS];
    int n = longest_arrows(tsr_at(view->segments, "pca.loadings"), arrows);

    for (int i = 0; i < n; i++) {
        double to_x = x + arrows[i].x * reach, to_y = y - arrows[i].y * reach;
        if (to_x < LEFT || to_x > RIGHT || to_y < TOP || to_y > BOTTOM) continue;
        tsr_svg_arrow(view, x, y, to_x, to_y);
        draw_beside(view, placed, to_x, to_y, "halo", tsr_text_of(&view->language, "feature", arrows[i].name));
    }
}

/* ---- principal components ---- */

static const char *axis_name(const tsr_view *view, size_t component, char phrase[TSR_PHRASE_BYTES])
{
    static const char *const key[] = {"map.x", "map.y"};
    double share = json_number_value(json_array_get(tsr_at(view->segments, "pca.variance_share"), component));
    char text[TSR_FIGURE_BYTES];

    return tsr_phrase(view, phrase, key[component], tsr_figure_percent(&view->language, share, 0, text), NULL);
}

static void put_loadings(tsr_view *view)
{
    static const char *const head[] = {"page.feature", "map.first", "map.second", NULL};
    const char *name;
    json_t *loading;

    tsr_cells_head(view, head);
    json_object_foreach(tsr_at(view->segments, "pca.loadings"), name, loading)
    {
        tsr_cells_row(view, tsr_text_of(&view->language, "feature", name));
        tsr_cell_number(view, json_array_get(loading, 0), 3);
        tsr_cell_number(view, json_array_get(loading, 1), 3);
        tsr_cells_end(view);
    }
}

static void put_components(tsr_view *view, const json_t *map)
{
    const json_t *shares = tsr_at(view->segments, "pca.variance_share");
    plane p = plane_of(map);
    labels placed = {.n = 0};
    double both = json_number_value(json_array_get(shares, 0)) + json_number_value(json_array_get(shares, 1));
    double shown = 0, all = tsr_number_at(view->segments, "customers");
    char phrase[TSR_PHRASE_BYTES], other[TSR_PHRASE_BYTES], text[TSR_FIGURE_BYTES], covered[TSR_FIGURE_BYTES];
    json_t *cell;
    size_t i;

    json_array_foreach(tsr_at(map, "cells"), i, cell) shown += bin(cell, 2);
    tsr_picture_open(view, "map",
                     tsr_phrase(view, phrase, "map.finding", tsr_figure_percent(&view->language, both, 0, text),
                                tsr_figure_percent(&view->language, shown / all, 0, covered), NULL));
    tsr_svg_open(view, "map", TSR_SVG_WIDTH, BOTTOM + 56 + tsr_svg_marks_height(view));
    draw_bins(view, &p);
    draw_segments(view, &p, &placed);
    draw_arrows(view, &p, &placed);
    draw_scales(view, &p, axis_name(view, 0, phrase), axis_name(view, 1, other));
    tsr_svg_marks(view, BOTTOM + 54);
    tsr_svg_close(view);
    tsr_picture_table(view, "map");
    put_loadings(view);
    tsr_picture_close(view);
}

/* ---- neighbours: t-SNE of a sample, in the same bins ---- */

/* The mark of each segment on the fullest of its bins. */
static void mark_bins(tsr_view *view, const plane *p)
{
    double width = (RIGHT - LEFT) / tsr_number_at(p->map, "columns");
    double height = (BOTTOM - TOP) / tsr_number_at(p->map, "rows");
    size_t segments = json_array_size(tsr_at(view->segments, "segments"));

    for (size_t s = 0; s < segments; s++) {
        const json_t *fullest = NULL;
        json_t *cell;
        size_t i;
        json_array_foreach(tsr_at(p->map, "cells"), i, cell)
        {
            if (json_array_size(cell) < 4 || bin(cell, 3) != (double)s) continue;
            if (fullest == NULL || bin(cell, 2) > bin(fullest, 2)) fullest = cell;
        }
        if (fullest == NULL) continue;
        tsr_svg_mark(view, LEFT + (bin(fullest, 0) + .5) * width, BOTTOM - (bin(fullest, 1) + .5) * height, (int32_t)s);
    }
}

static void put_neighbours(tsr_view *view, const json_t *tsne)
{
    static const char *const head[] = {"tsne.measure", "tsne.figure", NULL};
    plane p = plane_of(tsr_at(tsne, "map"));
    char phrase[TSR_PHRASE_BYTES], sample[TSR_FIGURE_BYTES], kept[TSR_FIGURE_BYTES], text[TSR_FIGURE_BYTES];

    tsr_figure(&view->language, tsr_at(tsne, "sample"), 0, sample);
    tsr_figure_share(&view->language, tsr_at(tsne, "neighbours_kept"), kept);
    tsr_picture_open(view, "tsne", tsr_phrase(view, phrase, "tsne.finding", sample, kept, NULL));
    tsr_svg_open(view, "tsne", TSR_SVG_WIDTH, BOTTOM + 16 + tsr_svg_marks_height(view));
    draw_bins(view, &p);
    mark_bins(view, &p);
    tsr_svg_marks(view, BOTTOM + 14);
    tsr_svg_close(view);
    tsr_picture_table(view, "tsne");
    tsr_cells_head(view, head);
    tsr_cells_pair(view, tsr_text(&view->language, "fact.customers"), sample);
    tsr_cells_pair(view, tsr_text(&view->language, "tsne.kept"), kept);
    tsr_cells_pair(view, tsr_text(&view->language, "tsne.divergence"),
                   tsr_figure(&view->language, tsr_at(tsne, "divergence"), 3, text));
    tsr_picture_close(view);
}

static bool has_bins(const json_t *map)
{
    return json_is_object(map) && json_array_size(tsr_at(map, "cells")) > 0;
}

void tsr_report_map(tsr_view *view)
{
    const json_t *map = tsr_at(view->segments, "pca.map"), *tsne = tsr_at(view->segments, "tsne");

    if (!has_bins(map) && !has_bins(tsr_at(tsne, "map"))) return;
    tsr_section_open(view, "maps");
    tsr_pictures_open(view);
    if (has_bins(map)) put_components(view, map);
    if (has_bins(tsr_at(tsne, "map"))) put_neighbours(view, tsne);
    tsr_pictures_close(view);
    tsr_section_close(view);
}
