/**
 * @file wrap.h
 * Text in lines that a terminal holds.
 */
#ifndef TSR_WRAP_H
#define TSR_WRAP_H

#include <stdio.h>

#define TSR_LINE_COLUMNS 100

/** Local. Characters in the first @p bytes of a text in UTF-8: a dash has three bytes. */
int tsr_text_columns(const char *text, int bytes);

/** Local. Bytes of the words that fit a line of @p columns, without blanks at their end; one word at least. */
int tsr_line_bytes(const char *text, int columns);

/** Local. Print words in lines of TSR_LINE_COLUMNS at most, each behind @p indent blanks. */
void tsr_print_wrapped(FILE *out, int indent, const char *text);

#endif
