#include "present/report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MARKS 8

/* ---- drawings ---- */

void tsr_svg_open(tsr_view *view, const char *name, double width, double height)
{
    char key[96];

    tsr_page_print(&view->page,
                   "<div class=\"drawing\"><svg viewBox=\"0 0 %g %g\" style=\"--width:%g\" role=\"img\" "
                   "aria-labelledby=\"%s-title %s-how\">\n<title id=\"%s-title\">",
                   width, height, width, name, name, name);
    snprintf(key, sizeof key, "%s.title", name);
    tsr_say(view, key, NULL);
    tsr_page_print(&view->page, "</title>\n<desc id=\"%s-how\">", name);
    snprintf(key, sizeof key, "%s.how", name);
    tsr_say(view, key, NULL);
    tsr_page_print(&view->page, "</desc>\n");
}

void tsr_svg_close(tsr_view *view)
{
    tsr_page_print(&view->page, "</svg></div>\n");
}

/* ---- text ---- */

/* Length of the UTF-8 character at @p text, and its width in units of the font's size, rather too wide than too narrow.
 */
static double measure(const char *text, int *bytes)
{
    unsigned char c = (unsigned char)*text;

    *bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (c >= 0xe3) return 1.0; /* Chinese, Japanese, Korean, and beyond */
    if (c >= 0x80) return .68;
    if (strchr("il.,:;|!'()[]jtfrI ", c) != NULL) return .42;
    if (strchr("mwMW%@", c) != NULL) return 1.0;
    return c >= 'A' && c <= 'Z' ? .74 : .65;
}

double tsr_svg_text_width(const char *text, double size)
{
    double width = 0;

    for (int bytes; *text != '\0'; text += bytes) {
        width += measure(text, &bytes);
        for (int i = 1; i < bytes; i++)
            if (text[i] == '\0') return width * size;
    }
    return width * size;
}

void tsr_svg_text(tsr_view *view, double x, double y, tsr_anchor anchor, const char *kind, const char *text)
{
    static const char *const side[] = {"", " middle", " end"};

    tsr_page_print(&view->page, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s%s\">", x, y, kind, side[anchor]);
    tsr_page_escape(&view->page, text);
    tsr_page_print(&view->page, "</text>\n");
}

void tsr_svg_label(tsr_view *view, double x, double y, double room, tsr_anchor anchor, const char *kind,
                   const char *text)
{
    static const char *const side[] = {"", " middle", " end"};
    char cut[256];
    size_t used = 0;
    double width = tsr_svg_text_width("…", TSR_SVG_TEXT);

    if (tsr_svg_text_width(text, TSR_SVG_TEXT) <= room) {
        tsr_svg_text(view, x, y, anchor, kind, text);
        return;
    }
    for (int bytes; text[used] != '\0'; used += (size_t)bytes) {
        width += measure(text + used, &bytes) * TSR_SVG_TEXT;
        if (width > room || used + (size_t)bytes + 4 > sizeof cut) break;
    }
    snprintf(cut, sizeof cut, "%.*s…", (int)used, text);
    tsr_page_print(&view->page, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s%s\"><title>", x, y, kind, side[anchor]);
    tsr_page_escape(&view->page, text);
    tsr_page_print(&view->page, "</title>");
    tsr_page_escape(&view->page, cut);
    tsr_page_print(&view->page, "</text>\n");
}

/* ---- shapes ---- */

void tsr_svg_rect(tsr_view *view, double x, double y, double width, double height, const char *kind)
{
    tsr_page_print(&view->page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", x, y,
                   fmax(width, 0), fmax(height, 0), kind);
}

void tsr_svg_line(tsr_view *view, double x1, double y1, double x2, double y2, const char *kind)
{
    tsr_page_print(&view->page, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2,
                   y2, kind);
}

void tsr_svg_arrow(tsr_view *view, double x1, double y1, double x2, double y2)
{
    double length = sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1));
    double dx = (x2 - x1) / fmax(length, 1), dy = (y2 - y1) / fmax(length, 1);

    tsr_svg_line(view, x1, y1, x2 - 5 * dx, y2 - 5 * dy, "arrow");
    tsr_page_print(&view->page, "<path class=\"arrow\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>\n", x2, y2,
                   x2 - 6 * dx + 3 * dy, y2 - 6 * dy - 3 * dx, x2 - 6 * dx - 3 * dy, y2 - 6 * dy + 3 * dx);
}

