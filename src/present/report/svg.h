/**
 * @file svg.h
 * Pictures as inline SVG: drawings in units of one CSS pixel on a phone, with text that is measured before it is set.
 */
#ifndef TSR_SVG_H
#define TSR_SVG_H

#include "present/view.h"

/* A picture is as wide as a phone; wider pages show several side by side. Letters, in the same units. */
#define TSR_SVG_WIDTH 320.0
#define TSR_SVG_TEXT  11.0
#define TSR_SVG_TICKS 20.0 /* height of the numbers below an axis */

typedef enum tsr_anchor { TSR_START, TSR_MIDDLE, TSR_END } tsr_anchor;

/** Local. Open a drawing with its title and description for those who do not see it: "<name>.title", "<name>.how". */
void tsr_svg_open(tsr_view *view, const char *name, double width, double height);
void tsr_svg_close(tsr_view *view);

/** Local. An upper bound of the width of a text of that size, in common sans-serif fonts. */
double tsr_svg_text_width(const char *text, double size);

/** Local. Text with its baseline at @p y. @param kind  classes of the style sheet; may be empty */
void tsr_svg_text(tsr_view *view, double x, double y, tsr_anchor anchor, const char *kind, const char *text);

/** Local. The same in at most @p room units: what does not fit is cut, ends with dots, and is told in full by a title.
 */
void tsr_svg_label(tsr_view *view, double x, double y, double room, tsr_anchor anchor, const char *kind,
                   const char *text);

void tsr_svg_rect(tsr_view *view, double x, double y, double width, double height, const char *kind);
void tsr_svg_line(tsr_view *view, double x1, double y1, double x2, double y2, const char *kind);

/** Local. A line with a head at its second end. */
void tsr_svg_arrow(tsr_view *view, double x1, double y1, double x2, double y2);

/** Local. The mark of a segment: a shape and a colour of its own (eight of them, then again). */
void tsr_svg_mark(tsr_view *view, double x, double y, int32_t segment);

/** Local. A key to the marks: two names a line, or one where they are long, from @p y down. Returns the height that it
 * took. */
double tsr_svg_marks(tsr_view *view, double y);
double tsr_svg_marks_height(const tsr_view *view);

/* ---- scales ---- */

typedef struct tsr_axis {
    double low, high; /* values at its ends, multiples of the step */
    double from, to;  /* where these lie in the drawing */
    double step;
} tsr_axis;

typedef enum tsr_unit { TSR_UNIT_NUMBER, TSR_UNIT_SHARE } tsr_unit;

/** Local. A scale over low..high (widened to round steps, about @p ticks of them) drawn from @p from to @p to. */
tsr_axis tsr_axis_make(double low, double high, double from, double to, int ticks);
double tsr_axis_at(const tsr_axis *axis, double value);

/** Local. Grid lines with their numbers: along the bottom (lines from @p top to @p bottom), along the left. */
void tsr_axis_bottom(tsr_view *view, const tsr_axis *axis, tsr_unit unit, double top, double bottom);
void tsr_axis_left(tsr_view *view, const tsr_axis *axis, tsr_unit unit, double left, double right);

#endif
