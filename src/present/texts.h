/**
 * @file texts.h
 * The words and number formats of a language, from one table for all of them (texts.tsv): key, then one column for
 * each.
 */
#ifndef TSR_TEXTS_H
#define TSR_TEXTS_H

#include <jansson.h>

#include "tessera/report.h"

typedef struct tsr_language {
    json_t *texts;     /* key -> text; owned */
    json_t *sentences; /* [[English, text], ..] of the keys warning.*; owned */
    const char *decimal, *group, *percent, *units;
} tsr_language;

/** Local. @return TSR_OK; TSR_ECONF (no such language: names those that are there); TSR_ENOMEM */
tsr_status tsr_language_open(const char *name, tsr_language *language) TSR_NODISCARD;
void tsr_language_close(tsr_language *language);

/** Local. The text of a key; the key itself where there is none. */
const char *tsr_text(const tsr_language *language, const char *key);

/** Local. The text of "<prefix>.<name>"; the name itself where there is none: names that come with the data. */
const char *tsr_text_of(const tsr_language *language, const char *prefix, const char *name);

/**
 * Local. What the program says in English, in the language: the first row warning.* of the table whose English text
 * fits, its places {1}, {2}, .. filled with what stands there, numbers and known names in the language, too.
 * @param[out] text  [bytes] the English sentence where no row fits
 * @return whether one did
 */
bool tsr_translate(const tsr_language *language, const char *english, char *text, size_t bytes);

/* Bytes that hold any figure below. */
#define TSR_FIGURE_BYTES 64

/**
 * Local. Figures as people read them, in @p text, which is returned. A masked or undefined one (null) is a dash.
 * @param value     a number, or a decimal number as a string (money)
 * @param decimals  of the number; of a string: those that are kept, cut, not rounded
 */
const char *tsr_figure(const tsr_language *language, const json_t *value, int decimals, char text[TSR_FIGURE_BYTES]);

/** Local. A share 0..1 as "12.3%". */
const char *tsr_figure_share(const tsr_language *language, const json_t *value, char text[TSR_FIGURE_BYTES]);

/** Local. A number of any size with four significant digits. */
const char *tsr_figure_short(const tsr_language *language, const json_t *value, char text[TSR_FIGURE_BYTES]);

/** Local. The same from a double; NaN is a dash. */
const char *tsr_figure_real(const tsr_language *language, double value, int decimals, char text[TSR_FIGURE_BYTES]);
const char *tsr_figure_percent(const tsr_language *language, double share, int decimals, char text[TSR_FIGURE_BYTES]);

/** Local. Three digits and the language's unit of size: "1.25M". */
const char *tsr_figure_compact(const tsr_language *language, double value, char text[TSR_FIGURE_BYTES]);

#endif