void tsr_svg_mark(tsr_view *view, double x, double y, int32_t segment)
{
    /* Around the origin, about nine units wide. */
    static const char *const shape[MARKS] = {
        "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
        "M-4-4h8v8h-8z",
        "M0-5.5L5.5 0L0 5.5L-5.5 0z",
        "M0-5.5L5.2 4H-5.2z",
        "M0 5.5L5.2-4H-5.2z",
        "M-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
        "M-5-2.6L-2.6-5L0-2.4L2.6-5L5-2.6L2.4 0L5 2.6L2.6 5L0 2.4L-2.6 5L-5 2.6L-2.4 0z",
        "M0-5L4.8-1.6L3 4H-3L-4.8-1.6z",
    };

    tsr_page_print(&view->page, "<path class=\"mark s%d\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>\n",
                   (int)(segment % MARKS), x, y, shape[segment % MARKS]);
}

#define MARK_LINE 18.0
#define MARK_ROOM 21.0 /* the mark, and air around the name */

/* Names in a line: two where all are short. */
static size_t marks_in_line(const tsr_view *view)
{
    json_t *segment;
    size_t i;

    json_array_foreach(tsr_at(view->segments, "segments"), i, segment)
    {
        if (tsr_svg_text_width(tsr_name_of(view, segment), TSR_SVG_TEXT) > TSR_SVG_WIDTH / 2 - MARK_ROOM) return 1;
    }
    return 2;
}

double tsr_svg_marks_height(const tsr_view *view)
{
    const size_t names = json_array_size(tsr_at(view->segments, "segments")), in_line = marks_in_line(view);

    return (double)((names + in_line - 1) / in_line) * MARK_LINE;
}

double tsr_svg_marks(tsr_view *view, double y)
{
    const size_t in_line = marks_in_line(view);
    const double room = (double)TSR_SVG_WIDTH / (double)in_line;
    json_t *segment;
    size_t i;

    json_array_foreach(tsr_at(view->segments, "segments"), i, segment)
    {
        double x = room * (double)(i % in_line), line = y + (double)(i / in_line) * MARK_LINE;
        tsr_svg_mark(view, x + 7, line + 8, (int32_t)i);
        tsr_svg_label(view, x + 17, line + 12, room - MARK_ROOM, TSR_START, "", tsr_name_of(view, segment));
    }
    return tsr_svg_marks_height(view);
}

/* ---- scales ---- */

/* 1, 2 or 5 times a power of ten, at least @p size. */
static double round_step(double size)
{
    double unit = 1;

    while (unit < size) unit *= 10;
    while (unit / 10 >= size) unit /= 10;
    return unit / 5 >= size ? unit / 5 : unit / 2 >= size ? unit / 2 : unit;
}

tsr_axis tsr_axis_make(double low, double high, double from, double to, int ticks)
{
    if (!isfinite(low) || !isfinite(high)) low = high = 0;
    if (high - low < 1e-9 * fmax(fabs(low), fabs(high)) || low == high) high = low + fmax(fabs(low), 1);
    double step = round_step((high - low) / ticks);
    return (tsr_axis){floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, from, to, step};
}

double tsr_axis_at(const tsr_axis *axis, double value)
{
    return axis->from + (value - axis->low) / (axis->high - axis->low) * (axis->to - axis->from);
}

static int ticks_of(const tsr_axis *axis)
{
    return (int)llrint((axis->high - axis->low) / axis->step);
}

static const char *tick_text(const tsr_view *view, const tsr_axis *axis, tsr_unit unit, int tick,
                             char text[TSR_FIGURE_BYTES])
{
    double value = axis->low + tick * axis->step;
    int decimals = 0;

    for (double step = axis->step * (unit == TSR_UNIT_SHARE ? 100 : 1); step < .999 && decimals < 6; step *= 10)
        decimals++;
    if (unit == TSR_UNIT_SHARE) return tsr_figure_percent(&view->language, value, decimals, text);
    if (fabs(axis->high) >= 1000 || fabs(axis->low) >= 1000)
        return tsr_figure_compact(&view->language, llrint(value / axis->step) * axis->step, text);
    return tsr_figure_real(&view->language, value, decimals, text);
}

void tsr_axis_bottom(tsr_view *view, const tsr_axis *axis, tsr_unit unit, double top, double bottom)
{
    char text[TSR_FIGURE_BYTES];

    for (int i = 0; i <= ticks_of(axis); i++) {
        double x = tsr_axis_at(axis, axis->low + i * axis->step);
        tsr_svg_line(view, x, top, x, bottom, i == 0 ? "axis" : "grid");
        tsr_svg_text(view, x, bottom + 16, TSR_MIDDLE, "tick", tick_text(view, axis, unit, i, text));
    }
}

void tsr_axis_left(tsr_view *view, const tsr_axis *axis, tsr_unit unit, double left, double right)
{
    char text[TSR_FIGURE_BYTES];

    for (int i = 0; i <= ticks_of(axis); i++) {
        double y = tsr_axis_at(axis, axis->low + i * axis->step);
        tsr_svg_line(view, left, y, right, y, i == 0 ? "axis" : "grid");
        tsr_svg_text(view, left - 5, y + 4, TSR_END, "tick", tick_text(view, axis, unit, i, text));
    }
}
