/**
 * @file present/text_sheet.h
 * Tables on a terminal: a name, right-aligned figures, a line below the heads.
 */
#ifndef TSR_TEXT_SHEET_H
#define TSR_TEXT_SHEET_H

#include "present/page.h"
#include "present/texts.h"

#define TSR_SHEET_NAME   23
#define TSR_SHEET_NUMBER 15

/* What is written, and how figures look in it. */
typedef struct tsr_sheet {
    tsr_page page;
    tsr_language language;
} tsr_sheet;

/** Local. Text at the right end of so many columns, at least one blank before it. */
void tsr_sheet_right(tsr_sheet *sheet, const char *text, int width);

/** Local. A figure in the width of a number; a dash where there is none. */
void tsr_sheet_number(tsr_sheet *sheet, const json_t *value, int decimals);

/** Local. An empty line and the title of what follows. */
void tsr_sheet_title(tsr_sheet *sheet, const char *title);

/** Local. Heads of n columns of numbers behind that of the names, and the line below. */
void tsr_sheet_heads(tsr_sheet *sheet, const char *name, const char *const *heads, int n);

#endif
