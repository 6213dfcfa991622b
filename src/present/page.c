#include "present/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/wrap.h"
#include "tessera/memory.h"

static bool make_room(tsr_page *page, int64_t more)
{
    int64_t room = page->room > 0 ? page->room : 4096;

    if (page->status != TSR_OK) return false;
    while (room < page->n + more + 1) room *= 2;
    if (room == page->room) return true;
    page->status = tsr_resize(&page->text, room, 1);
    if (page->status == TSR_OK) page->room = room;
    return page->status == TSR_OK;
}

void tsr_page_print(tsr_page *page, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (!make_room(page, n)) return;
    va_start(arguments, format);
    vsnprintf(page->text + page->n, (size_t)n + 1, format, arguments);
    va_end(arguments);
    page->n += n;
}

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void tsr_page_escape(tsr_page *page, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (entity(*text) != NULL)
            tsr_page_print(page, "%s", entity(*text));
        else
            tsr_page_print(page, "%c", *text);
    }
}

int tsr_page_columns(const char *text)
{
    return tsr_text_columns(text, (int)strlen(text));
}

void tsr_page_wrap(tsr_page *page, const char *head, const char *text)
{
    const int start = tsr_page_columns(head);

    tsr_page_print(page, "%s", head);
    for (;;) {
        const int n = tsr_line_bytes(text, TSR_LINE_COLUMNS - start);
        tsr_page_print(page, "%.*s\n", n, text);
        text += n;
        text += strspn(text, " ");
        if (*text == '\0') return;
        tsr_page_print(page, "%*s", start, "");
    }
}

tsr_status tsr_page_take(tsr_page *page, char **text)
{
    tsr_status st = page->status;

    *text = st == TSR_OK ? page->text : NULL;
    if (st != TSR_OK) tsr_free(&page->text);
    *page = (tsr_page){0};
    return st;
}

json_t *tsr_at(const json_t *json, const char *path)
{
    char name[64];

    for (const char *rest = path; json != NULL && *rest != '\0';) {
        size_t n = strcspn(rest, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, rest);
        json = json_object_get(json, name);
        rest += n + (rest[n] == '.');
    }
    return (json_t *)json;
}

const char *tsr_text_at(const json_t *json, const char *path)
{
    const char *text = json_string_value(tsr_at(json, path));

    return text != NULL ? text : "";
}
