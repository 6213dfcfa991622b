/**
 * @file view.h
 * A page in the making: where it is written, from what, and in which language. Sections, sentences, frames of pictures,
 * tables: captions for all readers, heads of columns and rows with their scope, bars for shares.
 */
#ifndef TSR_VIEW_H
#define TSR_VIEW_H

#include "present/page.h"
#include "present/texts.h"

typedef struct tsr_view {
    tsr_page page;
    tsr_language language;
    const json_t *segments, *run; /* segments.json and run.json */
} tsr_view;

#define TSR_PHRASE_BYTES 1024

/** Local. The text of a key with {1}, {2}, ... replaced by the strings that follow; a NULL ends them. Plain text. */
const char *tsr_phrase(const tsr_view *view, char phrase[TSR_PHRASE_BYTES], const char *key, ...)
    __attribute__((sentinel));

#define TSR_MONEY_BYTES (TSR_FIGURE_BYTES + 16)

/** Local. A sum of money with the currency of the run, where it has one. @return text */
const char *tsr_figure_money(const tsr_view *view, const json_t *sum, int decimals, char text[TSR_MONEY_BYTES]);

/** Local. Write such a phrase, escaped for HTML. */
void tsr_say(tsr_view *view, const char *key, ...) __attribute__((sentinel));

/** Local. A paragraph of it, with a class of the style sheet ("finding", "soft"). */
void tsr_say_paragraph(tsr_view *view, const char *kind, const char *key, ...) __attribute__((sentinel));

/** Local. A section with its heading "<name>.title"; pictures of a section stand side by side where there is room. */
void tsr_section_open(tsr_view *view, const char *name);
void tsr_section_close(tsr_view *view);
void tsr_pictures_open(tsr_view *view);
void tsr_pictures_close(tsr_view *view);

/**
 * Local. The frame of a picture: heading "<name>.title" and the sentence that states its finding. Then comes the SVG,
 * then tsr_picture_table(), which opens the table beside it, then tsr_picture_close().
 */
void tsr_picture_open(tsr_view *view, const char *name, const char *finding);
void tsr_picture_table(tsr_view *view, const char *name);
void tsr_picture_close(tsr_view *view);

/** Local. Open a table over the whole width, a list of figures as wide as its text, or a table of words. Close with
 *  tsr_cells_close(). */
void tsr_cells_table(tsr_view *view, const char *caption_key);
void tsr_cells_list(tsr_view *view, const char *caption_key);
void tsr_cells_words(tsr_view *view, const char *caption_key);
void tsr_cells_close(tsr_view *view);

/** Local. The heads of columns, by the keys of their texts, up to a NULL. */
void tsr_cells_head(tsr_view *view, const char *const *keys);

/** Local. Open a row with its name; the caller ends it. */
void tsr_cells_row(tsr_view *view, const char *name);
void tsr_cells_end(tsr_view *view);

/** Local. One figure as text; words; a number with so many decimals; a share, and with a bar below it. */
void tsr_cell(tsr_view *view, const char *figure);
void tsr_cell_words(tsr_view *view, const char *words);
void tsr_cell_number(tsr_view *view, const json_t *number, int decimals);
void tsr_cell_short(tsr_view *view, const json_t *number);
void tsr_cell_share(tsr_view *view, const json_t *share);
void tsr_cell_bar(tsr_view *view, const json_t *share);

/** Local. A whole row of a list: what it is, and its figure. */
void tsr_cells_pair(tsr_view *view, const char *name, const char *figure);

/** Local. The name of a segment in the language of the page, where it is one of those that tessera gives. Borrowed. */
const char *tsr_name_of(const tsr_view *view, const json_t *segment);

/** Local. A number; NaN where there is none (masked, undefined, not there). */
double tsr_number_at(const json_t *json, const char *path);

#endif
