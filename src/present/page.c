#include "present/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

tsr_status tsr_page_take(tsr_page *page, char **text)
{
    tsr_status st = page->status;

    *text = st == TSR_OK ? page->text : NULL;
    if (st != TSR_OK) tsr_free(&page->text);
    *page = (tsr_page){0};
    return st;
}

/* ---- figures ---- */

/* A comma between each three digits before the point. */
static void group_digits(const char *plain, char *text)
{
    size_t sign = plain[0] == '-', whole = strspn(plain + sign, "0123456789"), at = 0;

    if (sign > 0) text[at++] = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) text[at++] = ',';
        text[at++] = plain[sign + i];
    }
    snprintf(text + at, TSR_FIGURE_BYTES - at, "%s", plain + sign + whole);
}

static const char *dash(char *text)
{
    snprintf(text, TSR_FIGURE_BYTES, "–");
    return text;
}

const char *tsr_figure(const json_t *value, int decimals, char text[TSR_FIGURE_BYTES])
{
    char plain[TSR_FIGURE_BYTES / 2];

    if (json_is_string(value)) {
        snprintf(plain, sizeof plain, "%s", json_string_value(value));
        char *point = strchr(plain, '.');
        if (point != NULL && decimals == 0) *point = '\0';
        if (point != NULL && decimals > 0 && strlen(point) > (size_t)decimals + 1) point[decimals + 1] = '\0';
    } else if (json_is_number(value) && fabs(json_number_value(value)) < 1e20) {
        snprintf(plain, sizeof plain, "%.*f", decimals, json_number_value(value));
    } else {
        return dash(text);
    }
    group_digits(plain, text);
    return text;
}

const char *tsr_figure_share(const json_t *value, char text[TSR_FIGURE_BYTES])
{
    if (!json_is_number(value)) return dash(text);
    snprintf(text, TSR_FIGURE_BYTES, "%.1f %%", 100 * json_number_value(value));
    return text;
}

const char *tsr_figure_short(const json_t *value, char text[TSR_FIGURE_BYTES])
{
    double size = fabs(json_number_value(value));
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;

    if (!json_is_number(value)) return dash(text);
    if (size != 0 && (size < 0.001 || size >= 1e15)) {
        snprintf(text, TSR_FIGURE_BYTES, "%.3g", json_number_value(value));
        return text;
    }
    return tsr_figure(value, size == floor(size) ? 0 : decimals, text);
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
