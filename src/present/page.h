/**
 * @file page.h
 * Text that grows: what pages and tables for people are made of. A failure sticks; it is asked for once, at the end.
 */
#ifndef TSR_PAGE_H
#define TSR_PAGE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "tessera/status.h"

typedef struct tsr_page {
    char *text; /* zero-terminated; owned */
    int64_t n, room;
    tsr_status status;
} tsr_page;

/** Local. Add text in printf form. */
void tsr_page_print(tsr_page *page, const char *format, ...) TSR_PRINTF(2, 3);

/** Local. Add text for HTML: & < > " ' are written as entities. NULL adds nothing. */
void tsr_page_escape(tsr_page *page, const char *text);

/** Local. Characters of a text, not bytes: a dash has three of these. */
int tsr_page_columns(const char *text);

/** Local. A head and words behind it, in lines below each other of 100 columns at most. */
void tsr_page_wrap(tsr_page *page, const char *head, const char *text);

/** Local. Hand over the text, or free it and return what went wrong. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_page_take(tsr_page *page, char **text) TSR_NODISCARD;

/** Local. Walk down an object by a path with dots ("value.spend.parameters"); NULL: not there. Borrowed. */
json_t *tsr_at(const json_t *json, const char *path);

/** Local. The string at a path; empty where there is none. Borrowed. */
const char *tsr_text_at(const json_t *json, const char *path);

#endif
